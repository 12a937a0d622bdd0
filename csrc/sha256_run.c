/*
 * SHA-256 of many messages side by side. One message is a chain in which each step waits for the one before it; the steps of
 * others fill the time. Kernels take as many messages as they have lanes; a message that ends leaves its lane to the next.
 */
#include "cpu_features.h"
#include "envguard.h"
#include "sha256_internal.h"

#include <string.h>

#define NEEDS_AVX2 (EG_CPU_SSE2 | EG_CPU_SSSE3 | EG_CPU_SSE41 | EG_CPU_AVX | EG_CPU_AVX2)
#define NEEDS_AVX512 (NEEDS_AVX2 | EG_CPU_AVX512F | EG_CPU_AVX512VL)

/*
 * The first one that may be used is used. On an Intel Xeon (Sapphire Rapids), GB/s of one thread: AVX-512 0.29 for each
 * message up to 4.7 for sixteen, AVX2 0.21 up to 1.7 for eight, SHA-NI 2.0 for one and 2.4 for two, portable 0.37.
 */
static const struct eg_sha256_kernel KERNELS[] = {
#ifdef EG_SHA256_X86
    {16, 9, NEEDS_AVX512, 0, "AVX-512", eg_sha256_avx512_16},
    {16, 2, NEEDS_AVX512, EG_CPU_SHA, "AVX-512", eg_sha256_avx512_16},
    {8, 2, NEEDS_AVX2, EG_CPU_SHA, "AVX2", eg_sha256_avx2_8},
    {2, 2, EG_CPU_SSE2 | EG_CPU_SSSE3 | EG_CPU_SSE41 | EG_CPU_SHA, 0, "SHA-NI", eg_sha256_ni_2},
    {1, 1, EG_CPU_SSE2 | EG_CPU_SSSE3 | EG_CPU_SSE41 | EG_CPU_SHA, 0, "SHA-NI", eg_sha256_ni_1},
#endif
#ifdef EG_SHA256_ARM
    {1, 1, EG_CPU_SHA2, 0, "ARMv8", eg_sha256_arm_1},
#endif
    {1, 1, 0, 0, "portable", eg_sha256_portable_1},
};

/* The kernel for count messages at once. */
static const struct eg_sha256_kernel *kernel_for(size_t count)
{
    const struct eg_sha256_kernel *kernel = KERNELS;
    uint32_t usable = eg_cpu_usable();
    while (kernel->least > count || (kernel->needs & usable) != kernel->needs || (kernel->unless & usable) != 0) {
        kernel++;
    }
    return kernel;
}

const char *eg_sha256_level_name(size_t count)
{
    return kernel_for(count > 0 ? count : 1)->name;
}

void eg_sha256_run(struct eg_sha256_lane *lanes, size_t count)
{
    struct eg_sha256_lane *active[EG_SHA256_MAX_LANES];
    uint32_t *states[EG_SHA256_MAX_LANES];
    const uint8_t *blocks[EG_SHA256_MAX_LANES];
    size_t running = 0, next = 0;

    for (;;) {
        const struct eg_sha256_kernel *kernel;
        size_t width, steps, i;

        for (; running < EG_SHA256_MAX_LANES && next < count; next++) {
            if (lanes[next].count > 0) {
                active[running++] = &lanes[next];
            }
        }
        if (running == 0) {
            return;
        }
        kernel = kernel_for(running);
        width = running < kernel->lanes ? running : kernel->lanes;
        steps = active[0]->count;
        for (i = 0; i < kernel->lanes; i++) {
            const struct eg_sha256_lane *lane = active[i < width ? i : 0];
            states[i] = lane->state;
            blocks[i] = lane->blocks;
            steps = lane->count < steps ? lane->count : steps;
        }
        kernel->compress(states, blocks, steps);
        for (i = width; i-- > 0;) {
            active[i]->blocks += steps * EG_SHA256_BLOCK_LEN;
            active[i]->count -= steps;
            if (active[i]->count == 0) {
                active[i] = active[--running];
            }
        }
    }
}

/* Inputs that are worked on together: enough that few lanes are empty at their end, few enough for the stack. */
#define GROUP 128

static void hash_group(const void *const *inputs, const size_t *lengths, size_t count, uint8_t *out)
{
    uint32_t states[GROUP][8];
    uint8_t ends[GROUP][2 * EG_SHA256_BLOCK_LEN];
    struct eg_sha256_lane lanes[GROUP];
    size_t i;

    for (i = 0; i < count; i++) {
        memcpy(states[i], eg_sha256_iv, sizeof states[i]);
        lanes[i] = (struct eg_sha256_lane){states[i], inputs[i], lengths[i] / EG_SHA256_BLOCK_LEN};
    }
    eg_sha256_run(lanes, count);
    for (i = 0; i < count; i++) {
        /* The lane stands at the rest, which is less than a block. */
        size_t blocks = eg_sha256_pad(ends[i], lanes[i].blocks, lengths[i]);
        lanes[i] = (struct eg_sha256_lane){states[i], ends[i], blocks};
    }
    eg_sha256_run(lanes, count);
    for (i = 0; i < count; i++) {
        eg_sha256_store(out + i * EG_SHA256_OUT_LEN, states[i]);
    }
}

int eg_sha256_many(const void *const *inputs, const size_t *lengths, size_t count, uint8_t *out)
{
    size_t done;

    if (count > 0 && (inputs == NULL || lengths == NULL || out == NULL)) {
        return EG_INVALID;
    }
    for (done = 0; done < count; done++) {
        if (inputs[done] == NULL && lengths[done] > 0) {
            return EG_INVALID;
        }
    }
    for (done = 0; done < count; done += GROUP) {
        size_t left = count - done;
        hash_group(inputs + done, lengths + done, left < GROUP ? left : GROUP, out + done * EG_SHA256_OUT_LEN);
    }
    return EG_OK;
}
