/*
 * What a hostile worker process answers: maps run over a pool whose workers (hostile_worker.c) give the input
 * as the output and the report of their tasks. The first byte chooses the map; then up to HOSTILE_COUNT
 * answers; see read_answer().
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "hostile_answer.h"
#include "host.h"
#include "input.h"

enum { ROWS = 100, INPUTS_PER_CONNECTION = 200 };

static HostileAnswer *answers;
static sqlite3 *db;
static int inputs;

static const char schema[] = "CREATE TABLE t(id INTEGER PRIMARY KEY, p);"
                             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 24)"
                             " INSERT INTO t SELECT i, i * 1.5 FROM n;";

/* A feed and partition scans, with one column and several, with dropped rows, in order and not, partial. */
static const char *const maps[] = {
    "SELECT key, value FROM parallel_map('SELECT * FROM t', 'p', 'processes', 1, 6)",
    "SELECT key, value FROM parallel_map('t', 'p + 1', 'processes', 1, 6)",
    "SELECT * FROM fed",
    "SELECT count(*) FROM fed",
    "SELECT * FROM scanned",
    "SELECT r, p FROM scanned LIMIT 3",
    "SELECT * FROM combined",
    "SELECT max(length(p)), min(r) FROM unordered",
};

static const char tables[] =
    "SELECT parallel_map_config('timeout_seconds', 0.05), parallel_map_config('retries', 1);"
    "CREATE VIRTUAL TABLE temp.fed USING parallel_map(source = (SELECT id, p FROM t), map = (p, id, p + id "
    "AS s),"
    " executor = processes, workers = 1, chunk = 6);"
    "CREATE VIRTUAL TABLE temp.scanned USING parallel_map(source = t, map = (p, rowid AS r), where = (p > 3),"
    " executor = processes, workers = 1, chunk = 6);"
    "CREATE VIRTUAL TABLE temp.combined USING parallel_map(source = (SELECT p FROM t), map = (sum(p), "
    "count(*)),"
    " partial = 1, executor = processes, workers = 1, chunk = 6);"
    "CREATE VIRTUAL TABLE temp.unordered USING parallel_map(source = t, map = (p, id AS r), ordered = 0,"
    " executor = processes, workers = 2, chunk = 6);";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    host_start(HOSTILE_WORKER);
    const char *path = host_file("answers");
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, HOSTILE_COUNT * sizeof *answers) != 0)
        host_finding("cannot make", path);
    answers = mmap(NULL, HOSTILE_COUNT * sizeof *answers, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (answers == MAP_FAILED)
        host_finding("cannot map", path);
    close(file);
    setenv(HOSTILE_ANSWERS, path, 1);
    sqlite3 *made = host_open_plain(host_file("t.db"));
    host_setup(made, schema);
    sqlite3_close(made);
    return 0;
}

/* A byte of deviations, the report's fields, what the deviations need, two bytes of size, and so many bytes.
 */
static void read_answer(Input *input, HostileAnswer *answer)
{
    HostileAnswer made = {.how = input_byte(input)};
    made.report.rc = (int32_t)input_u32(input);
    made.report.next_row = input_u32(input);
    made.report.rows_in = made.report.rows_out = input_byte(input);
    made.report.next_rowid = (int32_t)input_u32(input);
    made.report.view = input_byte(input);
    memset(&made.report.gave_up, input_byte(input), sizeof made.report.gave_up);
    if (made.how & (HOSTILE_SIZE | HOSTILE_RESERVED | HOSTILE_SEQUENCE)) {
        input_bytes(input, &made.output_size, sizeof made.output_size);
        input_bytes(input, &made.reserved, sizeof made.reserved);
        /* Memory is taken for as much as a worker says; what it says is bounded by the window, not by this
         * machine. */
        if (made.output_size < (uint64_t)1 << 36)
            made.output_size &= ((uint64_t)1 << 24) - 1;
    }
    if (made.how & HOSTILE_STATE)
        made.state = input_u32(input);
    if (made.how & HOSTILE_CHANGES) {
        made.change_place = input_u32(input);
        made.change_with = input_byte(input);
        memset(made.report.message, 'm', sizeof made.report.message);
    }
    made.size = input_byte(input);
    made.size |= (uint32_t)input_byte(input) << 8;
    if (made.size > HOSTILE_BYTES)
        made.size = HOSTILE_BYTES;
    if (made.size > input->size)
        made.size = (uint32_t)input->size;
    input_bytes(input, made.bytes, made.size);
    *answer = made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Input input = {data, size};
    unsigned map = input_byte(&input) % (sizeof maps / sizeof *maps);
    int given = 0;
    for (; given < HOSTILE_COUNT && !input_ended(&input); given++)
        read_answer(&input, &answers[given]);
    for (int i = given; i < HOSTILE_COUNT; i++)
        answers[i] = given ? answers[i % given] : (HostileAnswer){.how = HOSTILE_FITS};
    if (!db) {
        db = host_open(host_file("t.db"));
        host_setup(db, tables);
    }
    host_run(db, maps[map], ROWS);
    if (++inputs % INPUTS_PER_CONNECTION == 0) {
        host_close(db);
        db = NULL;
    }
    return 0;
}
