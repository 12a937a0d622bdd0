/*
 * The threads of a run, and their queue.
 *
 * Blocks of files come before folders: what was listed is read while its folder is open, and no more is listed than there are
 * hands. Who finds neither helps with a large file, or goes on with some of those that wait (streams.c). The run ends when
 * nothing is queued and nobody works.
 */
#include "tree_internal.h"

#include <stdlib.h>
#include <string.h>

bool eg_stopped(struct eg_tree *tree)
{
    return atomic_load_explicit(&tree->cancelled, memory_order_relaxed);
}

void eg_out_of_memory(struct eg_tree *tree)
{
    atomic_store(&tree->no_memory, true);
    atomic_store(&tree->cancelled, true);
}

void eg_push_dir(struct eg_tree *tree, struct eg_dir *dir)
{
    pthread_mutex_lock(&tree->lock);
    dir->queued = tree->dirs;
    tree->dirs = dir;
    tree->outstanding++;
    tree->unlisted++;
    pthread_cond_signal(&tree->work);
    pthread_mutex_unlock(&tree->lock);
}

void eg_push_block(struct eg_tree *tree, struct eg_block *block)
{
    pthread_mutex_lock(&tree->lock);
    block->queued = tree->blocks;
    tree->blocks = block;
    tree->outstanding++;
    pthread_cond_signal(&tree->work);
    pthread_mutex_unlock(&tree->lock);
}

void eg_push_large(struct eg_tree *tree, struct eg_large *large)
{
    pthread_mutex_lock(&tree->lock);
    large->next = tree->large;
    tree->large = large;
    pthread_cond_broadcast(&tree->work);
    pthread_mutex_unlock(&tree->lock);
}

static struct eg_large *large_with_work(struct eg_tree *tree)
{
    struct eg_large *large = tree->large;
    while (large != NULL && atomic_load(&large->claimed) >= large->segments) {
        large = large->next;
    }
    return large;
}

/* One task less. The last one ends the run. */
static void task_done(struct eg_tree *tree)
{
    if (--tree->outstanding == 0) {
        pthread_cond_broadcast(&tree->work);
    }
}

static void work(struct eg_worker *worker)
{
    struct eg_tree *tree = worker->tree;
    pthread_mutex_lock(&tree->lock);
    for (;;) {
        struct eg_block *block = tree->blocks;
        struct eg_dir *dir = tree->dirs;
        struct eg_large *large;

        /* Files that wait open come first where there are many: descriptors are few. */
        if (tree->stream_count > 0 && (tree->stream_count >= tree->stream_limit || (block == NULL && dir == NULL))) {
            struct eg_stream *streams = eg_streams_take(tree);
            pthread_mutex_unlock(&tree->lock);
            eg_streams_turn(worker, streams);
            pthread_mutex_lock(&tree->lock);
        } else if (block != NULL) {
            tree->blocks = block->queued;
            pthread_mutex_unlock(&tree->lock);
            eg_block_hash(worker, block);
            pthread_mutex_lock(&tree->lock);
            task_done(tree);
        } else if (dir != NULL) {
            tree->dirs = dir->queued;
            pthread_mutex_unlock(&tree->lock);
            eg_dir_list(worker, dir);
            pthread_mutex_lock(&tree->lock);
            tree->unlisted--;
            task_done(tree);
        } else if ((large = large_with_work(tree)) != NULL) {
            large->users++;
            pthread_mutex_unlock(&tree->lock);
            eg_large_help(worker, large);
            eg_large_leave(worker, large);
            pthread_mutex_lock(&tree->lock);
        } else if (worker->waiting_count > 0) {
            pthread_mutex_unlock(&tree->lock);
            eg_batch_flush(worker);
            pthread_mutex_lock(&tree->lock);
        } else if (tree->outstanding == 0) {
            break;
        } else {
            pthread_cond_wait(&tree->work, &tree->lock);
        }
    }
    pthread_mutex_unlock(&tree->lock);
}

static void *run(void *argument)
{
    struct eg_worker *worker = argument;
    struct eg_tree *tree = worker->tree;
    bool last;

    work(worker);
    eg_window_end(&worker->window);
    pthread_mutex_lock(&tree->lock);
    last = --tree->running == 0;
    pthread_mutex_unlock(&tree->lock);
    if (!last) {
        return NULL;
    }
    if (!eg_stopped(tree) && (tree->installed ? eg_rows_root : eg_manifest_root)(tree) != EG_OK) {
        eg_out_of_memory(tree);
    }
    pthread_mutex_lock(&tree->lock);
    tree->done = true;
    pthread_cond_broadcast(&tree->end);
    pthread_mutex_unlock(&tree->lock);
    return NULL;
}

/*
 * Return a buffer to read into, at the beginning of a page. A large one of malloc lies 16 bytes after it, and with that offset
 * from the page that is copied, the kernel's copy takes twice as long (measured on an AMD EPYC, "rep movsb").
 */
static uint8_t *allocate(size_t size)
{
    void *memory;
    return posix_memalign(&memory, 4096, size) == 0 ? memory : NULL;
}

int eg_pool_start(struct eg_tree *tree)
{
    pthread_attr_t attributes;
    unsigned wanted = tree->jobs;

    tree->workers = calloc(wanted, sizeof *tree->workers);
    if (tree->workers == NULL) {
        return EG_NO_MEMORY;
    }
    for (unsigned i = 0; i < wanted; i++) {
        tree->workers[i].tree = tree;
        tree->workers[i].buffer = allocate(EG_BUFFER + 1);
        tree->workers[i].small = allocate(EG_SMALL_ROOM);
        if (tree->workers[i].buffer == NULL || tree->workers[i].small == NULL) {
            return EG_NO_MEMORY;
        }
    }
    if (pthread_attr_init(&attributes) != 0) {
        return EG_NO_MEMORY;
    }
    /* The default depends on the user's limits; nothing here recurses. */
    pthread_attr_setstacksize(&attributes, 512 * 1024);
    /* The lock is held so that no early thread can be taken for the last one. */
    pthread_mutex_lock(&tree->lock);
    while (tree->started < wanted &&
           pthread_create(&tree->workers[tree->started].thread, &attributes, run, &tree->workers[tree->started]) == 0) {
        tree->started++;
    }
    tree->running = tree->started;
    pthread_mutex_unlock(&tree->lock);
    pthread_attr_destroy(&attributes);
    return tree->started > 0 ? EG_OK : EG_NO_THREAD;
}

void eg_pool_join(struct eg_tree *tree)
{
    for (unsigned i = 0; i < tree->started; i++) {
        pthread_join(tree->workers[i].thread, NULL);
    }
}
