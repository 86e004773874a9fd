/* TPC-H: populating rules of its specification, 4.2.3. */
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench_sql.h"
#include "cli/base/query.h"
#include "made_data.h"
#include "query_data.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Days after 1992-01-01: the last day of an order, and 1995-06-17, the present day of the data. */
enum { LAST_ORDER = 2405, CURRENT_DAY = 1263, PARTS_SUPPLIERS = 4, LINES_MAX = 7 };

const char *const data_regions[REGIONS] = {"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"};

const struct DataNation data_nations[NATIONS] = {
    {"ALGERIA", 0},      {"ARGENTINA", 1},  {"BRAZIL", 1},  {"CANADA", 1},         {"EGYPT", 4},
    {"ETHIOPIA", 0},     {"FRANCE", 3},     {"GERMANY", 3}, {"INDIA", 2},          {"INDONESIA", 2},
    {"IRAN", 4},         {"IRAQ", 4},       {"JAPAN", 2},   {"JORDAN", 4},         {"KENYA", 0},
    {"MOROCCO", 0},      {"MOZAMBIQUE", 0}, {"PERU", 1},    {"CHINA", 2},          {"ROMANIA", 3},
    {"SAUDI ARABIA", 4}, {"VIETNAM", 2},    {"RUSSIA", 3},  {"UNITED KINGDOM", 3}, {"UNITED STATES", 1}};

static const char *const colors[] = {
    "almond",    "antique",   "aquamarine", "azure",     "beige",     "bisque",     "black",
    "blanched",  "blue",      "blush",      "brown",     "burlywood", "chartreuse", "chiffon",
    "chocolate", "coral",     "cornflower", "cornsilk",  "cream",     "cyan",       "dark",
    "deep",      "dim",       "dodger",     "drab",      "firebrick", "floral",     "forest",
    "frosted",   "gainsboro", "ghost",      "goldenrod", "green",     "grey",       "honeydew",
    "hot",       "indian",    "ivory",      "khaki",     "lace",      "lavender",   "lawn",
    "lemon",     "light",     "lime",       "linen",     "magenta",   "maroon",     "medium"};

/* The scale, and the numbers of rows that follow from it. */
typedef struct Sizes {
    int64_t suppliers, parts, customers, orders, clerks;
} Sizes;

static void phone(Maker *maker, int64_t nation, char text[MADE_TEXT_SIZE])
{
    snprintf(text, MADE_TEXT_SIZE, "%lld-%03lld-%03lld-%04lld", (long long)nation + 10,
             (long long)make_number(maker, 100, 999), (long long)make_number(maker, 100, 999),
             (long long)make_number(maker, 1000, 9999));
}

/* The columns that suppliers and customers begin with: key, name, address, nation, phone, balance. */
static void start_party(Maker *maker, RowsInto *rows, const char *kind, int64_t key)
{
    char text[MADE_TEXT_SIZE];
    int64_t nation = make_number(maker, 0, NATIONS - 1);
    row_number(rows, key);
    snprintf(text, sizeof text, "%s#%09lld", kind, (long long)key);
    row_text(rows, text);
    make_letters(maker, 10, 40, text);
    row_text(rows, text);
    row_number(rows, nation);
    phone(maker, nation, text);
    row_text(rows, text);
    row_real(rows, make_money(maker, -99999, 999999));
}

static int make_nations(sqlite3 *db, Failure *failure)
{
    Maker maker = {1};
    RowsInto regions, nations = {0};
    char text[MADE_TEXT_SIZE];
    int result = rows_begin(&regions, db, "region", 3, failure);
    for (int i = 0; i < REGIONS; i++) {
        make_sentence(&maker, 31, 115, text);
        row_number(&regions, i);
        row_text(&regions, data_regions[i]);
        row_text(&regions, text);
        row_done(&regions);
    }
    if (rows_end(&regions, db, failure) || result)
        return -1;
    result = rows_begin(&nations, db, "nation", 4, failure);
    for (int i = 0; i < NATIONS; i++) {
        make_sentence(&maker, 31, 114, text);
        row_number(&nations, i);
        row_text(&nations, data_nations[i].name);
        row_number(&nations, data_nations[i].region);
        row_text(&nations, text);
        row_done(&nations);
    }
    return rows_end(&nations, db, failure) || result ? -1 : 0;
}

/* A few suppliers have complaints in their comments, as many have recommendations. */
static void supplier_comment(Maker *maker, int64_t key, char text[MADE_TEXT_SIZE])
{
    static const char complaints[] = "Customer foxes Complaints", recommends[] = "Customer ideas Recommends";
    make_sentence(maker, 25, 100, text);
    if (key % 2000 == 7 || key % 2000 == 1007)
        memcpy(text, key % 2000 == 7 ? complaints : recommends, sizeof complaints - 1);
}

