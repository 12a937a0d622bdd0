/* What the parts of BLAKE3 share: the constants of section 2 of the paper, and the compression function. */
#ifndef ENVGUARD_BLAKE3_INTERNAL_H
#define ENVGUARD_BLAKE3_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#define EG_BLAKE3_BLOCK_LEN 64
#define EG_BLAKE3_CHUNK_LEN 1024
#define EG_BLAKE3_MAX_DEPTH 54

#define EG_BLAKE3_CHUNK_START (UINT32_C(1) << 0)
#define EG_BLAKE3_CHUNK_END (UINT32_C(1) << 1)
#define EG_BLAKE3_PARENT (UINT32_C(1) << 2)
#define EG_BLAKE3_ROOT (UINT32_C(1) << 3)

/* Replace chaining by the first eight words of the compression of block (always 64 readable bytes, zero-padded). */
void eg_blake3_compress(uint32_t chaining[8], const uint8_t *block, uint32_t block_len, uint64_t counter,
                        uint32_t flags);

/* Write count words to out in little-endian order. */
void eg_blake3_store(uint8_t *out, const uint32_t *words, size_t count);

#endif
