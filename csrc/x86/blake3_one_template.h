/*
 * One block after the other (section 5.2 of the paper: each vector holds one row of the state). A file includes this once.
 * Before that it defines NAME and ATTRIBUTES as for blake3_lanes_template.h, and ROTATES: 1 if those have AVX-512VL.
 */
#if ROTATES
#define ROTATE(row, count) _mm_ror_epi32(row, count)
#define ROTATE16(row) ROTATE(row, 16)
#define ROTATE8(row) ROTATE(row, 8)
#else
#define ROTATE(row, count) _mm_or_si128(_mm_srli_epi32(row, count), _mm_slli_epi32(row, 32 - (count)))
#define ROTATE16(row) _mm_shuffle_epi8(row, _mm_set_epi32(0x0d0c0f0e, 0x09080b0a, 0x05040706, 0x01000302))
#define ROTATE8(row) _mm_shuffle_epi8(row, _mm_set_epi32(0x0c0f0e0d, 0x080b0a09, 0x04070605, 0x00030201))
#endif

/* Words a0, a1 of a and b2, b3 of b; one vector's words in the order given. */
#define PICK(a, b, a0, a1, b2, b3)                                                                                     \
    _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), _MM_SHUFFLE(b3, b2, a1, a0)))
#define ORDER(a, a0, a1, a2, a3) _mm_shuffle_epi32(a, _MM_SHUFFLE(a3, a2, a1, a0))

/* The message is added first: it does not wait for the half before. */
#define HALF(ra, rb, words)                                                                                            \
    do {                                                                                                               \
        a = _mm_add_epi32(_mm_add_epi32(a, words), b);                                                                 \
        d = ra(_mm_xor_si128(d, a));                                                                                   \
        c = _mm_add_epi32(c, d);                                                                                       \
        b = rb(_mm_xor_si128(b, c));                                                                                   \
    } while (0)
#define ROTATE12(row) ROTATE(row, 12)
#define ROTATE7(row) ROTATE(row, 7)

/*
 * Columns, then diagonals: for these the rows a, c and d are turned, not b, which the next step waits for. Lane 0 then has
 * the fourth diagonal, so the words for the diagonals are kept in that order: m14 m8 m10 m12 and m15 m9 m11 m13.
 */
#define ROUND                                                                                                          \
    do {                                                                                                               \
        HALF(ROTATE16, ROTATE12, x0);                                                                                  \
        HALF(ROTATE8, ROTATE7, x1);                                                                                    \
        a = ORDER(a, 3, 0, 1, 2);                                                                                      \
        d = ORDER(d, 2, 3, 0, 1);                                                                                      \
        c = ORDER(c, 1, 2, 3, 0);                                                                                      \
        HALF(ROTATE16, ROTATE12, y0);                                                                                  \
        HALF(ROTATE8, ROTATE7, y1);                                                                                    \
        a = ORDER(a, 1, 2, 3, 0);                                                                                      \
        d = ORDER(d, 2, 3, 0, 1);                                                                                      \
        c = ORDER(c, 3, 0, 1, 2);                                                                                      \
    } while (0)

/*
 * The permutation of the words (table 2) on the four vectors x0 = m0 m2 m4 m6, x1 = m1 m3 m5 m7, y0 = m14 m8 m10 m12,
 * y1 = m15 m9 m11 m13. They become m2 m3 m7 m4, m6 m10 m0 m13, m15 m1 m12 m9, m8 m11 m5 m14.
 */
#if ROTATES
#define TWO(a, b, i, j, k, l) _mm_permutex2var_epi32(a, _mm_set_epi32(l, k, j, i), b)
#define PERMUTE                                                                                                        \
    do {                                                                                                               \
        __m128i p = TWO(x0, x1, 1, 5, 7, 2);                                                                           \
        __m128i q = TWO(TWO(x0, y0, 3, 6, 0, 0), y1, 0, 1, 2, 7);                                                      \
        __m128i r = TWO(TWO(y1, y0, 0, 0, 7, 1), x1, 0, 4, 2, 3);                                                      \
        __m128i s = TWO(TWO(y0, y1, 1, 6, 0, 0), x1, 0, 1, 6, 3);                                                      \
        x0 = p, x1 = q, y0 = r, y1 = s;                                                                                \
    } while (0)
#else
#define PERMUTE                                                                                                        \
    do {                                                                                                               \
        __m128i p = PICK(x0, x1, 1, 2, 1, 3);                                                                          \
        __m128i q = PICK(x0, _mm_blend_epi16(y0, y1, 0xc0), 3, 0, 2, 3);                                               \
        __m128i r = PICK(y1, _mm_blend_epi16(x1, y0, 0xc0), 0, 1, 0, 3);                                               \
        __m128i s = PICK(y0, _mm_unpackhi_epi32(y1, x1), 1, 0, 0, 1);                                                  \
        x0 = ORDER(p, 0, 2, 3, 1), x1 = ORDER(q, 0, 2, 1, 3), y0 = ORDER(r, 0, 2, 3, 1), y1 = ORDER(s, 0, 2, 3, 1);    \
    } while (0)
#endif

ATTRIBUTES static void NAME(compress)(uint32_t chaining[8], const uint8_t *blocks, size_t count, uint32_t block_len,
                                      uint64_t counter, uint32_t flags)
{
    __m128i a = _mm_loadu_si128((const void *)chaining), b = _mm_loadu_si128((const void *)(chaining + 4));
    const __m128i iv = _mm_loadu_si128((const void *)eg_blake3_iv);
    const __m128i rest = _mm_set_epi32((int)flags, (int)block_len, (int)(counter >> 32), (int)counter);

    for (; count > 0; count--, blocks += EG_BLAKE3_BLOCK_LEN) {
        __m128i c = iv, d = rest;
        __m128i m0 = _mm_loadu_si128((const void *)blocks), m1 = _mm_loadu_si128((const void *)(blocks + 16));
        __m128i m2 = _mm_loadu_si128((const void *)(blocks + 32)), m3 = _mm_loadu_si128((const void *)(blocks + 48));
        __m128i x0 = PICK(m0, m1, 0, 2, 0, 2), x1 = PICK(m0, m1, 1, 3, 1, 3);
        __m128i y0 = ORDER(PICK(m2, m3, 0, 2, 0, 2), 3, 0, 1, 2), y1 = ORDER(PICK(m2, m3, 1, 3, 1, 3), 3, 0, 1, 2);
        ROUND;
        PERMUTE;
        ROUND;
        PERMUTE;
        ROUND;
        PERMUTE;
        ROUND;
        PERMUTE;
        ROUND;
        PERMUTE;
        ROUND;
        PERMUTE;
        ROUND;
        a = _mm_xor_si128(a, c);
        b = _mm_xor_si128(b, d);
    }
    _mm_storeu_si128((void *)chaining, a);
    _mm_storeu_si128((void *)(chaining + 4), b);
}

#undef ROTATE
#undef ROTATE16
#undef ROTATE12
#undef ROTATE8
#undef ROTATE7
#undef PICK
#undef ORDER
#undef HALF
#undef ROUND
#undef TWO
#undef PERMUTE
#undef NAME
#undef ATTRIBUTES
