/* pricemap in programs that people use, each as it is installed here: maps by every executor, with a worker
 * killed in the middle of one, give the rows of a plain SELECT, and after the close nothing of ours is left
 * while the host lives on. The README's lines for each host do what they say.
 *
 * What a host does is in host.*: it runs the queries of shop.sql, writes their rows to files, each in its own
 * form, and waits twice: before the query "killed", at the FIFO "go"; and after it closed, on its standard
 * input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/command.h"
#include "tests/support/leftovers.h"

enum {
    WORKERS = 2,
    ROWS = 400,
    PRICES = 20,
    WORDS_MAX = 12,
    HANG_POLLS = 12000, /* of POLL_MICROSECONDS: a minute, only against hanging */
    LONG_TICKS = 10,    /* a tenth of a second: more than all rows but the long one take */
    POLL_MICROSECONDS = 5000,
};

typedef struct Host {
    const char *name;
    const char *probe;     /* succeeds where the host is installed; its words are separated by blanks */
    const char *command;   /* the words that run a script, %s, in it */
    const char *script;    /* in HOSTS_FOLDER */
    const char *extension; /* of the names of its other scripts */
    const char *fence;     /* of its block in the README; NULL: it has none */
    bool loads;            /* SQL may load extensions, so that parallel_map_load may too */
    const char *error;     /* is in the message of a map that needs what workers lack */
} Host;

enum { PYTHON = 1, NODE = 4 };

#define JDBC "/usr/share/java/sqlite-jdbc.jar"

/* Messages of a map that calls a function that the host defined, and of one that calls a function that does
 * not exist. */
#define DEFINED(name)                                                                                        \
    "no such function: " name ": it was defined by this program, or loaded into this connection alone;"
#define UNDEFINED(name) "no such function: " name ": workers have SQLite's own functions and pricemap's; "

static const Host hosts[] = {
    {"sqlite3 shell", "sqlite3 -version", "sqlite3 -init %s shop.db", "host.sql", "sql", "sql", true,
     DEFINED("sha3")},
    {"Python", "/usr/bin/python3 -c __import__('sqlite3').Connection.enable_load_extension",
     "/usr/bin/python3 %s", "host.py", "py", "python", true, DEFINED("host_only")},
    {"Perl", "perl -MDBD::SQLite -e 1", "perl %s", "host.pl", "pl", "perl", true, DEFINED("host_only")},
    {"PHP", "php -r exit(class_exists('SQLite3')?0:1);", "php -d sqlite3.extension_dir=\"$PWD/build/ext\" %s",
     "host.php", "php", "php", false, DEFINED("host_only")},
    {"Node.js", HOSTS_FOLDER "/install-npm libsql " NPM_FOLDER, "node %s", "host.js", "js", "js", false,
     UNDEFINED("host_only")},
    {"better-sqlite3", HOSTS_FOLDER "/install-npm better-sqlite3 " NPM_FOLDER, "node %s", "better_sqlite3.js",
     "js", NULL, false, DEFINED("host_only")},
    {"APSW", "/usr/bin/python3 -c __import__('apsw')", "/usr/bin/python3 %s", "host_apsw.py", "py", NULL,
     true, DEFINED("host_only")},
    {"Ruby", "ruby -rsqlite3 -e 1", "ruby %s", "host.rb", "rb", NULL, true, DEFINED("host_only")},
    {"Tcl", "tclsh " HOSTS_FOLDER "/has_tcl.tcl", "tclsh %s", "host.tcl", "tcl", NULL, true,
     DEFINED("host_only")},
    {"R", "Rscript -e library(RSQLite)", "Rscript --vanilla %s", "host.R", "R", NULL, true,
     UNDEFINED("host_only")},
    {"JDBC", "test -f " JDBC, "java -cp " JDBC " %s", "Host.java", "java", NULL, true, DEFINED("host_only")},
};

