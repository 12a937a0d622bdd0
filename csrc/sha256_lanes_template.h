/*
 * The kernel of SHA-256 for LANES messages, each vector with the same word of all of them. A file includes this once for each
 * width that it has. Before that it defines, beside what x86/vectors.h does,
 *
 *   NAME                 of the function
 *   ATTRIBUTES           what lets the compiler use the instructions here
 *   ROTATE(word, count)  each word to the right
 *   SHIFT(word, count)   likewise
 *   XOR3 CHOOSE MAJORITY of three vectors (4.1.2: Ch and Maj)
 *   REVERSE_BYTES(word)     each word with its bytes in the other order
 *   READ_STATE(s, at)    the eight words at at[lane], of all lanes, into s[0] to s[7]
 *
 * and this undefines all of them.
 */
#include "transpose.h"

#define SUM0(x) XOR3(ROTATE(x, 2), ROTATE(x, 13), ROTATE(x, 22))
#define SUM1(x) XOR3(ROTATE(x, 6), ROTATE(x, 11), ROTATE(x, 25))
#define SIGMA0(x) XOR3(ROTATE(x, 7), ROTATE(x, 18), SHIFT(x, 3))
#define SIGMA1(x) XOR3(ROTATE(x, 17), ROTATE(x, 19), SHIFT(x, 10))

#define ROUND(a, b, c, d, e, f, g, h, t, word)                                                                         \
    do {                                                                                                               \
        VECTOR sum = ADD(ADD(h, ADD(word, SPLAT(eg_sha256_k[t]))), ADD(SUM1(e), CHOOSE(e, f, g)));                     \
        d = ADD(d, sum);                                                                                               \
        h = ADD(sum, ADD(SUM0(a), MAJORITY(a, b, c)));                                                                 \
    } while (0)
/* 6.2.2, step 1, in the place of the word that is sixteen rounds old. */
#define NEXT(i) (w[i] = ADD(ADD(w[i], SIGMA1(w[((i) + 14) % 16])), ADD(w[((i) + 9) % 16], SIGMA0(w[((i) + 1) % 16]))))
#define FIRST(i) (w[i] = REVERSE_BYTES(w[i]))
#define EIGHT_ROUNDS(t, from, word)                                                                                    \
    do {                                                                                                               \
        ROUND(a, b, c, d, e, f, g, h, t, word(from));                                                                  \
        ROUND(h, a, b, c, d, e, f, g, (t) + 1, word((from) + 1));                                                      \
        ROUND(g, h, a, b, c, d, e, f, (t) + 2, word((from) + 2));                                                      \
        ROUND(f, g, h, a, b, c, d, e, (t) + 3, word((from) + 3));                                                      \
        ROUND(e, f, g, h, a, b, c, d, (t) + 4, word((from) + 4));                                                      \
        ROUND(d, e, f, g, h, a, b, c, (t) + 5, word((from) + 5));                                                      \
        ROUND(c, d, e, f, g, h, a, b, (t) + 6, word((from) + 6));                                                      \
        ROUND(b, c, d, e, f, g, h, a, (t) + 7, word((from) + 7));                                                      \
    } while (0)

ATTRIBUTES void NAME(uint32_t *const *states, const uint8_t *const *blocks, size_t count)
{
    uint8_t after[LANES * EG_SHA256_STATE_LEN];
    const uint8_t *at[LANES];
    VECTOR s[8];

    for (size_t lane = 0; lane < LANES; lane++) {
        at[lane] = (const uint8_t *)states[lane];
    }
    READ_STATE(s, at);
    for (size_t lane = 0; lane < LANES; lane++) {
        at[lane] = blocks[lane];
    }
    for (size_t from = 0; from < count * EG_SHA256_BLOCK_LEN; from += EG_SHA256_BLOCK_LEN) {
        VECTOR a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7], w[16];

        READ_BLOCK(w, at, from);
        EIGHT_ROUNDS(0, 0, FIRST);
        EIGHT_ROUNDS(8, 8, FIRST);
        for (unsigned t = 16; t < 64; t += 16) {
            EIGHT_ROUNDS(t, 0, NEXT);
            EIGHT_ROUNDS(t + 8, 8, NEXT);
        }
        s[0] = ADD(s[0], a), s[1] = ADD(s[1], b), s[2] = ADD(s[2], c), s[3] = ADD(s[3], d);
        s[4] = ADD(s[4], e), s[5] = ADD(s[5], f), s[6] = ADD(s[6], g), s[7] = ADD(s[7], h);
    }
    TRANSPOSE(s[0], s[1], s[2], s[3]);
    TRANSPOSE(s[4], s[5], s[6], s[7]);
    for (int row = 0; row < 4; row++) {
        SCATTER(s[row], row, after);
        SCATTER(s[row + 4], row, after + 16);
    }
    for (size_t lane = 0; lane < LANES; lane++) {
        memcpy(states[lane], after + lane * EG_SHA256_STATE_LEN, EG_SHA256_STATE_LEN);
    }
}

#undef SUM0
#undef SUM1
#undef SIGMA0
#undef SIGMA1
#undef ROUND
#undef NEXT
#undef FIRST
#undef EIGHT_ROUNDS
#undef LANES
#undef NAME
#undef ATTRIBUTES
#undef ROTATE
#undef SHIFT
#undef XOR3
#undef CHOOSE
#undef MAJORITY
#undef REVERSE_BYTES
#undef READ_STATE
#undef VECTOR
#undef ADD
#undef XOR
#undef SPLAT
#undef READ
#undef LOW32
#undef HIGH32
#undef LOW64
#undef HIGH64
#undef READ_BLOCK
#undef SCATTER
