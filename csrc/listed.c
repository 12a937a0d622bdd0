/*
 * Folders of installed packages: most of their files are hashed because an installer has said what their digest is. Of others
 * only the stat is taken, and of bytecode the head, which says of which source it is.
 */
#include "tree_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The second half of a head's digest. That a SHA-256 ends like this is as likely as any other collision of 128 bits. */
static const uint8_t MARK[EG_SHA256_OUT_LEN - EG_HEAD_LEN] = {'e', 'n', 'v', 'g', 'u', 'a', 'r', 'd',
                                                              ':', ' ', 'a', ' ', 'h', 'e', 'a', 'd'};

bool eg_record_fits(const struct eg_entry *entry, const uint8_t *digest)
{
    return (memcmp(digest + EG_HEAD_LEN, MARK, sizeof MARK) == 0) == ((entry->flags & EG_ENTRY_HEAD) != 0);
}

bool eg_installed_block(struct eg_worker *worker, struct eg_block *block)
{
    struct eg_dir *dir = block->dir;
    if (worker->tree->only_wanted) {
        return true;
    }
    if (eg_path_of(worker, dir, "", 0) != dir->path_len) {
        return false;
    }
    eg_wanted_range(worker->tree, worker->path == NULL ? "" : worker->path, dir->path_len, &worker->wanted_start,
                    &worker->wanted_end);
    return true;
}

static bool is_bytecode(const char *name, size_t length)
{
    return length > 4 && memcmp(name + length - 4, ".pyc", 4) == 0;
}

/* The stat of a file that is not read: 0 or an errno. */
static int stat_listed(const struct eg_tree *tree, const struct eg_block *block, const struct eg_entry *entry, struct stat *st)
{
    int fd, status;
    if (fstatat(block->dir->fd, block->names + entry->name, st, entry->flags & EG_ENTRY_LINK ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
        return errno;
    }
    if (eg_cutoff(tree, (uint64_t)st->st_dev) > tree->cutoff || !S_ISREG(st->st_mode)) {
        return 0;
    }
    /* A network file system may answer from what it heard a minute ago; only opening asks the server. */
    fd = eg_open_file(tree, block, entry);
    if (fd < 0) {
        return errno == EACCES ? 0 : errno; /* what nobody here can read can be listed all the same */
    }
    status = eg_stat_asked(fd, st) == 0 ? 0 : errno;
    close(fd);
    return status;
}

bool eg_is_read(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry)
{
    const char *name = block->names + entry->name;
    struct eg_tree *tree = worker->tree;
    struct stat st;
    int error;

    if (entry->flags & EG_ENTRY_LISTED) {
        worker->files_done++;
        return false;
    }
    if (tree->only_wanted || eg_wanted(worker, block->dir->path_len, name)) {
        return true;
    }
    if (tree->heads && is_bytecode(name, entry->name_len)) {
        entry->flags |= EG_ENTRY_HEAD;
        return true;
    }
    error = stat_listed(tree, block, entry, &st);
    if (error != 0 || !S_ISREG(st.st_mode)) {
        bool gone = error == 0 || error == ENOENT || error == ENOTDIR || error == ELOOP;
        eg_file_failed(worker, block, entry, gone ? EG_UNSTABLE : EG_UNREADABLE, error);
        return false;
    }
    eg_keep_stat(tree, entry, &st);
    entry->flags |= EG_ENTRY_LISTED;
    worker->files_done++;
    return false;
}

int eg_head_read(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, int fd, const struct stat *before)
{
    uint8_t digest[EG_SHA256_OUT_LEN] = {0};
    size_t size = before->st_size < EG_HEAD_LEN ? (size_t)before->st_size : EG_HEAD_LEN;
    ssize_t got = eg_read_at(fd, digest, EG_HEAD_LEN, 0);
    struct stat after;

    if (got < 0) {
        return errno;
    }
    if ((size_t)got != size || fstat(fd, &after) != 0 || !eg_same_stat(before, &after)) {
        return -1;
    }
    memcpy(digest + EG_HEAD_LEN, MARK, sizeof MARK);
    eg_file_done(worker, block, entry, before, digest);
    return 0;
}
