/* SHA-256 with AVX2: eight messages at once, for processors without SHA extensions. */
#include "../sha256_internal.h"

#ifdef EG_SHA256_X86
#include <immintrin.h>
#include <string.h>

#define LANES 8
#define NAME eg_sha256_avx2_8
#define ATTRIBUTES __attribute__((target("avx2")))
#include "vectors.h"

#define ROTATE(word, count) _mm256_or_si256(_mm256_srli_epi32(word, count), _mm256_slli_epi32(word, 32 - (count)))
#define SHIFT(word, count) _mm256_srli_epi32(word, count)
#define XOR3(x, y, z) XOR(XOR(x, y), z)
#define CHOOSE(x, y, z) XOR(z, _mm256_and_si256(x, XOR(y, z)))
#define MAJORITY(x, y, z) _mm256_or_si256(_mm256_and_si256(x, y), _mm256_and_si256(z, _mm256_or_si256(x, y)))
#define REVERSE_BYTES(word)                                                                                               \
    _mm256_shuffle_epi8(word, _mm256_broadcastsi128_si256(_mm_set_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203)))
#define READ_STATE(s, at)                                                                                              \
    do {                                                                                                               \
        READ_WORDS(s, at, 0, 0);                                                                                       \
        READ_WORDS(s, at, 0, 4);                                                                                       \
    } while (0)
#include "../sha256_lanes_template.h"
#endif
