#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/report/chart.h"
#include "cli/report/site_folder.h"

/* Bytes of a page in which its generator is named (reports/site/frame.html, reports/page.html). */
enum { HEAD_SIZE = 2048 };

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

int site_folder_open(SiteFolder *folder, const char *directory, Failure *failure)
{
    *folder = (SiteFolder){.directory = directory, .lock = -1};
    if (charts_make_directory(directory, "--all", failure))
        return -1;
    folder->lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* A file system without locks leaves it to the user that only one process writes. */
    while (folder->lock >= 0 && flock(folder->lock, LOCK_EX) && errno == EINTR)
        ;
    folder->staging = sqlite3_mprintf("%s/.pricereport-new", directory);
    if (!folder->staging)
        return failure_set(failure, "out of memory");
    remove_tree(folder->staging);
    if (mkdir(folder->staging, 0777))
        return failure_set(failure, "cannot make the folder %s: %s: name another with --all", folder->staging,
                           strerror(errno));
    return 0;
}

void site_folder_close(SiteFolder *folder)
{
    if (folder->staging)
        remove_tree(folder->staging);
    sqlite3_free(folder->staging);
    if (folder->lock >= 0)
        close(folder->lock);
    *folder = (SiteFolder){.lock = -1};
}

char *site_folder_path(const SiteFolder *folder, const char *name)
{
    return sqlite3_mprintf("%s/%s", folder->staging, name);
}

/* Whether the file is a page of a site, by what stands in its head. */
static bool is_page(const char *path)
{
    char head[HEAD_SIZE + 1];
    struct stat status;
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t size = fstat(file, &status) == 0 && S_ISREG(status.st_mode) ? read(file, head, HEAD_SIZE) : -1;
    close(file);
    head[size > 0 ? size : 0] = '\0';
    return strstr(head, "content=\"pricereport site ");
}

/* Whether the name is that of a page of a run or a benchmark: of these, an earlier site may have others. */
static bool is_numbered(const char *name)
{
    size_t prefix = strncmp(name, "run-", 4) == 0 ? 4 : strncmp(name, "benchmark-", 10) == 0 ? 10 : 0;
    size_t digits = strspn(name + prefix, "0123456789");
    return prefix > 0 && digits > 0 && strcmp(name + prefix + digits, ".html") == 0;
}

static bool ends_in_html(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".html") == 0;
}

/* Work for each file of a folder; `written` and `placed` are the two paths of its name. */
typedef int FileWork(const char *name, const char *written, const char *placed, Failure *failure);

static int refuse_foreign(const char *name, const char *written, const char *placed, Failure *failure)
{
    (void)written;
    struct stat status;
    if (!ends_in_html(name) || lstat(placed, &status) || is_page(placed))
        return 0;
    return failure_set(failure,
                       "%s is there and is no page that pricereport wrote: move it, or name another folder "
                       "with --all",
                       placed);
}

static int place(const char *name, const char *written, const char *placed, Failure *failure)
{
    if (!ends_in_html(name) || strcmp(name, "index.html") == 0 || rename(written, placed) == 0)
        return 0;
    return failure_set(failure, "cannot write %s: %s: name another folder with --all", placed,
                       strerror(errno));
}

static int place_index(const char *name, const char *written, const char *placed, Failure *failure)
{
    if (strcmp(name, "index.html") != 0 || rename(written, placed) == 0)
        return 0;
    return failure_set(failure, "cannot write %s: %s: name another folder with --all", placed,
                       strerror(errno));
}

/* Removes a page that was not written again. */
static int remove_stale(const char *name, const char *written, const char *placed, Failure *failure)
{
    (void)failure;
    if (!is_numbered(name) || access(written, F_OK) == 0 || !is_page(placed))
        return 0;
    unlink(placed);
    return 0;
}

/* Does the work for each file of the folder `listed`. */
static int for_each(const SiteFolder *folder, const char *listed, FileWork *work, Failure *failure)
{
    DIR *directory = opendir(listed);
    if (!directory)
        return failure_set(failure, "cannot read the folder %s: %s", listed, strerror(errno));
    int result = 0;
    for (struct dirent *entry; result == 0 && (entry = readdir(directory));) {
        char *written = site_folder_path(folder, entry->d_name);
        char *placed = sqlite3_mprintf("%s/%s", folder->directory, entry->d_name);
        result = written && placed ? work(entry->d_name, written, placed, failure)
                                   : failure_set(failure, "out of memory");
        sqlite3_free(written);
        sqlite3_free(placed);
    }
    closedir(directory);
    return result;
}

int site_folder_publish(SiteFolder *folder, Failure *failure)
{
    return for_each(folder, folder->staging, refuse_foreign, failure) ||
                   for_each(folder, folder->directory, remove_stale, failure) ||
                   for_each(folder, folder->staging, place, failure) ||
                   for_each(folder, folder->staging, place_index, failure)
               ? -1
               : 0;
}
