/* Folders: opening, listing, and telling what their entries are. Links are followed; what leads back upward is a loop. */
#include "tree_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listing.h"

#define PATH_STEP 4000 /* of a path that is handed to the kernel at once: less than its PATH_MAX */

/* What one thread has listed of one folder and not handed over yet. */
struct eg_listing {
    char raw[64 * 1024];
    size_t names_used;
    uint32_t count;
    uint32_t offsets[EG_BLOCK_ENTRIES];
    uint16_t lengths[EG_BLOCK_ENTRIES];
    uint8_t flags[EG_BLOCK_ENTRIES], kinds[EG_BLOCK_ENTRIES];
    char names[EG_BLOCK_ENTRIES * 256];
};

void eg_listing_free(struct eg_listing *listing)
{
    free(listing);
}

/* A folder's own problem: its path is without the slash at the end. */
static void dir_problem(struct eg_worker *worker, int kind, int error, const struct eg_dir *dir)
{
    if (dir->parent == NULL) {
        eg_problem(worker, kind, error, dir, "", 0);
    } else {
        eg_problem(worker, kind, error, dir->parent, dir->name, dir->name_len);
    }
}

static int retry_openat(int fd, const char *path, int flags)
{
    int opened;
    do {
        opened = openat(fd, path, flags);
    } while (opened < 0 && errno == EINTR);
    return opened;
}

