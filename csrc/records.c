/*
 * The records of the stat cache: 80 bytes each, sorted by key, all numbers little-endian:
 *   0 key   8 inode   16 device   24 size   32 mtime   40 ctime (nanoseconds)   48 digest
 * The key's upper half is the beginning of the BLAKE3 hash of the folder's path from the root (with a slash behind it, empty for
 * the root), the lower half that of the name's: the records of a folder lie together, as its files are asked for together. The
 * key only finds the record; what is believed rests on the five numbers, which must all be those of the file now.
 */
#include "tree_internal.h"

#include <stdlib.h>
#include <string.h>

struct eg_sorted {
    uint64_t key;
    const struct eg_entry *entry;
};

static uint64_t load64(const uint8_t *b)
{
    /* Written so that compilers make one load of it. */
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 |
           (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
}

static void store64(uint8_t *bytes, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

static uint64_t key_at(const struct eg_tree *tree, size_t index)
{
    return load64(tree->records + index * EG_RECORD_LEN);
}

/*
 * An index over the keys: bucket i begins with the first record whose highest bits are at least i. It costs half a byte a
 * record and one pass over them.
 */
bool eg_records_index(struct eg_tree *tree)
{
    unsigned bits = 0;
    size_t at = 0;

    if (tree->record_count > UINT32_MAX) {
        tree->record_count = 0; /* no cache is that large; none is better than a wrong one */
    }
    while (bits < 28 && tree->record_count >> bits > 8) {
        bits++;
    }
    tree->index_bits = bits;
    tree->index = malloc((((size_t)1 << bits) + 1) * sizeof *tree->index);
    if (tree->index == NULL) {
        return false;
    }
    for (size_t bucket = 0; bucket < (size_t)1 << bits; bucket++) {
        while (bits > 0 && at < tree->record_count && key_at(tree, at) >> (64 - bits) < bucket) {
            at++;
        }
        tree->index[bucket] = (uint32_t)at;
    }
    tree->index[(size_t)1 << bits] = (uint32_t)tree->record_count;
    return true;
}

/* The first record whose key is not less. */
static size_t lower_bound(const struct eg_tree *tree, uint64_t key)
{
    size_t bucket = tree->index_bits == 0 ? 0 : (size_t)(key >> (64 - tree->index_bits));
    size_t low = tree->index[bucket], high = tree->index[bucket + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (key_at(tree, middle) < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool eg_record_keys(struct eg_worker *worker, const struct eg_block *block)
{
    struct eg_dir *dir = block->dir;
    uint8_t hash[EG_BLAKE3_OUT_LEN];
    uint64_t high;

    if (eg_path_of(worker, dir, "", 0) != dir->path_len) {
        return false;
    }
    eg_blake3(dir->path_len == 0 ? "" : worker->path, dir->path_len, hash);
    high = load64(hash) << 32;
    worker->range_start = lower_bound(worker->tree, high);
    worker->range_end = high == UINT64_MAX << 32 ? worker->tree->record_count : lower_bound(worker->tree, high + (UINT64_C(1) << 32));
    /* The files that wait use the same arrays. */
    eg_batch_flush(worker);
    for (uint32_t i = 0; i < block->count; i++) {
        worker->inputs[i] = block->names + block->entries[i].name;
        worker->lengths[i] = block->entries[i].name_len;
    }
    eg_blake3_many(worker->inputs, worker->lengths, block->count, worker->digests);
    for (uint32_t i = 0; i < block->count; i++) {
        worker->keys[i] = high | (load64(worker->digests + (size_t)i * EG_BLAKE3_OUT_LEN) & UINT32_MAX);
    }
    return true;
}

size_t eg_record_first(const struct eg_worker *worker, uint64_t key)
{
    const struct eg_tree *tree = worker->tree;
    size_t start = worker->range_start, end = worker->range_end;
    size_t at = start + (size_t)((key & UINT32_MAX) * (uint64_t)(end - start) >> 32), step = 1;

    if (at < end && key_at(tree, at) < key) {
        for (start = ++at; at < end && key_at(tree, at) < key; step *= 2) {
            start = at + 1;
            at = end - at > step ? at + step : end;
        }
        end = at;
    } else {
        for (end = at; at > start && key_at(tree, at - 1) >= key; step *= 2) {
            end = at - 1;
            at = at - start > step ? at - step : start;
        }
        start = at < end ? at : end;
    }
    while (start < end) {
        size_t middle = start + (end - start) / 2;
        if (key_at(tree, middle) < key) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    return start < worker->range_end && key_at(tree, start) == key ? start : worker->range_end;
}

const uint8_t *eg_record_find(const struct eg_tree *tree, const struct eg_entry *entry, size_t first, uint64_t key,
                              const struct stat *st)
{
    for (size_t at = first; at < tree->record_count && key_at(tree, at) == key; at++) {
        const uint8_t *record = tree->records + at * EG_RECORD_LEN;
        if (load64(record + 8) == (uint64_t)st->st_ino && load64(record + 16) == (uint64_t)st->st_dev &&
            load64(record + 24) == (uint64_t)st->st_size && load64(record + 32) == (uint64_t)eg_mtime_ns(st) &&
            load64(record + 40) == (uint64_t)eg_ctime_ns(st) && (!tree->installed || eg_record_fits(entry, record + 48))) {
            return record + 48;
        }
    }
    return NULL;
}

const uint8_t *eg_record_of(const struct eg_tree *tree, const struct eg_entry *entry, uint64_t key, const struct stat *st)
{
    return eg_record_find(tree, entry, lower_bound(tree, key), key, st);
}

bool eg_record_is_sampled(const struct eg_tree *tree, uint64_t key)
{
    /* The finaliser of splitmix64 (Steele, Lea, Flood, 2014): keys and seeds that differ in one bit choose otherwise. */
    uint64_t x = key ^ tree->seed;
    if (tree->sample == 0) {
        return false;
    }
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x <= tree->sample;
}

int64_t eg_cutoff(const struct eg_tree *tree, uint64_t device)
{
    for (size_t i = 0; i < tree->cutoff_count; i++) {
        if (tree->cutoff_devices[i] == device) {
            return tree->cutoffs[i];
        }
    }
    return tree->cutoff;
}

static bool keeps(const struct eg_tree *tree, const struct eg_entry *entry)
{
    int64_t newest = entry->mtime_ns > entry->ctime_ns ? entry->mtime_ns : entry->ctime_ns;
    return entry->device < EG_DEVICES && !(entry->flags & (EG_ENTRY_FAILED | EG_ENTRY_LISTED | EG_ENTRY_GONE)) &&
           newest < eg_cutoff(tree, tree->devices[entry->device]);
}

static int compare(const void *left, const void *right)
{
    const struct eg_sorted *a = left, *b = right;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    return a->entry->inode < b->entry->inode ? -1 : a->entry->inode > b->entry->inode;
}

/* Call visit for every folder; there is no end of memory to run out of, whatever the depth. */
static bool each_dir(struct eg_tree *tree, bool (*visit)(struct eg_tree *, struct eg_dir *))
{
    struct eg_dir *dir = tree->top;
    while (dir != NULL) {
        if (!visit(tree, dir)) {
            return false;
        }
        if (dir->children != NULL) {
            dir = dir->children;
            continue;
        }
        while (dir != NULL && dir->sibling == NULL) {
            dir = dir->parent;
        }
        dir = dir == NULL ? NULL : dir->sibling;
    }
    return true;
}

static bool collect(struct eg_tree *tree, struct eg_dir *dir)
{
    struct eg_worker *worker = &tree->workers[0];
    for (struct eg_block *block = dir->blocks; block != NULL; block = block->next) {
        if (!eg_record_keys(worker, block)) {
            return false;
        }
        for (uint32_t i = 0; i < block->count; i++) {
            if (keeps(tree, &block->entries[i])) {
                tree->sorted[tree->sorted_count++] = (struct eg_sorted){worker->keys[i], &block->entries[i]};
            }
        }
    }
    return true;
}

/* Of the folder at hand: whether each file that is to be kept was given, counting them. */
static bool all_given(struct eg_tree *tree, struct eg_dir *dir)
{
    for (struct eg_block *block = dir->blocks; block != NULL; block = block->next) {
        for (uint32_t i = 0; i < block->count; i++) {
            if (keeps(tree, &block->entries[i])) {
                tree->kept++;
                if (!(block->entries[i].flags & (EG_ENTRY_CACHED | EG_ENTRY_SAMPLED))) {
                    return false;
                }
            }
        }
    }
    return true;
}

bool eg_records_stale(struct eg_tree *tree)
{
    tree->kept = 0;
    return !each_dir(tree, all_given) || tree->kept != tree->record_count;
}

int eg_tree_records(struct eg_tree *tree, uint8_t *out, size_t room, size_t *written)
{
    if (tree == NULL || out == NULL || written == NULL || !tree->done || eg_stopped(tree) || tree->single) {
        return EG_INVALID;
    }
    if (tree->sorted == NULL) {
        tree->sorted = malloc((atomic_load(&tree->files_found) + 1) * sizeof *tree->sorted);
        if (tree->sorted == NULL || !each_dir(tree, collect)) {
            return EG_NO_MEMORY;
        }
        qsort(tree->sorted, tree->sorted_count, sizeof *tree->sorted, compare);
    }
    *written = 0;
    while (tree->sorted_at < tree->sorted_count && room - *written >= EG_RECORD_LEN) {
        const struct eg_sorted *sorted = &tree->sorted[tree->sorted_at++];
        uint8_t *record = out + *written;
        store64(record, sorted->key);
        store64(record + 8, sorted->entry->inode);
        store64(record + 16, tree->devices[sorted->entry->device]);
        store64(record + 24, sorted->entry->size);
        store64(record + 32, (uint64_t)sorted->entry->mtime_ns);
        store64(record + 40, (uint64_t)sorted->entry->ctime_ns);
        memcpy(record + 48, sorted->entry->digest, EG_BLAKE3_OUT_LEN);
        *written += EG_RECORD_LEN;
    }
    return EG_OK;
}
