/*
 * BLAKE3, hash mode, one input at once, written from the specification:
 * J. O'Connor, J.-P. Aumasson, S. Neves, Z. Wilcox-O'Hearn, "BLAKE3: one function, fast everywhere" (2020).
 * Section numbers below are those of that paper.
 */
#include "blake3_internal.h"
#include "envguard.h"

#include <string.h>

/* 2.2: the initial words are those of SHA-256. */
static const uint32_t IV[8] = {
    UINT32_C(0x6A09E667), UINT32_C(0xBB67AE85), UINT32_C(0x3C6EF372), UINT32_C(0xA54FF53A),
    UINT32_C(0x510E527F), UINT32_C(0x9B05688C), UINT32_C(0x1F83D9AB), UINT32_C(0x5BE0CD19),
};

/* A node before it is known whether it is the root: all that its last compression needs (2.4, 2.5). */
struct node {
    uint32_t chaining[8];
    uint8_t block[EG_BLAKE3_BLOCK_LEN];
    uint32_t block_len;
    uint32_t flags;
    uint64_t counter;
};

static struct node chunk_node(const uint8_t *input, size_t length, uint64_t counter)
{
    struct node node;
    memcpy(node.chaining, IV, sizeof IV);
    node.counter = counter;
    node.flags = EG_BLAKE3_CHUNK_START;
    while (length > EG_BLAKE3_BLOCK_LEN) {
        eg_blake3_compress(node.chaining, input, EG_BLAKE3_BLOCK_LEN, counter, node.flags);
        node.flags = 0;
        input += EG_BLAKE3_BLOCK_LEN;
        length -= EG_BLAKE3_BLOCK_LEN;
    }
    memset(node.block, 0, sizeof node.block);
    if (length > 0) {
        memcpy(node.block, input, length);
    }
    node.block_len = (uint32_t)length;
    node.flags |= EG_BLAKE3_CHUNK_END;
    return node;
}

static struct node parent_node(const uint32_t left[8], const uint32_t right[8])
{
    struct node node;
    memcpy(node.chaining, IV, sizeof IV);
    eg_blake3_store(node.block, left, 8);
    eg_blake3_store(node.block + 32, right, 8);
    node.block_len = EG_BLAKE3_BLOCK_LEN;
    node.flags = EG_BLAKE3_PARENT;
    node.counter = 0;
    return node;
}

static void finish(const struct node *node, uint32_t flags, uint32_t out[8])
{
    memcpy(out, node->chaining, sizeof node->chaining);
    eg_blake3_compress(out, node->block, node->block_len, node->counter, node->flags | flags);
}

int eg_blake3(const void *input, size_t length, uint8_t *out)
{
    /* 5.1.2: one chaining value for each 1 bit in the number of chunks so far; 2^54 chunks are 2^64 bytes. */
    uint32_t stack[EG_BLAKE3_MAX_DEPTH][8];
    size_t depth = 0;
    const uint8_t *at = input;
    uint64_t chunks = 0;
    struct node node;
    uint32_t root[8];

    if (out == NULL || (input == NULL && length > 0)) {
        return EG_INVALID;
    }
    /* The last chunk, which may be the root, is left for after the loop. */
    while (length > EG_BLAKE3_CHUNK_LEN) {
        uint32_t value[8];
        uint64_t total;
        node = chunk_node(at, EG_BLAKE3_CHUNK_LEN, chunks);
        finish(&node, 0, value);
        at += EG_BLAKE3_CHUNK_LEN;
        length -= EG_BLAKE3_CHUNK_LEN;
        chunks++;
        /* Each 0 bit at the end of the total says that a subtree is complete: merge it with its left neighbour. */
        for (total = chunks; (total & 1) == 0; total >>= 1) {
            depth--;
            node = parent_node(stack[depth], value);
            finish(&node, 0, value);
        }
        memcpy(stack[depth], value, sizeof value);
        depth++;
    }
    node = chunk_node(at, length, chunks);
    while (depth > 0) {
        uint32_t value[8];
        finish(&node, 0, value);
        depth--;
        node = parent_node(stack[depth], value);
    }
    finish(&node, EG_BLAKE3_ROOT, root);
    eg_blake3_store(out, root, 8);
    return EG_OK;
}
