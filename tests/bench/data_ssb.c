/* The Star Schema Benchmark, after its paper: TPC-H's orders as one table of facts. */
#include <math.h>
#include <stdio.h>

#include "tests/bench/bench_sql.h"
#include "cli/base/query.h"
#include "made_data.h"
#include "query_data.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Days of the table of dates, and those of orders. */
enum { DAYS = 2557, LAST_ORDER = 2405, LINES_MAX = 7, WEEK = 7 };

typedef struct Sizes {
    int64_t suppliers, parts, customers, orders;
} Sizes;

static int64_t date_key(int64_t after)
{
    Day day = make_day(after);
    return day.year * 10000 + day.month * 100 + day.day;
}

static int make_dates(sqlite3 *db, Failure *failure)
{
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    RowsInto rows;
    char text[MADE_TEXT_SIZE];
    int result = rows_begin(&rows, db, "ddate", 12, failure);
    for (int64_t i = 0; i < DAYS; i++) {
        Day day = make_day(i);
        const char *month = months[day.month - 1];
        row_number(&rows, date_key(i));
        snprintf(text, sizeof text, "%s %d, %d", month, day.day, day.year);
        row_text(&rows, text);
        row_text(&rows, days[day.of_week]);
        row_text(&rows, month);
        row_number(&rows, day.year);
        row_number(&rows, day.year * 100 + day.month);
        snprintf(text, sizeof text, "%.3s%d", month, day.year);
        row_text(&rows, text);
        row_number(&rows, day.of_week + 1);
        row_number(&rows, day.day);
        row_number(&rows, day.of_year);
        row_number(&rows, day.month);
        row_number(&rows, (day.of_year - 1) / WEEK + 1);
        row_done(&rows);
    }
    return rows_end(&rows, db, failure) || result ? -1 : 0;
}

/* City, nation, region and phone. A city is the first nine letters of its nation, and a digit. */
static void put_place(RowsInto *rows, Maker *maker)
{
    char text[MADE_TEXT_SIZE];
    const struct DataNation *nation = &data_nations[make_number(maker, 0, NATIONS - 1)];
    snprintf(text, sizeof text, "%-9.9s%d", nation->name, (int)make_number(maker, 0, 9));
    row_text(rows, text);
    row_text(rows, nation->name);
    row_text(rows, data_regions[nation->region]);
    snprintf(text, sizeof text, "%02d-%07d", (int)(nation - data_nations) + 10,
             (int)make_number(maker, 0, 9999999));
    row_text(rows, text);
}

static int make_people(sqlite3 *db, const char *table, const char *name, int64_t count, bool segments,
                       Failure *failure)
{
    static const char *const all[] = {"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"};
    Maker maker = {segments ? 12u : 11u};
    RowsInto rows;
    char text[MADE_TEXT_SIZE];
    int result = rows_begin(&rows, db, table, segments ? 8 : 7, failure);
    for (int64_t key = 1; key <= count; key++) {
        row_number(&rows, key);
        snprintf(text, sizeof text, "%s#%09lld", name, (long long)key);
        row_text(&rows, text);
        make_letters(&maker, 10, 25, text);
        row_text(&rows, text);
        put_place(&rows, &maker);
        if (segments)
            row_text(&rows, make_choice(&maker, all, COUNT(all)));
        row_done(&rows);
    }
    return rows_end(&rows, db, failure) || result ? -1 : 0;
}