static int make_suppliers(sqlite3 *db, const Sizes *sizes, Failure *failure)
{
    Maker maker = {2};
    RowsInto rows;
    char text[MADE_TEXT_SIZE];
    int result = rows_begin(&rows, db, "supplier", 7, failure);
    for (int64_t key = 1; key <= sizes->suppliers; key++) {
        start_party(&maker, &rows, "Supplier", key);
        supplier_comment(&maker, key, text);
        row_text(&rows, text);
        row_done(&rows);
    }
    return rows_end(&rows, db, failure) || result ? -1 : 0;
}

static double retail_price(int64_t part)
{
    return (double)(90000 + part / 10 % 20001 + 100 * (part % 1000)) / 100;
}

/* The supplier with that number, of the four of a part. */
static int64_t supplier_of(const Sizes *sizes, int64_t part, int64_t number)
{
    int64_t suppliers = sizes->suppliers;
    return (part + number * (suppliers / PARTS_SUPPLIERS + (part - 1) / suppliers)) % suppliers + 1;
}

/* Five colours, each at most once. */
static void part_name(Maker *maker, char text[MADE_TEXT_SIZE])
{
    size_t chosen[5];
    int length = 0;
    for (int i = 0; i < 5; i++) {
        bool again;
        do {
            chosen[i] = (size_t)make_number(maker, 0, COUNT(colors) - 1);
            again = false;
            for (int j = 0; j < i; j++)
                again |= chosen[j] == chosen[i];
        } while (again);
        length += snprintf(text + length, (size_t)(MADE_TEXT_SIZE - length), "%s%s", i ? " " : "",
                           colors[chosen[i]]);
    }
}

static void put_part(RowsInto *rows, Maker *maker, int64_t key)
{
    static const char *const sizes[] = {"STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"};
    static const char *const works[] = {"ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"};
    static const char *const metals[] = {"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"};
    static const char *const boxes[] = {"SM", "LG", "MED", "JUMBO", "WRAP"};
    static const char *const forms[] = {"CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"};
    char text[MADE_TEXT_SIZE];
    int64_t maker_number = make_number(maker, 1, 5);
    row_number(rows, key);
    part_name(maker, text);
    row_text(rows, text);
    snprintf(text, sizeof text, "Manufacturer#%lld", (long long)maker_number);
    row_text(rows, text);
    snprintf(text, sizeof text, "Brand#%lld%lld", (long long)maker_number,
             (long long)make_number(maker, 1, 5));
    row_text(rows, text);
    snprintf(text, sizeof text, "%s %s %s", make_choice(maker, sizes, COUNT(sizes)),
             make_choice(maker, works, COUNT(works)), make_choice(maker, metals, COUNT(metals)));
    row_text(rows, text);
    row_number(rows, make_number(maker, 1, 50));
    snprintf(text, sizeof text, "%s %s", make_choice(maker, boxes, COUNT(boxes)),
             make_choice(maker, forms, COUNT(forms)));
    row_text(rows, text);
    row_real(rows, retail_price(key));
    make_sentence(maker, 5, 22, text);
    row_text(rows, text);
    row_done(rows);
}

static int make_parts(sqlite3 *db, const Sizes *sizes, Failure *failure)
{
    Maker maker = {3};
    RowsInto parts, supplied;
    char text[MADE_TEXT_SIZE];
    int result = rows_begin(&parts, db, "part", 9, failure);
    if (rows_begin(&supplied, db, "partsupp", 5, failure))
        result = -1;
    for (int64_t key = 1; key <= sizes->parts && result == 0; key++) {
        put_part(&parts, &maker, key);
        for (int64_t i = 0; i < PARTS_SUPPLIERS; i++) {
            row_number(&supplied, key);
            row_number(&supplied, supplier_of(sizes, key, i));
            row_number(&supplied, make_number(&maker, 1, 9999));
            row_real(&supplied, make_money(&maker, 100, 100000));
            make_sentence(&maker, 49, 198, text);
            row_text(&supplied, text);
            row_done(&supplied);
        }
    }
    int ended = rows_end(&parts, db, failure);
    return rows_end(&supplied, db, failure) || ended || result ? -1 : 0;
}

static int make_customers(sqlite3 *db, const Sizes *sizes, Failure *failure)
{
    static const char *const segments[] = {"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"};
    Maker maker = {4};
    RowsInto rows;
    char text[MADE_TEXT_SIZE];
    int result = rows_begin(&rows, db, "customer", 8, failure);
    for (int64_t key = 1; key <= sizes->customers; key++) {
        start_party(&maker, &rows, "Customer", key);
        row_text(&rows, make_choice(&maker, segments, COUNT(segments)));
        make_sentence(&maker, 29, 116, text);
        row_text(&rows, text);
        row_done(&rows);
    }
    return rows_end(&rows, db, failure) || result ? -1 : 0;
}

/* What an order knows of its lines. */
typedef struct OrderSum {
    double price;
    int64_t open, lines;
} OrderSum;

