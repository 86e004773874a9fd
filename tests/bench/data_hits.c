/* The hits of ClickBench: its 105 columns, with values made up after the kind of each. */
#include <stdio.h>

#include "tests/bench/bench_sql.h"
#include "cli/base/query.h"
#include "made_data.h"
#include "query_data.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* How the values of a column are made, with `most` as the greatest number, or as the number of different
 * texts. */
typedef enum Kind {
    SERIAL,  /* large, and another one in each row */
    ANY,     /* every number as often */
    SKEWED,  /* small numbers far more often */
    SELDOM,  /* 0 but in one row of twenty */
    EMPTY,   /* an empty text */
    WORDS,   /* a text of words, empty in some rows: skewed */
    PHRASE,  /* the same, empty in most rows */
    ADDRESS, /* an address of the web */
    SECOND,  /* a time in July 2013 */
    DAY,     /* the day of that time */
    COLOR    /* a letter */
} Kind;

typedef struct HitsColumn {
    const char *name;
    Kind kind;
    int64_t most;
} HitsColumn;

static const HitsColumn columns[] = {{"WatchID", SERIAL, 0},
                                     {"JavaEnable", ANY, 1},
                                     {"Title", WORDS, 40000},
                                     {"GoodEvent", ANY, 1},
                                     {"EventTime", SECOND, 0},
                                     {"EventDate", DAY, 0},
                                     {"CounterID", SKEWED, 6000},
                                     {"ClientIP", SKEWED, 400000},
                                     {"RegionID", SKEWED, 5000},
                                     {"UserID", SKEWED, 200000},
                                     {"CounterClass", SELDOM, 1},
                                     {"OS", SKEWED, 90},
                                     {"UserAgent", SKEWED, 80},
                                     {"URL", ADDRESS, 300000},
                                     {"Referer", ADDRESS, 300000},
                                     {"IsRefresh", SELDOM, 1},
                                     {"RefererCategoryID", SKEWED, 20000},
                                     {"RefererRegionID", SKEWED, 5000},
                                     {"URLCategoryID", SKEWED, 20000},
                                     {"URLRegionID", SKEWED, 5000},
                                     {"ResolutionWidth", ANY, 2560},
                                     {"ResolutionHeight", ANY, 1600},
                                     {"ResolutionDepth", ANY, 32},
                                     {"FlashMajor", ANY, 11},
                                     {"FlashMinor", ANY, 9},
                                     {"FlashMinor2", EMPTY, 0},
                                     {"NetMajor", SELDOM, 4},
                                     {"NetMinor", SELDOM, 5},
                                     {"UserAgentMajor", ANY, 30},
                                     {"UserAgentMinor", EMPTY, 0},
                                     {"CookieEnable", ANY, 1},
                                     {"JavascriptEnable", ANY, 1},
                                     {"IsMobile", SELDOM, 1},
                                     {"MobilePhone", SELDOM, 90},
                                     {"MobilePhoneModel", PHRASE, 160},
                                     {"Params", EMPTY, 0},
                                     {"IPNetworkID", SKEWED, 3000000},
                                     {"TraficSourceID", SKEWED, 9},
                                     {"SearchEngineID", SELDOM, 90},
                                     {"SearchPhrase", PHRASE, 60000},
                                     {"AdvEngineID", SELDOM, 40},
                                     {"IsArtifical", SELDOM, 1},
                                     {"WindowClientWidth", ANY, 2000},
                                     {"WindowClientHeight", ANY, 1200},
                                     {"ClientTimeZone", ANY, 400},
                                     {"ClientEventTime", SECOND, 0},
                                     {"SilverlightVersion1", SELDOM, 5},
                                     {"SilverlightVersion2", SELDOM, 1},
                                     {"SilverlightVersion3", SELDOM, 60000},
                                     {"SilverlightVersion4", SELDOM, 1},
                                     {"PageCharset", EMPTY, 0},
                                     {"CodeVersion", SKEWED, 400},
                                     {"IsLink", SELDOM, 1},
                                     {"IsDownload", SELDOM, 1},
                                     {"IsNotBounce", SELDOM, 1},
                                     {"FUniqID", SERIAL, 0},
                                     {"OriginalURL", EMPTY, 0},
                                     {"HID", ANY, 1000000000},
                                     {"IsOldCounter", SELDOM, 1},
                                     {"IsEvent", SELDOM, 1},
                                     {"IsParameter", SELDOM, 1},
                                     {"DontCountHits", SELDOM, 1},
                                     {"WithHash", SELDOM, 1},
                                     {"HitColor", COLOR, 0},
                                     {"LocalEventTime", SECOND, 0},
                                     {"Age", SELDOM, 55},
                                     {"Sex", SELDOM, 2},
                                     {"Income", SELDOM, 4},
                                     {"Interests", SKEWED, 60000},
                                     {"Robotness", SELDOM, 4},
                                     {"RemoteIP", SKEWED, 400000},
                                     {"WindowName", SELDOM, 60000},
                                     {"OpenerName", SELDOM, 60000},
                                     {"HistoryLength", SKEWED, 60},
                                     {"BrowserLanguage", COLOR, 0},
                                     {"BrowserCountry", COLOR, 0},
                                     {"SocialNetwork", EMPTY, 0},
                                     {"SocialAction", EMPTY, 0},
                                     {"HTTPError", SELDOM, 1},
                                     {"SendTiming", SKEWED, 30000},
                                     {"DNSTiming", SKEWED, 30000},
                                     {"ConnectTiming", SKEWED, 30000},
                                     {"ResponseStartTiming", SKEWED, 30000},
                                     {"ResponseEndTiming", SKEWED, 30000},
                                     {"FetchTiming", SKEWED, 30000},
                                     {"SocialSourceNetworkID", SELDOM, 9},
                                     {"SocialSourcePage", EMPTY, 0},
                                     {"ParamPrice", SELDOM, 1000},
                                     {"ParamOrderID", EMPTY, 0},
                                     {"ParamCurrency", EMPTY, 0},
                                     {"ParamCurrencyID", SELDOM, 9},
                                     {"OpenstatServiceName", EMPTY, 0},
                                     {"OpenstatCampaignID", EMPTY, 0},
                                     {"OpenstatAdID", EMPTY, 0},
                                     {"OpenstatSourceID", EMPTY, 0},
                                     {"UTMSource", EMPTY, 0},
                                     {"UTMMedium", EMPTY, 0},
                                     {"UTMCampaign", EMPTY, 0},
                                     {"UTMContent", EMPTY, 0},
                                     {"UTMTerm", EMPTY, 0},
                                     {"FromTag", EMPTY, 0},
                                     {"HasGCLID", SELDOM, 1},
                                     {"RefererHash", SKEWED, 200000},
                                     {"URLHash", SKEWED, 200000},
                                     {"CLID", SELDOM, 9}};

