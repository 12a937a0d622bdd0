/*
 * A large file, hashed by whoever is free.
 *
 * The file is cut into segments of EG_BUFFER bytes, a power of two of chunks, so that each is a subtree of its own (2.1 and
 * 5.3 of the BLAKE3 paper). Threads take the next segment; a finished subtree is merged with its neighbour as soon as that one is
 * there. Segments are taken in order, so few wait: a number that grows with the threads and with the logarithm of the size.
 *
 * What is in memory is mapped, which saves the copy. What is not is asked for some segments before its turn, so that the disk
 * always has something to do, and read. Reading is also the way out of whatever goes wrong with a map.
 */
#include "blake3_internal.h"
#include "tree_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHORTER (-1)
#define MEMORY (-2)

/* Keep the disk busy: from the first segment on that was not in memory, ask for what will be hashed after those at hand. */
static void fetch_ahead(struct eg_large *large, uint64_t index, bool cached)
{
    uint64_t size = (uint64_t)large->before.st_size, last = index + EG_AHEAD, next = last;

    if (!cached && !atomic_exchange(&large->cold, true)) {
        next = index;
    }
    if (!atomic_load(&large->cold)) {
        return;
    }
    for (; next <= last && next < large->segments; next++) {
        uint64_t at = next * EG_BUFFER;
        eg_fetch(large->fd, at, size - at < EG_BUFFER ? size - at : EG_BUFFER);
    }
}

/* Hash one segment: 0, an errno, or SHORTER. */
static int hash_segment(struct eg_worker *worker, struct eg_large *large, uint64_t index, uint8_t value[EG_BLAKE3_OUT_LEN])
{
    uint64_t offset = index * EG_BUFFER, left = (uint64_t)large->before.st_size - offset;
    size_t length = left < EG_BUFFER ? (size_t)left : EG_BUFFER;
    bool cached = eg_is_cached(large->fd, offset, length), whole;
    const uint8_t *bytes;

    fetch_ahead(large, index, cached);
    bytes = cached ? eg_window_open(&worker->window, large->fd, offset, length) : NULL;
    if (bytes != NULL) {
        eg_blake3_subtree(bytes, length, offset / EG_BLAKE3_CHUNK_LEN, value);
        whole = eg_window_close(&worker->window);
    } else {
        ssize_t got = eg_read_at(large->fd, worker->buffer, length, offset);
        if (got < 0) {
            return errno;
        }
        whole = (size_t)got == length;
        if (whole) {
            eg_blake3_subtree(worker->buffer, length, offset / EG_BLAKE3_CHUNK_LEN, value);
        }
    }
    if (!whole) {
        return SHORTER;
    }
    worker->bytes_done += length;
    eg_count(worker);
    return 0;
}

static bool keep_node(struct eg_large *large, const struct eg_node *node)
{
    if (large->node_count == large->node_room) {
        size_t room = 2 * large->node_room + 16;
        struct eg_node *nodes = realloc(large->nodes, room * sizeof *nodes);
        if (nodes == NULL) {
            return false;
        }
        large->nodes = nodes;
        large->node_room = room;
    }
    large->nodes[large->node_count++] = *node;
    return true;
}

static bool take_node(struct eg_large *large, unsigned level, uint64_t index, struct eg_node *out)
{
    for (size_t i = 0; i < large->node_count; i++) {
        if (large->nodes[i].level == level && large->nodes[i].index == index) {
            *out = large->nodes[i];
            large->nodes[i] = large->nodes[--large->node_count];
            return true;
        }
    }
    return false;
}

/*
 * Merge a finished subtree upward as far as it goes. A node of level l and index i covers the segments from i * 2^l to before
 * (i + 1) * 2^l; where its right half would lie beyond the end of the file, its left half stands for it.
 */
static void merge(struct eg_large *large, struct eg_node node)
{
    struct eg_node other;

    pthread_mutex_lock(&large->lock);
    while (UINT64_C(1) << node.level < large->segments) {
        bool is_left = (node.index & 1) == 0;
        if (is_left && (node.index + 1) << node.level >= large->segments) {
            node.index >>= 1;
            node.level++;
            continue;
        }
        if (!take_node(large, node.level, node.index ^ 1, &other)) {
            break;
        }
        eg_blake3_parent(is_left ? node.value : other.value, is_left ? other.value : node.value,
                         UINT64_C(1) << (node.level + 1) >= large->segments, node.value);
        node.index >>= 1;
        node.level++;
    }
    if (!keep_node(large, &node)) {
        atomic_store(&large->error, MEMORY);
    }
    pthread_mutex_unlock(&large->lock);
}

