/* BLAKE3 with AVX2: eight rows at once, or four. */
#include "../blake3_internal.h"
#include "../envguard.h"

#ifdef EG_BLAKE3_X86
#include <immintrin.h>
#include <string.h>

#define ROTATES 0
#define VEX 1
#define TARGET __attribute__((target("avx2")))

#define LANES 8
#define NAME(name) name##_8
#define ATTRIBUTES TARGET
#include "blake3_vectors.h"

#include "../blake3_lanes_template.h"

#define LANES 4
#define NAME(name) name##_4
#define ATTRIBUTES TARGET
#include "blake3_vectors.h"

#include "../blake3_lanes_template.h"

#define NAME(name) name##_one
#define ATTRIBUTES TARGET
#include "blake3_one_template.h"

const struct eg_blake3_level eg_blake3_avx2 = {
    .name = "AVX2",
    .needs = EG_CPU_SSE2 | EG_CPU_SSSE3 | EG_CPU_SSE41 | EG_CPU_AVX | EG_CPU_AVX2,
    .compress = compress_one,
    .widths = {{8, rows_8, jobs_8}, {4, rows_4, jobs_4}},
};
#endif
