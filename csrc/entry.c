/* What becomes of a file: its stat and its digest, or why it has none; small ones are hashed many at once; the counters. */
#include "tree_internal.h"

#include <string.h>

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

#ifdef __APPLE__
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

int64_t eg_mtime_ns(const struct stat *st)
{
    return nanoseconds(st->st_mtim);
}

int64_t eg_ctime_ns(const struct stat *st)
{
    return nanoseconds(st->st_ctim);
}

bool eg_same_stat(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_ino == b->st_ino && a->st_dev == b->st_dev && eg_mtime_ns(a) == eg_mtime_ns(b) &&
           eg_ctime_ns(a) == eg_ctime_ns(b);
}

static uint8_t device_index(struct eg_tree *tree, uint64_t device)
{
    unsigned count = atomic_load_explicit(&tree->device_count, memory_order_acquire), i = 0;
    while (i < count && tree->devices[i] != device) {
        i++;
    }
    if (i < count) {
        return (uint8_t)i;
    }
    pthread_mutex_lock(&tree->lock);
    count = atomic_load_explicit(&tree->device_count, memory_order_relaxed);
    while (i < count && tree->devices[i] != device) {
        i++;
    }
    if (i == count && count < EG_DEVICES) {
        tree->devices[count] = device;
        atomic_store_explicit(&tree->device_count, count + 1, memory_order_release);
    }
    pthread_mutex_unlock(&tree->lock);
    return (uint8_t)i; /* EG_DEVICES: one too many, its files are not kept in the stat cache */
}

void eg_keep_stat(struct eg_tree *tree, struct eg_entry *entry, const struct stat *st)
{
    entry->size = (uint64_t)st->st_size;
    entry->inode = (uint64_t)st->st_ino;
    entry->mtime_ns = eg_mtime_ns(st);
    entry->ctime_ns = eg_ctime_ns(st);
    entry->device = device_index(tree, (uint64_t)st->st_dev);
}

uint64_t eg_entry_key(const struct eg_entry *entry)
{
    uint64_t key;
    memcpy(&key, entry->digest, sizeof key);
    return key;
}

void eg_file_cached(struct eg_worker *worker, struct eg_entry *entry, const struct stat *st, const uint8_t *digest)
{
    eg_keep_stat(worker->tree, entry, st);
    memcpy(entry->digest, digest, EG_BLAKE3_OUT_LEN);
    entry->flags |= EG_ENTRY_CACHED;
    worker->files_done++;
    worker->files_cached++;
}

void eg_file_done(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, const struct stat *st,
                  const uint8_t *digest)
{
    if (entry->flags & EG_ENTRY_SAMPLED) {
        const uint8_t *known = eg_record_of(worker->tree, entry, eg_entry_key(entry), st);
        entry->flags &= (uint8_t)~EG_ENTRY_SAMPLED;
        if (known != NULL) {
            atomic_fetch_add_explicit(&worker->tree->files_sampled, 1, memory_order_relaxed);
            entry->flags |= EG_ENTRY_SAMPLED;
        }
        if (known != NULL && memcmp(known, digest, EG_BLAKE3_OUT_LEN) != 0) {
            eg_file_failed(worker, block, entry, EG_SILENT, 0);
            return;
        }
    }
    eg_keep_stat(worker->tree, entry, st);
    memcpy(entry->digest, digest, EG_BLAKE3_OUT_LEN);
    worker->files_done++;
    worker->bytes_done += entry->flags & EG_ENTRY_HEAD ? EG_HEAD_LEN : entry->size;
}

void eg_file_failed(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, int kind, int error)
{
    entry->flags |= EG_ENTRY_FAILED;
    worker->files_done++;
    eg_problem(worker, kind, error, block->dir, block->names + entry->name, entry->name_len);
}

void eg_count(struct eg_worker *worker)
{
    struct eg_tree *tree = worker->tree;
    atomic_fetch_add_explicit(&tree->files_done, worker->files_done, memory_order_relaxed);
    atomic_fetch_add_explicit(&tree->bytes_done, worker->bytes_done, memory_order_relaxed);
    atomic_fetch_add_explicit(&tree->files_cached, worker->files_cached, memory_order_relaxed);
    worker->files_done = worker->bytes_done = worker->files_cached = 0;
}

void eg_batch_flush(struct eg_worker *worker)
{
    if (worker->waiting_count > 0) {
        (worker->tree->installed ? eg_sha256_many : eg_blake3_many)(worker->inputs, worker->lengths, worker->waiting_count,
                                                                   worker->digests);
        for (size_t i = 0; i < worker->waiting_count; i++) {
            struct eg_waiting *waiting = &worker->waiting[i];
            eg_file_done(worker, waiting->block, waiting->entry, &waiting->stat, worker->digests + i * EG_BLAKE3_OUT_LEN);
            eg_block_part_done(worker, waiting->block);
        }
    }
    worker->waiting_count = 0;
    worker->used = 0;
    eg_count(worker);
}
