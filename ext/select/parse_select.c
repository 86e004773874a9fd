/* The clauses of a SELECT. */
#include <string.h>

#include "ext/select/parser.h"

void parser_order(Parser *parser, OrderList *list)
{
    do {
        OrderTerm term = {.expr = parser_expression(parser), .nulls = ""};
        term.descending = parser_take_word(parser, "DESC");
        if (!term.descending)
            parser_take_word(parser, "ASC");
        if (parser_take_word(parser, "NULLS")) {
            term.nulls = token_is_word(&parser->token, "FIRST") ? "NULLS FIRST" : "NULLS LAST";
            if (!parser_take_word(parser, "FIRST"))
                parser_expect_word(parser, "LAST");
        }
        order_list_add(parser->arena, list, term);
    } while (parser_is_well(parser) && parser_take(parser, ","));
}

static void parse_names(Parser *parser, NameList *names)
{
    do
        name_list_add(parser->arena, names, parser_name(parser));
    while (parser_is_well(parser) && parser_take(parser, ","));
    parser_expect(parser, ")");
}

/* The name after AS, or without AS; NULL: there is none. */
static const char *parse_alias(Parser *parser)
{
    if (parser_take_word(parser, "AS") || parser_sees_name(parser))
        return parser_name(parser);
    return NULL;
}

static void parse_joins(Parser *parser, FromList *list);

static void parse_source(Parser *parser, FromItem *item)
{
    if (parser_take(parser, "(")) {
        if (parser_sees_select(parser))
            item->select = parser_select(parser);
        else
            parse_joins(parser, &item->joined);
        parser_expect(parser, ")");
        return;
    }
    item->table = parser_name(parser);
    if (parser_take(parser, ".")) {
        item->schema = item->table;
        item->table = parser_name(parser);
    }
    if (parser_take(parser, "(")) {
        item->called = true;
        if (!token_is(&parser->token, ")"))
            parser_expressions(parser, &item->arguments);
        parser_expect(parser, ")");
    }
}

/* Parses the rest of a FROM item after its source. */
static void parse_after_source(Parser *parser, FromItem *item)
{
    item->alias = parse_alias(parser);
    if (parser_take_word(parser, "INDEXED")) {
        parser_expect_word(parser, "BY");
        item->indexed_by = parser_name(parser);
    } else if (token_is_word(&parser->token, "NOT")) {
        parser_next(parser);
        item->not_indexed = parser_expect_word(parser, "INDEXED");
    }
    if (parser_take_word(parser, "ON"))
        item->on = parser_expression(parser);
    else if (parser_take_word(parser, "USING") && parser_expect(parser, "("))
        parse_names(parser, &item->using_columns);
}

/* Reads a join's operator; false where no join follows. */
static bool parse_join_operator(Parser *parser, FromItem *item)
{
    static const struct {
        const char *word;
        JoinKind join;
    } kinds[] = {{"LEFT", JOIN_LEFT},
                 {"RIGHT", JOIN_RIGHT},
                 {"FULL", JOIN_FULL},
                 {"INNER", JOIN_INNER},
                 {"CROSS", JOIN_CROSS}};
    item->join = JOIN_COMMA;
    if (parser_take(parser, ","))
        return true;
    bool any = item->natural = parser_take_word(parser, "NATURAL");
    item->join = JOIN_INNER;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (parser_take_word(parser, kinds[i].word)) {
            item->join = kinds[i].join;
            any = true;
            break;
        }
    bool outer = item->join == JOIN_LEFT || item->join == JOIN_RIGHT || item->join == JOIN_FULL;
    if (outer)
        parser_take_word(parser, "OUTER");
    return any ? parser_expect_word(parser, "JOIN") : parser_take_word(parser, "JOIN");
}

static void parse_joins(Parser *parser, FromList *list)
{
    FromItem joined = {0};
    if (++parser->nesting > PARSER_NESTING)
        parser_fail(parser, "its FROM is nested too deeply");
    do {
        FromItem *item = arena_take(parser->arena, sizeof *item);
        if (!item)
            break;
        item->join = joined.join;
        item->natural = joined.natural;
        if (parser_is_well(parser))
            parse_source(parser, item);
        if (parser_is_well(parser))
            parse_after_source(parser, item);
        from_list_add(parser->arena, list, item);
    } while (parser_is_well(parser) && parse_join_operator(parser, &joined));
    parser->nesting--;
}

static void parse_result_columns(Parser *parser, SelectCore *core)
{
    do {
        ResultColumn column = {.expr = parser_expression(parser)};
        if (parser_is_well(parser) && column.expr->kind != EXPR_STAR)
            column.alias = parse_alias(parser);
        core_add_column(parser->arena, core, column);
    } while (parser_is_well(parser) && parser_take(parser, ","));
}

