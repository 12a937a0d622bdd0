/*
 * The manifest of a tree: a line a file, "<64 hex digits>  <path>\n", as b3sum writes it. A path with a backslash, a line feed
 * or a carriage return has them escaped, and then its line begins with a backslash. The root is the hash of all lines.
 */
#include "tree_internal.h"

#include <stdlib.h>
#include <string.h>

#define PIECE (64 * 1024)

static bool needs_escape(const char *bytes, size_t length)
{
    return memchr(bytes, '\\', length) != NULL || memchr(bytes, '\n', length) != NULL || memchr(bytes, '\r', length) != NULL;
}

static size_t copy(uint8_t *out, const char *bytes, size_t length, bool escape)
{
    size_t used = 0;
    if (!escape) {
        memcpy(out, bytes, length);
        return length;
    }
    for (size_t i = 0; i < length; i++) {
        char byte = bytes[i];
        if (byte == '\\' || byte == '\n' || byte == '\r') {
            out[used++] = '\\';
            byte = byte == '\n' ? 'n' : byte == '\r' ? 'r' : '\\';
        }
        out[used++] = (uint8_t)byte;
    }
    return used;
}

static size_t write_line(uint8_t *out, const char *prefix, size_t prefix_len, const struct eg_item *item)
{
    const struct eg_entry *entry = item->entry;
    bool escape = needs_escape(item->of.name, entry->name_len) || needs_escape(prefix, prefix_len);
    size_t used = 0;

    if (escape) {
        out[used++] = '\\';
    }
    /* Arithmetic, not a table: compilers make a few vector instructions of it. */
    for (int i = 0; i < EG_BLAKE3_OUT_LEN; i++) {
        uint8_t high = entry->digest[i] >> 4, low = entry->digest[i] & 15;
        out[used + 2 * (size_t)i] = (uint8_t)(high + '0' + (high > 9 ? 'a' - '9' - 1 : 0));
        out[used + 2 * (size_t)i + 1] = (uint8_t)(low + '0' + (low > 9 ? 'a' - '9' - 1 : 0));
    }
    used += (size_t)2 * EG_BLAKE3_OUT_LEN;
    out[used++] = ' ';
    out[used++] = ' ';
    used += copy(out + used, prefix, prefix_len, escape);
    used += copy(out + used, item->of.name, entry->name_len, escape);
    out[used++] = '\n';
    return used;
}

/* Fill out with whole lines. EG_OK with *written, 0 at the end; EG_ROOM with what the next line may need; EG_NO_MEMORY. */
static int fill(struct eg_cursor *cursor, uint8_t *out, size_t room, size_t *written, struct eg_tree *count)
{
    const struct eg_item *item;
    const char *prefix;
    size_t prefix_len, used = 0;
    int found;

    *written = 0;
    while ((found = eg_cursor_at(cursor, &prefix, &prefix_len, &item)) > 0) {
        size_t longest = 2 * EG_BLAKE3_OUT_LEN + 4 + 2 * (prefix_len + item->entry->name_len);
        if (room - used < longest) {
            if (used == 0) {
                *written = longest;
                return EG_ROOM;
            }
            break;
        }
        used += write_line(out + used, prefix, prefix_len, item);
        if (count != NULL && !(item->entry->flags & EG_ENTRY_FAILED)) {
            count->files++;
            count->bytes += item->entry->size;
        }
        eg_cursor_step(cursor);
    }
    *written = used;
    return found < 0 ? EG_NO_MEMORY : EG_OK;
}

static int root_of_lines(struct eg_tree *tree, struct eg_cursor *cursor)
{
    struct eg_blake3_hasher hasher;
    size_t room = PIECE, written = 0;
    uint8_t *piece = malloc(room);
    int status = piece == NULL ? EG_NO_MEMORY : EG_OK;

    eg_blake3_init(&hasher);
    while (status == EG_OK || status == EG_ROOM) {
        if (status == EG_ROOM) {
            uint8_t *larger = realloc(piece, room = written);
            if (larger == NULL) {
                status = EG_NO_MEMORY;
                break;
            }
            piece = larger;
        }
        status = fill(cursor, piece, room, &written, tree);
        if (status == EG_OK && written == 0) {
            break;
        }
        if (status == EG_OK) {
            eg_blake3_update(&hasher, piece, written);
        }
    }
    free(piece);
    eg_blake3_final(&hasher, tree->root_digest);
    return status;
}

int eg_manifest_root(struct eg_tree *tree)
{
    struct eg_cursor *cursor;
    int status;

    if (tree->single) {
        struct eg_entry *entry = &tree->top->blocks->entries[0];
        memcpy(tree->root_digest, entry->digest, EG_BLAKE3_OUT_LEN);
        tree->files = 1;
        tree->bytes = entry->size;
        return EG_OK;
    }
    cursor = eg_cursor_new(tree);
    if (cursor == NULL) {
        return EG_NO_MEMORY;
    }
    status = root_of_lines(tree, cursor);
    eg_cursor_free(cursor);
    return status;
}

int eg_tree_manifest(struct eg_tree *tree, uint8_t *out, size_t room, size_t *written)
{
    if (tree == NULL || out == NULL || written == NULL || !tree->done || tree->problem_total > 0 || tree->single) {
        return EG_INVALID;
    }
    if (tree->cursor == NULL && (tree->cursor = eg_cursor_new(tree)) == NULL) {
        return EG_NO_MEMORY;
    }
    return fill(tree->cursor, out, room, written, NULL);
}
