/* The memory, the bells and the messages between host and workers, within one process. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ext/base/clock.h"
#include "ext/base/descriptors.h"
#include "ext/base/sqlite_api.h"
#include "ext/channel/channel.h"
#include "ext/channel/messages.h"

static const uint64_t mebibyte = 1 << 20;

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static int64_t bytes_in_use(int memory)
{
    struct stat status;
    assert_int_equal(fstat(memory, &status), 0);
    return (int64_t)status.st_blocks * 512;
}

/* ---- memory ---- */

static void test_memory_is_sealed(void **state)
{
    (void)state;
    int memory = channel_memory_create();
    struct stat status;
    assert_true(memory > 2);
    assert_int_equal(fcntl(memory, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fstat(memory, &status), 0);
    assert_int_equal(status.st_nlink, 0);
    assert_int_equal(ftruncate(memory, 4096), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(memory, status.st_size + 4096), -1);
    assert_int_equal(bytes_in_use(memory), 0);
    close(memory);
}

static void test_windows_are_disjoint(void **state)
{
    (void)state;
    uint64_t end = sizeof(PoolControl);
    for (uint32_t region = 1; region < 4; region++) {
        assert_true(channel_region_offset(region) >= end);
        end = channel_region_offset(region) + sizeof(ChannelControl);
        for (int slot = 0; slot < CHANNEL_SLOTS; slot++) {
            assert_true(channel_input_offset(region, slot) >= end);
            end = channel_input_offset(region, slot) + CHANNEL_WINDOW_BYTES;
            assert_true(channel_output_offset(region, slot) >= end);
            end = channel_output_offset(region, slot) + CHANNEL_WINDOW_BYTES;
        }
    }
    assert_true(channel_region_offset(CHANNEL_REGIONS) <= INT64_MAX);
    for (uint64_t size = 0; size < 300; size++) {
        assert_true(channel_input_start(size) >= size);
        assert_int_equal(channel_input_start(size) % 64, 0);
    }
}

static void test_window_grows_and_keeps(void **state)
{
    (void)state;
    int memory = channel_memory_create();
    Window window = {.offset = channel_output_offset(7, 3)};
    uint64_t sizes[] = {1, 65536, 65537, mebibyte, mebibyte + 1, 40 * mebibyte};
    uint64_t before = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(window_reserve(&window, memory, sizes[i]), SQLITE_OK);
        assert_true(window.size >= sizes[i]);
        assert_int_equal(window.size, window_round(sizes[i]));
        for (uint64_t at = 0; at < before; at += 4096)
            assert_int_equal(window.data[at], (unsigned char)(at >> 12));
        for (uint64_t at = 0; at < window.size; at += 4096)
            window.data[at] = (unsigned char)(at >> 12);
        before = window.size;
    }
    assert_int_equal(bytes_in_use(memory), (int64_t)window.size);
    window_trim(&window, memory, CHANNEL_KEEP_BYTES);
    assert_int_equal(window.size, CHANNEL_KEEP_BYTES);
    assert_int_equal(window.data[4096], 1);
    assert_int_equal(bytes_in_use(memory), CHANNEL_KEEP_BYTES);
    /* What was given back comes again, empty. */
    assert_int_equal(window_reserve(&window, memory, 6 * mebibyte), SQLITE_OK);
    assert_int_equal(window.data[4096], 1);
    assert_int_equal(window.data[5 * mebibyte], 0);
    window_trim(&window, -1, 0);
    assert_null(window.data);
    Channel channel;
    assert_int_equal(channel_map(&channel, memory, 7), SQLITE_OK);
    assert_int_equal(channel.outputs[3].offset, window.offset);
    channel_unmap(&channel, memory);
    assert_int_equal(bytes_in_use(memory), 0);
    close(memory);
}

