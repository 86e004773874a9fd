#include <errno.h>
#include <fcntl.h>
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

static const char pattern[] = "/pricereport-commits-";

struct CommitFolder {
    /* Folder of this process, which is locked as long as it lives. */
    char *folder;
    int lock;
    /* Work tree in it, and what corresponds to the current folder there. */
    char *tree, *path;
    bool checked_out;
};

/* Sets the failure to the last line that git printed, which is the one that says why. */
static int git_failed(const char *what, char *message, Failure *failure)
{
    size_t length = strlen(message);
    while (length > 0 && message[length - 1] == '\n')
        message[--length] = '\0';
    const char *line = strrchr(message, '\n');
    return failure_set(failure, "%s: %s", what, length > 0 ? (line ? line + 1 : message) : "git failed");
}

static int remove_tree(char *tree, Failure *failure)
{
    char git[] = "git", worktree[] = "worktree", remove[] = "remove", force[] = "--force",
         message[MESSAGE_SIZE], what[PATH_MAX + 64];
    char *const argv[] = {git, worktree, remove, force, force, tree, NULL};
    snprintf(what, sizeof what, "cannot remove the work tree %s", tree);
    return process_run(argv, NULL, 2, message, sizeof message) == 0 ? 0 : git_failed(what, message, failure);
}

/* Removes a work tree whose folder no process has locked. */
static void remove_leftover(char *tree)
{
    Failure ignored;
    char folder[PATH_MAX];
    const char *slash = strrchr(tree, '/');
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - tree), tree);
    int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if ((lock < 0 && errno == ENOENT) || (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)) {
        (void)remove_tree(tree, &ignored);
        rmdir(folder);
    }
    if (lock >= 0)
        close(lock);
}

static void remove_leftovers(void)
{
    static const char heading[] = "worktree ";
    char git[] = "git", worktree[] = "worktree", list[] = "list", porcelain[] = "--porcelain",
         *output = malloc(LIST_SIZE);
    char *const argv[] = {git, worktree, list, porcelain, NULL};
    if (output && process_run(argv, NULL, 1, output, LIST_SIZE) == 0) {
        char *rest = output;
        for (char *line = strtok_r(output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
            if (strncmp(line, heading, sizeof heading - 1) == 0 && strstr(line, pattern))
                remove_leftover(line + sizeof heading - 1);
    }
    free(output);
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

static int make_folder(CommitFolder *folder, Failure *failure)
{
    const char *temporary = getenv("TMPDIR");
    char absolute[PATH_MAX];
    if (!temporary || !*temporary)
        temporary = "/tmp";
    if (!realpath(temporary, absolute))
        return failure_set(failure, "cannot use the folder %s: %s: name another by TMPDIR", temporary,
                           strerror(errno));
    if (asprintf(&folder->folder, "%s%sXXXXXX", absolute, pattern) < 0) {
        folder->folder = NULL;
        return failure_set(failure, "out of memory for the name of a folder");
    }
    if (mkdtemp(folder->folder)) {
        folder->lock = open(folder->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder->lock >= 0 && flock(folder->lock, LOCK_EX | LOCK_NB) == 0)
            return 0;
        rmdir(folder->folder);
    }
    failure_set(failure, "cannot make a folder in %s: %s: name another by TMPDIR", absolute, strerror(errno));
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
        remove_leftovers();
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
