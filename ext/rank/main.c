/*
 * The program pricemap-rank, which an MPI launcher starts, one on each machine: the ranks of a job of
 * pricemap's executor `mpi`. This is the only program of pricemap's that is linked with MPI.
 *
 *   pricemap-rank ADDRESS       ADDRESS: where the host listens, as pricemap-worker --guard writes it
 *
 * Why the loop polls twice before it sleeps: a test that finds nothing drives MPI's progress, and returns
 * without another test; what came meanwhile would wait for the end of the sleep.
 */
#include <mpi.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/link/guard_messages.h"
#include "ext/rank/broker.h"
#include "ext/rank/peers.h"
#include "ext/rank/sweeper.h"

/* Nanoseconds of the shortest sleep, and of the longest: while a send is open, in the first second without
   anything to do, and afterwards. */
static const int64_t shortest_ns = 20000, longest_ns = 1000000, idle_longest_ns = 5000000,
                     idle_after_ns = 1000000000;

enum { FINALIZE_SECONDS = 1, TIMER_SLACK_NS = 10000 };

void rank_abort(const char *why)
{
    fprintf(stderr, "pricemap-rank: %s\n", why);
    fflush(stderr);
    alarm(FINALIZE_SECONDS);
    int begun = 0;
    MPI_Initialized(&begun);
    if (begun)
        MPI_Abort(MPI_COMM_WORLD, 1);
    _exit(1);
}

void rank_send(Rank *rank, Frame *frame)
{
    if (!frame)
        rank_abort("out of memory");
    if (rank->broker)
        broker_queue(rank->broker, frame);
    else
        peers_queue(rank->peers, 0, frame);
}

/* The number of ranks that a launcher says in the environment, by the variable of each kind; 0: none does. */
static int ranks_started(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"};
    const char *said = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !said; i++)
        said = getenv(names[i]);
    return said ? atoi(said) : 0;
}

/* Takes what the launcher has for standard input: its last words are of a closed pipe alone, where it has not
   written all when a rank ends. */
static void drain_input(void)
{
    enum { READS_MOST = 16, WAIT_MS = 200 };
    char block[1024];
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (int i = 0; i < READS_MOST && poll(&input, 1, WAIT_MS) > 0; i++)
        if (read(STDIN_FILENO, block, sizeof block) <= 0)
            return;
}

/*
 * Ends the process where the launcher has started several ranks, and this MPI knows of `count`, which is one:
 * then the launcher is of another MPI. Open MPI's ranks under MPICH's launcher are refused before MPI_Init
 * (`count` 0), as they get into each other's way there.
 */
static void check_launcher(int count)
{
    char library[MPI_MAX_LIBRARY_VERSION_STRING], why[MPI_MAX_LIBRARY_VERSION_STRING + 256];
    int length, started = ranks_started();
    MPI_Get_library_version(library, &length);
    bool early = !strncmp(library, "Open MPI", strlen("Open MPI")) && getenv("MPI_LOCALNRANKS") &&
                 !getenv("OMPI_COMM_WORLD_SIZE") && !getenv("PMIX_RANK");
    if (started < 2 || (count ? count > 1 : !early))
        return;
    snprintf(why, sizeof why,
             "the launcher has started %d ranks, and each finds itself alone: this program is built for "
             "%.*s; set mpi_launcher to a launcher of that (srun: --mpi=pmix for Open MPI, --mpi=pmi2 for "
             "MPICH), or build pricemap with -Dmpi for this one",
             started, (int)strcspn(library, ",\n"), library);
    drain_input();
    rank_abort(why);
}

/* Takes a frame that has come from another rank. */
static void take(void *arg, int from, Frame *frame)
{
    Rank *rank = arg;
    if (frame->header.kind == FRAME_BEAT) {
        /* Rank 0 begins, the others answer. */
        if (rank->broker)
            free(frame);
        else
            peers_queue(rank->peers, 0, frame);
    } else if (rank->broker) {
        frame->header.rank = from;
        broker_queue(rank->broker, frame);
    } else {
        rank_handle(rank, frame);
    }
}

