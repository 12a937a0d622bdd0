/*
 * SHA-256 of files that are not small. Such a hash is one chain, which threads cannot share; but several chains side by side
 * are up to twice as fast as one (sha256_run.c). So files wait open in a list; who has nothing more urgent takes some of
 * them, goes on with each for a piece, and puts back those that have not ended.
 *
 * Files are read, never mapped: a mapping would end the process with SIGBUS when somebody truncates the file. Under the guard of
 * window.c it would not; but sixteen chains that each fetch from memory what no copy has brought into the cache take longer than
 * the copy (1.6 GB of packages on an Intel Xeon, two threads, processor time: 0.27 s more in hashing, 0.12 s less in reading).
 */
#include "tree_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST EG_SHA256_MAX_LANES /* that one thread takes at once */
#define PIECES (1024 * 1024)     /* and the bytes that it reads of all of them together */

static void begin(struct eg_stream *stream)
{
    stream->offset = 0;
    memcpy(stream->state, eg_sha256_iv, sizeof stream->state);
}

/* Under the tree's lock. */
static void put(struct eg_tree *tree, struct eg_stream *stream)
{
    stream->next = NULL;
    *tree->streams_end = stream;
    tree->streams_end = &stream->next;
    tree->stream_count++;
}

bool eg_stream_hash(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, int fd, const struct stat *st)
{
    struct eg_tree *tree = worker->tree;
    struct eg_stream *stream = malloc(sizeof *stream);

    if (stream == NULL) {
        eg_out_of_memory(tree);
        return false;
    }
    *stream = (struct eg_stream){.block = block, .entry = entry, .fd = fd, .before = *st};
    begin(stream);
#ifdef POSIX_FADV_SEQUENTIAL
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
#endif
    atomic_fetch_add(&block->pending, 1);
    pthread_mutex_lock(&tree->lock);
    put(tree, stream);
    tree->outstanding++;
    pthread_cond_signal(&tree->work);
    pthread_mutex_unlock(&tree->lock);
    return true;
}

struct eg_stream *eg_streams_take(struct eg_tree *tree)
{
    struct eg_stream *taken = tree->streams, *last = taken;
    /* Each thread gets its share, so that none is idle at the end while another has several left. */
    unsigned share = (tree->stream_count + tree->started - 1) / tree->started, count = 1;

    for (share = share < MOST ? share : MOST; count < share; count++) {
        last = last->next;
    }
    tree->streams = last->next;
    tree->stream_count -= count;
    if (tree->streams == NULL) {
        tree->streams_end = &tree->streams;
    }
    last->next = NULL;
    return taken;
}

/* The file has been read to its end, where less than a block at rest is still to be hashed: false if it begins anew. */
static bool end(struct eg_worker *worker, struct eg_stream *stream, const uint8_t *rest)
{
    uint8_t blocks[2 * EG_SHA256_BLOCK_LEN], digest[EG_SHA256_OUT_LEN];
    struct stat after;

    if (fstat(stream->fd, &after) != 0) {
        eg_file_failed(worker, stream->block, stream->entry, EG_UNREADABLE, errno);
        return true;
    }
    if (stream->offset != (uint64_t)stream->before.st_size || !eg_same_stat(&stream->before, &after)) {
        if (stream->again) {
            eg_file_failed(worker, stream->block, stream->entry, EG_UNSTABLE, 0);
            return true;
        }
        stream->again = true;
        stream->before = after;
        worker->bytes_done -= stream->offset;
        begin(stream);
        return false;
    }
    {
        struct eg_sha256_lane lane = {stream->state, blocks, eg_sha256_pad(blocks, rest, stream->offset)};
        eg_sha256_run(&lane, 1);
    }
    eg_sha256_store(digest, stream->state);
    eg_file_done(worker, stream->block, stream->entry, &stream->before, digest);
    worker->bytes_done -= stream->entry->size; /* counted by pieces */
    return true;
}

/* Go on with streams[0..count) for a piece each, and say of which that was the last. */
static void go_on(struct eg_worker *worker, struct eg_stream **streams, bool *ended, size_t count)
{
    struct eg_sha256_lane lanes[MOST];
    size_t room = PIECES / count / 4096 * 4096, wanted[MOST];
    ssize_t got[MOST];

    for (size_t i = 0; i < count; i++) {
        struct eg_stream *stream = streams[i];
        uint64_t left = (uint64_t)stream->before.st_size - stream->offset + 1; /* a byte more shows a file that grew */
        wanted[i] = left < room ? (size_t)left : room;
        got[i] = eg_read_at(stream->fd, worker->buffer + i * room, wanted[i], stream->offset);
        lanes[i] = (struct eg_sha256_lane){stream->state, worker->buffer + i * room, 0};
        if (got[i] < 0) {
            eg_file_failed(worker, stream->block, stream->entry, EG_UNREADABLE, errno);
            ended[i] = true;
            continue;
        }
        lanes[i].count = (size_t)got[i] / EG_SHA256_BLOCK_LEN;
        stream->offset += (uint64_t)got[i];
        worker->bytes_done += (uint64_t)got[i];
    }
    eg_sha256_run(lanes, count);
    for (size_t i = 0; i < count; i++) {
        if (!ended[i] && ((size_t)got[i] < wanted[i] || streams[i]->offset > (uint64_t)streams[i]->before.st_size)) {
            ended[i] = end(worker, streams[i], lanes[i].blocks);
        }
    }
}

void eg_streams_turn(struct eg_worker *worker, struct eg_stream *taken)
{
    struct eg_tree *tree = worker->tree;
    struct eg_stream *streams[MOST];
    bool ended[MOST] = {false};
    size_t count = 0, done = 0;

    for (; taken != NULL; taken = taken->next) {
        streams[count++] = taken;
    }
    if (eg_stopped(tree)) {
        memset(ended, true, sizeof ended);
    } else {
        go_on(worker, streams, ended, count);
    }
    eg_count(worker);
    for (size_t i = 0; i < count; i++) {
        if (ended[i]) {
            close(streams[i]->fd);
            if (!eg_stopped(tree)) {
                eg_block_part_done(worker, streams[i]->block);
            }
            free(streams[i]);
            done++;
        }
    }
    pthread_mutex_lock(&tree->lock);
    for (size_t i = 0; i < count; i++) {
        if (!ended[i]) {
            put(tree, streams[i]);
        }
    }
    tree->outstanding -= (unsigned)done;
    pthread_cond_broadcast(&tree->work);
    pthread_mutex_unlock(&tree->lock);
}
