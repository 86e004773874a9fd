/* The text that `go test -bench` prints and benchstat reads: lines of configuration ("goos: linux"), of units
 * ("Unit rows/s better=higher") and of results ("BenchmarkSort-8  1000  1234 ns/op  56 B/op"), among others.
 */
#ifndef PRICEREPORT_GO_TEXT_H
#define PRICEREPORT_GO_TEXT_H

#include <stdbool.h>

/* Whether a line of the text is a result. */
bool go_text_recognised(const char *text);

/* The text as JSON, for sql/import/go.sql, which describes it; freed with free. NULL where memory is short.
 */
char *go_text_json(const char *text);

#endif
