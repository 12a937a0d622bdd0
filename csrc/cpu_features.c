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

enum { EAX, EBX, ECX, EDX };
enum leaf { BASIC, EXTENDED, SEVEN, SEVEN_ONE, LEAVES };
enum state { NONE, YMM, ZMM, TILES };

/* The registers that each needs the operating system to save, as bits of XCR0. */
static const uint64_t needed[] = {[NONE] = 0, [YMM] = 0x6, [ZMM] = 0xe6, [TILES] = 0x60000};

/* Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E. The names are those of Linux (cpufeatures.h). */
static const struct {
    const char *name;
    uint8_t leaf, reg, bit, state;
} sets[] = {
    {"sse", BASIC, EDX, 25, NONE},
    {"sse2", BASIC, EDX, 26, NONE},
    {"pni", BASIC, ECX, 0, NONE},
    {"ssse3", BASIC, ECX, 9, NONE},
    {"fma", BASIC, ECX, 12, YMM},
    {"cx16", BASIC, ECX, 13, NONE},
    {"sse4_1", BASIC, ECX, 19, NONE},
    {"sse4_2", BASIC, ECX, 20, NONE},
    {"movbe", BASIC, ECX, 22, NONE},
    {"popcnt", BASIC, ECX, 23, NONE},
    {"xsave", BASIC, ECX, 27, NONE},
    {"avx", BASIC, ECX, 28, YMM},
    {"f16c", BASIC, ECX, 29, YMM},
    {"lahf_lm", EXTENDED, ECX, 0, NONE},
    {"abm", EXTENDED, ECX, 5, NONE},
    {"xop", EXTENDED, ECX, 11, YMM},
    {"fma4", EXTENDED, ECX, 16, YMM},
    {"bmi1", SEVEN, EBX, 3, NONE},
    {"avx2", SEVEN, EBX, 5, YMM},
    {"bmi2", SEVEN, EBX, 8, NONE},
    {"avx512f", SEVEN, EBX, 16, ZMM},
    {"avx512dq", SEVEN, EBX, 17, ZMM},
    {"avx512ifma", SEVEN, EBX, 21, ZMM},
    {"avx512pf", SEVEN, EBX, 26, ZMM},
    {"avx512er", SEVEN, EBX, 27, ZMM},
    {"avx512cd", SEVEN, EBX, 28, ZMM},
    {"avx512bw", SEVEN, EBX, 30, ZMM},
    {"avx512vl", SEVEN, EBX, 31, ZMM},
    {"avx512vbmi", SEVEN, ECX, 1, ZMM},
    {"avx512_vbmi2", SEVEN, ECX, 6, ZMM},
    {"gfni", SEVEN, ECX, 8, NONE},
    {"vaes", SEVEN, ECX, 9, YMM},
    {"vpclmulqdq", SEVEN, ECX, 10, YMM},
    {"avx512_vnni", SEVEN, ECX, 11, ZMM},
    {"avx512_bitalg", SEVEN, ECX, 12, ZMM},
    {"avx512_vpopcntdq", SEVEN, ECX, 14, ZMM},
    {"avx512_4vnniw", SEVEN, EDX, 2, ZMM},
    {"avx512_4fmaps", SEVEN, EDX, 3, ZMM},
    {"avx512_vp2intersect", SEVEN, EDX, 8, ZMM},
    {"amx_bf16", SEVEN, EDX, 22, TILES},
    {"avx512_fp16", SEVEN, EDX, 23, ZMM},
    {"amx_tile", SEVEN, EDX, 24, TILES},
    {"amx_int8", SEVEN, EDX, 25, TILES},
    {"avx_vnni", SEVEN_ONE, EAX, 4, YMM},
    {"avx512_bf16", SEVEN_ONE, EAX, 5, ZMM},
};

uint64_t eg_cpu_sets(void)
{
    uint32_t found[LEAVES][4] = {{0}};
    uint64_t saved = 0, bits = 0;

    __get_cpuid(1, &found[BASIC][EAX], &found[BASIC][EBX], &found[BASIC][ECX], &found[BASIC][EDX]);
    __get_cpuid(0x80000001, &found[EXTENDED][EAX], &found[EXTENDED][EBX], &found[EXTENDED][ECX], &found[EXTENDED][EDX]);
    if (__get_cpuid_count(7, 0, &found[SEVEN][EAX], &found[SEVEN][EBX], &found[SEVEN][ECX], &found[SEVEN][EDX]) &&
        found[SEVEN][EAX] >= 1) {
        __get_cpuid_count(7, 1, &found[SEVEN_ONE][EAX], &found[SEVEN_ONE][EBX], &found[SEVEN_ONE][ECX],
                          &found[SEVEN_ONE][EDX]);
    }
    if (found[BASIC][ECX] & UINT32_C(1) << 27) { /* OSXSAVE */
        saved = saved_registers();
    }
    for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
        int there = found[sets[i].leaf][sets[i].reg] >> sets[i].bit & 1;
        bits |= (uint64_t)(there && (saved & needed[sets[i].state]) == needed[sets[i].state]) << i;
    }
    return bits;
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

#if defined(__linux__)
#include <sys/auxv.h>

/* Linux, arch/arm64/include/uapi/asm/hwcap.h; the names are those of /proc/cpuinfo. */
static const struct {
    const char *name;
    uint8_t word, bit;
} sets[] = {
    {"asimd", 0, 1},     {"fphp", 0, 9},      {"asimdhp", 0, 10},  {"asimdrdm", 0, 12}, {"fcma", 0, 14},
    {"asimddp", 0, 20},  {"sve", 0, 22},      {"asimdfhm", 0, 23}, {"sve2", 1, 1},      {"svei8mm", 1, 9},
    {"svef32mm", 1, 10}, {"svef64mm", 1, 11}, {"svebf16", 1, 12},  {"i8mm", 1, 13},     {"bf16", 1, 14},
    {"sme", 1, 23},
};

uint64_t eg_cpu_sets(void)
{
    const uint64_t words[] = {getauxval(AT_HWCAP), getauxval(AT_HWCAP2)};
    uint64_t bits = 0;

    for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
        bits |= (words[sets[i].word] >> sets[i].bit & 1) << i;
    }
    return bits;
}
#else
#define NO_SETS
#endif

#else
#define NO_SETS

uint32_t eg_cpu_features(void)
{
    return 0;
}

#endif

#ifdef NO_SETS
uint64_t eg_cpu_sets(void)
{
    return 0;
}

const char *eg_cpu_set_name(uint32_t bit)
{
    (void)bit;
    return NULL;
}
#else
const char *eg_cpu_set_name(uint32_t bit)
{
    return bit < sizeof(sets) / sizeof(*sets) ? sets[bit].name : NULL;
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
