/* SHA-256 with AVX-512 (F and VL): sixteen messages at once, its logic of three operands in one instruction. */
#include "../sha256_internal.h"

#ifdef EG_SHA256_X86
#include <immintrin.h>
#include <string.h>

#define LANES 16
#define NAME eg_sha256_avx512_16
#define ATTRIBUTES __attribute__((target("avx512f,avx512vl")))
#include "vectors.h"

#define ROTATE(word, count) _mm512_ror_epi32(word, count)
#define SHIFT(word, count) _mm512_srli_epi32(word, count)
/* The constants are the truth tables of the three. */
#define XOR3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define CHOOSE(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xCA)
#define MAJORITY(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xE8)
/* Shuffling bytes would need AVX-512BW: this takes bytes 1 and 3 from one rotation and 0 and 2 from the other. */
#define REVERSE_BYTES(word)                                                                                               \
    _mm512_ternarylogic_epi32(_mm512_set1_epi32(0x00ff00ff), _mm512_rol_epi32(word, 8), _mm512_ror_epi32(word, 8), 0xCA)
#define READ_STATE(s, at) READ_WORDS(s, at, 0, 0)
#include "../sha256_lanes_template.h"
#endif
