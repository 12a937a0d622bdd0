/*
 * The kernels of one width (section 5.3 of the paper: each vector holds the same word of several rows). A file includes this
 * once for each width that it has. Before that it defines
 *
 *   LANES          rows at once: 4, 8 or 16
 *   NAME(name)     the name with this width's ending
 *   ATTRIBUTES     what lets the compiler use the instructions here, as __attribute__((target("avx2"))), or nothing
 *   QUARTER        if the one below is not good enough; it takes the same arguments
 *   CONSTANTS      declarations of variables that this QUARTER uses
 *   VECTOR         the type of LANES 32-bit words
 *   ADD XOR        of two vectors
 *   ROTATE16 ROTATE12 ROTATE8 ROTATE7   each word to the right, for the QUARTER below
 *   SPLAT(word)    the word in every lane
 *   READ(words)    a vector from LANES words in memory, unaligned
 *   LOW32 HIGH32 LOW64 HIGH64   of two vectors: the words or pairs of the lower or upper halves in turn, in each 128 bits
 *   READ_BLOCK(m, at, from)     the 16 words of the 64 bytes at at[row] + from, of all rows, into m[0] to m[15]
 *   SCATTER(vector, row, to)    128 bits each, the lowest first, to `to + 32 * row`, `to + 32 * (row + 4)`, ...
 *
 * and this undefines all of them.
 */
#include "transpose.h"

#define INLINE static inline __attribute__((always_inline)) ATTRIBUTES

#ifndef QUARTER
/* One half of G in four independent places, step by step, so that none waits for another. */
#define QUARTER(rd, rb, a0, b0, c0, d0, a1, b1, c1, d1, a2, b2, c2, d2, a3, b3, c3, d3, x0, x1, x2, x3)                \
    do {                                                                                                               \
        a0 = ADD(a0, x0), a1 = ADD(a1, x1), a2 = ADD(a2, x2), a3 = ADD(a3, x3);                                        \
        a0 = ADD(a0, b0), a1 = ADD(a1, b1), a2 = ADD(a2, b2), a3 = ADD(a3, b3);                                        \
        d0 = XOR(d0, a0), d1 = XOR(d1, a1), d2 = XOR(d2, a2), d3 = XOR(d3, a3);                                        \
        d0 = ROTATE##rd(d0), d1 = ROTATE##rd(d1), d2 = ROTATE##rd(d2), d3 = ROTATE##rd(d3);                            \
        c0 = ADD(c0, d0), c1 = ADD(c1, d1), c2 = ADD(c2, d2), c3 = ADD(c3, d3);                                        \
        b0 = XOR(b0, c0), b1 = XOR(b1, c1), b2 = XOR(b2, c2), b3 = XOR(b3, c3);                                        \
        b0 = ROTATE##rb(b0), b1 = ROTATE##rb(b1), b2 = ROTATE##rb(b2), b3 = ROTATE##rb(b3);                            \
    } while (0)

#endif

/* v8 always comes first: see x86/blake3_quarter.h. */
#define COLUMNS(rd, rb, x0, x1, x2, x3)                                                                                \
    QUARTER(rd, rb, v0, v4, v8, v12, v1, v5, v9, v13, v2, v6, v10, v14, v3, v7, v11, v15, m[x0], m[x1], m[x2], m[x3])
#define DIAGONALS(rd, rb, x0, x1, x2, x3)                                                                              \
    QUARTER(rd, rb, v2, v7, v8, v13, v3, v4, v9, v14, v0, v5, v10, v15, v1, v6, v11, v12, m[x2], m[x3], m[x0], m[x1])

#define ROUND(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15)                                    \
    do {                                                                                                               \
        COLUMNS(16, 12, m0, m2, m4, m6);                                                                               \
        COLUMNS(8, 7, m1, m3, m5, m7);                                                                                 \
        DIAGONALS(16, 12, m8, m10, m12, m14);                                                                          \
        DIAGONALS(8, 7, m9, m11, m13, m15);                                                                            \
    } while (0)

/* One block of every row: `from` bytes behind at[row]. */
INLINE void NAME(block)(VECTOR h[8], const uint8_t *const at[LANES], size_t from, const VECTOR counter[2], VECTOR block_len,
                        VECTOR flags)
{
    VECTOR m[16];
    VECTOR v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3], v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
    VECTOR v8 = SPLAT(eg_blake3_iv[0]), v9 = SPLAT(eg_blake3_iv[1]);
    VECTOR v10 = SPLAT(eg_blake3_iv[2]), v11 = SPLAT(eg_blake3_iv[3]);
    VECTOR v12 = counter[0], v13 = counter[1], v14 = block_len, v15 = flags;

    CONSTANTS
    READ_BLOCK(m, at, from);

    /* The same order of words as in blake3_portable.c. */
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8);
    ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1);
    ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6);
    ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4);
    ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7);
    ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13);

    h[0] = XOR(v0, v8), h[1] = XOR(v1, v9), h[2] = XOR(v2, v10), h[3] = XOR(v3, v11);
    h[4] = XOR(v4, v12), h[5] = XOR(v5, v13), h[6] = XOR(v6, v14), h[7] = XOR(v7, v15);
}

