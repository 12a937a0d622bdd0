/*
 * The parameters of blake3_lanes_template.h for x86. A file includes this before each inclusion of the template, after it has
 * defined LANES (4, 8 or 16), NAME, ATTRIBUTES, and ROTATES: 1 if those have the rotations of AVX-512, alone possible
 * where LANES is 16.
 */
#undef V
#undef VS
#undef SHIFTED
#undef BYTES
#undef PART
#undef INSERT
#undef EXTRACT

#if LANES == 4
#define V(name) _mm_##name
#define VS(name) _mm_##name##_si128
#define VECTOR __m128i
#elif LANES == 8
#define V(name) _mm256_##name
#define VS(name) _mm256_##name##_si256
#define VECTOR __m256i
#else
#define V(name) _mm512_##name
#define VS(name) _mm512_##name##_si512
#define VECTOR __m512i
#endif

/* With AVX-512 there are 32 registers. */
#define IN_MEMORY (!ROTATES)

#define ADD(a, b) V(add_epi32)(a, b)
#define XOR(a, b) VS(xor)(a, b)
#define SPLAT(word) V(set1_epi32)((int)(word))
#define READ(words) VS(loadu)((const void *)(words))
#define LOW32(a, b) V(unpacklo_epi32)(a, b)
#define HIGH32(a, b) V(unpackhi_epi32)(a, b)
#define LOW64(a, b) V(unpacklo_epi64)(a, b)
#define HIGH64(a, b) V(unpackhi_epi64)(a, b)

#if ROTATES
#define ROTATE16(word) V(ror_epi32)(word, 16)
#define ROTATE12(word) V(ror_epi32)(word, 12)
#define ROTATE8(word) V(ror_epi32)(word, 8)
#define ROTATE7(word) V(ror_epi32)(word, 7)
#else
#define SHIFTED(word, count) VS(or)(V(srli_epi32)(word, count), V(slli_epi32)(word, 32 - (count)))
#define ROTATE12(word) SHIFTED(word, 12)
#define ROTATE7(word) SHIFTED(word, 7)
/* By whole bytes, one shuffle does it. */
#if LANES == 4
#define BYTES(a, b, c, d) _mm_set_epi32(a, b, c, d)
#else
#define BYTES(a, b, c, d) _mm256_set_epi32(a, b, c, d, a, b, c, d)
#endif
#define ROTATE16(word) V(shuffle_epi8)(word, BYTES(0x0d0c0f0e, 0x09080b0a, 0x05040706, 0x01000302))
#define ROTATE8(word) V(shuffle_epi8)(word, BYTES(0x0c0f0e0d, 0x080b0a09, 0x04070605, 0x00030201))
#endif

#define PART(at, row, offset) _mm_loadu_si128((const void *)((at)[row] + (offset)))
#if LANES == 4
#define GATHER(at, row, offset) PART(at, row, offset)
#define SCATTER(vector, row, to) _mm_storeu_si128((void *)((to) + 32 * (row)), vector)
#elif LANES == 8
#define GATHER(at, row, offset)                                                                                        \
    _mm256_inserti128_si256(_mm256_castsi128_si256(PART(at, row, offset)), PART(at, (row) + 4, offset), 1)
#define SCATTER(vector, row, to)                                                                                       \
    do {                                                                                                               \
        _mm_storeu_si128((void *)((to) + 32 * (row)), _mm256_castsi256_si128(vector));                                 \
        _mm_storeu_si128((void *)((to) + 32 * ((row) + 4)), _mm256_extracti128_si256(vector, 1));                      \
    } while (0)
#else
#define INSERT(vector, at, row, offset, place) _mm512_inserti32x4(vector, PART(at, row, offset), place)
#define GATHER(at, row, offset)                                                                                        \
    INSERT(INSERT(INSERT(_mm512_castsi128_si512(PART(at, row, offset)), at, (row) + 4, offset, 1), at, (row) + 8,      \
                  offset, 2),                                                                                          \
           at, (row) + 12, offset, 3)
#define EXTRACT(vector, row, to, place)                                                                                \
    _mm_storeu_si128((void *)((to) + 32 * (row)), _mm512_extracti32x4_epi32(vector, place))
#define SCATTER(vector, row, to)                                                                                       \
    do {                                                                                                               \
        EXTRACT(vector, row, to, 0);                                                                                   \
        EXTRACT(vector, (row) + 4, to, 1);                                                                             \
        EXTRACT(vector, (row) + 8, to, 2);                                                                             \
        EXTRACT(vector, (row) + 12, to, 3);                                                                            \
    } while (0)
#endif
