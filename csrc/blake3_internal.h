/*
 * What the parts of BLAKE3 share: the constants of section 2 of the paper, the levels of SIMD, and what the engine needs
 * beside the public functions. Section numbers in all parts are those of the paper (see blake3.c).
 */
#ifndef ENVGUARD_BLAKE3_INTERNAL_H
#define ENVGUARD_BLAKE3_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#define EG_BLAKE3_BLOCK_LEN 64
#define EG_BLAKE3_CHUNK_LEN 1024
#define EG_BLAKE3_CHUNK_BLOCKS 16
#define EG_BLAKE3_VALUE_LEN 32
#define EG_BLAKE3_MAX_LANES 16

#define EG_BLAKE3_CHUNK_START (UINT32_C(1) << 0)
#define EG_BLAKE3_CHUNK_END (UINT32_C(1) << 1)
#define EG_BLAKE3_PARENT (UINT32_C(1) << 2)
#define EG_BLAKE3_ROOT (UINT32_C(1) << 3)
#define EG_BLAKE3_KEYED_HASH (UINT32_C(1) << 4)

extern const uint32_t eg_blake3_iv[8];

/* What is the same for all chunks and parents of one hash: the key (the initial words without one), and KEYED_HASH or 0. */
struct eg_blake3_mode {
    const uint32_t *key;
    uint32_t flags;
};

/* Rows of equal length, stride bytes from one to the next: whole chunks of one input, or pairs of chaining values. */
struct eg_blake3_rows {
    const uint8_t *input;
    size_t stride;
    size_t beyond;      /* bytes behind the last row that will be wanted next, only to fetch them early */
    uint32_t blocks;    /* in each row, all of 64 bytes */
    uint32_t step;      /* what the counter grows by from row to row: 1 for chunks, 0 for parents */
    uint64_t counter;   /* of the first row */
    uint32_t flags;     /* of every block */
    uint32_t first;     /* flags of the first block beside those */
    uint32_t last;      /* likewise of the last */
    const uint32_t *key;
};

/* One chunk or parent of whatever input: (blocks - 1) blocks at input, and one at last. */
struct eg_blake3_job {
    const uint8_t *input;
    const uint8_t *last; /* 64 readable bytes, zeros after the first last_len */
    uint8_t *out;        /* 32 bytes */
    uint64_t counter;
    uint32_t blocks;     /* 1 to 16 */
    uint32_t last_len;
    uint32_t flags;      /* of the last block, beside those of every block */
};

/* What is the same for all jobs of a call: flags of every block, and of the first block beside those. */
struct eg_blake3_jobs {
    const uint32_t *key;
    uint32_t flags;
    uint32_t first;
};

/*
 * Kernels of one width. Both take from 1 to lanes rows or jobs. All input is read before any output is written, except that
 * jobs with fewer blocks are written before those with more are read to their end. The blocks of jobs must not increase.
 */
struct eg_blake3_width {
    size_t lanes;
    void (*rows)(const struct eg_blake3_rows *rows, size_t count, uint8_t *out);
    void (*jobs)(const struct eg_blake3_job *const *jobs, size_t count, const struct eg_blake3_jobs *all);
};

/* One way to compute it all. Widths go from the widest to the narrowest and end with lanes of 0. */
struct eg_blake3_level {
    const char *name;
    uint32_t needs; /* EG_CPU_ bits */
    /* Replace chaining by the first eight words of the compression of count blocks, one after the other. */
    void (*compress)(uint32_t chaining[8], const uint8_t *blocks, size_t count, uint32_t block_len, uint64_t counter,
                     uint32_t flags);
    struct eg_blake3_width widths[4];
};

/* Target attributes, as gcc and clang have them, are what the SIMD levels need; elsewhere there is the portable one. */
#if defined(__GNUC__) && defined(__x86_64__)
#define EG_BLAKE3_X86 1
extern const struct eg_blake3_level eg_blake3_sse41, eg_blake3_avx2, eg_blake3_avx512;
#elif defined(__GNUC__) && defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define EG_BLAKE3_ARM 1
extern const struct eg_blake3_level eg_blake3_neon;
#endif

/* What is block when `from` is added to it. Until then it may point anywhere, which pointer arithmetic may not. */
static inline const uint8_t *eg_blake3_before(const uint8_t *block, size_t from)
{
    return (const uint8_t *)((uintptr_t)block - from);
}

/* The level to use, by what the processor has and eg_cpu_limit leaves of it. */
const struct eg_blake3_level *eg_blake3_level(void);

void eg_blake3_compress_portable(uint32_t chaining[8], const uint8_t *blocks, size_t count, uint32_t block_len,
                                 uint64_t counter, uint32_t flags);

/* Little-endian words. */
void eg_blake3_load(uint32_t *words, const uint8_t *bytes, size_t count);
void eg_blake3_store(uint8_t *out, const uint32_t *words, size_t count);

/* Any number of rows or jobs, on the widest kernels that they fill. Rows may be written over: out may be rows->input. */
void eg_blake3_run_rows(const struct eg_blake3_level *level, const struct eg_blake3_rows *rows, size_t count, uint8_t *out);
void eg_blake3_run_jobs(const struct eg_blake3_level *level, const struct eg_blake3_job *const *jobs, size_t count,
                        const struct eg_blake3_jobs *all);

/* The value of the tree over input, the root's if root is EG_BLAKE3_ROOT, an inner node's if it is 0. */
void eg_blake3_tree(const struct eg_blake3_mode *mode, const uint8_t *input, size_t length, uint64_t first_chunk,
                    uint32_t root, uint8_t value[EG_BLAKE3_VALUE_LEN]);

/* The value of the parent of two nodes that lie one behind the other. */
void eg_blake3_join(const struct eg_blake3_mode *mode, const uint8_t children[2 * EG_BLAKE3_VALUE_LEN], uint32_t root,
                    uint8_t value[EG_BLAKE3_VALUE_LEN]);

/*
 * Write the chaining value of a subtree that is not the root to value. length is at least 1, of any size; first_chunk is the
 * number of input's first chunk in the whole, a multiple of the smallest power of two that is at least the subtree's
 * number of chunks. So threads share one large input: each takes such a subtree, and eg_blake3_parent joins the values.
 */
void eg_blake3_subtree(const uint8_t *input, size_t length, uint64_t first_chunk, uint8_t value[EG_BLAKE3_VALUE_LEN]);

/* Write the chaining value of the parent of left and right to out, or the hash if is_root. out may be left or right. */
void eg_blake3_parent(const uint8_t left[EG_BLAKE3_VALUE_LEN], const uint8_t right[EG_BLAKE3_VALUE_LEN], int is_root,
                      uint8_t out[EG_BLAKE3_VALUE_LEN]);

#endif