/* The values of all rows, one behind the other. */
INLINE void NAME(store)(const VECTOR h[8], uint8_t *out)
{
    VECTOR a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], i = h[7];
    TRANSPOSE(a, b, c, d);
    TRANSPOSE(e, f, g, i);
    SCATTER(a, 0, out);
    SCATTER(b, 1, out);
    SCATTER(c, 2, out);
    SCATTER(d, 3, out);
    SCATTER(e, 0, out + 16);
    SCATTER(f, 1, out + 16);
    SCATTER(g, 2, out + 16);
    SCATTER(i, 3, out + 16);
}

ATTRIBUTES static void NAME(rows)(const struct eg_blake3_rows *rows, size_t count, uint8_t *out)
{
    const uint8_t *at[LANES], *row = rows->input;
    uint64_t number = rows->counter;
    uint32_t low[LANES], high[LANES];
    VECTOR h[8], counter[2];

    /*
     * Lanes that nobody needs do the first row's work again. Step by step: of products of i compilers make vectors, which take a
     * tenth of the time of a call with AVX-512.
     */
    for (size_t i = 0; i < LANES; i++) {
        at[i] = row;
        low[i] = (uint32_t)number;
        high[i] = (uint32_t)(number >> 32);
        row = i + 1 < count ? row + rows->stride : rows->input;
        number = i + 1 < count ? number + rows->step : rows->counter;
    }
    counter[0] = READ(low);
    counter[1] = READ(high);
    for (int i = 0; i < 8; i++) {
        h[i] = SPLAT(rows->key[i]);
    }
    for (uint32_t block = 0; block < rows->blocks; block++) {
        uint32_t flags = rows->flags | (block == 0 ? rows->first : 0) | (block + 1 == rows->blocks ? rows->last : 0);
        size_t from = (size_t)block * EG_BLAKE3_BLOCK_LEN;
        /*
         * The rows of this call are soon wanted near, those of the next one far: there it is from the memory itself to the
         * second cache, which no prefetcher of the processor does for 16 streams. It is worth a third of the speed there.
         */
        for (size_t i = 0; i < LANES && rows->beyond > 0; i++) {
            __builtin_prefetch(at[i] + from + 4 * EG_BLAKE3_BLOCK_LEN);
            __builtin_prefetch(at[i] + from + LANES * EG_BLAKE3_CHUNK_LEN, 0, 2);
        }
        NAME(block)(h, at, from, counter, SPLAT(EG_BLAKE3_BLOCK_LEN), SPLAT(flags));
    }
    if (count == LANES) {
        NAME(store)(h, out);
    } else {
        uint8_t values[LANES * EG_BLAKE3_VALUE_LEN];
        NAME(store)(h, values);
        memcpy(out, values, count * EG_BLAKE3_VALUE_LEN);
    }
}

ATTRIBUTES static void NAME(jobs)(const struct eg_blake3_job *const *jobs, size_t count, const struct eg_blake3_jobs *all)
{
    const uint8_t *at[LANES];
    size_t live = count;
    uint32_t low[LANES], high[LANES], block_len[LANES], flags[LANES], every = all->flags | all->first;
    uint8_t values[LANES * EG_BLAKE3_VALUE_LEN];
    VECTOR h[8], counter[2];

    /* Lanes that nobody needs, any more or at all, follow the first one, which has most blocks. */
    for (size_t i = 0; i < LANES; i++) {
        const struct eg_blake3_job *job = jobs[i < count ? i : 0];
        at[i] = job->input;
        low[i] = (uint32_t)job->counter;
        high[i] = (uint32_t)(job->counter >> 32);
    }
    counter[0] = READ(low);
    counter[1] = READ(high);
    for (int i = 0; i < 8; i++) {
        h[i] = SPLAT(all->key[i]);
    }
    for (uint32_t block = 0; live > 0; block++) {
        size_t before = live, from = (size_t)block * EG_BLAKE3_BLOCK_LEN;
        VECTOR length = SPLAT(EG_BLAKE3_BLOCK_LEN), flag = SPLAT(every);
        if (jobs[live - 1]->blocks == block + 1) {
            while (live > 0 && jobs[live - 1]->blocks == block + 1) {
                live--;
                block_len[live] = jobs[live]->last_len;
                flags[live] = every | jobs[live]->flags;
            }
            for (size_t i = 0; i < LANES; i++) {
                int ends = i >= live && i < before;
                block_len[i] = ends ? block_len[i] : EG_BLAKE3_BLOCK_LEN;
                flags[i] = ends ? flags[i] : every;
                at[i] = i < live ? at[i] : eg_blake3_before(jobs[ends ? i : 0]->last, from);
            }
            length = READ(block_len);
            flag = READ(flags);
        }
        NAME(block)(h, at, from, counter, length, flag);
        if (live < before) {
            NAME(store)(h, values);
            for (size_t i = live; i < before; i++) {
                memcpy(jobs[i]->out, values + i * EG_BLAKE3_VALUE_LEN, EG_BLAKE3_VALUE_LEN);
            }
            for (size_t i = live; i < LANES; i++) {
                at[i] = jobs[0]->input;
            }
        }
        every = all->flags;
    }
}

#undef INLINE
#undef QUARTER
#undef COLUMNS
#undef DIAGONALS
#undef ROUND
#undef LANES
#undef NAME
#undef ATTRIBUTES
#undef CONSTANTS
#undef VECTOR
#undef ADD
#undef XOR
#undef ROTATE16
#undef ROTATE12
#undef ROTATE8
#undef ROTATE7
#undef SPLAT
#undef READ
#undef LOW32
#undef HIGH32
#undef LOW64
#undef HIGH64
#undef READ_BLOCK
#undef SCATTER
