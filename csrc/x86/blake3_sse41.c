/* BLAKE3 with SSE4.1: four rows at once. */
#include "../blake3_internal.h"
#include "../envguard.h"

#ifdef EG_BLAKE3_X86
#include <immintrin.h>
#include <string.h>

#define ROTATES 0
#define VEX 0
#define TARGET __attribute__((target("sse4.1")))

#define LANES 4
#define NAME(name) name##_4
#define ATTRIBUTES TARGET
#include "blake3_vectors.h"

#include "../blake3_lanes_template.h"

#define NAME(name) name##_one
#define ATTRIBUTES TARGET
#include "blake3_one_template.h"

const struct eg_blake3_level eg_blake3_sse41 = {
    .name = "SSE4.1",
    .needs = EG_CPU_SSE2 | EG_CPU_SSSE3 | EG_CPU_SSE41,
    .compress = compress_one,
    .widths = {{4, rows_4, jobs_4}},
};
#endif