void eg_large_help(struct eg_worker *worker, struct eg_large *large)
{
    for (;;) {
        struct eg_node node = {.level = 0};
        int error;

        node.index = atomic_fetch_add(&large->claimed, 1);
        if (node.index >= large->segments) {
            break;
        }
        error = eg_stopped(worker->tree) ? SHORTER : hash_segment(worker, large, node.index, node.value);
        if (error != 0) {
            atomic_store(&large->error, error);
            atomic_store(&large->claimed, large->segments);
            break;
        }
        merge(large, node);
    }
    eg_window_leave(&worker->window);
}

/* The file again, from its beginning, by one thread: 0, an errno, or SHORTER where it changed once more. */
static int hash_alone(struct eg_worker *worker, struct eg_large *large, uint8_t digest[EG_BLAKE3_OUT_LEN])
{
    struct eg_blake3_hasher hasher;
    struct stat after;
    uint64_t offset = 0, size;

    if (fstat(large->fd, &large->before) != 0) {
        return errno;
    }
    size = (uint64_t)large->before.st_size;
    eg_blake3_init(&hasher);
    while (offset <= size && !eg_stopped(worker->tree)) { /* not to the end of what grows all the time */
        ssize_t got = eg_read_at(large->fd, worker->buffer, EG_BUFFER, offset);
        if (got < 0) {
            return errno;
        }
        if (got == 0) {
            break;
        }
        eg_blake3_update(&hasher, worker->buffer, (size_t)got);
        offset += (uint64_t)got;
    }
    eg_blake3_final(&hasher, digest);
    return offset != size || fstat(large->fd, &after) != 0 || !eg_same_stat(&large->before, &after) ? SHORTER : 0;
}

static bool has_changed(const struct eg_large *large)
{
    struct stat after;
    uint8_t beyond;
    return fstat(large->fd, &after) != 0 || !eg_same_stat(&large->before, &after) ||
           eg_read_at(large->fd, &beyond, 1, (uint64_t)after.st_size) != 0;
}

/* The last one who worked on it says what became of the file. */
static void finish(struct eg_worker *worker, struct eg_large *large)
{
    struct eg_block *block = large->block;
    uint8_t digest[EG_BLAKE3_OUT_LEN];
    int error = atomic_load(&large->error);

    if (error == 0 && !eg_stopped(worker->tree)) {
        memcpy(digest, large->nodes[0].value, sizeof digest);
        error = has_changed(large) ? SHORTER : 0;
    }
    if (error == SHORTER) {
        error = hash_alone(worker, large, digest);
    }
    if (error == MEMORY) {
        eg_out_of_memory(worker->tree);
    } else if (error != 0) {
        eg_file_failed(worker, block, large->entry, error == SHORTER ? EG_UNSTABLE : EG_UNREADABLE,
                       error == SHORTER ? 0 : error);
    } else if (!eg_stopped(worker->tree)) {
        eg_file_done(worker, block, large->entry, &large->before, digest);
        worker->bytes_done -= large->entry->size; /* counted by segments */
    }
    eg_count(worker);
    close(large->fd);
    pthread_mutex_destroy(&large->lock);
    free(large->nodes);
    free(large);
    eg_block_part_done(worker, block);
}

void eg_large_leave(struct eg_worker *worker, struct eg_large *large)
{
    struct eg_tree *tree = worker->tree;
    bool last;

    pthread_mutex_lock(&tree->lock);
    last = --large->users == 0;
    if (last) {
        struct eg_large **at = &tree->large;
        while (*at != large) {
            at = &(*at)->next;
        }
        *at = large->next;
    }
    pthread_mutex_unlock(&tree->lock);
    if (last) {
        finish(worker, large);
    }
}

bool eg_large_hash(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, int fd, const struct stat *st,
                   bool cold)
{
    struct eg_large *large = calloc(1, sizeof *large);

    if (large == NULL || pthread_mutex_init(&large->lock, NULL) != 0) {
        free(large);
        eg_out_of_memory(worker->tree);
        return false;
    }
    large->block = block;
    large->entry = entry;
    large->fd = fd;
    large->before = *st;
    large->users = 1;
    atomic_init(&large->cold, cold);
    large->segments = ((uint64_t)st->st_size + EG_BUFFER - 1) / EG_BUFFER;
    atomic_fetch_add(&block->pending, 1);
    eg_push_large(worker->tree, large);
    eg_large_help(worker, large);
    eg_large_leave(worker, large);
    return true;
}
