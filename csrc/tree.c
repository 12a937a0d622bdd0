/* A run of the tree engine: what the caller of tree.h sees. */
#include "tree_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MOST_STREAMS 48 /* files that wait open: enough to fill the lanes of two threads and to refill them */
#define OPEN_DIRS 256 /* at most, where the limits of the process allow it */

static unsigned open_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur / 4 > OPEN_DIRS) {
        return OPEN_DIRS;
    }
    return (unsigned)(limit.rlim_cur / 4);
}

static void *copy_of(const void *bytes, size_t size)
{
    void *copy = malloc(size + 1);
    if (copy != NULL && size > 0) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

static bool copy_options(struct eg_tree *tree, const struct eg_tree_options *options)
{
    double share = options->sample;
    tree->root = copy_of(options->root, strlen(options->root) + 1);
    tree->single = options->single != 0;
    tree->jobs = options->jobs;
    tree->records = options->records;
    tree->record_count = options->single ? 0 : options->record_count;
    tree->keep_records = options->keep_records != 0;
    tree->cutoff = options->cutoff;
    tree->cutoff_count = options->device_count;
    tree->cutoff_devices = copy_of(options->devices, options->device_count * sizeof *options->devices);
    tree->cutoffs = copy_of(options->cutoffs, options->device_count * sizeof *options->cutoffs);
    tree->sample = share >= 1 ? UINT64_MAX : share > 0 ? (uint64_t)(share * 18446744073709549568.0) : 0;
    tree->seed = options->seed;
    tree->installed = options->installed != 0;
    tree->only_wanted = options->installed && options->only_wanted;
    tree->heads = options->heads != 0;
    tree->wanted = options->wanted;
    if (options->ignore_count > 0) {
        tree->ignore = eg_ignore_new(options->ignore, options->ignore_count);
    }
    return eg_records_index(tree) && tree->root != NULL && tree->cutoff_devices != NULL && tree->cutoffs != NULL &&
           (options->ignore_count == 0 || tree->ignore != NULL);
}

/* The one file of a run without a tree, as a block of a folder that is never opened. */
static bool add_single(struct eg_tree *tree)
{
    size_t length = strlen(tree->root), head = sizeof(struct eg_block) + sizeof(struct eg_entry);
    struct eg_block *block = calloc(1, head + length + 1);
    if (block == NULL) {
        return false;
    }
    block->dir = tree->top;
    block->count = 1;
    block->names = (char *)block + head;
    memcpy(block->names, tree->root, length);
    block->entries[0].flags = EG_ENTRY_LINK; /* a link may be named */
    atomic_init(&block->pending, 1);
    tree->top->blocks = block;
    tree->top->file_count = 1;
    atomic_store(&tree->files_found, 1);
    eg_push_block(tree, block);
    return true;
}

int eg_tree_start(const struct eg_tree_options *options, struct eg_tree **out)
{
    struct eg_tree *tree;
    int status;

    if (options == NULL || out == NULL || options->root == NULL || options->jobs == 0 ||
        (options->records == NULL && options->record_count > 0) || (options->ignore == NULL && options->ignore_count > 0) ||
        (options->wanted == NULL && options->wanted_length > 0) || (options->installed && options->single)) {
        return EG_INVALID;
    }
    tree = calloc(1, sizeof *tree);
    if (tree == NULL) {
        return EG_NO_MEMORY;
    }
    if (pthread_mutex_init(&tree->lock, NULL) != 0 || pthread_cond_init(&tree->work, NULL) != 0 ||
        pthread_cond_init(&tree->end, NULL) != 0) {
        free(tree); /* what was made holds no resource on the systems that have this core */
        return EG_NO_MEMORY;
    }
    tree->open_limit = open_limit();
    tree->cold_limit = tree->open_limit / options->jobs < EG_COLD_FILES ? tree->open_limit / options->jobs : EG_COLD_FILES;
    tree->stream_limit = tree->open_limit / 4 < MOST_STREAMS ? tree->open_limit / 4 + 1 : MOST_STREAMS;
    tree->streams_end = &tree->streams;
    tree->top = eg_dir_new(NULL, "", 0);
    status = copy_options(tree, options) && tree->top != NULL ? EG_OK : EG_NO_MEMORY;
    if (status == EG_OK && tree->installed) {
        status = eg_wanted_index(tree, options->wanted_length);
    }
    if (status == EG_OK && tree->single) {
        status = add_single(tree) ? EG_OK : EG_NO_MEMORY;
    } else if (status == EG_OK) {
        eg_push_dir(tree, tree->top);
    }
    if (status == EG_OK) {
        status = eg_pool_start(tree);
    }
    if (status != EG_OK) {
        eg_tree_free(tree);
        return status;
    }
    *out = tree;
    return EG_OK;
}

int eg_tree_wait(struct eg_tree *tree, uint32_t milliseconds, struct eg_tree_progress *progress)
{
    struct timespec until;
    bool done;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&tree->lock);
    while (!tree->done && pthread_cond_timedwait(&tree->end, &tree->lock, &until) == 0) {
    }
    done = tree->done;
    if (progress != NULL) {
        progress->listed = tree->unlisted == 0;
    }
    pthread_mutex_unlock(&tree->lock);
    if (progress != NULL) {
        progress->files_found = atomic_load(&tree->files_found);
        progress->files_done = atomic_load(&tree->files_done);
        progress->bytes_done = atomic_load(&tree->bytes_done);
        progress->files_cached = atomic_load(&tree->files_cached);
    }
    return done ? EG_OK : EG_RUNNING;
}

