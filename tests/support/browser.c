#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/browser.h"

enum {
    READ_FROM_US = 3, /* the descriptors of the protocol in Chromium */
    WRITE_TO_US = 4,
    PATIENCE_MS = 60000,
};

struct Browser {
    pid_t pid;
    int to, from;
    sqlite3 *db; /* its JSON functions read what comes */
    char *received;
    size_t size, capacity;
    int next_id;
    char session[128];
    char *page; /* URL */
    sqlite3_str *complaints;
};

static const char *find_program(void)
{
    static const char *const names[] = {"chromium", "chromium-browser"};
    static char found[4096];
    const char *named = getenv("CHROMIUM");
    if (named && *named)
        return access(named, X_OK) == 0 ? named : NULL;
    const char *path = getenv("PATH");
    for (const char *next = path; next && *next; next += *next == ':') {
        int length = (int)strcspn(next, ":");
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            snprintf(found, sizeof found, "%.*s/%s", length, next, names[i]);
            if (access(found, X_OK) == 0)
                return found;
        }
        next += length;
    }
    return NULL;
}

int browser_is_there(void)
{
    return find_program() != NULL;
}

static void start(const char *program, const char *profile, int in, int out)
{
    char folder[4200];
    snprintf(folder, sizeof folder, "--user-data-dir=%s", profile);
    /* Either may come first: first out of the way, then to where they belong. */
    int in_copy = fcntl(in, F_DUPFD, 10), out_copy = fcntl(out, F_DUPFD, 10),
        null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    dup2(in_copy, READ_FROM_US);
    dup2(out_copy, WRITE_TO_US);
    for (int i = WRITE_TO_US + 1; i < 64; i++)
        close(i);
    setsid();
    execl(program, program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
          "--disable-background-networking", "--disable-component-update", "--disable-sync",
          "--disable-dev-shm-usage", "--remote-debugging-pipe", folder, "about:blank", (char *)NULL);
    _exit(127);
}

