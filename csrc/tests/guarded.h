/* What the tests of the hashes share: inputs between unreadable pages, and numbers that look random. */
#ifndef ENVGUARD_TESTS_GUARDED_H
#define ENVGUARD_TESTS_GUARDED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static inline uint32_t pseudo_random(uint32_t below)
{
    static uint32_t state = 1;
    state = state * UINT32_C(1664525) + UINT32_C(1013904223);
    return (state >> 8) % below;
}

/* A place of at least room bytes with a guard page on each side; *end is its end. */
static inline uint8_t *guarded(size_t room, uint8_t **end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (room + page - 1) / page * page;
    uint8_t *block = mmap(NULL, size + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block == MAP_FAILED || mprotect(block, page, PROT_NONE) || mprotect(block + page + size, page, PROT_NONE)) {
        exit(2);
    }
    *end = block + page + size;
    return block + page;
}

/* A cycle that no block is a multiple of, so that no two of them look alike. */
static inline void fill(uint8_t *input, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        input[i] = (uint8_t)(i % 251);
    }
}

static inline void print_hex(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        printf("%02x", bytes[i]);
    }
}

#endif
