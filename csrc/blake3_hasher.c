/* BLAKE3 of an input that comes in pieces (section 5.1.2 of the paper). */
#include "blake3_internal.h"
#include "envguard.h"

#include <string.h>

static struct eg_blake3_mode mode_of(const struct eg_blake3_hasher *hasher)
{
    return (struct eg_blake3_mode){.key = hasher->key, .flags = hasher->flags};
}

static void begin_chunk(struct eg_blake3_hasher *hasher)
{
    memcpy(hasher->chaining, hasher->key, sizeof hasher->chaining);
    hasher->blocks = 0;
    hasher->filled = 0;
}

static uint8_t *value_at(struct eg_blake3_hasher *hasher, uint32_t depth)
{
    return hasher->stack + (size_t)depth * EG_BLAKE3_VALUE_LEN;
}

static uint32_t start_flag(const struct eg_blake3_hasher *hasher)
{
    return hasher->blocks == 0 ? EG_BLAKE3_CHUNK_START : 0;
}

static size_t chunk_filled(const struct eg_blake3_hasher *hasher)
{
    return (size_t)hasher->blocks * EG_BLAKE3_BLOCK_LEN + hasher->filled;
}

/* The value of the chunk that is being read, as if it ended here. */
static void end_chunk(const struct eg_blake3_hasher *hasher, uint32_t root, uint8_t *value)
{
    uint32_t chaining[8];
    uint8_t block[EG_BLAKE3_BLOCK_LEN] = {0};

    memcpy(chaining, hasher->chaining, sizeof chaining);
    memcpy(block, hasher->block, hasher->filled);
    eg_blake3_level()->compress(chaining, block, 1, hasher->filled, hasher->chunks,
                                hasher->flags | start_flag(hasher) | EG_BLAKE3_CHUNK_END | root);
    eg_blake3_store(value, chaining, 8);
}

/*
 * Join what the number of chunks says is complete. This is done when more input comes, not after the last value came: until
 * then nobody knows which of the values are the root's children.
 */
static void join_complete(struct eg_blake3_hasher *hasher)
{
    struct eg_blake3_mode mode = mode_of(hasher);
    uint32_t wanted = 0;

    for (uint64_t bits = hasher->chunks; bits != 0; bits &= bits - 1) {
        wanted++;
    }
    while (hasher->depth > wanted) {
        uint8_t *left = value_at(hasher, hasher->depth - 2);
        eg_blake3_join(&mode, left, 0, left);
        hasher->depth--;
    }
}

/* Take up to the end of the chunk; leave the last block in the buffer, as it may be the chunk's last. */
static size_t fill_chunk(struct eg_blake3_hasher *hasher, const uint8_t *input, size_t length)
{
    size_t room = EG_BLAKE3_CHUNK_LEN - chunk_filled(hasher), taken = length < room ? length : room, left = taken;

    while (left > 0) {
        size_t piece = EG_BLAKE3_BLOCK_LEN - hasher->filled;
        if (piece == 0) {
            eg_blake3_level()->compress(hasher->chaining, hasher->block, 1, EG_BLAKE3_BLOCK_LEN, hasher->chunks,
                                        hasher->flags | start_flag(hasher));
            hasher->blocks++;
            hasher->filled = 0;
            continue;
        }
        piece = piece < left ? piece : left;
        memcpy(hasher->block + hasher->filled, input, piece);
        hasher->filled += (uint32_t)piece;
        input += piece;
        left -= piece;
    }
    return taken;
}

/* The largest subtree that can come next: a power of two of whole chunks, no more than there are, and aligned. */
static size_t next_subtree(const struct eg_blake3_hasher *hasher, size_t length)
{
    size_t size = EG_BLAKE3_CHUNK_LEN;
    uint64_t chunks = hasher->chunks;

    while (size <= length / 2 && (chunks & 1) == 0) {
        size *= 2;
        chunks >>= 1;
    }
    return size;
}