/* Open a folder whose parent is closed by now: from the root, in steps that the kernel takes. */
static int open_by_path(struct eg_worker *worker, const struct eg_dir *dir, int flags)
{
    int base = worker->tree->top->fd, from = base;
    size_t length = eg_path_of(worker, dir->parent, dir->name, dir->name_len);
    char *at = worker->path, *end = at + length;

    if (length == 0) {
        errno = ENOMEM;
        return -1;
    }
    while ((size_t)(end - at) > PATH_STEP) {
        char *cut = at + PATH_STEP;
        int next, error;
        while (*cut != '/') {
            cut--;
        }
        *cut = '\0';
        next = retry_openat(from, at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        error = errno;
        if (from != base) {
            close(from);
        }
        if (next < 0) {
            errno = error;
            return -1;
        }
        from = next;
        at = cut + 1;
    }
    {
        int opened = retry_openat(from, at, flags), error = errno;
        if (from != base) {
            close(from);
        }
        errno = error;
        return opened;
    }
}

/* Open a folder and find out whether it may be listed: the descriptor, or -1 after the problem was noted. */
static int open_dir(struct eg_worker *worker, struct eg_dir *dir)
{
    struct eg_tree *tree = worker->tree;
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (dir->linked ? 0 : O_NOFOLLOW);
    int fd, error;
    struct stat st;

    if (dir->parent == NULL) {
        fd = retry_openat(AT_FDCWD, tree->root, flags & ~O_NOFOLLOW);
        error = errno;
    } else if (dir->pins_parent) {
        fd = retry_openat(dir->parent->fd, dir->name, flags);
        error = errno;
        eg_dir_unpin(tree, dir->parent);
        dir->pins_parent = false;
    } else {
        fd = open_by_path(worker, dir, flags);
        error = errno;
    }
    if (fd >= 0 && fstat(fd, &st) != 0) {
        error = errno;
        close(fd);
        fd = -1;
    }
    if (fd < 0) {
        /* It was there, and a folder, when its parent was listed. */
        bool changed = dir->parent != NULL && (error == ENOENT || error == ENOTDIR || error == ELOOP);
        dir_problem(worker, changed ? EG_UNSTABLE : EG_UNREADABLE, error, dir);
        return -1;
    }
    dir->device = (uint64_t)st.st_dev;
    dir->inode = (uint64_t)st.st_ino;
    dir->changed_ns = eg_mtime_ns(&st) ^ eg_ctime_ns(&st);
    for (const struct eg_dir *above = dir->parent; above != NULL; above = above->parent) {
        if (above->device == dir->device && above->inode == dir->inode) {
            close(fd);
            dir_problem(worker, EG_LOOP, ELOOP, dir);
            return -1;
        }
    }
    pthread_mutex_lock(&tree->lock);
    dir->fd = fd;
    dir->pins = 1;
    tree->open_dirs++;
    pthread_mutex_unlock(&tree->lock);
    return fd;
}

/* Hand over what was listed as a block of its own size. */
static bool hand_over(struct eg_worker *worker, struct eg_dir *dir)
{
    struct eg_tree *tree = worker->tree;
    struct eg_listing *listing = worker->listing;
    size_t head = sizeof(struct eg_block) + listing->count * sizeof(struct eg_entry);
    struct eg_block *block;

    if (listing->count == 0) {
        return true;
    }
    block = malloc(head + listing->names_used);
    if (block == NULL) {
        eg_out_of_memory(tree);
        return false;
    }
    memset(block, 0, head);
    block->dir = dir;
    block->count = listing->count;
    block->names = (char *)block + head;
    memcpy(block->names, listing->names, listing->names_used);
    for (uint32_t i = 0; i < block->count; i++) {
        block->entries[i].name = listing->offsets[i];
        block->entries[i].name_len = listing->lengths[i];
        block->entries[i].flags = listing->flags[i];
        block->entries[i].digest[0] = listing->kinds[i];
    }
    atomic_init(&block->pending, 1);
    block->next = dir->blocks;
    dir->blocks = block;
    dir->file_count += block->count;
    atomic_fetch_add(&dir->pending, 1);
    atomic_fetch_add_explicit(&tree->files_found, block->count, memory_order_relaxed);
    pthread_mutex_lock(&tree->lock);
    dir->pins++;
    pthread_mutex_unlock(&tree->lock);
    eg_push_block(tree, block);
    listing->count = 0;
    listing->names_used = 0;
    return true;
}

static bool add_file(struct eg_worker *worker, struct eg_dir *dir, const char *name, size_t length, uint8_t flags, uint8_t kind)
{
    struct eg_listing *listing = worker->listing;
    if (listing->count == EG_BLOCK_ENTRIES || listing->names_used + length + 1 > sizeof listing->names) {
        if (!hand_over(worker, dir)) {
            return false;
        }
    }
    listing->offsets[listing->count] = (uint32_t)listing->names_used;
    listing->lengths[listing->count] = (uint16_t)length;
    listing->flags[listing->count] = flags;
    listing->kinds[listing->count] = kind;
    memcpy(listing->names + listing->names_used, name, length + 1);
    listing->names_used += length + 1;
    listing->count++;
    return true;
}

static bool add_dir(struct eg_worker *worker, struct eg_dir *dir, const char *name, size_t length, bool linked)
{
    struct eg_dir *child = eg_dir_new(dir, name, length);
    if (child == NULL) {
        eg_out_of_memory(worker->tree);
        return false;
    }
    child->linked = linked;
    child->sibling = dir->children;
    dir->children = child;
    dir->child_count++;
    child->pins_parent = eg_dir_pin(worker->tree, dir);
    eg_push_dir(worker->tree, child);
    return true;
}

/* Whether a link to a folder lies on the way to a wanted file. */
static bool leads_to_wanted(struct eg_worker *worker, struct eg_dir *dir, const char *name, size_t length)
{
    size_t path_len = eg_path_of(worker, dir, name, length), start, end;
    if (path_len == 0) {
        return false;
    }
    worker->path[path_len] = '/'; /* in the place of the NUL: a range needs none */
    eg_wanted_range(worker->tree, worker->path, path_len + 1, &start, &end);
    return start < end;
}

/* What the link (or the entry of a kind that the file system does not tell) *name* leads to; a problem is noted. */
static enum eg_type resolve(struct eg_worker *worker, struct eg_dir *dir, const char *name, size_t length, bool *linked)
{
    struct stat st;

    if (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        eg_problem(worker, errno == ENOENT ? EG_UNSTABLE : EG_UNREADABLE, errno, dir, name, length);
        return EG_TYPE_NONE;
    }
    *linked = S_ISLNK(st.st_mode);
    if (*linked && fstatat(dir->fd, name, &st, 0) != 0) {
        int kind = errno == ENOENT || errno == ENOTDIR ? EG_DANGLING : errno == ELOOP ? EG_LOOP : EG_UNREADABLE;
        if (worker->tree->installed && kind != EG_UNREADABLE) {
            return EG_TYPE_LINK;
        }
        eg_problem(worker, kind, errno, dir, name, length);
        return EG_TYPE_NONE;
    }
    return S_ISREG(st.st_mode) ? EG_TYPE_FILE : S_ISDIR(st.st_mode) ? EG_TYPE_DIR : EG_TYPE_OTHER;
}

static bool add(struct eg_worker *worker, struct eg_dir *dir, const struct eg_listed *listed)
{
    const struct eg_ignore *ignore = worker->tree->ignore;
    enum eg_type type = listed->type;
    const char *name = listed->name;
    size_t length = listed->length, path_len = 0;
    bool linked = false;

    if (ignore != NULL) {
        path_len = eg_path_of(worker, dir, name, length);
        if (path_len == 0) {
            return false;
        }
        /* What is left out by its name alone is not looked at any further. */
        if (eg_ignored(ignore, worker->path, path_len, dir->path_len, type == EG_TYPE_DIR)) {
            return true;
        }
    }
    if (type == EG_TYPE_LINK || type == EG_TYPE_UNKNOWN) {
        type = resolve(worker, dir, name, length, &linked);
        if (ignore != NULL && type == EG_TYPE_DIR) {
            path_len = eg_path_of(worker, dir, name, length);
            if (path_len == 0 || eg_ignored(ignore, worker->path, path_len, dir->path_len, true)) {
                return path_len != 0;
            }
        }
    }
    switch (type) {
    case EG_TYPE_FILE:
        return add_file(worker, dir, name, length, linked ? EG_ENTRY_LINK : 0, EG_LISTED_FILE);
    case EG_TYPE_DIR:
        if (worker->tree->installed && linked) {
            if (!leads_to_wanted(worker, dir, name, length)) {
                return add_file(worker, dir, name, length, EG_ENTRY_LISTED, EG_LISTED_LINK);
            }
            atomic_store(&worker->tree->followed, true);
        }
        return add_dir(worker, dir, name, length, linked);
    case EG_TYPE_NONE:
        return true;
    case EG_TYPE_LINK: /* to nothing */
        return add_file(worker, dir, name, length, EG_ENTRY_LISTED, EG_LISTED_DANGLING);
    default:
        if (worker->tree->installed) {
            return add_file(worker, dir, name, length, EG_ENTRY_LISTED, EG_LISTED_SPECIAL);
        }
        eg_problem(worker, EG_SPECIAL, 0, dir, name, length);
        return true;
    }
}

/* In the place of a listing: the files that were asked for by their paths. */
static void add_wanted(struct eg_worker *worker, struct eg_dir *dir)
{
    const struct eg_tree *tree = worker->tree;
    for (size_t i = 0; i < tree->wanted_count; i++) {
        const char *path = (const char *)tree->wanted + tree->wanted_at[i];
        if (!add_file(worker, dir, path, strlen(path), EG_ENTRY_LINK, EG_LISTED_FILE)) {
            return;
        }
    }
}

void eg_dir_list(struct eg_worker *worker, struct eg_dir *dir)
{
    struct eg_tree *tree = worker->tree;
    struct eg_reading reading;
    struct eg_listed listed = {.type = EG_TYPE_NONE};
    struct stat st;
    int got = 1;

    if (eg_stopped(tree)) {
        return;
    }
    if (worker->listing == NULL && (worker->listing = malloc(sizeof *worker->listing)) == NULL) {
        eg_out_of_memory(tree);
        return;
    }
    if (open_dir(worker, dir) < 0) {
        eg_dir_part_done(worker, dir);
        return;
    }
    worker->listing->count = 0;
    worker->listing->names_used = 0;
    if (tree->only_wanted) {
        add_wanted(worker, dir);
        hand_over(worker, dir);
        eg_dir_part_done(worker, dir);
        return;
    }
    if (eg_reading_open(&reading, dir->fd, worker->listing->raw, sizeof worker->listing->raw) != 0) {
        got = -1;
    }
    while (got > 0 && !eg_stopped(tree) && (got = eg_reading_next(&reading, &listed)) > 0) {
        if (!add(worker, dir, &listed)) {
            break;
        }
    }
    if (got < 0) {
        dir_problem(worker, errno == ENOENT ? EG_UNSTABLE : EG_UNREADABLE, errno, dir);
    } else if (fstat(dir->fd, &st) != 0 || (eg_mtime_ns(&st) ^ eg_ctime_ns(&st)) != dir->changed_ns) {
        dir_problem(worker, EG_UNSTABLE, 0, dir);
    }
    eg_reading_close(&reading);
    hand_over(worker, dir);
    eg_dir_part_done(worker, dir);
    if (dir->parent != NULL) {
        eg_dir_unpin(tree, dir);
    }
}
