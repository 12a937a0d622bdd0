/* The wanted files of a run over installed packages: sorted paths, one behind the other, looked up by halving. */
#include "tree_internal.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST (32 * 1024) /* more than any system opens; a name's length must fit its entry */

static const char *path_at(const struct eg_tree *tree, size_t index)
{
    return (const char *)tree->wanted + tree->wanted_at[index];
}

int eg_wanted_index(struct eg_tree *tree, size_t length)
{
    const char *all = (const char *)tree->wanted, *before = NULL;
    size_t count = 0;

    if (length > UINT32_MAX || (length > 0 && all[length - 1] != '\0')) {
        return EG_INVALID;
    }
    for (size_t at = 0; at < length; at += strlen(all + at) + 1) {
        size_t path_len = strlen(all + at);
        if (path_len == 0 || path_len > LONGEST || (before != NULL && strcmp(before, all + at) >= 0)) {
            return EG_INVALID;
        }
        before = all + at;
        count++;
    }
    tree->wanted_at = malloc((count + 1) * sizeof *tree->wanted_at);
    if (tree->wanted_at == NULL) {
        return EG_NO_MEMORY;
    }
    for (size_t at = 0; at < length; at += strlen(all + at) + 1) {
        tree->wanted_at[tree->wanted_count++] = (uint32_t)at;
    }
    return EG_OK;
}

/* The first wanted path from low on that does not come before the first length bytes of path; with beyond, nor begins so. */
static size_t lower_bound(const struct eg_tree *tree, size_t low, const char *path, size_t length, bool beyond)
{
    size_t high = tree->wanted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strncmp(path_at(tree, middle), path, length);
        if (order < 0 || (order == 0 && beyond)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void eg_wanted_range(const struct eg_tree *tree, const char *path, size_t path_len, size_t *start, size_t *end)
{
    *start = lower_bound(tree, 0, path, path_len, false);
    *end = lower_bound(tree, *start, path, path_len, true);
}

bool eg_wanted(const struct eg_worker *worker, size_t path_len, const char *name)
{
    size_t low = worker->wanted_start, high = worker->wanted_end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(path_at(worker->tree, middle) + path_len, name);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}
