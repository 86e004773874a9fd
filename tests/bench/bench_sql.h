/* The files of sql/, embedded at build time under their names. */
#ifndef BENCH_SQL_H
#define BENCH_SQL_H

extern const char bench_sql_plain[], bench_sql_plain_rows[], bench_sql_map_table[], bench_sql_map[],
    bench_sql_map_rows[], bench_sql_partial_table[], bench_sql_partial[], bench_sql_first[],
    bench_sql_keep_pool[], bench_sql_ran[], bench_sql_pids[], bench_sql_prices[], bench_sql_published[],
    bench_sql_articles[], bench_sql_has_table[], bench_sql_shard[], bench_sql_fast_writes[],
    bench_sql_report[], bench_sql_add_fact[], bench_sql_add_result[], bench_sql_add_timing[],
    bench_sql_add_cell[], bench_sql_add_model[], bench_sql_print_facts[], bench_sql_print_results[],
    bench_sql_print_timings[], bench_sql_print_cells[], bench_sql_print_model[], bench_sql_json[],
    bench_sql_python_result[], bench_sql_duckdb_result[], bench_sql_shard_query[], bench_sql_row_count[],
    bench_sql_set[], bench_sql_load_functions[], bench_sql_notice[];

#endif
