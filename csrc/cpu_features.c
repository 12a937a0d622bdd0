/* What the processor can do, and the operating system lets it do. */
#include "cpu_features.h"
#include "envguard.h"

#include <stdatomic.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

/* XCR0 tells which registers the operating system saves; the instruction needs no flag of the compiler this way. */
static uint64_t saved_registers(void)
{
    uint32_t low, high;
    __asm__ __volatile__(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

uint32_t eg_cpu_features(void)
{
    uint32_t a, b, c, d, features = 0;
    uint64_t saved = 0;
    int avx, avx512;

    if (!__get_cpuid(1, &a, &b, &c, &d)) {
        return 0;
    }
    if (c & UINT32_C(1) << 27) { /* OSXSAVE */
        saved = saved_registers();
    }
    avx = (saved & 0x6) == 0x6;
    avx512 = (saved & 0xe6) == 0xe6;
    features |= d & UINT32_C(1) << 26 ? EG_CPU_SSE2 : 0;
    features |= c & UINT32_C(1) << 9 ? EG_CPU_SSSE3 : 0;
    features |= c & UINT32_C(1) << 19 ? EG_CPU_SSE41 : 0;
    features |= avx && c & UINT32_C(1) << 28 ? EG_CPU_AVX : 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        features |= avx && b & UINT32_C(1) << 5 ? EG_CPU_AVX2 : 0;
        features |= avx512 && b & UINT32_C(1) << 16 ? EG_CPU_AVX512F : 0;
        features |= avx512 && b & UINT32_C(1) << 31 ? EG_CPU_AVX512VL : 0;
        features |= b & UINT32_C(1) << 29 ? EG_CPU_SHA : 0;
    }
    return features;
}

#elif defined(__aarch64__)

#if defined(__linux__)
#include <sys/auxv.h>
#define HAS_SHA2 (getauxval(AT_HWCAP) & 1UL << 6) /* HWCAP_SHA2 */
#elif defined(__APPLE__) || defined(__ARM_FEATURE_SHA2)
#define HAS_SHA2 1 /* every processor of Apple's, and what this was compiled for */
#else
#define HAS_SHA2 0
#endif

uint32_t eg_cpu_features(void)
{
    return EG_CPU_NEON /* part of the base architecture */ | (HAS_SHA2 ? EG_CPU_SHA2 : 0);
}

#else

uint32_t eg_cpu_features(void)
{
    return 0;
}

#endif

/* What may be used, once it is known: asking the processor costs microseconds where it is a virtual one. */
#define KNOWN (UINT32_C(1) << 31)
static _Atomic uint32_t usable;
static _Atomic uint32_t limit = UINT32_MAX;

uint32_t eg_cpu_usable(void)
{
    uint32_t found = atomic_load_explicit(&usable, memory_order_relaxed);
    if (!(found & KNOWN)) {
        /* A limit that is set at this moment by another thread is not lost: it stores what is usable after the limit. */
        uint32_t before = 0;
        found = (eg_cpu_features() & atomic_load(&limit)) | KNOWN;
        if (!atomic_compare_exchange_strong(&usable, &before, found)) {
            found = before;
        }
    }
    return found & ~KNOWN;
}

uint32_t eg_cpu_limit(uint32_t mask)
{
    uint32_t former = atomic_exchange(&limit, mask);
    atomic_store(&usable, (eg_cpu_features() & mask) | KNOWN);
    return former;
}