static bool move(Rank *rank)
{
    bool moved = rank->broker && broker_move(rank);
    moved |= peers_move(rank->peers, take, rank);
    moved |= rank_collect(rank);
    return moved;
}

static void rest(const Rank *rank, int64_t nanoseconds)
{
    const struct timespec nap = {.tv_nsec = (long)nanoseconds};
    if (rank->broker)
        broker_sleep(rank->broker, nanoseconds);
    else
        clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
}

/* Ends this process where rank 0 gives no sign of life: what starts and ends ranks may be gone as well. */
static void check(Rank *rank, int64_t now)
{
    if (rank->broker)
        broker_check(rank, now);
    else if (rank->heartbeat_seconds > 0 && now > rank->judged_ns &&
             (double)(now - peers_heard_ns(rank->peers, 0)) > RANK_PATIENCE * 1e9 * rank->heartbeat_seconds)
        _exit(1);
}

static void serve(Rank *rank)
{
    int64_t nap_ns = shortest_ns, moved_ns = clock_ns();
    for (int looks = 0; !rank->ending || peers_sending(rank->peers);) {
        bool moved = move(rank);
        int64_t now = clock_ns();
        check(rank, now);
        if (moved) {
            moved_ns = now;
            nap_ns = shortest_ns;
            looks = 0;
        } else if (looks++) {
            rest(rank, nap_ns);
            int64_t most_ns = peers_sending(rank->peers)       ? shortest_ns
                              : now - moved_ns > idle_after_ns ? idle_longest_ns
                                                               : longest_ns;
            nap_ns = 2 * nap_ns < most_ns ? 2 * nap_ns : most_ns;
            looks = 0;
        }
    }
}

/* The guard has the launcher alone keep temporary files elsewhere: those of maps outlive the job. */
static void restore_folder(void)
{
    const char *before = getenv(GUARD_OWN_TMPDIR);
    if (before && *before)
        setenv("TMPDIR", before, 1);
    else if (before)
        unsetenv("TMPDIR");
    unsetenv(GUARD_OWN_TMPDIR);
}

int main(int argc, char **argv)
{
    Rank rank = {.running = 0};
    int provided;
    if (argc != 2 || !strcmp(argv[1], "--help")) {
        fputs(
            "pricemap-rank: this is the program of pricemap's MPI ranks; the extension pricemap.so has an MPI "
            "launcher start it\n",
            stderr);
        return 2;
    }
    if (!strcmp(argv[1], "--version")) {
        char library[MPI_MAX_LIBRARY_VERSION_STRING];
        int length;
        MPI_Get_library_version(library, &length);
        printf("pricemap-rank %s (%.*s)\n", PRICEMAP_VERSION, (int)strcspn(library, ",\n"), library);
        return 0;
    }
    check_launcher(0);
    restore_folder();
    sweeper_start();
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    prctl(PR_SET_NAME, "pricemap-rank");
    /* The kernel lengthens sleeps by 50 µs where nothing else is set, more than the shortest one takes. */
    prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank.number);
    MPI_Comm_size(MPI_COMM_WORLD, &rank.count);
    check_launcher(rank.count);
    gethostname(rank.machine, sizeof rank.machine - 1);
    rank.peers = peers_create(rank.number, rank.count);
    if (!rank.peers)
        rank_abort("out of memory");
    if (!rank.number)
        rank.broker = broker_connect(argv[1], rank.count);
    else
        rank_send(&rank, frame_greeting(rank.number, rank.count));
    serve(&rank);
    bool working = rank.running || rank.queued;
    rank_close(&rank);
    broker_free(rank.broker);
    peers_free(rank.peers);
    /* MPI_Finalize may wait for ever for a rank that is gone. */
    alarm(FINALIZE_SECONDS);
    if (working)
        MPI_Abort(MPI_COMM_WORLD, 0);
    MPI_Finalize();
    /* Without what libraries do at exit, which has hung as well. */
    fflush(stdout);
    _exit(0);
}
