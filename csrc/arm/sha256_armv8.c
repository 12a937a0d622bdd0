/* SHA-256 with the instructions of ARMv8 (Arm Architecture Reference Manual, "SHA256H" and its kin), one message. */
#include "../sha256_internal.h"

#ifdef EG_SHA256_ARM
#include <arm_neon.h>

#ifdef __clang__
#define TARGET __attribute__((target("sha2")))
#else
/* For gcc the intrinsics belong to AES and SHA-256 together; it uses no instruction of AES for what is here. */
#define TARGET __attribute__((target("+crypto")))
#endif

#define LOAD(m, quarter) m = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(block + 16 * (quarter))));
#define FOUR_ROUNDS(m, t)                                                                                              \
    w = vaddq_u32(m, vld1q_u32(eg_sha256_k + (t)));                                                                    \
    before = abcd;                                                                                                     \
    abcd = vsha256hq_u32(abcd, efgh, w);                                                                               \
    efgh = vsha256h2q_u32(efgh, before, w);
/* Four rounds, and four more words of the message schedule (6.2.2, step 1) in the place of the oldest, m0. */
#define SCHEDULED(m0, m1, m2, m3, t)                                                                                   \
    m0 = vsha256su1q_u32(vsha256su0q_u32(m0, m1), m2, m3);                                                             \
    FOUR_ROUNDS(m0, t)
#define SIXTEEN_ROUNDS(t)                                                                                              \
    SCHEDULED(m0, m1, m2, m3, t)                                                                                       \
    SCHEDULED(m1, m2, m3, m0, (t) + 4) SCHEDULED(m2, m3, m0, m1, (t) + 8) SCHEDULED(m3, m0, m1, m2, (t) + 12)

TARGET void eg_sha256_arm_1(uint32_t *const *states, const uint8_t *const *blocks, size_t count)
{
    const uint8_t *block = blocks[0];
    uint32x4_t abcd = vld1q_u32(states[0]), efgh = vld1q_u32(states[0] + 4), abcd0, efgh0, before, w, m0, m1, m2, m3;

    for (; count > 0; count--, block += EG_SHA256_BLOCK_LEN) {
        abcd0 = abcd;
        efgh0 = efgh;
        LOAD(m0, 0)
        LOAD(m1, 1)
        LOAD(m2, 2)
        LOAD(m3, 3)
        FOUR_ROUNDS(m0, 0)
        FOUR_ROUNDS(m1, 4)
        FOUR_ROUNDS(m2, 8)
        FOUR_ROUNDS(m3, 12)
        SIXTEEN_ROUNDS(16)
        SIXTEEN_ROUNDS(32)
        SIXTEEN_ROUNDS(48)
        abcd = vaddq_u32(abcd, abcd0);
        efgh = vaddq_u32(efgh, efgh0);
    }
    vst1q_u32(states[0], abcd);
    vst1q_u32(states[0] + 4, efgh);
}
#endif