/* 2013-07-01, in days after 1992-01-01. */
enum { FIRST_OF_JULY = 7852 };

static bool is_text(Kind kind)
{
    return kind == EMPTY || kind >= WORDS;
}

static int create(sqlite3 *db, Failure *failure)
{
    sqlite3_str *sql = sqlite3_str_new(db);
    sqlite3_str_appendall(sql, "CREATE TABLE hits(");
    for (size_t i = 0; i < COUNT(columns); i++)
        sqlite3_str_appendf(sql, "%s%s %s", i ? ", " : "", columns[i].name,
                            is_text(columns[i].kind) ? "TEXT" : "INTEGER");
    sqlite3_str_appendall(sql, ")");
    char *text = sqlite3_str_finish(sql);
    int result = text ? query_script(db, text, failure) : failure_set(failure, "out of memory");
    sqlite3_free(text);
    return result;
}

/* The text with that number: always the same one. */
static void numbered_words(int64_t number, char text[MADE_TEXT_SIZE])
{
    Maker words = {(uint64_t)number * 7919 + 1};
    char rest[MADE_TEXT_SIZE];
    make_sentence(&words, 8, 40, rest);
    snprintf(text, MADE_TEXT_SIZE, "%s%.200s %lld", number % 50 == 3 ? "Google " : "", rest,
             (long long)number);
}

static void numbered_address(int64_t number, char text[MADE_TEXT_SIZE])
{
    static const char *const hosts[] = {"example.org", "shop.example.com", "google.example",
                                        "news.example.net", "www.google.com"};
    Maker words = {(uint64_t)number * 104729 + 1};
    char path[MADE_TEXT_SIZE];
    make_letters(&words, 5, 60, path);
    size_t host = number % 40 == 7     ? 2
                  : number % 200 == 11 ? 4
                  : number % 3 == 0    ? 0
                  : number % 3 == 1    ? 1
                                       : 3;
    snprintf(text, MADE_TEXT_SIZE, "http://%s/%lld/%.200s", hosts[host], (long long)number, path);
}

static void put_time(RowsInto *rows, int64_t second, bool day_alone)
{
    char date[DATE_SIZE], text[MADE_TEXT_SIZE];
    int of_day = (int)(second % 86400);
    make_date(FIRST_OF_JULY + second / 86400, date);
    snprintf(text, sizeof text, "%s %02d:%02d:%02d", date, of_day / 3600, of_day / 60 % 60, of_day % 60);
    row_text(rows, day_alone ? date : text);
}

/* `second` is that of the row's event, so that its columns agree. */
static void put_value(RowsInto *rows, Maker *maker, const HitsColumn *column, int64_t second)
{
    char text[MADE_TEXT_SIZE] = "";
    switch (column->kind) {
    case SERIAL:
        row_number(rows, make_number(maker, 0, INT64_MAX - 1));
        return;
    case ANY:
        row_number(rows, make_number(maker, 0, column->most));
        return;
    case SKEWED:
        row_number(rows, make_skewed(maker, 0, column->most));
        return;
    case SELDOM:
        row_number(rows, make_number(maker, 1, 20) == 1 ? make_number(maker, 1, column->most) : 0);
        return;
    case WORDS:
    case PHRASE:
        if (make_number(maker, 1, 10) <= (column->kind == WORDS ? 9 : 2))
            numbered_words(make_skewed(maker, 1, column->most), text);
        break;
    case ADDRESS:
        if (make_number(maker, 1, 10) <= 9)
            numbered_address(make_skewed(maker, 1, column->most), text);
        break;
    case SECOND:
    case DAY:
        put_time(rows, second, column->kind == DAY);
        return;
    case COLOR:
        snprintf(text, sizeof text, "%c", (char)('A' + make_number(maker, 0, 25)));
        break;
    case EMPTY:
        break;
    }
    row_text(rows, text);
}

int hits_make(sqlite3 *db, double scale, Failure *failure)
{
    Maker maker = {21};
    RowsInto rows;
    int64_t count = (int64_t)(scale * 10000000);
    if (create(db, failure))
        return -1;
    int result = rows_begin(&rows, db, "hits", COUNT(columns), failure);
    for (int64_t i = 0; i < count && result == 0; i++) {
        int64_t second = make_number(&maker, 0, 30 * 86400);
        for (size_t j = 0; j < COUNT(columns); j++)
            put_value(&rows, &maker, &columns[j], second);
        row_done(&rows);
    }
    return rows_end(&rows, db, failure) || result || query_script(db, bench_sql_hits_rare, failure) ? -1 : 0;
}