static void put_dates(RowsInto *rows, Maker *maker, int64_t ordered, OrderSum *sum)
{
    static const char *const returned[] = {"R", "A"};
    char date[DATE_SIZE];
    int64_t shipped = ordered + make_number(maker, 1, 121), committed = ordered + make_number(maker, 30, 90),
            received = shipped + make_number(maker, 1, 30);
    row_text(rows, received <= CURRENT_DAY ? make_choice(maker, returned, COUNT(returned)) : "N");
    row_text(rows, shipped > CURRENT_DAY ? "O" : "F");
    sum->open += shipped > CURRENT_DAY;
    make_date(shipped, date);
    row_text(rows, date);
    make_date(committed, date);
    row_text(rows, date);
    make_date(received, date);
    row_text(rows, date);
}

static void put_line(RowsInto *rows, Maker *maker, const Sizes *sizes, int64_t order, int64_t ordered,
                     OrderSum *sum)
{
    static const char *const instructions[] = {"DELIVER IN PERSON", "COLLECT COD", "NONE",
                                               "TAKE BACK RETURN"};
    static const char *const modes[] = {"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};
    char text[MADE_TEXT_SIZE];
    int64_t part = make_number(maker, 1, sizes->parts), quantity = make_number(maker, 1, 50);
    double price = (double)quantity * retail_price(part), discount = make_money(maker, 0, 10),
           tax = make_money(maker, 0, 8);
    row_number(rows, order);
    row_number(rows, part);
    row_number(rows, supplier_of(sizes, part, make_number(maker, 0, PARTS_SUPPLIERS - 1)));
    row_number(rows, ++sum->lines);
    row_real(rows, (double)quantity);
    row_real(rows, price);
    row_real(rows, discount);
    row_real(rows, tax);
    put_dates(rows, maker, ordered, sum);
    row_text(rows, make_choice(maker, instructions, COUNT(instructions)));
    row_text(rows, make_choice(maker, modes, COUNT(modes)));
    make_sentence(maker, 10, 43, text);
    row_text(rows, text);
    row_done(rows);
    sum->price += price * (1 + tax) * (1 - discount);
}

static void put_order(RowsInto *rows, Maker *maker, const Sizes *sizes, int64_t key, int64_t ordered,
                      const OrderSum *sum)
{
    static const char *const priorities[] = {"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"};
    char text[MADE_TEXT_SIZE];
    int64_t customer;
    /* A third of the customers orders nothing. */
    do
        customer = make_number(maker, 1, sizes->customers);
    while (customer % 3 == 0);
    row_number(rows, key);
    row_number(rows, customer);
    row_text(rows, sum->open == 0 ? "F" : sum->open == sum->lines ? "O" : "P");
    row_real(rows, (double)(int64_t)(sum->price * 100 + 0.5) / 100);
    make_date(ordered, text);
    row_text(rows, text);
    row_text(rows, make_choice(maker, priorities, COUNT(priorities)));
    snprintf(text, sizeof text, "Clerk#%09lld", (long long)make_number(maker, 1, sizes->clerks));
    row_text(rows, text);
    row_number(rows, 0);
    make_sentence(maker, 19, 78, text);
    row_text(rows, text);
    row_done(rows);
}

/* Of each 32 keys the first 8 are orders. */
static int make_orders(sqlite3 *db, const Sizes *sizes, Failure *failure)
{
    Maker maker = {5};
    RowsInto orders, lines;
    int result = rows_begin(&orders, db, "orders", 9, failure);
    if (rows_begin(&lines, db, "lineitem", 16, failure))
        result = -1;
    for (int64_t i = 0; i < sizes->orders && result == 0; i++) {
        int64_t key = i / 8 * 32 + i % 8 + 1, ordered = make_number(&maker, 0, LAST_ORDER);
        OrderSum sum = {0};
        for (int64_t count = make_number(&maker, 1, LINES_MAX); count > 0; count--)
            put_line(&lines, &maker, sizes, key, ordered, &sum);
        put_order(&orders, &maker, sizes, key, ordered, &sum);
    }
    int ended = rows_end(&orders, db, failure);
    return rows_end(&lines, db, failure) || ended || result ? -1 : 0;
}

int tpch_make(sqlite3 *db, double scale, Failure *failure)
{
    const Sizes sizes = {.suppliers = (int64_t)(scale * 10000),
                         .parts = (int64_t)(scale * 200000),
                         .customers = (int64_t)(scale * 150000),
                         .orders = (int64_t)(scale * 1500000),
                         .clerks = (int64_t)(scale * 1000) + 1};
    if (sizes.suppliers < PARTS_SUPPLIERS)
        return failure_set(failure, "a scale of %g has too few suppliers", scale);
    return query_script(db, bench_sql_tpch_schema, failure) || make_nations(db, failure) ||
                   make_suppliers(db, &sizes, failure) || make_parts(db, &sizes, failure) ||
                   make_customers(db, &sizes, failure) || make_orders(db, &sizes, failure) ||
                   query_script(db, bench_sql_tpch_indexes, failure)
               ? -1
               : 0;
}
