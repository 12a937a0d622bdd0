/*
 * The parameters of blake3_lanes_template.h for x86. A file includes this before each inclusion of the template, after it has
 * defined LANES (4, 8 or 16), NAME, ATTRIBUTES, and ROTATES: 1 if those have the rotations of AVX-512, alone possible
 * where LANES is 16.
 */
#undef BYTES

#include "vectors.h"

#include "blake3_quarter.h"
#if ROTATES
#define CONSTANTS
#else
/* By whole bytes, one shuffle does it. */
#if LANES == 4
#define BYTES(a, b, c, d) _mm_set_epi32(a, b, c, d)
#else
#define BYTES(a, b, c, d) _mm256_set_epi32(a, b, c, d, a, b, c, d)
#endif
#define CONSTANTS                                                                                                      \
    const VECTOR by16 = BYTES(0x0d0c0f0e, 0x09080b0a, 0x05040706, 0x01000302);                                         \
    const VECTOR by8 = BYTES(0x0c0f0e0d, 0x080b0a09, 0x04070605, 0x00030201);
#endif