static void add_value(struct eg_blake3_hasher *hasher, const uint8_t *input, size_t length)
{
    struct eg_blake3_mode mode = mode_of(hasher);
    join_complete(hasher);
    eg_blake3_tree(&mode, input, length, hasher->chunks, 0, value_at(hasher, hasher->depth));
    hasher->depth++;
    hasher->chunks += length / EG_BLAKE3_CHUNK_LEN;
}

int eg_blake3_init(struct eg_blake3_hasher *hasher)
{
    if (hasher == NULL) {
        return EG_INVALID;
    }
    memcpy(hasher->key, eg_blake3_iv, sizeof hasher->key);
    hasher->flags = 0;
    hasher->chunks = 0;
    hasher->depth = 0;
    begin_chunk(hasher);
    return EG_OK;
}

int eg_blake3_init_keyed(struct eg_blake3_hasher *hasher, const uint8_t *key)
{
    if (key == NULL || eg_blake3_init(hasher) != EG_OK) {
        return EG_INVALID;
    }
    eg_blake3_load(hasher->key, key, 8);
    hasher->flags = EG_BLAKE3_KEYED_HASH;
    begin_chunk(hasher);
    return EG_OK;
}

int eg_blake3_update(struct eg_blake3_hasher *hasher, const void *input, size_t length)
{
    const uint8_t *at = input;

    if (hasher == NULL || (input == NULL && length > 0)) {
        return EG_INVALID;
    }
    while (length > 0) {
        size_t taken;
        if (chunk_filled(hasher) == EG_BLAKE3_CHUNK_LEN) {
            end_chunk(hasher, 0, value_at(hasher, hasher->depth));
            hasher->depth++;
            hasher->chunks++;
            begin_chunk(hasher);
        }
        if (chunk_filled(hasher) > 0 || length <= EG_BLAKE3_CHUNK_LEN) {
            join_complete(hasher);
            taken = fill_chunk(hasher, at, length);
        } else {
            /* If it ends the input, its two halves are the children of the root: so they are kept apart. */
            taken = next_subtree(hasher, length);
            if (taken == EG_BLAKE3_CHUNK_LEN) {
                add_value(hasher, at, taken);
            } else {
                add_value(hasher, at, taken / 2);
                add_value(hasher, at + taken / 2, taken / 2);
            }
        }
        at += taken;
        length -= taken;
    }
    return EG_OK;
}

int eg_blake3_final(const struct eg_blake3_hasher *hasher, uint8_t *out)
{
    uint8_t pair[2 * EG_BLAKE3_VALUE_LEN];
    uint32_t depth;

    if (hasher == NULL || out == NULL) {
        return EG_INVALID;
    }
    depth = hasher->depth;
    if (depth == 0) {
        end_chunk(hasher, EG_BLAKE3_ROOT, out);
        return EG_OK;
    }
    /* The rightmost node is the chunk that is being read, or, where that is empty, the last value of the stack. */
    if (chunk_filled(hasher) > 0) {
        end_chunk(hasher, 0, pair + EG_BLAKE3_VALUE_LEN);
    } else {
        depth--;
        memcpy(pair + EG_BLAKE3_VALUE_LEN, hasher->stack + (size_t)depth * EG_BLAKE3_VALUE_LEN, EG_BLAKE3_VALUE_LEN);
    }
    while (depth > 0) {
        struct eg_blake3_mode mode = mode_of(hasher);
        depth--;
        memcpy(pair, hasher->stack + (size_t)depth * EG_BLAKE3_VALUE_LEN, EG_BLAKE3_VALUE_LEN);
        eg_blake3_join(&mode, pair, depth == 0 ? EG_BLAKE3_ROOT : 0, pair + EG_BLAKE3_VALUE_LEN);
    }
    memcpy(out, pair + EG_BLAKE3_VALUE_LEN, EG_BLAKE3_VALUE_LEN);
    return EG_OK;
}
