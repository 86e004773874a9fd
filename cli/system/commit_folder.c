#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/system/commit_folder.h"
#include "cli/system/process.h"

enum { MESSAGE_SIZE = 1024, LIST_SIZE = 1 << 18 };

/* Name of a folder of ours: this, and as many characters as mkdtemp puts in place of its X. */
static const char prefix_of_name[] = "pricereport-commits-";
static const char placeholder[] = "XXXXXX";

struct CommitFolder {
    /* Folder of this process, which is locked as long as it lives. */
    char *folder;
    int lock;
    /* Work tree in it, and what corresponds to the current folder there. */
    char *tree, *path;
    bool checked_out;
};

/* Sets the failure to the last line that git printed, which says what failed, after the first that says why,
 * as on a full disk, where there is one. */
static int git_failed(const char *what, char *message, Failure *failure)
{
    size_t length = strlen(message);
    while (length > 0 && message[length - 1] == '\n')
        message[--length] = '\0';
    const char *line = strrchr(message, '\n');
    const char *last = length > 0 ? (line ? line + 1 : message) : "git failed";
    const char *error = strncmp(message, "error: ", 7) == 0 ? message : strstr(message, "\nerror: ");
    error = error && *error == '\n' ? error + 1 : error;
    if (!error || error == last)
        return failure_set(failure, "%s: %s", what, last);
    return failure_set(failure, "%s: %.*s; %s", what, (int)strcspn(error, "\n"), error, last);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static int git_remove(char *tree, char message[MESSAGE_SIZE])
{
    char git[] = "git", worktree[] = "worktree", remove[] = "remove", force[] = "--force";
    char *const argv[] = {git, worktree, remove, force, force, tree, NULL};
    return process_run(argv, NULL, 2, message, MESSAGE_SIZE);
}

/* Removes a work tree of ours. One that git refuses, as it does where it was killed while it removed the
 * tree, loses its files first. */
static int remove_tree(char *tree, Failure *failure)
{
    char message[MESSAGE_SIZE], ignored[MESSAGE_SIZE], what[PATH_MAX + 64];
    if (git_remove(tree, message) == 0)
        return 0;
    nftw(tree, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    if (git_remove(tree, ignored) == 0)
        return 0;
    snprintf(what, sizeof what, "cannot remove the work tree %s", tree);
    return git_failed(what, message, failure);
}

/* Whether the name, which ends after `length` bytes, is that of a folder of ours. */
static bool is_our_name(const char *name, size_t length)
{
    return length == sizeof prefix_of_name - 1 + sizeof placeholder - 1 &&
           strncmp(name, prefix_of_name, sizeof prefix_of_name - 1) == 0;
}

/* Writes the folder of a work tree into `folder`, and says whether it is one of ours. */
static bool find_our_folder(const char *tree, char folder[PATH_MAX])
{
    const char *slash = strrchr(tree, '/');
    snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash - tree) : 0, tree);
    const char *name = strrchr(folder, '/');
    return name && is_our_name(name + 1, strlen(name + 1));
}

/* Removes a folder that no process has locked, after the work tree in it where one is given. A folder with
 * anything else in it stays. */
static void remove_leftover(const char *folder, char *tree)
{
    Failure ignored;
    int lock = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if ((lock < 0 && errno == ENOENT) || (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)) {
        if (tree)
            (void)remove_tree(tree, &ignored);
        rmdir(folder);
    }
    if (lock >= 0)
        close(lock);
}

