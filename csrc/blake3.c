/*
 * BLAKE3, written from the specification:
 * J. O'Connor, J.-P. Aumasson, S. Neves, Z. Wilcox-O'Hearn, "BLAKE3: one function, fast everywhere" (2020).
 * Here is the tree over one input; section numbers are those of that paper.
 */
#include "blake3_internal.h"
#include "envguard.h"

#include <string.h>

/* 2.2: the initial words are those of SHA-256. */
const uint32_t eg_blake3_iv[8] = {
    UINT32_C(0x6A09E667), UINT32_C(0xBB67AE85), UINT32_C(0x3C6EF372), UINT32_C(0xA54FF53A),
    UINT32_C(0x510E527F), UINT32_C(0x9B05688C), UINT32_C(0x1F83D9AB), UINT32_C(0x5BE0CD19),
};

/*
 * Chunks whose values are computed before their parents. The more, the more levels of parents fill all lanes; at 256 it is all
 * but the last four of eight levels, and the values take 8 KiB of stack.
 */
#define GROUP 256
#define GROUP_LEN ((size_t)GROUP * EG_BLAKE3_CHUNK_LEN)
/* 2^64 bytes are 2^46 groups; each 1 bit in the number of groups so far is one value that waits for its sibling (5.1.2). */
#define MAX_DEPTH 47

/* 2.4: one chunk, the last of its input, which may be short or empty. */
static void last_chunk(const struct eg_blake3_level *level, const struct eg_blake3_mode *mode, const uint8_t *input,
                       size_t length, uint64_t counter, uint32_t root, uint8_t *value)
{
    uint32_t chaining[8];
    uint8_t block[EG_BLAKE3_BLOCK_LEN];
    uint32_t start = EG_BLAKE3_CHUNK_START;
    size_t full = length > 0 ? (length - 1) / EG_BLAKE3_BLOCK_LEN : 0;

    memcpy(chaining, mode->key, sizeof chaining);
    if (full > 0) {
        level->compress(chaining, input, 1, EG_BLAKE3_BLOCK_LEN, counter, mode->flags | start);
        level->compress(chaining, input + EG_BLAKE3_BLOCK_LEN, full - 1, EG_BLAKE3_BLOCK_LEN, counter, mode->flags);
        start = 0;
        input += full * EG_BLAKE3_BLOCK_LEN;
        length -= full * EG_BLAKE3_BLOCK_LEN;
    }
    if (length < EG_BLAKE3_BLOCK_LEN) {
        memset(block, 0, sizeof block);
        if (length > 0) {
            memcpy(block, input, length);
        }
        input = block;
    }
    level->compress(chaining, input, 1, (uint32_t)length, counter, mode->flags | start | EG_BLAKE3_CHUNK_END | root);
    eg_blake3_store(value, chaining, 8);
}

/* 2.5: the value over all of values[0..count), level by level; a last one without a sibling goes up as it is. */
static void join_all(const struct eg_blake3_level *level, const struct eg_blake3_mode *mode, uint8_t *values,
                     size_t count, uint32_t root)
{
    struct eg_blake3_rows rows = {
        .input = values,
        .stride = EG_BLAKE3_BLOCK_LEN,
        .blocks = 1,
        .flags = mode->flags | EG_BLAKE3_PARENT,
        .key = mode->key,
    };
    while (count > 1) {
        rows.last = count == 2 ? root : 0;
        eg_blake3_run_rows(level, &rows, count / 2, values);
        if (count % 2 != 0) {
            memmove(values + count / 2 * EG_BLAKE3_VALUE_LEN, values + (count - 1) * EG_BLAKE3_VALUE_LEN,
                    EG_BLAKE3_VALUE_LEN);
        }
        count = count / 2 + count % 2;
    }
}

/*
 * The value over at most GROUP chunks; it may be the root only if it is the whole input. Behind input are beyond bytes more
 * that will be wanted next.
 */
static void group(const struct eg_blake3_level *level, const struct eg_blake3_mode *mode, const uint8_t *input,
                  size_t length, size_t beyond, uint64_t first_chunk, uint32_t root, uint8_t *value)
{
    uint8_t values[GROUP * EG_BLAKE3_VALUE_LEN];
    size_t count = length / EG_BLAKE3_CHUNK_LEN, rest = length % EG_BLAKE3_CHUNK_LEN;

    if (length <= EG_BLAKE3_CHUNK_LEN) {
        last_chunk(level, mode, input, length, first_chunk, root, value);
        return;
    }
    eg_blake3_run_rows(level,
                       &(struct eg_blake3_rows){
                           .input = input,
                           .stride = EG_BLAKE3_CHUNK_LEN,
                           .beyond = beyond,
                           .blocks = EG_BLAKE3_CHUNK_BLOCKS,
                           .step = 1,
                           .counter = first_chunk,
                           .flags = mode->flags,
                           .first = EG_BLAKE3_CHUNK_START,
                           .last = EG_BLAKE3_CHUNK_END,
                           .key = mode->key,
                       },
                       count, values);
    if (rest > 0) {
        last_chunk(level, mode, input + count * EG_BLAKE3_CHUNK_LEN, rest, first_chunk + count, 0,
                   values + count * EG_BLAKE3_VALUE_LEN);
        count++;
    }
    join_all(level, mode, values, count, root);
    memcpy(value, values, EG_BLAKE3_VALUE_LEN);
}

