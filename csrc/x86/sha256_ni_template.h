/* The kernel NAME of LANES (1 or 2) messages; TARGET lets the compiler use the instructions. LANES and NAME end here. */
#if LANES == 1
#define EACH(step, ...) step(a, 0, __VA_ARGS__)
#else
#define EACH(step, ...) step(a, 0, __VA_ARGS__) step(b, 1, __VA_ARGS__)
#endif

#define DECLARE(x, lane, unused) __m128i x##abef, x##cdgh, x##abef0, x##cdgh0, x##m0, x##m1, x##m2, x##m3, x##w;

/* Words as they lie in memory, A first, into the order of the instructions, and back. */
#define ENTER(x, lane, unused)                                                                                         \
    x##w = _mm_shuffle_epi32(_mm_loadu_si128((const void *)states[lane]), 0xB1);                                       \
    x##cdgh = _mm_shuffle_epi32(_mm_loadu_si128((const void *)(states[lane] + 4)), 0x1B);                              \
    x##abef = _mm_alignr_epi8(x##w, x##cdgh, 8);                                                                       \
    x##cdgh = _mm_blend_epi16(x##cdgh, x##w, 0xF0);
#define LEAVE(x, lane, unused)                                                                                         \
    x##abef = _mm_shuffle_epi32(x##abef, 0x1B);                                                                        \
    x##cdgh = _mm_shuffle_epi32(x##cdgh, 0xB1);                                                                        \
    _mm_storeu_si128((void *)states[lane], _mm_blend_epi16(x##abef, x##cdgh, 0xF0));                                   \
    _mm_storeu_si128((void *)(states[lane] + 4), _mm_alignr_epi8(x##cdgh, x##abef, 8));

#define SAVE(x, lane, unused) x##abef0 = x##abef, x##cdgh0 = x##cdgh;
#define ADD(x, lane, unused) x##abef = _mm_add_epi32(x##abef, x##abef0), x##cdgh = _mm_add_epi32(x##cdgh, x##cdgh0);

#define LOAD(x, lane, m, quarter)                                                                                      \
    x##m = _mm_shuffle_epi8(_mm_loadu_si128((const void *)(blocks[lane] + at + 16 * (quarter))), big_endian);
/* Four more words of the message schedule (6.2.2, step 1) from the sixteen before them; m0 holds the oldest four. */
#define SCHEDULE(x, lane, m0, m1, m2, m3)                                                                              \
    x##m0 = _mm_add_epi32(_mm_sha256msg1_epu32(x##m0, x##m1), _mm_alignr_epi8(x##m3, x##m2, 4));                       \
    x##m0 = _mm_sha256msg2_epu32(x##m0, x##m3);
#define TWO_ROUNDS(x, lane, m, t)                                                                                      \
    x##w = _mm_add_epi32(x##m, _mm_loadu_si128((const void *)(eg_sha256_k + (t))));                                    \
    x##cdgh = _mm_sha256rnds2_epu32(x##cdgh, x##abef, x##w);
#define TWO_MORE(x, lane, unused)                                                                                      \
    x##abef = _mm_sha256rnds2_epu32(x##abef, x##cdgh, _mm_shuffle_epi32(x##w, 0x0E));

#define FIRST_ROUNDS(m, quarter)                                                                                       \
    EACH(LOAD, m, quarter) EACH(TWO_ROUNDS, m, 4 * (quarter)) EACH(TWO_MORE, 0)
#define FOUR_ROUNDS(m0, m1, m2, m3, t)                                                                                 \
    EACH(SCHEDULE, m0, m1, m2, m3) EACH(TWO_ROUNDS, m0, t) EACH(TWO_MORE, 0)
#define SIXTEEN_ROUNDS(t)                                                                                              \
    FOUR_ROUNDS(m0, m1, m2, m3, t)                                                                                     \
    FOUR_ROUNDS(m1, m2, m3, m0, (t) + 4) FOUR_ROUNDS(m2, m3, m0, m1, (t) + 8) FOUR_ROUNDS(m3, m0, m1, m2, (t) + 12)

TARGET void NAME(uint32_t *const *states, const uint8_t *const *blocks, size_t count)
{
    const __m128i big_endian = _mm_set_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
    EACH(DECLARE, 0)

    EACH(ENTER, 0)
    for (size_t at = 0; at < count * EG_SHA256_BLOCK_LEN; at += EG_SHA256_BLOCK_LEN) {
        EACH(SAVE, 0)
        FIRST_ROUNDS(m0, 0)
        FIRST_ROUNDS(m1, 1)
        FIRST_ROUNDS(m2, 2)
        FIRST_ROUNDS(m3, 3)
        SIXTEEN_ROUNDS(16)
        SIXTEEN_ROUNDS(32)
        SIXTEEN_ROUNDS(48)
        EACH(ADD, 0)
    }
    EACH(LEAVE, 0)
}

#undef LANES
#undef NAME
#undef EACH
#undef DECLARE
#undef ENTER
#undef LEAVE
#undef SAVE
#undef ADD
#undef LOAD
#undef SCHEDULE
#undef TWO_ROUNDS
#undef TWO_MORE
#undef FIRST_ROUNDS
#undef FOUR_ROUNDS
#undef SIXTEEN_ROUNDS
