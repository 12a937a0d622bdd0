/*
 * What a run over installed packages says: a row for each file, as a RECORD has it, and a root that changes when anything does
 * that the rows were made from.
 */
#include "tree_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void store64(uint8_t *bytes, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

static bool is_file(const struct eg_entry *entry)
{
    return !(entry->flags & EG_ENTRY_LISTED) || entry->digest[0] == EG_LISTED_FILE;
}

static bool is_settled(const struct eg_tree *tree, const struct eg_entry *entry)
{
    int64_t newest = entry->mtime_ns > entry->ctime_ns ? entry->mtime_ns : entry->ctime_ns;
    return entry->device < EG_DEVICES && newest < eg_cutoff(tree, tree->devices[entry->device]);
}

/* The path of an entry, a NUL, what it is, and the stat of a file. */
static void add_to_root(struct eg_tree *tree, struct eg_blake3_hasher *hasher, const char *prefix, size_t prefix_len,
                        const struct eg_item *item)
{
    const struct eg_entry *entry = item->entry;
    uint8_t facts[2 + 5 * 8] = {0};
    size_t used = 2;

    facts[1] = is_file(entry) ? EG_LISTED_FILE : entry->digest[0];
    if (is_file(entry)) {
        store64(facts + 2, entry->inode);
        store64(facts + 10, entry->device < EG_DEVICES ? tree->devices[entry->device] : UINT64_MAX);
        store64(facts + 18, entry->size);
        store64(facts + 26, (uint64_t)entry->mtime_ns);
        store64(facts + 34, (uint64_t)entry->ctime_ns);
        used = sizeof facts;
        tree->settled = tree->settled && is_settled(tree, entry);
        tree->files++;
        tree->bytes += entry->flags & (EG_ENTRY_LISTED | EG_ENTRY_HEAD) ? 0 : entry->size;
    }
    eg_blake3_update(hasher, prefix, prefix_len);
    eg_blake3_update(hasher, item->of.name, entry->name_len);
    eg_blake3_update(hasher, facts, used);
}

int eg_rows_root(struct eg_tree *tree)
{
    struct eg_cursor *cursor = eg_cursor_new(tree);
    struct eg_blake3_hasher hasher;
    const struct eg_item *item;
    const char *prefix;
    size_t prefix_len;
    int found = cursor == NULL ? -1 : 1;

    tree->settled = !tree->only_wanted && tree->problem_total == 0 && !atomic_load(&tree->followed);
    eg_blake3_init(&hasher);
    while (found > 0 && (found = eg_cursor_at(cursor, &prefix, &prefix_len, &item)) > 0) {
        if (!(item->entry->flags & (EG_ENTRY_FAILED | EG_ENTRY_GONE))) {
            add_to_root(tree, &hasher, prefix, prefix_len, item);
        }
        eg_cursor_step(cursor);
    }
    eg_cursor_free(cursor);
    eg_blake3_final(&hasher, tree->root_digest);
    return found < 0 ? EG_NO_MEMORY : EG_OK;
}

/* RFC 4648, section 5, without padding: three bytes in four letters, and the last two in three. */
static size_t write_base64(uint8_t *out, const uint8_t *bytes)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t used = 0;
    for (size_t i = 0; i < EG_SHA256_OUT_LEN; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8;
        three |= i + 2 < EG_SHA256_OUT_LEN ? bytes[i + 2] : 0;
        out[used++] = (uint8_t)letters[three >> 18];
        out[used++] = (uint8_t)letters[three >> 12 & 63];
        out[used++] = (uint8_t)letters[three >> 6 & 63];
        if (i + 2 < EG_SHA256_OUT_LEN) {
            out[used++] = (uint8_t)letters[three & 63];
        }
    }
    return used;
}

static size_t write_text(uint8_t *out, const char *text)
{
    size_t length = strlen(text);
    memcpy(out, text, length);
    return length;
}

#define ROW_ROOM 96 /* for all of a row but its path */

static size_t write_row(uint8_t *out, const char *prefix, size_t prefix_len, const struct eg_item *item)
{
    static const char *const kinds[] = {"", "link", "dangling", "special"};
    const struct eg_entry *entry = item->entry;
    size_t used = prefix_len + entry->name_len;

    memcpy(out, prefix, prefix_len);
    memcpy(out + prefix_len, item->of.name, entry->name_len);
    out[used++] = ',';
    if (entry->flags & EG_ENTRY_LISTED) {
        used += write_text(out + used, kinds[entry->digest[0]]);
    } else if (entry->flags & EG_ENTRY_HEAD) {
        used += write_text(out + used, "head=");
        for (int i = 0; i < EG_HEAD_LEN; i++) {
            out[used++] = (uint8_t)"0123456789abcdef"[entry->digest[i] >> 4];
            out[used++] = (uint8_t)"0123456789abcdef"[entry->digest[i] & 15];
        }
    } else {
        used += write_text(out + used, "sha256=");
        used += write_base64(out + used, entry->digest);
    }
    out[used++] = ',';
    if (is_file(entry)) {
        used += (size_t)snprintf((char *)out + used, 24, "%llu", (unsigned long long)entry->size);
    }
    out[used++] = '\0';
    return used;
}

int eg_tree_rows(struct eg_tree *tree, uint8_t *out, size_t room, size_t *written, int64_t *times, size_t times_room,
                 size_t *count)
{
    const struct eg_item *item;
    const char *prefix;
    size_t prefix_len;
    int found;

    if (tree == NULL || out == NULL || written == NULL || times == NULL || count == NULL || !tree->done ||
        !tree->installed) {
        return EG_INVALID;
    }
    *written = *count = 0;
    if (tree->cursor == NULL && (tree->cursor = eg_cursor_new(tree)) == NULL) {
        return EG_NO_MEMORY;
    }
    while ((found = eg_cursor_at(tree->cursor, &prefix, &prefix_len, &item)) > 0) {
        if (!(item->entry->flags & (EG_ENTRY_FAILED | EG_ENTRY_GONE))) {
            size_t longest = prefix_len + item->entry->name_len + ROW_ROOM;
            if (room - *written < longest || *count == times_room) {
                if (*count == 0) {
                    *written = longest;
                    return EG_ROOM;
                }
                break;
            }
            *written += write_row(out + *written, prefix, prefix_len, item);
            times[(*count)++] = item->entry->mtime_ns;
        }
        eg_cursor_step(tree->cursor);
    }
    return found < 0 ? EG_NO_MEMORY : EG_OK;
}