enum { HOSTS = sizeof hosts / sizeof *hosts, README_HOSTS = 5 /* the first ones */ };

typedef struct HostTest {
    const Host *host;
    void *folder; /* of command_setup */
    Leftovers before;
} HostTest;

/* A word of a command, to be freed: "%s" stands for `script`, and `"$PWD` … `"` for what is in the current
 * folder. */
static char *expand(const char *word, const char *script)
{
    static const char folder_name[] = "\"$PWD";
    const char *place = strstr(word, folder_name);
    char *folder = getcwd(NULL, 0), *whole = NULL;
    assert_non_null(folder);
    if (strcmp(word, "%s") == 0)
        whole = strdup(script);
    else if (!place)
        whole = strdup(word);
    else if (asprintf(&whole, "%.*s%s%.*s", (int)(place - word), word, folder,
                      (int)strcspn(place + strlen(folder_name), "\""), place + strlen(folder_name)) < 0)
        whole = NULL;
    assert_non_null(whole);
    free(folder);
    return whole;
}

/* Starts a command whose words are separated by blanks; a word "%s" stands for `script`. Standard input is
 * the descriptor `in`, the others go to files. */
static pid_t start(const char *command, const char *script, int in, const char *out, const char *err)
{
    char *words = strdup(command), *rest = words, *word, *argv[WORDS_MAX + 1] = {NULL};
    assert_non_null(words);
    for (int i = 0; i < WORDS_MAX && (word = strsep(&rest, " ")); i++)
        argv[i] = expand(word, script);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int files[3] = {in, open(out, O_WRONLY | O_CREAT | O_TRUNC, 0666),
                        open(err, O_WRONLY | O_CREAT | O_TRUNC, 0666)};
        for (int i = 0; i < 3; i++)
            if (files[i] < 0 || dup2(files[i], i) < 0)
                _exit(126);
        execvp(argv[0], argv);
        _exit(127);
    }
    for (int i = 0; argv[i]; i++)
        free(argv[i]);
    free(words);
    return pid;
}

static int run(const char *command, const char *script, const char *out, const char *err)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int status = command_wait(start(command, script, nothing, out, err));
    close(nothing);
    return status;
}

static bool copy(const char *from, const char *to)
{
    int source = open(from, O_RDONLY | O_CLOEXEC);
    int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0777);
    ssize_t got;
    while ((got = sendfile(target, source, NULL, 1 << 20)) > 0)
        ;
    close(source);
    return close(target) == 0 && got == 0;
}

static int setup(void **state)
{
    HostTest *test = calloc(1, sizeof *test);
    if (!test)
        return -1;
    test->host = *state;
    test->before = leftovers_look();
    if (command_setup(&test->folder))
        return -1;
    *state = test;
    char *sql = command_read_file(HOSTS_FOLDER "/shop.sql");
    command_execute("shop.db", sql);
    free(sql);
    /* No links to them: PHP loads only what really is in its folder. */
    return mkdir("build", 0777) || mkdir("build/ext", 0777) ||
           !copy(BUILD_FOLDER "/ext/pricemap.so", "build/ext/pricemap.so") ||
           !copy(BUILD_FOLDER "/ext/pricemap-worker", "build/ext/pricemap-worker") ||
           !copy(TINY_EXTENSION, "tiny_extension.so") || mkfifo("go", 0600);
}

static int teardown(void **state)
{
    HostTest *test = *state;
    int failed = command_teardown(&test->folder);
    free(test);
    return failed;
}

static void skip_unless_installed(const Host *host)
{
    if (run(host->probe, "", "probe.out", "probe.err") == 0)
        return;
    char *out = command_read_file("probe.out"), *err = command_read_file("probe.err");
    print_message("%s: not installed here, skipped: %s%s\n", host->name, out, err);
    free(out);
    free(err);
    skip();
}

