/*
 * The files of a block: from the stat cache where it knows them, else opened, read and hashed; small ones many at once.
 *
 * A file counts as read only if its stat is the same before and after, and as many bytes came as it says it has.
 */
#include "tree_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int eg_open_file(const struct eg_tree *tree, const struct eg_block *block, const struct eg_entry *entry)
{
    /* O_NONBLOCK: the opening of a pipe that came in the file's place must not wait for a writer. */
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (entry->flags & EG_ENTRY_LINK ? 0 : O_NOFOLLOW);
    int base = tree->single ? AT_FDCWD : block->dir->fd, fd;
    do {
        fd = openat(base, block->names + entry->name, flags);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

void eg_block_part_done(struct eg_worker *worker, struct eg_block *block)
{
    if (atomic_fetch_sub(&block->pending, 1) == 1) {
        eg_dir_part_done(worker, block->dir);
    }
}

/* What it means that a file which was listed cannot be opened. */
static int kind_of_open_error(const struct eg_tree *tree, const struct eg_entry *entry, int error)
{
    if (tree->single) {
        return error == ELOOP ? EG_LOOP : error == ENXIO ? EG_SPECIAL : EG_UNREADABLE;
    }
    if (error == ENOENT || error == ENOTDIR || error == ENXIO || (error == ELOOP && !(entry->flags & EG_ENTRY_LINK))) {
        return EG_UNSTABLE;
    }
    return error == ELOOP ? EG_LOOP : EG_UNREADABLE;
}

/* What it means that what is open is no regular file. */
static int kind_of_no_file(const struct eg_tree *tree, const struct stat *st)
{
    if (tree->only_wanted) {
        return S_ISDIR(st->st_mode) ? EG_NO_FILE : EG_SPECIAL;
    }
    return !tree->single ? EG_UNSTABLE : S_ISDIR(st->st_mode) ? EG_UNREADABLE : EG_SPECIAL;
}

enum outcome { HASHED, FAILED, CHANGED, COLD };

/* What is not in memory is not waited for; it is; and nothing is mapped, so that whatever is wrong has an errno. */
enum manner { HASTY, PATIENT, CAREFUL };

/*
 * Read all of a file of the given size, and one byte more than there should be: whoever gets that one has seen the file grow.
 * HASHED if it is all there, CHANGED if not, FAILED with errno, COLD if it would have to be waited for and is not.
 */
static enum outcome read_all(int fd, uint8_t *buffer, size_t size, enum manner manner)
{
    ssize_t got;
    if (manner == HASTY && size > 0) {
        return eg_read_cached(fd, buffer, size + 1, 0) == (ssize_t)size ? HASHED : COLD;
    }
    got = eg_read_at(fd, buffer, size + 1, 0);
    return got < 0 ? FAILED : (size_t)got == size ? HASHED : CHANGED;
}

/* Hash an open file where it lies in memory, and see afterwards that it was all there. COLD if it has to be read instead. */
static enum outcome hash_in_place(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, int fd,
                                  const struct stat *before)
{
    size_t size = (size_t)before->st_size;
    const uint8_t *bytes = eg_is_cached(fd, 0, size) ? eg_window_open(&worker->window, fd, 0, size) : NULL;
    uint8_t digest[EG_BLAKE3_OUT_LEN];
    struct stat after;

    if (bytes == NULL) {
        return COLD;
    }
    eg_blake3(bytes, size, digest);
    if (!eg_window_close(&worker->window) || fstat(fd, &after) != 0 || !eg_same_stat(before, &after)) {
        return CHANGED;
    }
    eg_file_done(worker, block, entry, before, digest);
    return HASHED;
}

/* Read an open file of at most EG_BUFFER bytes: small ones behind those that wait, others to be hashed at once. */
static enum outcome read_open(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, int fd,
                              const struct stat *before, enum manner manner)
{
    size_t size = (size_t)before->st_size, slot;
    bool small = size <= EG_SMALL_FILE;
    uint8_t digest[EG_BLAKE3_OUT_LEN], *buffer;
    enum outcome outcome;
    struct stat after;

    if (manner != CAREFUL && size >= EG_MAPPED_FILE) {
        outcome = hash_in_place(worker, block, entry, fd, before);
        if (outcome != COLD) {
            return outcome;
        }
    }
    if (small && (worker->used + size + 1 > EG_SMALL_ROOM || worker->waiting_count == EG_BLOCK_ENTRIES)) {
        eg_batch_flush(worker);
    }
    buffer = small ? worker->small + worker->used : worker->buffer;
    outcome = read_all(fd, buffer, size, manner);
    if (outcome == FAILED) {
        eg_file_failed(worker, block, entry, EG_UNREADABLE, errno);
    }
    if (outcome != HASHED) {
        return outcome;
    }
    if (fstat(fd, &after) != 0 || !eg_same_stat(before, &after)) {
        return CHANGED;
    }
    if (!small) {
        eg_blake3(buffer, size, digest);
        eg_file_done(worker, block, entry, before, digest);
        return HASHED;
    }
    slot = worker->waiting_count++;
    worker->waiting[slot] = (struct eg_waiting){block, entry, *before};
    worker->inputs[slot] = buffer;
    worker->lengths[slot] = size;
    worker->used += size;
    atomic_fetch_add_explicit(&block->pending, 1, memory_order_relaxed);
    return HASHED;
}

static enum outcome read_head(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, int fd,
                              const struct stat *before)
{
    int error = eg_head_read(worker, block, entry, fd, before);
    if (error > 0) {
        eg_file_failed(worker, block, entry, EG_UNREADABLE, error);
    }
    return error > 0 ? FAILED : error < 0 ? CHANGED : HASHED;
}

static enum outcome read_file(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, enum manner manner)
{
    struct eg_tree *tree = worker->tree;
    enum outcome outcome;
    const uint8_t *known;
    struct stat st;
    int fd = eg_open_file(tree, block, entry);

    if (fd < 0 && tree->only_wanted && (errno == ENOENT || errno == ENOTDIR)) {
        entry->flags |= EG_ENTRY_GONE;
        worker->files_done++;
        return FAILED;
    }
    if (fd < 0) {
        eg_file_failed(worker, block, entry, kind_of_open_error(tree, entry, errno), errno);
        return FAILED;
    }
    if ((entry->flags & EG_ENTRY_ASK ? eg_stat_asked(fd, &st) : fstat(fd, &st)) != 0) {
        eg_file_failed(worker, block, entry, EG_UNREADABLE, errno);
        outcome = FAILED;
    } else if (!S_ISREG(st.st_mode)) {
        eg_file_failed(worker, block, entry, kind_of_no_file(tree, &st), tree->single && S_ISDIR(st.st_mode) ? EISDIR : 0);
        outcome = FAILED;
    } else if (entry->flags & EG_ENTRY_ASK && (known = eg_record_of(tree, entry, eg_entry_key(entry), &st)) != NULL) {
        eg_file_cached(worker, entry, &st, known);
        outcome = HASHED;
    } else if (entry->flags & EG_ENTRY_HEAD) {
        outcome = read_head(worker, block, entry, fd, &st);
    } else if (st.st_size <= (tree->installed ? EG_SMALL_FILE : EG_BUFFER)) {
        outcome = read_open(worker, block, entry, fd, &st, manner);
    } else if (!tree->installed && manner == HASTY && !eg_is_cached(fd, 0, 1)) {
        outcome = COLD;
    } else {
        if (tree->installed ? eg_stream_hash(worker, block, entry, fd, &st) :
                              eg_large_hash(worker, block, entry, fd, &st, false)) {
            return HASHED; /* or noted as failed; the descriptor is closed by whoever is last */
        }
        outcome = FAILED;
    }
    if (outcome == COLD) {
        /* The disk gets many files to fetch before the first of them is waited for. */
        uint64_t size = (uint64_t)st.st_size < EG_AHEAD * EG_BUFFER ? (uint64_t)st.st_size : EG_AHEAD * EG_BUFFER;
        eg_fetch(fd, 0, size);
        worker->cold_bytes += size;
        worker->cold[worker->cold_count++] = (struct eg_cold){entry, fd, st};
        return COLD;
    }
    close(fd);
    return outcome;
}

static void read_again(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry)
{
    if (read_file(worker, block, entry, CAREFUL) == CHANGED) {
        eg_file_failed(worker, block, entry, EG_UNSTABLE, 0);
    }
}

static void read_cold(struct eg_worker *worker, struct eg_block *block)
{
    for (size_t i = 0; i < worker->cold_count; i++) {
        struct eg_cold *cold = &worker->cold[i];
        enum outcome outcome = HASHED;
        if (cold->before.st_size > EG_BUFFER && !eg_stopped(worker->tree) &&
            eg_large_hash(worker, block, cold->entry, cold->fd, &cold->before, true)) {
            continue;
        }
        if (!eg_stopped(worker->tree)) {
            outcome = read_open(worker, block, cold->entry, cold->fd, &cold->before, PATIENT);
        }
        close(cold->fd);
        if (outcome == CHANGED) {
            read_again(worker, block, cold->entry);
        }
    }
    worker->cold_count = 0;
    worker->cold_bytes = 0;
}

static void hash_file(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry)
{
    if (worker->cold_count > 0 && (worker->cold_count == worker->tree->cold_limit || worker->cold_bytes >= EG_COLD_BYTES)) {
        read_cold(worker, block);
    }
    if (read_file(worker, block, entry, worker->tree->cold_limit == 0 ? PATIENT : HASTY) == CHANGED) {
        read_again(worker, block, entry);
    }
}

/* Whether the stat cache knows the file as it is now. */
static bool from_cache(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, uint64_t key)
{
    struct eg_tree *tree = worker->tree;
    size_t first = eg_record_first(worker, key);
    const uint8_t *digest;
    struct stat st;

    if (first == worker->range_end) {
        return false;
    }
    memcpy(entry->digest, &key, sizeof key);
    if (eg_record_is_sampled(tree, key)) {
        entry->flags |= EG_ENTRY_SAMPLED;
        return false;
    }
    if (fstatat(block->dir->fd, block->names + entry->name, &st, entry->flags & EG_ENTRY_LINK ? 0 : AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode)) {
        return false;
    }
    if (eg_cutoff(tree, (uint64_t)st.st_dev) <= tree->cutoff) {
        /* A network file system may answer from what it heard a minute ago; only opening asks the server. */
        entry->flags |= EG_ENTRY_ASK;
        return false;
    }
    digest = eg_record_find(tree, entry, first, key, &st);
    if (digest == NULL) {
        return false;
    }
    eg_file_cached(worker, entry, &st, digest);
    return true;
}

void eg_block_hash(struct eg_worker *worker, struct eg_block *block)
{
    struct eg_tree *tree = worker->tree;

    if (tree->record_count > 0 && !eg_record_keys(worker, block)) {
        eg_out_of_memory(tree);
    }
    if (tree->installed && !eg_installed_block(worker, block)) {
        eg_out_of_memory(tree);
    }
    for (uint32_t i = 0; i < block->count; i++) {
        if (eg_stopped(tree)) {
            break;
        }
        if (tree->installed && !eg_is_read(worker, block, &block->entries[i])) {
            continue;
        }
        if (tree->record_count == 0 || !from_cache(worker, block, &block->entries[i], worker->keys[i])) {
            hash_file(worker, block, &block->entries[i]);
        }
    }
    read_cold(worker, block);
    eg_window_leave(&worker->window);
    if (eg_stopped(tree)) {
        return;
    }
    eg_count(worker);
    if (!tree->single) {
        eg_dir_unpin(tree, block->dir);
    }
    eg_block_part_done(worker, block);
}