/* A value of a JSON text, to be freed with sqlite3_free; NULL where there is none. */
static char *json_value(Browser *browser, const char *json, const char *path)
{
    sqlite3_stmt *statement;
    char *value = NULL;
    assert_int_equal(sqlite3_prepare_v2(browser->db, "SELECT json_extract(?1, ?2)", -1, &statement, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(statement, 1, json, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, path, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        value = sqlite3_mprintf("%s", sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return value;
}

static void note(Browser *browser, const char *message, const char *what, const char *path)
{
    char *value = json_value(browser, message, path);
    if (value && strcmp(value, browser->page) != 0 && strncmp(value, "data:", 5) != 0)
        sqlite3_str_appendf(browser->complaints, "%s: %s\n", what, value);
    sqlite3_free(value);
}

static void take_event(Browser *browser, const char *message, const char *method)
{
    if (strcmp(method, "Runtime.consoleAPICalled") == 0)
        note(browser, message, "console", "$.params.args");
    else if (strcmp(method, "Runtime.exceptionThrown") == 0)
        note(browser, message, "exception", "$.params.exceptionDetails");
    else if (strcmp(method, "Log.entryAdded") == 0)
        note(browser, message, "log", "$.params.entry.text");
    else if (strcmp(method, "Network.requestWillBeSent") == 0)
        note(browser, message, "request", "$.params.request.url");
}

/* The next message, NUL-terminated as the protocol has it; valid until the next call. */
static char *receive(Browser *browser)
{
    static const size_t step = 1 << 16;
    /* What was given out before is taken away first. */
    char *end;
    while (!(end = memchr(browser->received, '\0', browser->size))) {
        struct pollfd ready = {.fd = browser->from, .events = POLLIN};
        if (poll(&ready, 1, PATIENCE_MS) != 1)
            fail_msg("Chromium has said nothing for %d s", PATIENCE_MS / 1000);
        if (browser->capacity - browser->size < step) {
            browser->capacity = 2 * browser->capacity + step;
            browser->received = realloc(browser->received, browser->capacity);
            assert_non_null(browser->received);
        }
        ssize_t got =
            read(browser->from, browser->received + browser->size, browser->capacity - browser->size);
        if (got <= 0)
            fail_msg("Chromium has ended");
        browser->size += (size_t)got;
    }
    size_t length = (size_t)(end - browser->received) + 1;
    char *message = malloc(length);
    assert_non_null(message);
    memcpy(message, browser->received, length);
    browser->size -= length;
    memmove(browser->received, browser->received + length, browser->size);
    return message;
}

/* Reads on until the answer to `id`, or the event `event`, comes; it is to be freed. */
static char *wait_for(Browser *browser, int id, const char *event)
{
    for (;;) {
        char *message = receive(browser);
        char *its_id = json_value(browser, message, "$.id"),
             *method = json_value(browser, message, "$.method");
        int found = its_id ? id > 0 && atoi(its_id) == id : event && method && strcmp(method, event) == 0;
        if (method)
            take_event(browser, message, method);
        sqlite3_free(its_id);
        sqlite3_free(method);
        if (found)
            return message;
        free(message);
    }
}

/* Sends a command with these parameters (JSON) and waits for its answer, to be freed. */
static char *command(Browser *browser, const char *method, const char *parameters)
{
    int id = ++browser->next_id;
    char *text = sqlite3_mprintf("{\"id\":%d,\"method\":\"%s\"%s%s%s,\"params\":%s}", id, method,
                                 *browser->session ? ",\"sessionId\":\"" : "", browser->session,
                                 *browser->session ? "\"" : "", parameters);
    size_t size = strlen(text) + 1, written = 0;
    while (written < size) {
        ssize_t some = write(browser->to, text + written, size - written);
        if (some < 0 && errno != EINTR)
            fail_msg("Chromium does not listen: %s", strerror(errno));
        written += some > 0 ? (size_t)some : 0;
    }
    sqlite3_free(text);
    char *answer = wait_for(browser, id, NULL);
    char *error = json_value(browser, answer, "$.error");
    if (error)
        fail_msg("Chromium refuses %s: %s", method, error);
    return answer;
}

static void attach(Browser *browser)
{
    char *answer = command(browser, "Target.createTarget", "{\"url\":\"about:blank\"}");
    char *target = json_value(browser, answer, "$.result.targetId");
    char *parameters = sqlite3_mprintf("{\"targetId\":\"%s\",\"flatten\":true}", target);
    free(answer);
    answer = command(browser, "Target.attachToTarget", parameters);
    char *session = json_value(browser, answer, "$.result.sessionId");
    assert_non_null(session);
    snprintf(browser->session, sizeof browser->session, "%s", session);
    sqlite3_free(session);
    sqlite3_free(parameters);
    sqlite3_free(target);
    free(answer);
    static const char *const domains[] = {"Page.enable", "Runtime.enable", "Log.enable", "Network.enable"};
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
        free(command(browser, domains[i], "{}"));
}

Browser *browser_open(const char *profile)
{
    const char *program = find_program();
    assert_non_null(program);
    Browser *browser = calloc(1, sizeof *browser);
    assert_non_null(browser);
    assert_int_equal(sqlite3_open(":memory:", &browser->db), SQLITE_OK);
    browser->complaints = sqlite3_str_new(NULL);
    browser->page = strdup("");
    browser->received = malloc(1);
    browser->capacity = 1;
    int to[2], from[2];
    assert_int_equal(mkdir(profile, 0777), 0);
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    signal(SIGPIPE, SIG_IGN);
    browser->pid = fork();
    assert_true(browser->pid >= 0);
    if (browser->pid == 0)
        start(program, profile, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    browser->to = to[1];
    browser->from = from[0];
    attach(browser);
    return browser;
}

void browser_close(Browser *browser)
{
    close(browser->to);
    close(browser->from);
    /* Its own session, with all its processes: their profile is about to be removed. */
    kill(-browser->pid, SIGKILL);
    waitpid(browser->pid, NULL, 0);
    sqlite3_free(sqlite3_str_finish(browser->complaints));
    sqlite3_close(browser->db);
    free(browser->received);
    free(browser->page);
    free(browser);
}

void browser_show(Browser *browser, const char *path, int width, int height, int dark)
{
    char *size = sqlite3_mprintf("{\"width\":%d,\"height\":%d,\"deviceScaleFactor\":1,\"mobile\":false}",
                                 width, height);
    char *media = sqlite3_mprintf("{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"%s\"}]}",
                                  dark ? "dark" : "light");
    char *url = sqlite3_mprintf("{\"url\":\"file://%s\"}", path);
    free(browser->page);
    browser->page = malloc(strlen(path) + 8);
    assert_non_null(browser->page);
    sprintf(browser->page, "file://%s", path);
    sqlite3_str_reset(browser->complaints);
    free(command(browser, "Emulation.setDeviceMetricsOverride", size));
    free(command(browser, "Emulation.setScrollbarsHidden", "{\"hidden\":true}"));
    free(command(browser, "Emulation.setEmulatedMedia", media));
    free(command(browser, "Page.navigate", url));
    free(wait_for(browser, 0, "Page.loadEventFired"));
    sqlite3_free(size);
    sqlite3_free(media);
    sqlite3_free(url);
}

void browser_set_scripts(Browser *browser, int run)
{
    free(command(browser, "Emulation.setScriptExecutionDisabled",
                 run ? "{\"value\":false}" : "{\"value\":true}"));
}

char *browser_evaluate(Browser *browser, const char *expression)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(browser->db,
                                        "SELECT json_object('expression', ?1, 'returnByValue', json('true'))",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(statement, 1, expression, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    char *answer = command(browser, "Runtime.evaluate", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    char *exception = json_value(browser, answer, "$.result.exceptionDetails");
    if (exception)
        fail_msg("the expression failed: %s", exception);
    char *value = json_value(browser, answer, "$.result.result.value");
    free(answer);
    return value;
}

char *browser_complaints(Browser *browser)
{
    /* What was said before the answer to this has arrived with it. */
    sqlite3_free(browser_evaluate(browser, "1"));
    const char *text = sqlite3_str_value(browser->complaints);
    return sqlite3_mprintf("%s", text ? text : "");
}

static int sixes(char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *place = c ? strchr(alphabet, c) : NULL;
    return place ? (int)(place - alphabet) : -1;
}

void browser_screenshot(Browser *browser, const char *path)
{
    char *answer =
        command(browser, "Page.captureScreenshot", "{\"format\":\"png\",\"captureBeyondViewport\":true}");
    char *data = json_value(browser, answer, "$.result.data");
    assert_non_null(data);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    unsigned bits = 0;
    int count = 0;
    for (const char *c = data; sixes(*c) >= 0; c++) {
        bits = bits << 6 | (unsigned)sixes(*c);
        count += 6;
        if (count >= 8)
            putc((int)(bits >> (count -= 8) & 0xff), file);
    }
    assert_int_equal(fclose(file), 0);
    sqlite3_free(data);
    free(answer);
}
