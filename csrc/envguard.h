/*
 * The C core of envguard: what its Python side may call.
 *
 * Ownership: the caller owns every buffer; nothing here allocates, keeps a pointer after it returns, or sets errno.
 * Threads: every function may be called from any number of threads at once, a hasher by one at a time.
 * Status: functions that can fail return EG_OK or another EG_ code, and write their results through out-parameters.
 */
#ifndef ENVGUARD_H
#define ENVGUARD_H

#include <stddef.h>
#include <stdint.h>

#define EG_OK 0
#define EG_INVALID 1 /* a NULL where a buffer is needed */

#define EG_BLAKE3_OUT_LEN 32
#define EG_BLAKE3_KEY_LEN 32
#define EG_SHA256_OUT_LEN 32

/* Processor features, as bits. A bit is set only where the operating system saves the registers that it needs, too. */
#define EG_CPU_SSE2 (UINT32_C(1) << 0)
#define EG_CPU_SSSE3 (UINT32_C(1) << 1)
#define EG_CPU_SSE41 (UINT32_C(1) << 2)
#define EG_CPU_AVX (UINT32_C(1) << 3)
#define EG_CPU_AVX2 (UINT32_C(1) << 4)
#define EG_CPU_AVX512F (UINT32_C(1) << 5)
#define EG_CPU_AVX512VL (UINT32_C(1) << 6)
#define EG_CPU_SHA (UINT32_C(1) << 7) /* the SHA extensions of x86 */
#define EG_CPU_NEON (UINT32_C(1) << 16)
#define EG_CPU_SHA2 (UINT32_C(1) << 17) /* SHA-256 of ARMv8 */

/* Return the features of the processor that runs this, as EG_CPU_ bits. */
uint32_t eg_cpu_features(void);

/*
 * Return the instruction sets by which numeric libraries choose their code, as far as the processor has them and the operating
 * system saves their registers; bit i stands for eg_cpu_set_name(i). 0 where this cannot be told (no x86, no Linux on ARM).
 */
uint64_t eg_cpu_sets(void);

/* Return the name that Linux gives the instruction set of a bit; NULL where there is none. The text is never freed. */
const char *eg_cpu_set_name(uint32_t bit);

/*
 * Use only the features in mask from now on, in all threads; return the mask that held before (all bits at first).
 * Hashes are the same under every mask, only slower or faster: this is for tests and benchmarks. Calls that run go on as
 * they began.
 */
uint32_t eg_cpu_limit(uint32_t mask);

/* Return which code computes BLAKE3 now: "portable", "SSE4.1", "AVX2", "AVX-512" or "NEON". The text is never freed. */
const char *eg_blake3_level_name(void);

/* The same for SHA-256 of count inputs at once: "portable", "SHA-NI", "AVX2", "AVX-512" or "ARMv8". */
const char *eg_sha256_level_name(size_t count);

/*
 * Write the BLAKE3 hash of input[0..length) to out (EG_BLAKE3_OUT_LEN bytes).
 * input may be NULL only if length is 0; input and out must not overlap. Returns EG_OK or EG_INVALID.
 */
int eg_blake3(const void *input, size_t length, uint8_t *out);

/* The same in keyed mode; key is EG_BLAKE3_KEY_LEN bytes. */
int eg_blake3_keyed(const uint8_t *key, const void *input, size_t length, uint8_t *out);

/*
 * Write the BLAKE3 hashes of inputs[i][0..lengths[i]), for all i below count, to out, one behind the other (count times
 * EG_BLAKE3_OUT_LEN bytes). Faster than one by one where inputs are shorter than about 16 KiB, most of all below 2 KiB.
 * An input may be NULL only if its length is 0. Takes about 50 KiB of stack. Returns EG_OK, or EG_INVALID and then writes
 * nothing.
 */
int eg_blake3_many(const void *const *inputs, const size_t *lengths, size_t count, uint8_t *out);

/*
 * A hash of an input that comes in pieces: init or init_keyed, any number of updates, then final, which changes nothing, so
 * that updates may go on. The caller owns the memory and may copy or drop it at any time; nothing else is held. The fields
 * are not for callers.
 */
struct eg_blake3_hasher {
    uint32_t key[8];
    uint32_t chaining[8]; /* of the chunk that is being read */
    uint64_t chunks;      /* complete ones before that */
    uint32_t flags;
    uint32_t blocks; /* of that chunk, compressed */
    uint32_t filled; /* bytes in block */
    uint32_t depth;  /* values in stack */
    uint8_t block[64];
    uint8_t stack[56 * EG_BLAKE3_OUT_LEN];
};

/* Begin. Return EG_OK, or EG_INVALID where hasher or key is NULL. */
int eg_blake3_init(struct eg_blake3_hasher *hasher);
int eg_blake3_init_keyed(struct eg_blake3_hasher *hasher, const uint8_t *key);

/* Go on with input[0..length). Returns EG_OK or EG_INVALID, as eg_blake3 does. */
int eg_blake3_update(struct eg_blake3_hasher *hasher, const void *input, size_t length);

/* Write the hash of all that came so far to out (EG_BLAKE3_OUT_LEN bytes). Returns EG_OK or EG_INVALID. */
int eg_blake3_final(const struct eg_blake3_hasher *hasher, uint8_t *out);

/*
 * SHA-256 in the same three ways: at once, of many inputs, and in pieces. Arguments, results and what they ask of the caller
 * are those of their counterparts above; a digest is EG_SHA256_OUT_LEN bytes. eg_sha256_many() takes about 24 KiB of stack.
 */
int eg_sha256(const void *input, size_t length, uint8_t *out);
int eg_sha256_many(const void *const *inputs, const size_t *lengths, size_t count, uint8_t *out);

struct eg_sha256_hasher {
    uint32_t state[8];
    uint64_t length; /* bytes so far; those of the last block that is not full are in block */
    uint8_t block[64];
};

int eg_sha256_init(struct eg_sha256_hasher *hasher);
int eg_sha256_update(struct eg_sha256_hasher *hasher, const void *input, size_t length);
int eg_sha256_final(const struct eg_sha256_hasher *hasher, uint8_t *out);

#endif
