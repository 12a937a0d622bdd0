/*
 * SHA-256 with the SHA extensions (Intel, "Intel SHA Extensions", 2013): one message, or two whose steps fill each other's
 * waiting times. An instruction does two rounds on a state that is kept as the words A B E F and C D G H, the highest first.
 */
#include "../sha256_internal.h"

#ifdef EG_SHA256_X86
#include <immintrin.h>

#define TARGET __attribute__((target("sha,sse4.1,ssse3")))

#define LANES 1
#define NAME eg_sha256_ni_1
#include "sha256_ni_template.h"

#define LANES 2
#define NAME eg_sha256_ni_2
#include "sha256_ni_template.h"
#endif