static void expect_alive(const Host *host, pid_t pid)
{
    if (waitpid(pid, NULL, WNOHANG) == 0)
        return;
    char *err = command_read_file("host.err");
    fail_msg("%s ended early:\n%s", host->name, err);
}

/* Clock ticks of computing that a process has had; 0 where there is none. */
static unsigned long computed(pid_t pid)
{
    char path[64];
    unsigned long ticks = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu", &ticks) != 1)
        ticks = 0;
    if (file)
        fclose(file);
    return ticks;
}

/* A host that opens the FIFO to read waits for this. */
static int open_gate(const Host *host, pid_t pid)
{
    for (int polls = 0; polls < HANG_POLLS; polls++) {
        int gate = open("go", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (gate >= 0)
            return gate;
        assert_int_equal(errno, ENXIO);
        expect_alive(host, pid);
        usleep(POLL_MICROSECONDS);
    }
    fail_msg("%s did not come to its query \"killed\"", host->name);
    return -1;
}

/* Kills the worker that works on the long row: the only one that computes for so many ticks. */
static void kill_in_the_middle(const Host *host, pid_t pid)
{
    pid_t workers[2 * WORKERS];
    unsigned long before[WORKERS];
    int gate = open_gate(host, pid);
    assert_int_equal(leftovers_find("pricemap-worker", workers, 2 * WORKERS), WORKERS);
    for (int i = 0; i < WORKERS; i++)
        before[i] = computed(workers[i]);
    close(gate);
    for (int polls = 0; polls < HANG_POLLS; polls++) {
        for (int i = 0; i < WORKERS; i++)
            if (computed(workers[i]) >= before[i] + LONG_TICKS) {
                assert_int_equal(kill(workers[i], SIGKILL), 0);
                return;
            }
        expect_alive(host, pid);
        usleep(POLL_MICROSECONDS);
    }
    fail_msg("%s: no worker computes", host->name);
}

/* After the close the host lives on, alone. */
static void expect_closed(const Host *host, pid_t pid)
{
    for (int polls = 0; access("closed", F_OK) != 0; polls++) {
        assert_true(polls < HANG_POLLS);
        expect_alive(host, pid);
        usleep(POLL_MICROSECONDS);
    }
    for (int polls = 0; leftovers_processes(pid); polls++) {
        if (polls == HANG_POLLS)
            fail_msg("%s closed its connection, and a process of it is left", host->name);
        usleep(POLL_MICROSECONDS);
    }
    expect_alive(host, pid);
}

static void expect_in_file(const char *path, const char *part)
{
    char *text = command_read_file(path);
    if (!strstr(text, part))
        fail_msg("%s: expected \"%s\" in\n%s", path, part, text);
    free(text);
}

static void expect_rows(const Host *host)
{
    static const char *const maps[] = {"threads.rows", "processes.rows", "killed.rows", "auto.rows"};
    char *plain = command_read_file("plain.rows");
    int lines = 0;
    for (const char *at = plain; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, ROWS);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        char *rows = command_read_file(maps[i]);
        if (strcmp(rows, plain) != 0)
            fail_msg("%s: other rows than the plain SELECT:\n%s", maps[i], rows);
        free(rows);
    }
    free(plain);
    expect_in_file("runs.rows", "maps: threads, processes, processes, auto; retried.");
    if (host->loads) {
        expect_in_file("loaded_threads.rows", "sum: 160400.0");
        expect_in_file("loaded_processes.rows", "sum: 160400.0");
    }
}

static void test_host(void **state)
{
    const HostTest *test = *state;
    const Host *host = test->host;
    char script[sizeof HOSTS_FOLDER + 32];
    int input[2];
    skip_unless_installed(host);
    snprintf(script, sizeof script, HOSTS_FOLDER "/%s", host->script);
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    pid_t pid = start(host->command, script, input[0], "host.out", "host.err");
    close(input[0]);
    kill_in_the_middle(host, pid);
    expect_closed(host, pid);
    close(input[1]);
    assert_int_equal(command_wait(pid), 0);
    leftovers_check(&test->before);
    expect_rows(host);
    expect_in_file("host.err", host->error);
}