void eg_blake3_tree(const struct eg_blake3_mode *mode, const uint8_t *input, size_t length, uint64_t first_chunk,
                    uint32_t root, uint8_t value[EG_BLAKE3_VALUE_LEN])
{
    const struct eg_blake3_level *level = eg_blake3_level();
    uint8_t stack[(MAX_DEPTH + 1) * EG_BLAKE3_VALUE_LEN], *top = stack;
    uint64_t groups = 0, total;

    /* The last group, over which may be the root, is left for after the loop. */
    while (length > GROUP_LEN) {
        group(level, mode, input, GROUP_LEN, length - GROUP_LEN, first_chunk, 0, top);
        input += GROUP_LEN;
        length -= GROUP_LEN;
        first_chunk += GROUP;
        groups++;
        /* Each 0 bit at the end of the total says that a subtree is complete: join it with its left neighbour. */
        for (total = groups; (total & 1) == 0; total >>= 1) {
            top -= EG_BLAKE3_VALUE_LEN;
            eg_blake3_join(mode, top, 0, top);
        }
        top += EG_BLAKE3_VALUE_LEN;
    }
    if (top == stack) {
        group(level, mode, input, length, 0, first_chunk, root, value);
        return;
    }
    group(level, mode, input, length, 0, first_chunk, 0, top);
    while (top != stack) {
        top -= EG_BLAKE3_VALUE_LEN;
        eg_blake3_join(mode, top, top == stack ? root : 0, top);
    }
    memcpy(value, stack, EG_BLAKE3_VALUE_LEN);
}

void eg_blake3_join(const struct eg_blake3_mode *mode, const uint8_t children[2 * EG_BLAKE3_VALUE_LEN], uint32_t root,
                    uint8_t value[EG_BLAKE3_VALUE_LEN])
{
    uint32_t chaining[8];
    memcpy(chaining, mode->key, sizeof chaining);
    eg_blake3_level()->compress(chaining, children, 1, EG_BLAKE3_BLOCK_LEN, 0, mode->flags | EG_BLAKE3_PARENT | root);
    eg_blake3_store(value, chaining, 8);
}

void eg_blake3_subtree(const uint8_t *input, size_t length, uint64_t first_chunk, uint8_t value[EG_BLAKE3_VALUE_LEN])
{
    eg_blake3_tree(&(struct eg_blake3_mode){.key = eg_blake3_iv}, input, length, first_chunk, 0, value);
}

void eg_blake3_parent(const uint8_t left[EG_BLAKE3_VALUE_LEN], const uint8_t right[EG_BLAKE3_VALUE_LEN], int is_root,
                      uint8_t out[EG_BLAKE3_VALUE_LEN])
{
    uint8_t children[2 * EG_BLAKE3_VALUE_LEN];
    memcpy(children, left, EG_BLAKE3_VALUE_LEN);
    memcpy(children + EG_BLAKE3_VALUE_LEN, right, EG_BLAKE3_VALUE_LEN);
    eg_blake3_join(&(struct eg_blake3_mode){.key = eg_blake3_iv}, children, is_root ? EG_BLAKE3_ROOT : 0, out);
}

int eg_blake3(const void *input, size_t length, uint8_t *out)
{
    if (out == NULL || (input == NULL && length > 0)) {
        return EG_INVALID;
    }
    eg_blake3_tree(&(struct eg_blake3_mode){.key = eg_blake3_iv}, input, length, 0, EG_BLAKE3_ROOT, out);
    return EG_OK;
}

int eg_blake3_keyed(const uint8_t *key, const void *input, size_t length, uint8_t *out)
{
    uint32_t words[8];
    if (key == NULL || out == NULL || (input == NULL && length > 0)) {
        return EG_INVALID;
    }
    eg_blake3_load(words, key, 8);
    eg_blake3_tree(&(struct eg_blake3_mode){.key = words, .flags = EG_BLAKE3_KEYED_HASH}, input, length, 0,
                   EG_BLAKE3_ROOT, out);
    return EG_OK;
}