static void test_window_limits(void **state)
{
    (void)state;
    int memory = channel_memory_create();
    Window window = {.offset = channel_input_offset(1, 0)};
    assert_int_equal(window_reserve(&window, memory, CHANNEL_WINDOW_BYTES + 1), SQLITE_FULL);
    assert_int_equal(window_map(&window, memory, CHANNEL_WINDOW_BYTES + 1), SQLITE_FULL);
    assert_int_equal(window_allocate(memory, window.offset, 0, CHANNEL_WINDOW_BYTES + 1), SQLITE_FULL);
    assert_null(window.data);
    assert_int_equal(window_reserve(&window, memory, 100), SQLITE_OK);
    unsigned char *data = window.data;
    /* No address space: an error, and the window as it was. */
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    none = before;
    none.rlim_cur = 1;
    assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
    int rc = window_map(&window, memory, 8 * mebibyte);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_int_equal(rc, SQLITE_NOMEM);
    assert_ptr_equal(window.data, data);
    window.data[0] = 1;
    window_trim(&window, -1, 0);
    close(memory);
    /* A descriptor that gives no memory: as when there is none left. */
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_int_equal(window_allocate(null, 0, 0, 4096), SQLITE_FULL);
    close(null);
}

static void test_file_size_limit(void **state)
{
    (void)state;
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1 << 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int memory = channel_memory_create();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(memory, -EFBIG);
}

/* ---- descriptors ---- */