static int make_parts(sqlite3 *db, const Sizes *sizes, Failure *failure)
{
    static const char *const colors[] = {"almond", "azure", "blue", "coral",
                                         "green",  "ivory", "lime", "plum"};
    static const char *const types[] = {"STANDARD TIN", "SMALL NICKEL", "LARGE BRASS", "PROMO STEEL"};
    static const char *const boxes[] = {"SM CASE", "LG BOX", "MED BAG", "JUMBO JAR", "WRAP PKG"};
    Maker maker = {13};
    RowsInto rows;
    char text[MADE_TEXT_SIZE];
    int result = rows_begin(&rows, db, "part", 9, failure);
    for (int64_t key = 1; key <= sizes->parts; key++) {
        const char *color = make_choice(&maker, colors, COUNT(colors));
        int made_by = (int)make_number(&maker, 1, 5), category = (int)make_number(&maker, 1, 5);
        row_number(&rows, key);
        snprintf(text, sizeof text, "%s %s", color, make_choice(&maker, colors, COUNT(colors)));
        row_text(&rows, text);
        snprintf(text, sizeof text, "MFGR#%d", made_by);
        row_text(&rows, text);
        snprintf(text, sizeof text, "MFGR#%d%d", made_by, category);
        row_text(&rows, text);
        snprintf(text, sizeof text, "MFGR#%d%d%d", made_by, category, (int)make_number(&maker, 1, 40));
        row_text(&rows, text);
        row_text(&rows, color);
        row_text(&rows, make_choice(&maker, types, COUNT(types)));
        row_number(&rows, make_number(&maker, 1, 50));
        row_text(&rows, make_choice(&maker, boxes, COUNT(boxes)));
        row_done(&rows);
    }
    return rows_end(&rows, db, failure) || result ? -1 : 0;
}

/* The columns of an order that its lines have in common; prices are whole cents. */
typedef struct Order {
    int64_t key, customer, day, total;
    const char *priority;
} Order;

/* A line of an order: the price of its part, and how many. */
typedef struct Line {
    int64_t part, quantity, price;
} Line;

static void put_line(RowsInto *rows, Maker *maker, const Sizes *sizes, const Order *order, const Line *line,
                     int number)
{
    static const char *const modes[] = {"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};
    int64_t price = line->quantity * line->price, discount = make_number(maker, 0, 10);
    row_number(rows, order->key);
    row_number(rows, number);
    row_number(rows, order->customer);
    row_number(rows, line->part);
    row_number(rows, make_number(maker, 1, sizes->suppliers));
    row_number(rows, date_key(order->day));
    row_text(rows, order->priority);
    row_text(rows, "0");
    row_number(rows, line->quantity);
    row_number(rows, price);
    row_number(rows, order->total);
    row_number(rows, discount);
    row_number(rows, price * (100 - discount) / 100);
    row_number(rows, line->price * 6 / 10);
    row_number(rows, make_number(maker, 0, 8));
    row_number(rows, date_key(order->day + make_number(maker, 30, 90)));
    row_text(rows, make_choice(maker, modes, COUNT(modes)));
    row_done(rows);
}

static int make_orders(sqlite3 *db, const Sizes *sizes, Failure *failure)
{
    static const char *const priorities[] = {"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECI", "5-LOW"};
    Maker maker = {14};
    RowsInto rows;
    int result = rows_begin(&rows, db, "lineorder", 17, failure);
    for (int64_t i = 1; i <= sizes->orders; i++) {
        Line lines[LINES_MAX];
        int count = (int)make_number(&maker, 1, LINES_MAX);
        Order order = {.key = i,
                       .customer = make_number(&maker, 1, sizes->customers),
                       .day = make_number(&maker, 0, LAST_ORDER),
                       .priority = make_choice(&maker, priorities, COUNT(priorities))};
        for (int j = 0; j < count; j++) {
            int64_t part = make_number(&maker, 1, sizes->parts);
            lines[j] = (Line){.part = part,
                              .quantity = make_number(&maker, 1, 50),
                              .price = 90000 + part / 10 % 20001 + 100 * (part % 1000)};
            order.total += lines[j].quantity * lines[j].price;
        }
        for (int j = 0; j < count; j++)
            put_line(&rows, &maker, sizes, &order, &lines[j], j + 1);
    }
    return rows_end(&rows, db, failure) || result ? -1 : 0;
}

int ssb_make(sqlite3 *db, double scale, Failure *failure)
{
    const Sizes sizes = {.suppliers = (int64_t)(scale * 2000) + 1,
                         .parts = (int64_t)(200000 * (scale >= 1 ? 1 + log2(scale) : scale)) + 1,
                         .customers = (int64_t)(scale * 30000) + 1,
                         .orders = (int64_t)(scale * 1500000)};
    return query_script(db, bench_sql_ssb_schema, failure) || make_dates(db, failure) ||
                   make_people(db, "supplier", "Supplier", sizes.suppliers, false, failure) ||
                   make_people(db, "customer", "Customer", sizes.customers, true, failure) ||
                   make_parts(db, &sizes, failure) || make_orders(db, &sizes, failure)
               ? -1
               : 0;
}
