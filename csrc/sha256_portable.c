/* SHA-256 in plain C. */
#include "sha256_internal.h"

#define ROTATE(word, count) ((word) >> (count) | (word) << (32 - (count)))

/* 4.1.2 */
#define CH(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define MAJ(x, y, z) (((x) & (y)) | ((z) & ((x) | (y))))
#define SUM0(x) (ROTATE(x, 2) ^ ROTATE(x, 13) ^ ROTATE(x, 22))
#define SUM1(x) (ROTATE(x, 6) ^ ROTATE(x, 11) ^ ROTATE(x, 25))
#define SIGMA0(x) (ROTATE(x, 7) ^ ROTATE(x, 18) ^ (x) >> 3)
#define SIGMA1(x) (ROTATE(x, 17) ^ ROTATE(x, 19) ^ (x) >> 10)

/* 6.2.2, step 3; instead of moving the eight words, each round names them anew. */
#define ROUND(a, b, c, d, e, f, g, h, t)                                                                               \
    do {                                                                                                               \
        uint32_t sum = (h) + SUM1(e) + CH(e, f, g) + eg_sha256_k[t] + w[(t) % 16];                                     \
        (d) += sum;                                                                                                    \
        (h) = sum + SUM0(a) + MAJ(a, b, c);                                                                            \
    } while (0)
#define EIGHT_ROUNDS(t)                                                                                                \
    do {                                                                                                               \
        ROUND(a, b, c, d, e, f, g, h, t);                                                                              \
        ROUND(h, a, b, c, d, e, f, g, (t) + 1);                                                                        \
        ROUND(g, h, a, b, c, d, e, f, (t) + 2);                                                                        \
        ROUND(f, g, h, a, b, c, d, e, (t) + 3);                                                                        \
        ROUND(e, f, g, h, a, b, c, d, (t) + 4);                                                                        \
        ROUND(d, e, f, g, h, a, b, c, (t) + 5);                                                                        \
        ROUND(c, d, e, f, g, h, a, b, (t) + 6);                                                                        \
        ROUND(b, c, d, e, f, g, h, a, (t) + 7);                                                                        \
    } while (0)

static uint32_t load(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3];
}

void eg_sha256_portable_1(uint32_t *const *states, const uint8_t *const *blocks, size_t count)
{
    uint32_t *state = states[0];
    const uint8_t *block = blocks[0];

    for (; count > 0; count--, block += EG_SHA256_BLOCK_LEN) {
        uint32_t w[16];
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

        for (unsigned t = 0; t < 16; t++) {
            w[t] = load(block + 4 * t);
        }
        EIGHT_ROUNDS(0);
        EIGHT_ROUNDS(8);
        for (unsigned t = 16; t < 64; t += 16) {
            /* 6.2.2, step 1: only the last sixteen words are ever needed. */
            for (unsigned i = 0; i < 16; i++) {
                w[i] += SIGMA1(w[(i + 14) % 16]) + w[(i + 9) % 16] + SIGMA0(w[(i + 1) % 16]);
            }
            EIGHT_ROUNDS(t);
            EIGHT_ROUNDS(t + 8);
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d;
        state[4] += e, state[5] += f, state[6] += g, state[7] += h;
    }
}