/* ---- interrupts ---- */

static void expect_interrupts(const HostTest *test)
{
    const Host *host = test->host;
    char script[sizeof HOSTS_FOLDER + 16];
    skip_unless_installed(host);
    snprintf(script, sizeof script, HOSTS_FOLDER "/interrupt.%s", host->extension);
    if (run(host->command, script, "interrupt.out", "interrupt.err") != 0)
        fail_msg("%s: %s", host->name, command_read_file("interrupt.err"));
    expect_in_file("interrupt.out",
                   "threads SQLITE_INTERRUPT\nprocesses SQLITE_INTERRUPT\nauto SQLITE_INTERRUPT\n");
}

static void test_interrupts_in_python(void **state)
{
    expect_interrupts(*state);
}

/* Compiled with the headers of SQLite 3.40 too: what 3.41 added is found in the host. */
static void test_interrupts_in_node(void **state)
{
    expect_interrupts(*state);
    expect_in_file("interrupt.out", "\ncalls SQLITE_INTERRUPT\nwithin a call\n");
}

/* ---- the README ---- */

/* The section "Hosts", to be freed. */
static char *hosts_section(void)
{
    char *readme = command_read_file(README);
    char *begin = strstr(readme, "\n## Hosts\n");
    assert_non_null(begin);
    char *end = strstr(begin + 1, "\n## ");
    assert_non_null(end);
    char *section = strndup(begin, (size_t)(end - begin));
    assert_non_null(section);
    free(readme);
    return section;
}

static void write_readme_block(const char *section, const char *fence, const char *path)
{
    char opening[32];
    snprintf(opening, sizeof opening, "\n```%s\n", fence);
    const char *begin = strstr(section, opening);
    if (!begin)
        fail_msg("README.md, Hosts: no block of %s", fence);
    begin += strlen(opening);
    const char *end = strstr(begin, "\n```");
    assert_non_null(end);
    char *block = strndup(begin, (size_t)(end + 1 - begin));
    assert_non_null(block);
    command_write_file(path, block);
    free(block);
}

/* Each line: the key, anything, the raised price. */
static void expect_prices(const char *path)
{
    char *text = command_read_file(path), *at = text;
    for (int i = 1; i <= PRICES; i++) {
        long key = strtol(at, &at, 10);
        double value = strtod(at + strspn(at, "| ,"), &at);
        if (key != i || fabs(value - i * 42.5 * 1.1) > 1e-9 || *at != '\n')
            fail_msg("line %d is wrong in\n%s", i, text);
    }
    assert_string_equal(at, "\n");
    free(text);
}

static void test_readme(void **state)
{
    const HostTest *test = *state;
    const Host *host = test->host;
    char script[32], command[128];
    char *section = hosts_section();
    snprintf(script, sizeof script, "prices.%s", host->extension);
    write_readme_block(section, host->fence, script);
    /* The README says how to run it, in the words that are used here. */
    const char *place = strstr(host->command, "%s");
    snprintf(command, sizeof command, "`%.*s%s%s`", (int)(place - host->command), host->command, script,
             place + 2);
    if (!strstr(section, command))
        fail_msg("README.md, Hosts: expected %s", command);
    free(section);
    skip_unless_installed(host);
    if (run(host->command, script, "prices.out", "prices.err") != 0)
        fail_msg("%s: %s", host->name, command_read_file("prices.err"));
    expect_prices("prices.out");
    leftovers_check(&test->before);
}

/* No block that is not run. */
static void test_readme_has_only_hosts(void **state)
{
    (void)state;
    char *section = hosts_section();
    int fences = 0;
    for (const char *at = section; (at = strstr(at, "\n```")); at++)
        fences++;
    assert_int_equal(fences, 2 * README_HOSTS);
    free(section);
}

