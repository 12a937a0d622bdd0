/*
 * Vectors of LANES (4, 8 or 16) words for x86: the parameters VECTOR to SCATTER of blake3_lanes_template.h, which are those of
 * sha256_lanes_template.h too. A file includes this anew for each LANES, which the template then undefines with them.
 */
#undef V
#undef VS
#undef PART
#undef EXTRACT
#undef GATHER
#undef HALF
#undef MERGE
#undef READ_WORDS

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

#define ADD(a, b) V(add_epi32)(a, b)
#define XOR(a, b) VS(xor)(a, b)
#define SPLAT(word) V(set1_epi32)((int)(word))
#define READ(words) VS(loadu)((const void *)(words))
#define LOW32(a, b) V(unpacklo_epi32)(a, b)
#define HIGH32(a, b) V(unpackhi_epi32)(a, b)
#define LOW64(a, b) V(unpacklo_epi64)(a, b)
#define HIGH64(a, b) V(unpackhi_epi64)(a, b)

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

#if LANES < 16
/* 16 bytes each of all rows: those of rows 0 and 4 in one vector, of rows 1 and 5, ... give four words. */
#define READ_WORDS(m, at, from, word)                                                                                  \
    do {                                                                                                               \
        VECTOR a = GATHER(at, 0, (from) + 4 * (word)), b = GATHER(at, 1, (from) + 4 * (word));                         \
        VECTOR c = GATHER(at, 2, (from) + 4 * (word)), d = GATHER(at, 3, (from) + 4 * (word));                         \
        TRANSPOSE(a, b, c, d);                                                                                         \
        (m)[word] = a, (m)[(word) + 1] = b, (m)[(word) + 2] = c, (m)[(word) + 3] = d;                                  \
    } while (0)
#define READ_BLOCK(m, at, from)                                                                                        \
    do {                                                                                                               \
        READ_WORDS(m, at, from, 0);                                                                                    \
        READ_WORDS(m, at, from, 4);                                                                                    \
        READ_WORDS(m, at, from, 8);                                                                                    \
        READ_WORDS(m, at, from, 12);                                                                                   \
    } while (0)
#else
/*
 * 32 bytes each of rows 0 and 4 in one vector, of rows 1 and 5, ... and of rows 8 and 12, ...: 16 insertions and 48 shuffles
 * in all, where 16 bytes each would take 48 insertions and 32 shuffles.
 */
#define HALF(at, row, offset) _mm256_loadu_si256((const void *)((at)[row] + (offset)))
#define GATHER(at, row, offset)                                                                                        \
    _mm512_inserti64x4(_mm512_castsi256_si512(HALF(at, row, offset)), HALF(at, (row) + 4, offset), 1)
#define MERGE(m, low, high, word)                                                                                      \
    ((m)[word] = _mm512_shuffle_i32x4(low, high, 0x88), (m)[(word) + 4] = _mm512_shuffle_i32x4(low, high, 0xdd))
#define READ_WORDS(m, at, from, word)                                                                                  \
    do {                                                                                                               \
        VECTOR a0 = GATHER(at, 0, (from) + 4 * (word)), a1 = GATHER(at, 1, (from) + 4 * (word));                       \
        VECTOR a2 = GATHER(at, 2, (from) + 4 * (word)), a3 = GATHER(at, 3, (from) + 4 * (word));                       \
        VECTOR b0 = GATHER(at, 8, (from) + 4 * (word)), b1 = GATHER(at, 9, (from) + 4 * (word));                       \
        VECTOR b2 = GATHER(at, 10, (from) + 4 * (word)), b3 = GATHER(at, 11, (from) + 4 * (word));                     \
        TRANSPOSE(a0, a1, a2, a3);                                                                                     \
        TRANSPOSE(b0, b1, b2, b3);                                                                                     \
        MERGE(m, a0, b0, word);                                                                                        \
        MERGE(m, a1, b1, (word) + 1);                                                                                  \
        MERGE(m, a2, b2, (word) + 2);                                                                                  \
        MERGE(m, a3, b3, (word) + 3);                                                                                  \
    } while (0)
#define READ_BLOCK(m, at, from)                                                                                        \
    do {                                                                                                               \
        READ_WORDS(m, at, from, 0);                                                                                    \
        READ_WORDS(m, at, from, 8);                                                                                    \
    } while (0)
#endif
