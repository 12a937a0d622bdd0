/*
 * What the parts of SHA-256 share: its constants and its kernels. Section numbers in all parts are those of FIPS 180-4
 * ("Secure Hash Standard", 2015).
 */
#ifndef ENVGUARD_SHA256_INTERNAL_H
#define ENVGUARD_SHA256_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#define EG_SHA256_BLOCK_LEN 64
#define EG_SHA256_STATE_LEN 32
#define EG_SHA256_MAX_LANES 16

extern const uint32_t eg_sha256_iv[8];
extern const uint32_t eg_sha256_k[64];

/* A message whose next count blocks are to be compressed into state. */
struct eg_sha256_lane {
    uint32_t *state;
    const uint8_t *blocks;
    size_t count;
};

/*
 * Compress count blocks each of some messages: one message for kernels of one lane, else of as many as there are lanes, one
 * after the other in step.
 */
typedef void eg_sha256_compress(uint32_t *const *states, const uint8_t *const *blocks, size_t count);

struct eg_sha256_kernel {
    size_t lanes;
    size_t least;    /* messages for which it is faster than the narrower kernels; the other lanes repeat one of them */
    uint32_t needs;  /* EG_CPU_ bits */
    uint32_t unless; /* EG_CPU_ bits that make another kernel the faster one */
    const char *name;
    eg_sha256_compress *compress;
};

/* Target attributes, as gcc and clang have them, are what all but the portable kernel need. */
#if defined(__GNUC__) && defined(__x86_64__)
#define EG_SHA256_X86 1
eg_sha256_compress eg_sha256_ni_1, eg_sha256_ni_2, eg_sha256_avx2_8, eg_sha256_avx512_16;
#elif defined(__GNUC__) && defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&                        \
    (defined(__ARM_FEATURE_SHA2) || !defined(__clang__) || __clang_major__ >= 16)
/* Before version 16, clang knows the instructions only where all of a file may use them. */
#define EG_SHA256_ARM 1
eg_sha256_compress eg_sha256_arm_1;
#endif

eg_sha256_compress eg_sha256_portable_1;

/* Compress all that is left of any number of messages, of whatever lengths, side by side; their lanes are used up. */
void eg_sha256_run(struct eg_sha256_lane *lanes, size_t count);

/* 5.1.1: write the one or two blocks that end a message of length bytes, the last length % 64 of them at rest; how many. */
size_t eg_sha256_pad(uint8_t blocks[2 * EG_SHA256_BLOCK_LEN], const uint8_t *rest, uint64_t length);

/* 6.2.2: the digest is the last state, its words big-endian. */
void eg_sha256_store(uint8_t *out, const uint32_t state[8]);

#endif
