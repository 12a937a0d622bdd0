/* The compression function of BLAKE3 in plain C (section 2.2 of the paper). */
#include "blake3_internal.h"

void eg_blake3_load(uint32_t *words, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        words[i] = (uint32_t)bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 | (uint32_t)bytes[4 * i + 2] << 16 |
                   (uint32_t)bytes[4 * i + 3] << 24;
    }
}

void eg_blake3_store(uint8_t *out, const uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out[4 * i] = (uint8_t)words[i];
        out[4 * i + 1] = (uint8_t)(words[i] >> 8);
        out[4 * i + 2] = (uint8_t)(words[i] >> 16);
        out[4 * i + 3] = (uint8_t)(words[i] >> 24);
    }
}

static uint32_t rotate_right(uint32_t word, int count)
{
    return word >> count | word << (32 - count);
}

/* One half of G. Halves of independent places follow one another: in this order the compiler spills least. */
#define HALF(a, b, c, d, x, right_d, right_b)                                                                          \
    do {                                                                                                               \
        a = a + b + (x);                                                                                               \
        d = rotate_right(d ^ a, right_d);                                                                              \
        c += d;                                                                                                        \
        b = rotate_right(b ^ c, right_b);                                                                              \
    } while (0)

#define COLUMNS(x0, x1, x2, x3, right_d, right_b)                                                                      \
    do {                                                                                                               \
        HALF(v0, v4, v8, v12, m[x0], right_d, right_b);                                                                \
        HALF(v1, v5, v9, v13, m[x1], right_d, right_b);                                                                \
        HALF(v2, v6, v10, v14, m[x2], right_d, right_b);                                                               \
        HALF(v3, v7, v11, v15, m[x3], right_d, right_b);                                                               \
    } while (0)

#define DIAGONALS(x0, x1, x2, x3, right_d, right_b)                                                                    \
    do {                                                                                                               \
        HALF(v0, v5, v10, v15, m[x0], right_d, right_b);                                                               \
        HALF(v1, v6, v11, v12, m[x1], right_d, right_b);                                                               \
        HALF(v2, v7, v8, v13, m[x2], right_d, right_b);                                                                \
        HALF(v3, v4, v9, v14, m[x3], right_d, right_b);                                                                \
    } while (0)

/* One round over the message words in the order m0 ... m15: first the columns, then the diagonals. */
#define ROUND(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15)                                    \
    do {                                                                                                               \
        COLUMNS(m0, m2, m4, m6, 16, 12);                                                                               \
        COLUMNS(m1, m3, m5, m7, 8, 7);                                                                                 \
        DIAGONALS(m8, m10, m12, m14, 16, 12);                                                                          \
        DIAGONALS(m9, m11, m13, m15, 8, 7);                                                                            \
    } while (0)

static void compress_block(uint32_t chaining[8], const uint8_t *block, uint32_t block_len, uint64_t counter,
                           uint32_t flags)
{
    uint32_t m[16];
    uint32_t v0 = chaining[0], v1 = chaining[1], v2 = chaining[2], v3 = chaining[3];
    uint32_t v4 = chaining[4], v5 = chaining[5], v6 = chaining[6], v7 = chaining[7];
    uint32_t v8 = UINT32_C(0x6A09E667), v9 = UINT32_C(0xBB67AE85);
    uint32_t v10 = UINT32_C(0x3C6EF372), v11 = UINT32_C(0xA54FF53A);
    uint32_t v12 = (uint32_t)counter, v13 = (uint32_t)(counter >> 32), v14 = block_len, v15 = flags;

    eg_blake3_load(m, block, 16);
    /*
     * The words are permuted between rounds (table 2); here the permutation is applied to the indices instead:
     *   p = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]; order = list(range(16))
     *   for _ in range(7): print(order); order = [order[i] for i in p]
     */
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8);
    ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1);
    ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6);
    ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4);
    ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7);
    ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13);

    chaining[0] = v0 ^ v8;
    chaining[1] = v1 ^ v9;
    chaining[2] = v2 ^ v10;
    chaining[3] = v3 ^ v11;
    chaining[4] = v4 ^ v12;
    chaining[5] = v5 ^ v13;
    chaining[6] = v6 ^ v14;
    chaining[7] = v7 ^ v15;
}

void eg_blake3_compress_portable(uint32_t chaining[8], const uint8_t *blocks, size_t count, uint32_t block_len,
                                 uint64_t counter, uint32_t flags)
{
    for (size_t i = 0; i < count; i++) {
        compress_block(chaining, blocks + i * EG_BLAKE3_BLOCK_LEN, block_len, counter, flags);
    }
}
