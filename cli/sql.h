/* The files of sql/ and reports/, embedded at build time. Their parameters are described in the files. */
#ifndef PRICEREPORT_SQL_H
#define PRICEREPORT_SQL_H

extern const char sql_schema_1[];
extern const char sql_prices[];
extern const char sql_published[];
extern const char sql_map[];
extern const char sql_map_values[];
extern const char sql_experiment[];
extern const char sql_experiment_table[];
extern const char sql_speed_up[];
extern const char sql_run[];
extern const char sql_run_table[];
extern const char sql_run_details[];
extern const char sql_run_details_table[];
extern const char sql_samples[];
extern const char sql_samples_table[];
extern const char sql_list[];
extern const char sql_list_table[];
extern const char sql_find_run[];
extern const char sql_find_machine[];
extern const char sql_insert_machine[];
extern const char sql_options[];
extern const char sql_add_argument[];
extern const char sql_insert_run[];
extern const char sql_finish_run[];
extern const char sql_parameters[];
extern const char sql_insert_benchmark[];
extern const char sql_insert_measurement[];
extern const char sql_update_baseline[];
extern const char sql_insert_sample[];
extern const char sql_update_measurement[];
extern const char sql_chart_executors[];
extern const char sql_chart_history[];
extern const char report_style[];
extern const char report_executors[];
extern const char report_history[];

#endif
