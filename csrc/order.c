/*
 * The order of the manifest: files by the bytes of their paths.
 *
 * Within a folder, entries are sorted by name, a sub-folder as if a slash ended its name; walking the folders in that order
 * yields all paths sorted, so that no path has to be put together to be compared.
 */
#include "tree_internal.h"

#include <stdlib.h>
#include <string.h>

struct keyed {
    uint64_t key; /* bytes of the name behind what all names have in common, the first one highest */
    struct eg_item item;
};

struct name {
    const char *bytes;
    size_t length;
    bool is_dir;
};

static struct name name_of(const struct eg_item *item)
{
    if (item->entry == NULL) {
        return (struct name){item->of.dir->name, item->of.dir->name_len, true};
    }
    return (struct name){item->of.name, item->entry->name_len, false};
}

/* The byte at a place of a name: a folder's ends with a slash; 0 is no byte of any name. */
static uint8_t byte_at(const struct name *name, size_t at)
{
    return at < name->length ? (uint8_t)name->bytes[at] : at == name->length && name->is_dir ? '/' : 0;
}

static int compare(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    struct name x, y;
    size_t shared, at;
    int order;

    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    x = name_of(&a->item);
    y = name_of(&b->item);
    shared = x.length < y.length ? x.length : y.length;
    order = memcmp(x.bytes, y.bytes, shared);
    for (at = shared; order == 0 && at < shared + 2; at++) {
        order = (int)byte_at(&x, at) - (int)byte_at(&y, at);
    }
    return order;
}

static size_t common_prefix(const struct keyed *items, size_t count)
{
    struct name first = name_of(&items[0].item);
    size_t common = first.length;
    for (size_t i = 1; i < count && common > 0; i++) {
        struct name name = name_of(&items[i].item);
        size_t at = 0;
        common = name.length < common ? name.length : common;
        while (at < common && name.bytes[at] == first.bytes[at]) {
            at++;
        }
        common = at;
    }
    return common;
}

/* Sort from a into b or back: a merge sort, because the C library's may take quadratic time, and its comparisons are calls. */
static struct keyed *merge_sort(struct keyed *a, struct keyed *b, size_t count)
{
    for (size_t width = 1; width < count; width *= 2) {
        struct keyed *from = a;
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t middle = start + width < count ? start + width : count;
            size_t end = start + 2 * width < count ? start + 2 * width : count;
            size_t left = start, right = middle;
            for (size_t at = start; at < end; at++) {
                bool take_left = left < middle && (right >= end || compare(&a[left], &a[right]) <= 0);
                b[at] = take_left ? a[left++] : a[right++];
            }
        }
        a = b;
        b = from;
    }
    return a;
}

int eg_dir_sort(struct eg_dir *dir)
{
    size_t count = (size_t)dir->file_count + dir->child_count, at = 0, common;
    struct keyed *items, *sorted;

    if (count == 0) {
        return EG_OK;
    }
    items = malloc(2 * count * sizeof *items);
    dir->items = malloc(count * sizeof *dir->items);
    if (items == NULL || dir->items == NULL) {
        free(items);
        return EG_NO_MEMORY;
    }
    for (struct eg_block *block = dir->blocks; block != NULL; block = block->next) {
        for (uint32_t i = 0; i < block->count; i++) {
            items[at].item.entry = &block->entries[i];
            items[at++].item.of.name = block->names + block->entries[i].name;
        }
    }
    for (struct eg_dir *child = dir->children; child != NULL; child = child->sibling) {
        items[at].item.entry = NULL;
        items[at++].item.of.dir = child;
    }
    common = common_prefix(items, count);
    for (size_t i = 0; i < count; i++) {
        struct name name = name_of(&items[i].item);
        items[i].key = 0;
        for (size_t byte = common; byte < common + 8; byte++) {
            items[i].key = items[i].key << 8 | byte_at(&name, byte);
        }
    }
    sorted = merge_sort(items, items + count, count);
    for (size_t i = 0; i < count; i++) {
        dir->items[i] = sorted[i].item;
    }
    dir->item_count = (uint32_t)count;
    free(items);
    return EG_OK;
}

/* Where the walk is: a folder and the item in it; the way back up is found through the parents and their own places. */
struct eg_cursor {
    struct place {
        const struct eg_dir *dir;
        uint32_t item;
    } *stack;
    size_t depth, room;
    char *prefix;
    size_t prefix_room;
};

static bool enter(struct eg_cursor *cursor, const struct eg_dir *dir)
{
    if (cursor->depth == cursor->room) {
        size_t room = 2 * cursor->room + 16;
        struct place *stack = realloc(cursor->stack, room * sizeof *stack);
        if (stack == NULL) {
            return false;
        }
        cursor->stack = stack;
        cursor->room = room;
    }
    if (dir->path_len + 1 > cursor->prefix_room) {
        char *prefix = realloc(cursor->prefix, 2 * dir->path_len + 256);
        if (prefix == NULL) {
            return false;
        }
        cursor->prefix = prefix;
        cursor->prefix_room = 2 * dir->path_len + 256;
    }
    if (dir->parent != NULL) {
        memcpy(cursor->prefix + dir->parent->path_len, dir->name, dir->name_len);
        cursor->prefix[dir->path_len - 1] = '/';
    }
    cursor->stack[cursor->depth++] = (struct place){dir, 0};
    return true;
}

struct eg_cursor *eg_cursor_new(const struct eg_tree *tree)
{
    struct eg_cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor != NULL && !enter(cursor, tree->top)) {
        eg_cursor_free(cursor);
        return NULL;
    }
    return cursor;
}

void eg_cursor_free(struct eg_cursor *cursor)
{
    if (cursor != NULL) {
        free(cursor->stack);
        free(cursor->prefix);
        free(cursor);
    }
}

int eg_cursor_at(struct eg_cursor *cursor, const char **prefix, size_t *prefix_len, const struct eg_item **item)
{
    while (cursor->depth > 0) {
        struct place *place = &cursor->stack[cursor->depth - 1];
        if (place->item == place->dir->item_count) {
            cursor->depth--;
            continue;
        }
        *item = &place->dir->items[place->item];
        if ((*item)->entry != NULL) {
            *prefix = cursor->prefix;
            *prefix_len = place->dir->path_len;
            return 1;
        }
        place->item++;
        if (!enter(cursor, (*item)->of.dir)) {
            return -1;
        }
    }
    return 0;
}

void eg_cursor_step(struct eg_cursor *cursor)
{
    cursor->stack[cursor->depth - 1].item++;
}
