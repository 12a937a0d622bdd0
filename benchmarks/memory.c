/*
 * Times one implementation of BLAKE3 on one thread in memory, as a library for hash_memory.py: envguard's core, or, with
 * AUTHORS defined, the implementation in C and assembly of BLAKE3's authors.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* What Python calls; all else is hidden, as it is in the module, so that the compiler may inline it. */
#define SHOWN __attribute__((visibility("default")))

#ifdef AUTHORS
#include "blake3.h"

static void hash(const void *input, size_t length, uint8_t *out)
{
    blake3_hasher hasher;
    blake3_hasher_init(&hasher);
    blake3_hasher_update(&hasher, input, length);
    blake3_hasher_finalize(&hasher, out, BLAKE3_OUT_LEN);
}

SHOWN uint32_t limit(uint32_t mask);

uint32_t limit(uint32_t mask)
{
    return mask;
}
#else
#include "envguard.h"

static void hash(const void *input, size_t length, uint8_t *out)
{
    eg_blake3(input, length, out);
}

SHOWN uint32_t limit(uint32_t mask);

uint32_t limit(uint32_t mask)
{
    return eg_cpu_limit(mask);
}

SHOWN double seconds_many(size_t length, size_t count, size_t calls);
#endif

SHOWN double seconds(size_t length, size_t count, size_t calls);

/* Processor time: what else runs here takes none of it. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Inputs lie apart, as those of a caller do. */
static uint8_t *inputs(size_t length, size_t count, const void **each, size_t *lengths)
{
    size_t stride = length + 4096;
    uint8_t *data = malloc(stride * count);
    if (!data)
        abort();
    for (size_t at = 0; at < stride * count; at++)
        data[at] = (uint8_t)(at * 167 + (at >> 8));
    for (size_t i = 0; i < count; i++) {
        each[i] = data + i * stride;
        lengths[i] = length;
    }
    return data;
}

enum { MOST = 64 };

/* Return the seconds that calls rounds over count inputs take, one by one. */
double seconds(size_t length, size_t count, size_t calls)
{
    const void *each[MOST];
    size_t lengths[MOST];
    uint8_t out[MOST * 32], *data = inputs(length, count, each, lengths);
    double start = now();
    for (size_t call = 0; call < calls; call++)
        for (size_t i = 0; i < count; i++)
            hash(each[i], lengths[i], out + 32 * i);
    start = now() - start;
    free(data);
    return start;
}

#ifndef AUTHORS
/* The same, all inputs of a round in one call. */
double seconds_many(size_t length, size_t count, size_t calls)
{
    const void *each[MOST];
    size_t lengths[MOST];
    uint8_t out[MOST * 32], *data = inputs(length, count, each, lengths);
    double start = now();
    for (size_t call = 0; call < calls; call++)
        eg_blake3_many(each, lengths, count, out);
    start = now() - start;
    free(data);
    return start;
}
#endif
