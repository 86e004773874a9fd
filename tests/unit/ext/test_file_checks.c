/* Digests of texts and files, and a rank's checks of a list of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "ext/link/file_checks.h"

/* Digests that the standard itself gives, and one of a text that ends in the middle of the padding. */
static void digests(void **state)
{
    (void)state;
    static const struct {
        const char *part;
        int times;
        const char *digest;
    } cases[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaa", 40000,
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Sha256 sum;
        char text[SHA256_TEXT_BYTES];
        sha256_begin(&sum);
        for (int j = 0; j < cases[i].times; j++)
            sha256_add(&sum, cases[i].part, strlen(cases[i].part));
        sha256_end(&sum, text);
        assert_string_equal(text, cases[i].digest);
    }
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void checks(void **state)
{
    (void)state;
    char path[] = "/tmp/pricemap-checks-XXXXXX", list[256], error[512] = "";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    FileDigests *digests = calloc(1, sizeof *digests);
    assert_non_null(digests);
    write_file(path, "abc");
    size_t size = (size_t)snprintf(list, sizeof list, "%s%c%s", path, 0,
                                   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") +
                  1;
    assert_true(file_checks_hold(digests, list, 0, error, sizeof error));
    for (int i = 0; i < 2; i++)
        assert_true(file_checks_hold(digests, list, size, error, sizeof error));
    assert_int_equal(digests->count, 1);
    write_file(path, "abcd");
    assert_false(file_checks_hold(digests, list, size, error, sizeof error));
    assert_non_null(strstr(error, "SHA-256 88d4266fd4e6…) is another one than the host's (ba7816bf8f01…)"));
    unlink(path);
    assert_false(file_checks_hold(digests, list, size, error, sizeof error));
    assert_non_null(strstr(error, "No such file or directory"));
    /* What is no list. */
    assert_false(file_checks_hold(digests, list, size - 1, error, sizeof error));
    assert_false(file_checks_hold(digests, list, strlen(path) + 1, error, sizeof error));
    list[strlen(path) + 1] = '!';
    assert_false(file_checks_hold(digests, list, size, error, sizeof error));
    assert_non_null(strstr(error, "which the host cannot read"));
    free(digests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(digests), cmocka_unit_test(checks)};
    return cmocka_run_group_tests_name("file_checks", tests, NULL, NULL);
}