/* Removes the work trees of this repository that a killed process left. */
static void remove_left_trees(void)
{
    static const char heading[] = "worktree ";
    char git[] = "git", worktree[] = "worktree", list[] = "list", porcelain[] = "--porcelain",
         folder[PATH_MAX], *output = malloc(LIST_SIZE);
    char *const argv[] = {git, worktree, list, porcelain, NULL};
    if (output && process_run(argv, NULL, 1, output, LIST_SIZE) == 0) {
        char *rest = output;
        for (char *line = strtok_r(output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
            char *tree = line + sizeof heading - 1;
            if (strncmp(line, heading, sizeof heading - 1) == 0 && find_our_folder(tree, folder))
                remove_leftover(folder, tree);
        }
    }
    free(output);
}

/* Removes the empty folders that a process left which was killed between two commits. */
static void remove_left_folders(const char *temporary)
{
    DIR *directory = opendir(temporary);
    char folder[PATH_MAX];
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        if (is_our_name(entry->d_name, strlen(entry->d_name)) &&
            snprintf(folder, sizeof folder, "%s/%s", temporary, entry->d_name) < (int)sizeof folder)
            remove_leftover(folder, NULL);
    if (directory)
        closedir(directory);
}

/* The name of the repository's folder, and the current folder below it: "" or with a slash at its end. */
static int find_repository(char name[PATH_MAX], char prefix[PATH_MAX], Failure *failure)
{
    char git[] = "git", parse[] = "rev-parse", top[] = "--show-toplevel", below[] = "--show-prefix",
         output[2 * PATH_MAX];
    char *const argv[] = {git, parse, top, below, NULL};
    if (process_run(argv, NULL, 1, output, sizeof output) != 0)
        return failure_set(failure, "--commits: this folder is in no work tree of git");
    size_t length = strcspn(output, "\n");
    const char *second = output[length] ? output + length + 1 : "";
    output[length] = '\0';
    const char *slash = strrchr(output, '/');
    snprintf(name, PATH_MAX, "%s", slash && slash[1] ? slash + 1 : "tree");
    snprintf(prefix, PATH_MAX, "%.*s", (int)strcspn(second, "\n"), second);
    return 0;
}

/* Locks the folder that was just made. Returns 0; 1 where another process took it for a left one and removed
 * it before it was locked; or -1 with errno set. */
static int lock_folder(CommitFolder *folder)
{
    struct stat opened, named;
    folder->lock = open(folder->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->lock < 0)
        return errno == ENOENT ? 1 : -1;
    if (flock(folder->lock, LOCK_EX) || fstat(folder->lock, &opened))
        return -1;
    if (stat(folder->folder, &named) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev)
        return 0;
    close(folder->lock);
    folder->lock = -1;
    return 1;
}

static int make_folder(CommitFolder *folder, Failure *failure)
{
    const char *temporary = getenv("TMPDIR");
    char absolute[PATH_MAX];
    if (!temporary || !*temporary)
        temporary = "/tmp";
    if (!realpath(temporary, absolute))
        return failure_set(failure, "cannot use the folder %s: %s: name another by TMPDIR", temporary,
                           strerror(errno));
    remove_left_folders(absolute);
    for (int result = 1; result > 0;) {
        free(folder->folder);
        if (asprintf(&folder->folder, "%s/%s%s", absolute, prefix_of_name, placeholder) < 0) {
            folder->folder = NULL;
            return failure_set(failure, "out of memory for the name of a folder");
        }
        const bool made = mkdtemp(folder->folder);
        result = made ? lock_folder(folder) : -1;
        if (result == 0)
            return 0;
        if (result < 0) {
            failure_set(failure, "cannot make a folder in %s: %s: name another by TMPDIR", absolute,
                        strerror(errno));
            if (made)
                rmdir(folder->folder);
        }
    }
    free(folder->folder);
    folder->folder = NULL;
    return -1;
}

int commit_folder_open(CommitFolder **folder, Failure *failure)
{
    char name[PATH_MAX], prefix[PATH_MAX];
    *folder = calloc(1, sizeof **folder);
    if (!*folder)
        return failure_set(failure, "out of memory for a folder");
    (*folder)->lock = -1;
    int result = find_repository(name, prefix, failure);
    if (result == 0) {
        remove_left_trees();
        result = make_folder(*folder, failure);
    }
    if (result == 0 && asprintf(&(*folder)->tree, "%s/%s", (*folder)->folder, name) < 0) {
        (*folder)->tree = NULL;
        result = failure_set(failure, "out of memory for the name of a folder");
    }
    if (result == 0 && asprintf(&(*folder)->path, "%s/%s", (*folder)->tree, prefix) < 0) {
        (*folder)->path = NULL;
        result = failure_set(failure, "out of memory for the name of a folder");
    }
    if (result)
        commit_folder_close(folder);
    return result;
}

const char *commit_folder_path(const CommitFolder *folder)
{
    return folder->path;
}

int commit_folder_check_out(CommitFolder *folder, const char *commit, Failure *failure)
{
    /* The user's hooks are about the user's own work tree. */
    char git[] = "git", set[] = "-c", hooks[] = "core.hooksPath=/dev/null", worktree[] = "worktree",
         add[] = "add", quiet[] = "--quiet", detach[] = "--detach", force[] = "--force", name[65],
         message[MESSAGE_SIZE];
    struct stat status;
    if (commit_folder_clear(folder, failure))
        return -1;
    snprintf(name, sizeof name, "%s", commit);
    char *const argv[] = {git, set, hooks, worktree, add, quiet, detach, force, folder->tree, name, NULL};
    folder->checked_out = true;
    if (process_run(argv, NULL, 2, message, sizeof message) != 0)
        return git_failed("cannot check it out", message, failure);
    if (stat(folder->path, &status) || !S_ISDIR(status.st_mode))
        return failure_set(failure, "the current folder is not in it");
    return 0;
}

int commit_folder_clear(CommitFolder *folder, Failure *failure)
{
    if (!folder->checked_out || !folder->tree)
        return 0;
    folder->checked_out = false;
    return access(folder->tree, F_OK) == 0 ? remove_tree(folder->tree, failure) : 0;
}

void commit_folder_close(CommitFolder **folder)
{
    Failure failure;
    if (!*folder)
        return;
    if (commit_folder_clear(*folder, &failure))
        failure_print(&failure);
    if ((*folder)->folder)
        rmdir((*folder)->folder);
    if ((*folder)->lock >= 0)
        close((*folder)->lock);
    free((*folder)->folder);
    free((*folder)->tree);
    free((*folder)->path);
    free(*folder);
    *folder = NULL;
}