/* ---- hosts whose SQLite no worker process can load, or only in some builds ---- */

#define BUILT_IN "parallel_map: the worker processes found another SQLite ("

static const Host threaded_hosts[] = {
    {"npm's sqlite3", HOSTS_FOLDER "/install-npm sqlite3 " NPM_FOLDER, "node %s", "npm_sqlite3.js", "js",
     NULL, false, "parallel_map: worker processes cannot load this program's SQLite: "},
    {"Bun", "bun --version", "bun %s", "bun.js", "js", NULL, false, BUILT_IN},
    {"node:sqlite", "node -e process.exit(process.getBuiltinModule?.('node:sqlite')?0:1)", "node %s",
     "node_sqlite.js", "js", NULL, false, BUILT_IN},
};

enum { THREADED_HOSTS = sizeof threaded_hosts / sizeof *threaded_hosts };

/* Serial, threads and auto map there, and processes say why not, or map. */
static void test_threaded_host(void **state)
{
    static const char *const maps[] = {"serial.rows", "threads.rows", "auto.rows"};
    const HostTest *test = *state;
    const Host *host = test->host;
    char script[sizeof HOSTS_FOLDER + 32];
    skip_unless_installed(host);
    snprintf(script, sizeof script, HOSTS_FOLDER "/%s", host->script);
    if (run(host->command, script, "host.out", "host.err") != 0)
        fail_msg("%s: %s", host->name, command_read_file("host.err"));
    char *plain = command_read_file("plain.rows");
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        char *rows = command_read_file(maps[i]);
        if (!*plain || strcmp(rows, plain) != 0)
            fail_msg("%s: other rows than the plain SELECT:\n%s", maps[i], rows);
        free(rows);
    }
    char *processes = command_read_file("processes.rows");
    if (strcmp(processes, plain) != 0) {
        expect_in_file("processes.rows", host->error);
        expect_in_file("processes.rows", ": use executor threads");
    }
    free(processes);
    free(plain);
    leftovers_check(&test->before);
}

/* Where the packages of npm that are hosts are. */
static void set_node_path(void)
{
    setenv("NODE_PATH",
           NPM_FOLDER "/libsql/node_modules:" NPM_FOLDER "/better-sqlite3/node_modules:" NPM_FOLDER
                      "/sqlite3/node_modules",
           1);
}

int main(void)
{
    struct CMUnitTest tests[HOSTS + README_HOSTS + THREADED_HOSTS + 3], *next = tests;
    char names[README_HOSTS][64];
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    leftovers_mark();
    unsetenv("PRICEMAP_WORKER"); /* as with users: it is found beside the extension */
    set_node_path();
    for (int i = 0; i < HOSTS; i++) {
        void *host = (void *)(uintptr_t)&hosts[i];
        *next++ = (struct CMUnitTest){hosts[i].name, test_host, setup, teardown, host};
        if (!hosts[i].fence)
            continue;
        snprintf(names[i], sizeof names[i], "%s: the README's lines", hosts[i].name);
        *next++ = (struct CMUnitTest){names[i], test_readme, setup, teardown, host};
    }
    for (int i = 0; i < THREADED_HOSTS; i++)
        *next++ = (struct CMUnitTest){threaded_hosts[i].name, test_threaded_host, setup, teardown,
                                      (void *)(uintptr_t)&threaded_hosts[i]};
    *next++ = (struct CMUnitTest)cmocka_unit_test(test_readme_has_only_hosts);
    *next++ = (struct CMUnitTest)cmocka_unit_test_prestate_setup_teardown(
        test_interrupts_in_python, setup, teardown, (void *)(uintptr_t)&hosts[PYTHON]);
    *next++ = (struct CMUnitTest)cmocka_unit_test_prestate_setup_teardown(
        test_interrupts_in_node, setup, teardown, (void *)(uintptr_t)&hosts[NODE]);
    assert(next == tests + sizeof tests / sizeof *tests);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
