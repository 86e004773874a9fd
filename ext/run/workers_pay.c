#include "ext/run/workers_pay.h"

#include "ext/base/sqlite_api.h"

/* Least work per row that is worth handing over where the host has to read the row first: measured on two
   processors. */
static const double least_fed_ns = 150;
/* Largest share of the serial time that the run may take with workers. */
static const double most_share = 0.7;

bool workers_pay(const WorkFigures *figures, int workers, char *reason, int reason_size)
{
    /* Workers evaluate while the host reads and uses rows, and all of them share the processors. */
    double host = figures->feed_ns + figures->reader_ns;
    double serial = figures->eval_ns + host;
    double parallel = serial / workers > host ? serial / workers : host;
    double saved = figures->left_ns * (1 - 1.0 / workers);
    if (workers < 2)
        sqlite3_snprintf(reason_size, reason, "serial: one processor");
    else if (figures->fed && figures->eval_ns < least_fed_ns)
        sqlite3_snprintf(
            reason_size, reason,
            "serial: %.2f µs a row to evaluate and %.2f µs to read: handing rows out would cost more",
            figures->eval_ns / 1e3, figures->feed_ns / 1e3);
    else if (parallel > most_share * serial)
        sqlite3_snprintf(reason_size, reason,
                         "serial: %.2f µs a row to evaluate, and %.2f µs for the host to read and to use it: "
                         "workers would wait for the host",
                         figures->eval_ns / 1e3, host / 1e3);
    else if (figures->left_ns > 0 && saved < 2 * figures->start_ns)
        sqlite3_snprintf(reason_size, reason, "serial: %.0f µs of work are left, and workers cost %.0f µs",
                         figures->left_ns / 1e3, figures->start_ns / 1e3);
    else if (figures->left_ns <= 0 && figures->spent_ns < figures->start_ns)
        sqlite3_snprintf(reason_size, reason, "serial: %.0f µs of work seen, and workers cost %.0f µs",
                         figures->spent_ns / 1e3, figures->start_ns / 1e3);
    else
        return true;
    return false;
}
