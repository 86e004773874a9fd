/* Frames over a socket: whole, in pieces, cut off, too large, and what is no frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "ext/executors/mpi/last_words.h"
#include "ext/link/frames.h"

typedef struct Pair {
    FrameStream left, right;
} Pair;

static Pair begin(uint64_t most)
{
    int ends[2];
    Pair pair;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    frame_stream_begin(&pair.left, ends[0], most);
    frame_stream_begin(&pair.right, ends[1], most);
    return pair;
}

static void end(Pair *pair)
{
    frame_stream_end(&pair->left);
    frame_stream_end(&pair->right);
}

static Frame *made(uint64_t id, uint64_t size)
{
    Frame *frame = frame_create(FRAME_TASK, 3, id, size);
    assert_non_null(frame);
    for (uint64_t i = 0; i < size; i++)
        frame->bytes[i] = (unsigned char)(i * 7 + id);
    return frame;
}

static void check(const Frame *frame, uint64_t id, uint64_t size)
{
    assert_int_equal(frame->header.kind, FRAME_TASK);
    assert_int_equal(frame->header.rank, 3);
    assert_int_equal(frame->header.id, id);
    assert_int_equal(frame->header.size, size);
    for (uint64_t i = 0; i < size; i++)
        assert_int_equal(frame->bytes[i], (unsigned char)(i * 7 + id));
}

/* Frames that are larger than what a socket takes at once, in both directions at one time: neither end waits.
 */
static void both_ways_at_once(void **state)
{
    (void)state;
    enum { FRAMES = 5, BYTES = 3000000 };
    Pair pair = begin(FRAME_BYTES_MAX);
    for (uint64_t i = 0; i < FRAMES; i++) {
        frame_stream_queue(&pair.left, made(i, BYTES * (i % 2)));
        frame_stream_queue(&pair.right, made(i + 100, BYTES + i));
    }
    uint64_t left = 0, right = 0;
    while (left < FRAMES || right < FRAMES) {
        Frame *frame;
        assert_true(frame_stream_flush(&pair.left));
        assert_true(frame_stream_flush(&pair.right));
        int got = frame_stream_receive(&pair.left, &frame);
        assert_true(got >= 0);
        if (got) {
            check(frame, left + 100, BYTES + left);
            left++;
            free(frame);
        }
        got = frame_stream_receive(&pair.right, &frame);
        assert_true(got >= 0);
        if (got) {
            check(frame, right, BYTES * (right % 2));
            right++;
            free(frame);
        }
    }
    end(&pair);
}

static void byte_by_byte(void **state)
{
    (void)state;
    Pair pair = begin(1000);
    Frame *sent = made(9, 100), *frame;
    const unsigned char *bytes = (const unsigned char *)&sent->header;
    size_t whole = sizeof sent->header + 100;
    for (size_t i = 0; i < whole; i++) {
        assert_int_equal(send(pair.left.socket, bytes + i, 1, 0), 1);
        assert_int_equal(frame_stream_receive(&pair.right, &frame), i + 1 == whole);
    }
    check(frame, 9, 100);
    free(frame);
    free(sent);
    end(&pair);
}

/* What a stranger may send: each ends the connection, before any memory of that size is taken. */
static void no_frames(void **state)
{
    (void)state;
    for (int fault = 0; fault < 6; fault++) {
        Pair pair = begin(1000);
        Frame *sent = made(1, 10), *frame;
        FrameHeader *header = &sent->header;
        size_t size = sizeof *header + 10;
        if (fault == 0)
            header->magic = __builtin_bswap32(header->magic);
        else if (fault == 1)
            header->size = 1001;
        else if (fault == 2)
            header->size = UINT64_MAX;
        else if (fault == 3)
            header->kind = 0;
        else if (fault == 4)
            header->kind = FRAME_KINDS;
        else
            size--;
        assert_int_equal(send(pair.left.socket, header, size, 0), size);
        if (fault == 5) {
            assert_int_equal(frame_stream_receive(&pair.right, &frame), 0);
            shutdown(pair.left.socket, SHUT_WR);
        }
        assert_int_equal(frame_stream_receive(&pair.right, &frame), -1);
        assert_null(frame);
        free(sent);
        end(&pair);
    }
}

static void an_end_that_is_gone(void **state)
{
    (void)state;
    Pair pair = begin(1000);
    frame_stream_end(&pair.right);
    frame_stream_queue(&pair.left, made(1, 10));
    assert_false(frame_stream_flush(&pair.left));
    end(&pair);
}

static void last_words(void **state)
{
    (void)state;
    char line[64];
    assert_string_equal(
        last_words_read("-----\nThere are not enough slots\n   available: 3\n\n-----\n", line, sizeof line),
        "add slots in mpi_hosts ('a:16'), or --oversubscribe to mpi_launcher");
    assert_string_equal(line, "There are not enough slots available: 3");
    assert_string_equal(last_words_read("", line, sizeof line), "");
    assert_string_equal(line, "");
    char many[300];
    memset(many, 'x', sizeof many);
    many[sizeof many - 1] = 0;
    last_words_read(many, line, sizeof line);
    assert_true(strlen(line) < sizeof line);
}

/* What srun of Slurm 22.05 says, each with words of the remedy. */
static void last_words_of_slurm(void **state)
{
    (void)state;
    static const char *const said[][2] = {
        {"srun: error: Unable to allocate resources: Invalid partition name specified", "salloc"},
        {"srun: error: Only allocated 2 nodes asked for 4", "no more machines (-N)"},
        {"srun: error: Unable to create step for job 9: More processors requested than permitted",
         "salloc --exclusive"},
    };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        char line[128];
        assert_non_null(strstr(last_words_read(said[i][0], line, sizeof line), said[i][1]));
        assert_string_equal(line, said[i][0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_at_once), cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(no_frames),         cmocka_unit_test(an_end_that_is_gone),
        cmocka_unit_test(last_words),        cmocka_unit_test(last_words_of_slurm),
    };
    return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
