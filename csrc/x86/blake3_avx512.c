/* BLAKE3 with AVX-512 (F and VL): sixteen rows at once, eight, or four; all with its rotations and its 32 registers. */
#include "../blake3_internal.h"
#include "../envguard.h"

#ifdef EG_BLAKE3_X86
#include <immintrin.h>
#include <string.h>

#define ROTATES 1
#define TARGET __attribute__((target("avx512f,avx512vl")))

#define LANES 16
#define NAME(name) name##_16
#define ATTRIBUTES TARGET
#include "blake3_vectors.h"

#include "../blake3_lanes_template.h"

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

const struct eg_blake3_level eg_blake3_avx512 = {
    .name = "AVX-512",
    .needs = EG_CPU_SSE2 | EG_CPU_SSSE3 | EG_CPU_SSE41 | EG_CPU_AVX | EG_CPU_AVX2 | EG_CPU_AVX512F | EG_CPU_AVX512VL,
    .compress = compress_one,
    .widths = {{16, rows_16, jobs_16}, {8, rows_8, jobs_8}, {4, rows_4, jobs_4}},
};
#endif