static void test_descriptors_above_standard(void **state)
{
    (void)state;
    int before = open_descriptors();
    int kept = dup(0);
    assert_true(kept > 2);
    close(0);
    int low = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(low, 0);
    int moved = descriptor_above_standard(low);
    assert_true(moved > 2);
    assert_int_equal(fcntl(moved, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(0, F_GETFD), -1);
    assert_int_equal(descriptor_above_standard(moved), moved);
    errno = EMFILE;
    assert_int_equal(descriptor_above_standard(-1), -1);
    assert_int_equal(errno, EMFILE);
    assert_int_equal(dup2(kept, 0), 0);
    close(kept);
    close(moved);
    assert_int_equal(open_descriptors(), before);
}

/* ---- messages ---- */

static void make_pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void test_messages_and_descriptors(void **state)
{
    (void)state;
    int before = open_descriptors(), ends[2];
    make_pair(ends);
    Message message;
    int descriptors[MESSAGES_DESCRIPTORS_MAX], count = -1;
    assert_int_equal(messages_receive(ends[1], &message, descriptors, &count), -1);
    assert_int_equal(errno, EAGAIN);

    HelloRequest hello = {.kind = MESSAGE_HELLO, .protocol = 5, .sqlite_path = "/some/where"};
    int memory = channel_memory_create();
    int sent[] = {-1, memory};
    assert_int_equal(messages_send(ends[0], &hello, sizeof hello, sent, 2), 0);
    assert_int_equal(messages_receive(ends[1], &message, descriptors, &count), (int)sizeof hello);
    assert_int_equal(message.kind, MESSAGE_HELLO);
    assert_string_equal(message.hello.sqlite_path, "/some/where");
    assert_int_equal(count, 1);
    assert_true(descriptors[0] != memory && fcntl(descriptors[0], F_GETFD) == FD_CLOEXEC);
    close(descriptors[0]);

    /* Descriptors that were not requested do not stay open. */
    int open_now = open_descriptors();
    assert_int_equal(messages_send(ends[0], &hello, sizeof hello, sent, 2), 0);
    assert_int_equal(messages_receive(ends[1], &message, NULL, NULL), (int)sizeof hello);
    assert_int_equal(open_descriptors(), open_now);

    /* A message of a size that is not its kind's, of no kind, too long, too short. */
    assert_int_equal(messages_send(ends[0], &hello, sizeof hello - 1, NULL, 0), 0);
    assert_true(messages_receive(ends[1], &message, NULL, NULL) > 0);
    assert_int_equal(message.kind, 0);
    hello.kind = 77;
    assert_int_equal(messages_send(ends[0], &hello, sizeof hello, NULL, 0), 0);
    assert_true(messages_receive(ends[1], &message, NULL, NULL) > 0);
    assert_int_equal(message.kind, 0);
    char longer[sizeof(Message) + 100] = {MESSAGE_HELLO};
    assert_int_equal(messages_send(ends[0], longer, sizeof longer, NULL, 0), 0);
    assert_true(messages_receive(ends[1], &message, NULL, NULL) > 0);
    assert_int_equal(message.kind, 0);
    assert_int_equal(messages_send(ends[0], longer, 1, NULL, 0), 0);
    assert_int_equal(messages_receive(ends[1], &message, NULL, NULL), 1);
    assert_int_equal(message.kind, 0);

    close(ends[0]);
    assert_int_equal(messages_receive(ends[1], &message, NULL, NULL), 0);
    assert_int_equal(messages_send(ends[1], &hello, sizeof hello, NULL, 0), EPIPE);
    close(ends[1]);
    close(memory);
    assert_int_equal(open_descriptors(), before);
}

static void test_full_socket_does_not_block(void **state)
{
    (void)state;
    int ends[2], sent = 0, failure;
    make_pair(ends);
    ZygoteMessage news = {.kind = MESSAGE_DEAD};
    while (!(failure = messages_send(ends[0], &news, sizeof news, NULL, 0)))
        sent++;
    assert_int_equal(failure, EAGAIN);
    Message message;
    while (messages_receive(ends[1], &message, NULL, NULL) > 0)
        sent--;
    assert_int_equal(sent, 0);
    /* The other end died with messages unread: what it had said still arrives, then its end, and no error. */
    assert_int_equal(messages_send(ends[0], &news, sizeof news, NULL, 0), 0);
    assert_int_equal(messages_send(ends[1], &news, sizeof news, NULL, 0), 0);
    close(ends[1]);
    assert_int_equal(messages_receive(ends[0], &message, NULL, NULL), (int)sizeof news);
    assert_int_equal(messages_receive(ends[0], &message, NULL, NULL), 0);
    close(ends[0]);
}

/* ---- bells ---- */

typedef struct PingPong {
    Bell host, worker;
    atomic_int turn; /* the rounds that are done; odd: the host's */
} PingPong;

enum { ROUNDS = 20000 };

static void await_turn(PingPong *game, Bell *own, int parity)
{
    while (atomic_load(&game->turn) % 2 != parity) {
        unsigned seen = bell_listen(own);
        if (atomic_load(&game->turn) % 2 != parity)
            bell_sleep(own, seen, -1);
        bell_wake(own);
    }
}

static void *play(void *arg)
{
    PingPong *game = arg;
    while (atomic_load(&game->turn) < ROUNDS) {
        await_turn(game, &game->worker, 0);
        atomic_fetch_add(&game->turn, 1);
        bell_ring(&game->host);
    }
    return NULL;
}

/* Without a time limit: a ring that got lost would hang it. */
static void test_no_ring_is_lost(void **state)
{
    (void)state;
    PingPong *game = mmap(NULL, sizeof *game, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_t thread;
    assert_true(game != MAP_FAILED);
    assert_int_equal(pthread_create(&thread, NULL, play, game), 0);
    while (atomic_load(&game->turn) < ROUNDS) {
        await_turn(game, &game->host, 1);
        atomic_fetch_add(&game->turn, 1);
        bell_ring(&game->worker);
    }
    pthread_join(thread, NULL);
    munmap(game, sizeof *game);
}

static void test_sleep_ends_in_time(void **state)
{
    (void)state;
    Bell *bell = mmap(NULL, sizeof *bell, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(bell != MAP_FAILED);
    int64_t start = clock_ns();
    bell_sleep(bell, bell_listen(bell), 20000000);
    bell_wake(bell);
    assert_true(clock_ns() - start >= 19000000);
    /* Rung since it listened: no sleep at all. */
    unsigned seen = bell_listen(bell);
    bell_ring(bell);
    bell_sleep(bell, seen, -1);
    bell_wake(bell);
    munmap(bell, sizeof *bell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_sealed),         cmocka_unit_test(test_windows_are_disjoint),
        cmocka_unit_test(test_window_grows_and_keeps),   cmocka_unit_test(test_window_limits),
        cmocka_unit_test(test_file_size_limit),          cmocka_unit_test(test_descriptors_above_standard),
        cmocka_unit_test(test_messages_and_descriptors), cmocka_unit_test(test_full_socket_does_not_block),
        cmocka_unit_test(test_no_ring_is_lost),          cmocka_unit_test(test_sleep_ends_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
