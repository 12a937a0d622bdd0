/*
 * The records of the stat cache: 80 bytes each, sorted by key, all numbers little-endian:
 *   0 key   8 inode   16 device   24 size   32 mtime   40 ctime (nanoseconds)   48 digest
 * The key is the beginning of the BLAKE3 hash of the path from the root. It only finds the record: what is believed
 * rests on the five numbers, which must all be those of the file now.
 */
#include "tree_internal.h"

#include <stdlib.h>
#include <string.h>

struct eg_sorted {
    uint64_t key;
    const struct eg_entry *entry;
};

static uint64_t load64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) {
        value = value << 8 | bytes[i];
    }
    return value;
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

bool eg_record_keys(struct eg_worker *worker, const struct eg_block *block)
{
    size_t prefix = block->dir->path_len, room = 0;
    char *at;

    for (uint32_t i = 0; i < block->count; i++) {
        room += prefix + block->entries[i].name_len;
    }
    if (room > worker->key_room) {
        char *text = realloc(worker->key_text, 2 * room);
        if (text == NULL) {
            return false;
        }
        worker->key_text = text;
        worker->key_room = 2 * room;
    }
    /* The batch of files that wait uses the same arrays. */
    eg_batch_flush(worker);
    if (eg_path_of(worker, block->dir, "", 0) != prefix) {
        return false;
    }
    at = worker->key_text;
    for (uint32_t i = 0; i < block->count; i++) {
        worker->inputs[i] = at;
        worker->lengths[i] = prefix + block->entries[i].name_len;
        memcpy(at, worker->path == NULL ? "" : worker->path, prefix);
        memcpy(at + prefix, block->names + block->entries[i].name, block->entries[i].name_len);
        at += worker->lengths[i];
    }
    eg_blake3_many(worker->inputs, worker->lengths, block->count, worker->digests);
    for (uint32_t i = 0; i < block->count; i++) {
        worker->keys[i] = load64(worker->digests + (size_t)i * EG_BLAKE3_OUT_LEN);
    }
    return true;
}

/*
 * The first record whose key is not less. Keys are spread evenly, so the place is guessed and the search grows from there:
 * a few steps, where halving the whole file would take twenty.
 */
static size_t lower_bound(const struct eg_tree *tree, uint64_t key)
{
    size_t count = tree->record_count, low = 0, high = count, step = 8;
    size_t guess = (size_t)((double)key / 18446744073709551616.0 * (double)count);

    guess = guess < count ? guess : count - 1;
    if (key_at(tree, guess) < key) {
        for (low = guess + 1; low + step < count && key_at(tree, low + step) < key; step *= 2) {
            low += step;
        }
        high = low + step < count ? low + step : count;
    } else {
        for (high = guess; high > step && key_at(tree, high - step) >= key; step *= 2) {
            high -= step;
        }
        low = high > step ? high - step : 0;
    }
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

bool eg_record_has_key(const struct eg_tree *tree, uint64_t key)
{
    size_t at;
    if (tree->record_count == 0) {
        return false;
    }
    at = lower_bound(tree, key);
    return at < tree->record_count && key_at(tree, at) == key;
}

bool eg_record_find(const struct eg_tree *tree, uint64_t key, const struct stat *st, uint8_t digest[EG_BLAKE3_OUT_LEN])
{
    for (size_t at = lower_bound(tree, key); at < tree->record_count && key_at(tree, at) == key; at++) {
        const uint8_t *record = tree->records + at * EG_RECORD_LEN;
        if (load64(record + 8) == (uint64_t)st->st_ino && load64(record + 16) == (uint64_t)st->st_dev &&
            load64(record + 24) == (uint64_t)st->st_size && load64(record + 32) == (uint64_t)eg_mtime_ns(st) &&
            load64(record + 40) == (uint64_t)eg_ctime_ns(st)) {
            memcpy(digest, record + 48, EG_BLAKE3_OUT_LEN);
            return true;
        }
    }
    return false;
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

bool eg_record_keeps(const struct eg_tree *tree, const struct eg_entry *entry)
{
    int64_t newest = entry->mtime_ns > entry->ctime_ns ? entry->mtime_ns : entry->ctime_ns, cutoff = tree->cutoff;

    if (entry->device == EG_DEVICES || entry->flags & EG_ENTRY_FAILED) {
        return false;
    }
    for (size_t i = 0; i < tree->cutoff_count; i++) {
        if (tree->cutoff_devices[i] == tree->devices[entry->device]) {
            cutoff = tree->cutoffs[i];
        }
    }
    return newest < cutoff;
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
            if (eg_record_keeps(tree, &block->entries[i])) {
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
            if (eg_record_keeps(tree, &block->entries[i])) {
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