static SelectCore *parse_core(Parser *parser)
{
    SelectCore *core = arena_take(parser->arena, sizeof *core);
    if (token_is_word(&parser->token, "VALUES"))
        parser_fail(parser, "VALUES are not split");
    parser_expect_word(parser, "SELECT");
    if (!core || !parser_is_well(parser))
        return NULL;
    core->distinct = parser_take_word(parser, "DISTINCT");
    if (!core->distinct)
        parser_take_word(parser, "ALL");
    parse_result_columns(parser, core);
    if (parser_take_word(parser, "FROM"))
        parse_joins(parser, &core->from);
    if (parser_take_word(parser, "WHERE"))
        core->where = parser_expression(parser);
    if (parser_take_word(parser, "GROUP") && parser_expect_word(parser, "BY"))
        parser_expressions(parser, &core->group_by);
    if (parser_take_word(parser, "HAVING"))
        core->having = parser_expression(parser);
    if (token_is_word(&parser->token, "WINDOW"))
        parser_fail(parser, "window functions are not split");
    return core;
}

static CommonTable parse_common_table(Parser *parser)
{
    CommonTable table = {.name = parser_name(parser), .materialized = ""};
    if (parser_take(parser, "("))
        parse_names(parser, &table.columns);
    parser_expect_word(parser, "AS");
    if (parser_take_word(parser, "NOT")) {
        parser_expect_word(parser, "MATERIALIZED");
        table.materialized = "NOT MATERIALIZED";
    } else if (parser_take_word(parser, "MATERIALIZED")) {
        table.materialized = "MATERIALIZED";
    }
    parser_expect(parser, "(");
    table.select = parser_select(parser);
    parser_expect(parser, ")");
    return table;
}

static void parse_with(Parser *parser, Select *select)
{
    if (!parser_take_word(parser, "WITH"))
        return;
    select->recursive = parser_take_word(parser, "RECURSIVE");
    do {
        CommonTable table = parse_common_table(parser);
        CommonTable *grown =
            arena_grow(parser->arena, select->with, select->with_count, sizeof *select->with);
        if (!grown)
            return;
        select->with = grown;
        grown[select->with_count++] = table;
    } while (parser_is_well(parser) && parser_take(parser, ","));
}

/* The operator of a compound SELECT; NULL: none follows. */
static const char *parse_compound(Parser *parser)
{
    if (parser_take_word(parser, "UNION"))
        return parser_take_word(parser, "ALL") ? "UNION ALL" : "UNION";
    if (parser_take_word(parser, "EXCEPT"))
        return "EXCEPT";
    return parser_take_word(parser, "INTERSECT") ? "INTERSECT" : NULL;
}

static void parse_cores(Parser *parser, Select *select)
{
    const char *compound = "";
    do {
        SelectCore *core = parse_core(parser);
        SelectCore **cores =
            arena_grow(parser->arena, select->cores, select->core_count, sizeof *select->cores);
        const char **operators =
            arena_grow(parser->arena, select->operators, select->core_count, sizeof *select->operators);
        if (!cores || !operators || !core)
            return;
        select->cores = cores;
        select->operators = operators;
        cores[select->core_count] = core;
        operators[select->core_count++] = compound;
    } while (parser_is_well(parser) && (compound = parse_compound(parser)));
}

/* LIMIT a, b is LIMIT b OFFSET a. */
static void parse_limit(Parser *parser, Select *select)
{
    select->limit = parser_expression(parser);
    if (parser_take_word(parser, "OFFSET")) {
        select->offset = parser_expression(parser);
    } else if (parser_take(parser, ",")) {
        select->offset = select->limit;
        select->limit = parser_expression(parser);
    }
}

Select *parser_select(Parser *parser)
{
    Select *select = arena_take(parser->arena, sizeof *select);
    if (!select || ++parser->nesting > PARSER_NESTING) {
        parser_fail(parser, "its subqueries are nested too deeply");
        return NULL;
    }
    parse_with(parser, select);
    if (parser_is_well(parser))
        parse_cores(parser, select);
    if (parser_is_well(parser) && parser_take_word(parser, "ORDER") && parser_expect_word(parser, "BY"))
        parser_order(parser, &select->order_by);
    if (parser_is_well(parser) && parser_take_word(parser, "LIMIT"))
        parse_limit(parser, select);
    parser->nesting--;
    return parser_is_well(parser) ? select : NULL;
}

static ParsedSelect parse_to_end(Parser *parser)
{
    Select *select = parser_is_well(parser) ? parser_select(parser) : NULL;
    while (parser_is_well(parser) && parser_take(parser, ";"))
        ;
    if (parser_is_well(parser) && parser->token.kind != TOKEN_END)
        parser_fail(parser, "its grammar is not understood");
    if (!parser_is_well(parser))
        select = NULL;
    return (ParsedSelect){.select = select, .reason = parser->reason, .parameters = parser->parameters};
}

ParsedSelect select_parse(Arena *arena, const char *text)
{
    Parser parser = {.arena = arena, .token = {.start = text}};
    parser_next(&parser);
    return parse_to_end(&parser);
}

ParsedSelect select_parse_view(Arena *arena, const char *text, NameList *columns)
{
    Parser parser = {.arena = arena, .token = {.start = text}};
    parser_next(&parser);
    parser_expect_word(&parser, "CREATE");
    if (!parser_take_word(&parser, "TEMP"))
        parser_take_word(&parser, "TEMPORARY");
    parser_expect_word(&parser, "VIEW");
    parser_name(&parser);
    *columns = (NameList){0};
    if (parser_is_well(&parser) && parser_take(&parser, "("))
        parse_names(&parser, columns);
    parser_expect_word(&parser, "AS");
    return parse_to_end(&parser);
}
