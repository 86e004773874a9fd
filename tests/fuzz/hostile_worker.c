/*
 * A worker program whose workers answer each task with what a file says, instead of evaluating it: see
 * hostile_answer.h. The zygote is the real one.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/channel/channel.h"
#include "ext/channel/messages.h"
#include "hostile_answer.h"
#include "ext/data/rowset.h"
#include "ext/worker/zygote.h"

enum { CHANGES_MAX = 20000 };

typedef struct Hostile {
    int memory;
    PoolControl *pool;
    Channel channel;
    const HostileAnswer *answers;
    unsigned answered;
} Hostile;

static const HostileAnswer *map_answers(void)
{
    const char *path = getenv(HOSTILE_ANSWERS);
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *answers = file < 0
                        ? MAP_FAILED
                        : mmap(NULL, HOSTILE_COUNT * sizeof(HostileAnswer), PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0)
        close(file);
    return answers == MAP_FAILED ? NULL : answers;
}

/* Goes on writing into what the host is reading, until the host lets go of the slot. */
static void keep_changing(ChannelSlot *slot, Window *output, const HostileAnswer *answer)
{
    for (int i = 0; i < CHANGES_MAX && atomic_load(&slot->state) == SLOT_DONE && output->data; i++) {
        volatile unsigned char *bytes = output->data;
        bytes[(answer->change_place + (unsigned)i) % (answer->size ? answer->size : 1)] ^=
            answer->change_with;
        ((volatile unsigned char *)&slot->report)[answer->change_place % sizeof slot->report] ^=
            answer->change_with;
    }
}

static void answer_slot(Hostile *self, int index)
{
    ChannelSlot *slot = &self->channel.control->slots[index];
    Window *output = &self->channel.outputs[index];
    HostileAnswer answer = self->answers[self->answered++ % HOSTILE_COUNT];
    if (answer.size > HOSTILE_BYTES)
        answer.size = HOSTILE_BYTES;
    if (answer.how & HOSTILE_DIES)
        raise(SIGKILL);
    if (answer.how & HOSTILE_EXITS)
        _exit(3);
    if (window_reserve(output, self->memory, HOSTILE_BYTES) != SQLITE_OK)
        _exit(1);
    memcpy(output->data, answer.bytes, answer.size);
    atomic_store(&slot->output_reserved, answer.how & HOSTILE_RESERVED ? answer.reserved : output->size);
    slot->report = answer.report;
    slot->report.start_ns = slot->report.end_ns = clock_ns();
    if (answer.how & HOSTILE_FITS) {
        slot->report.rc = SQLITE_OK;
        slot->report.next_row = slot->order.end_row;
    }
    slot->output_size = answer.how & HOSTILE_SIZE ? answer.output_size : answer.size;
    if (answer.how & HOSTILE_SEQUENCE)
        slot->sequence = answer.reserved;
    atomic_store(&slot->state, answer.how & HOSTILE_STATE ? (unsigned)answer.state : (unsigned)SLOT_DONE);
    bell_ring(&self->pool->bell);
    if (answer.how & HOSTILE_CHANGES)
        keep_changing(slot, output, &answer);
}

static void work(int memory, PoolControl *pool, uint32_t region)
{
    Hostile self = {.memory = memory, .pool = pool, .answers = map_answers()};
    if (!self.answers || channel_map(&self.channel, memory, region) != SQLITE_OK)
        return;
    ChannelControl *control = self.channel.control;
    atomic_store(&control->pid, getpid());
    prctl(PR_SET_NAME, "pricemap-worker");
    atomic_store(&control->ready, 1);
    for (;;) {
        unsigned seen = bell_listen(&control->bell);
        int found = 0;
        for (int i = 0; i < CHANNEL_SLOTS; i++) {
            unsigned queued = SLOT_QUEUED;
            if (atomic_compare_exchange_strong(&control->slots[i].state, &queued, SLOT_RUNNING)) {
                answer_slot(&self, i);
                found++;
            }
        }
        if (!found)
            bell_sleep(&control->bell, seen, -1);
        bell_wake(&control->bell);
    }
}

int main(void)
{
    pid_t zygote = fork();
    if (zygote < 0)
        zygote_decline(MESSAGES_SOCKET, "fork", errno);
    if (zygote)
        _exit(zygote < 0);
    _exit(zygote_run(MESSAGES_SOCKET, work));
}
