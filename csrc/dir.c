/* A folder of a tree as a value: its path, its descriptor and who needs it, its end; and the list of problems. */
#include "tree_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct eg_dir *eg_dir_new(struct eg_dir *parent, const char *name, size_t name_len)
{
    struct eg_dir *dir = calloc(1, sizeof *dir + name_len + 1);
    if (dir == NULL) {
        return NULL;
    }
    dir->parent = parent;
    memcpy(dir->name, name, name_len);
    dir->name_len = name_len;
    dir->path_len = parent == NULL ? 0 : parent->path_len + name_len + 1;
    atomic_init(&dir->pending, 1);
    dir->fd = -1;
    return dir;
}

size_t eg_path_of(struct eg_worker *worker, const struct eg_dir *dir, const char *name, size_t name_len)
{
    size_t length = dir->path_len + name_len;
    char *end;

    if (length + 1 > worker->path_room) {
        char *path = realloc(worker->path, 2 * length + 256);
        if (path == NULL) {
            eg_out_of_memory(worker->tree);
            return 0;
        }
        worker->path = path;
        worker->path_room = 2 * length + 256;
    }
    end = worker->path + length;
    *end = '\0';
    end -= name_len;
    memcpy(end, name, name_len);
    for (; dir->parent != NULL; dir = dir->parent) {
        *--end = '/';
        end -= dir->name_len;
        memcpy(end, dir->name, dir->name_len);
    }
    return length;
}

void eg_problem(struct eg_worker *worker, int kind, int error, const struct eg_dir *dir, const char *name, size_t name_len)
{
    struct eg_tree *tree = worker->tree;
    struct eg_problem_entry entry = {.kind = kind, .error = error};

    entry.path_len = eg_path_of(worker, dir, name, name_len);
    entry.path = malloc(entry.path_len + 1);
    pthread_mutex_lock(&tree->lock);
    tree->problem_total++;
    if (entry.path != NULL && worker->path != NULL && tree->problem_count < EG_MAX_PROBLEMS) {
        if (tree->problem_count == tree->problem_room) {
            size_t room = 2 * tree->problem_room + 16;
            struct eg_problem_entry *problems = realloc(tree->problems, room * sizeof *problems);
            if (problems != NULL) {
                tree->problems = problems;
                tree->problem_room = room;
            }
        }
        if (tree->problem_count < tree->problem_room) {
            memcpy(entry.path, worker->path, entry.path_len + 1);
            tree->problems[tree->problem_count++] = entry;
            entry.path = NULL;
        }
    }
    pthread_mutex_unlock(&tree->lock);
    free(entry.path);
}

bool eg_dir_pin(struct eg_tree *tree, struct eg_dir *dir)
{
    bool room;
    pthread_mutex_lock(&tree->lock);
    room = tree->open_dirs < tree->open_limit;
    dir->pins += room;
    pthread_mutex_unlock(&tree->lock);
    return room;
}

void eg_dir_unpin(struct eg_tree *tree, struct eg_dir *dir)
{
    int fd = -1;
    pthread_mutex_lock(&tree->lock);
    if (--dir->pins == 0) {
        fd = dir->fd;
        dir->fd = -1;
        tree->open_dirs--;
    }
    pthread_mutex_unlock(&tree->lock);
    if (fd >= 0) {
        close(fd);
    }
}

void eg_dir_part_done(struct eg_worker *worker, struct eg_dir *dir)
{
    if (atomic_fetch_sub(&dir->pending, 1) == 1 && !eg_stopped(worker->tree) && eg_dir_sort(dir) != EG_OK) {
        eg_out_of_memory(worker->tree);
    }
}