void eg_tree_cancel(struct eg_tree *tree)
{
    atomic_store(&tree->cancelled, true);
}

int eg_tree_result(struct eg_tree *tree, struct eg_tree_result *out)
{
    bool done;
    pthread_mutex_lock(&tree->lock);
    done = tree->done;
    pthread_mutex_unlock(&tree->lock);
    if (!done) {
        return EG_RUNNING;
    }
    if (eg_stopped(tree)) {
        return atomic_load(&tree->no_memory) ? EG_NO_MEMORY : EG_CANCELLED;
    }
    memcpy(out->root, tree->root_digest, sizeof out->root);
    out->files = tree->files;
    out->bytes = tree->bytes;
    out->cached = atomic_load(&tree->files_cached);
    out->sampled = atomic_load(&tree->files_sampled);
    out->problems = tree->problem_total;
    out->problems_listed = tree->problem_count;
    out->settled = tree->settled;
    out->stale = tree->keep_records && !tree->single && eg_records_stale(tree);
    return EG_OK;
}

int eg_tree_problem(struct eg_tree *tree, size_t index, int *error, const uint8_t **path, size_t *length)
{
    if (!tree->done || index >= tree->problem_count) {
        return 0;
    }
    *error = tree->problems[index].error;
    *path = tree->problems[index].path;
    *length = tree->problems[index].path_len;
    return tree->problems[index].kind;
}

/* Folders and blocks, from the leaves up, without recursion. */
static void free_dirs(struct eg_dir *dir)
{
    while (dir != NULL) {
        struct eg_dir *next = dir->children;
        if (next != NULL) {
            dir->children = next->sibling;
            dir = next;
            continue;
        }
        next = dir->parent;
        while (dir->blocks != NULL) {
            struct eg_block *block = dir->blocks;
            dir->blocks = block->next;
            free(block);
        }
        if (dir->fd >= 0) {
            close(dir->fd);
        }
        free(dir->items);
        free(dir);
        dir = next;
    }
}

void eg_tree_free(struct eg_tree *tree)
{
    if (tree == NULL) {
        return;
    }
    eg_tree_cancel(tree);
    if (tree->workers != NULL) {
        eg_pool_join(tree);
        for (unsigned i = 0; i < tree->jobs; i++) {
            free(tree->workers[i].buffer);
            free(tree->workers[i].small);
            free(tree->workers[i].path);
            eg_listing_free(tree->workers[i].listing);
        }
        free(tree->workers);
    }
    while (tree->streams != NULL) {
        struct eg_stream *stream = tree->streams;
        tree->streams = stream->next;
        close(stream->fd);
        free(stream);
    }
    free_dirs(tree->top);
    for (size_t i = 0; i < tree->problem_count; i++) {
        free(tree->problems[i].path);
    }
    free(tree->problems);
    eg_cursor_free(tree->cursor);
    free(tree->sorted);
    free(tree->index);
    free(tree->wanted_at);
    eg_ignore_free(tree->ignore);
    free(tree->cutoff_devices);
    free(tree->cutoffs);
    free(tree->root);
    pthread_cond_destroy(&tree->work);
    pthread_cond_destroy(&tree->end);
    pthread_mutex_destroy(&tree->lock);
    free(tree);
}
