#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/machines.h"

/* Init processes of the machines; and the pipe whose end ends them, should this program be killed. */
static pid_t inits[MACHINES + 1];
static int alive[2] = {-1, -1};
static char agent[256];

__attribute__((format(printf, 1, 2))) static int run(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return system(command);
}

/* The bridge has an address of its own: that of a cable would go with the cable, and what other machines keep
   of it leads nowhere for half a minute. */
bool machines_possible(void)
{
    const char *lack = NULL;
    if (geteuid() != 0)
        lack = "this user is not root";
    else if (run("command -v ip nsenter mount >/dev/null 2>&1") != 0)
        lack = "ip (Debian: iproute2) or nsenter is not there";
    else if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
             mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        lack = "this system makes no namespaces";
    else if (
        run("ip link set lo up && ip link add cables address 02:00:00:77:00:fe type bridge && ip addr add %s/24 dev cables && "
            "ip link set cables up",
            MACHINES_ADDRESS) != 0)
        lack = "this system makes no network among namespaces";
    if (lack)
        printf("skipped: machines of namespaces: %s\n", lack);
    return !lack;
}

/* ---- one machine ---- */

/* Init of a machine. Its children are reaped by the kernel. */
__attribute__((noreturn)) static void live(int number, const char *folder, int ready)
{
    char name[8], byte;
    snprintf(name, sizeof name, "m%d", number);
    signal(SIGCHLD, SIG_IGN);
    close(alive[1]);
    bool made = sethostname(name, strlen(name)) == 0 && mount("proc", "/proc", "proc", 0, NULL) == 0 &&
                mount("tmpfs", "/dev/shm", "tmpfs", 0, NULL) == 0 &&
                mount("tmpfs", folder, "tmpfs", 0, NULL) == 0;
    if (!made || write(ready, "", 1) != 1)
        _exit(1);
    close(ready);
    while (read(alive[0], &byte, 1) < 0)
        ;
    _exit(0);
}

/* Forks a machine's init, whose parent ends: so it is no child of this program. */
static pid_t start(int number, const char *folder)
{
    int ready[2], told[2];
    pid_t init = 0;
    char byte;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    assert_int_equal(pipe2(told, O_CLOEXEC), 0);
    pid_t middle = fork();
    assert_true(middle >= 0);
    if (!middle) {
        if (unshare(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWPID) != 0)
            _exit(1);
        init = fork();
        if (!init)
            live(number, folder, ready[1]);
        _exit(write(told[1], &init, sizeof init) != sizeof init);
    }
    close(ready[1]);
    close(told[1]);
    assert_int_equal(read(told[0], &init, sizeof init), sizeof init);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(told[0]);
    assert_int_equal(waitpid(middle, NULL, 0), middle);
    return init;
}

static void connect_cable(int number)
{
    int pid = (int)inits[number];
    assert_int_equal(
        run("ip link add cable%d type veth peer name eth0 netns %d && ip link set cable%d master cables "
            "up && nsenter -t %d -n sh -c 'ip link set lo up && ip addr add 10.77.0.%d/24 dev eth0 && "
            "ip link set eth0 up'",
            number, pid, number, pid, number),
        0);
}

/* ---- all machines ---- */

static void write_agent(const char *folder)
{
    snprintf(agent, sizeof agent, "%s/agent", folder);
    FILE *script = fopen(agent, "we");
    assert_non_null(script);
    fputs("#!/bin/sh\nname=$1\nshift\ncase $name in\n", script);
    for (int i = 1; i <= MACHINES; i++)
        fprintf(script, "m%d) pid=%d ;;\n", i, (int)inits[i]);
    fprintf(
        script,
        "*) exit 255 ;;\nesac\n"
        "readlink /proc/$pid/ns/net >/dev/null 2>&1 || { echo \"$name: no route to host\" >&2; exit 255; }\n"
        "exec nsenter -t $pid -a env -i PATH=\"$PATH\" PRICEMAP_TEST_MARK=\"$PRICEMAP_TEST_MARK\" "
        "TMPDIR='%s' sh -c \"$*\"\n",
        getenv("TMPDIR"));
    assert_int_equal(fclose(script), 0);
    assert_int_equal(chmod(agent, 0700), 0);
}

void machines_end(void)
{
    for (int i = 1; i <= MACHINES; i++) {
        machines_crash(i);
        run("ip link del cable%d 2>/dev/null", i);
    }
    for (int i = 0; i < 2; i++) {
        if (alive[i] >= 0)
            close(alive[i]);
        alive[i] = -1;
    }
    if (*agent)
        unlink(agent);
}

void machines_begin(const char *folder)
{
    machines_end();
    assert_int_equal(pipe2(alive, O_CLOEXEC), 0);
    for (int i = 1; i <= MACHINES; i++) {
        inits[i] = start(i, getenv("TMPDIR"));
        connect_cable(i);
    }
    write_agent(folder);
}

const char *machines_agent(void)
{
    return agent;
}

/* Whether a process is there, and no zombie, which its parent may leave for long. */
static bool runs(pid_t pid)
{
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'Z';
    if (file)
        fclose(file);
    return state != 'Z';
}

void machines_crash(int number)
{
    if (!inits[number])
        return;
    kill(inits[number], SIGKILL);
    for (int tries = 0; runs(inits[number]) && tries < 6000; tries++)
        usleep(10000);
    inits[number] = 0;
}

void machines_plug(int number, bool plugged)
{
    assert_int_equal(run("ip link set cable%d %s", number, plugged ? "up" : "down"), 0);
}

void machines_replace(int number, const char *path, const char *other)
{
    assert_int_equal(run("nsenter -t %d -m mount --bind '%s' '%s'", (int)inits[number], other, path), 0);
}

/* ---- what is there ---- */

static int count_entries(int number, const char *path, bool numbers)
{
    char whole[512];
    int count = 0;
    if (!inits[number])
        return 0;
    snprintf(whole, sizeof whole, "/proc/%d/root%s", (int)inits[number], path);
    DIR *folder = opendir(whole);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        count += numbers ? isdigit((unsigned char)entry->d_name[0]) != 0 : entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return count;
}

int machines_processes(int number)
{
    int count = count_entries(number, "/proc", true);
    return count ? count - 1 : 0;
}

int machines_files(int number)
{
    return count_entries(number, getenv("TMPDIR"), false) + count_entries(number, "/dev/shm", false);
}
