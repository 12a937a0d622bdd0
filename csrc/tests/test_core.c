/*
 * Prints the BLAKE3 hash of inputs that lie flush against unreadable pages, one line a length: "length hex".
 *
 * Each input ends at the last byte before a guard page, and begins at the first byte after another one; a read beyond either
 * side is a fault at once, sanitizer or not. Lengths are all from 0 to 5000, then pseudo-random ones of up to 300,000.
 */
#include "envguard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void print(size_t length, const uint8_t *hash)
{
    printf("%zu ", length);
    for (int i = 0; i < EG_BLAKE3_OUT_LEN; i++) {
        printf("%02x", hash[i]);
    }
    printf("\n");
}

static int check(uint8_t *first, size_t room, size_t length)
{
    uint8_t at_end[EG_BLAKE3_OUT_LEN], at_start[EG_BLAKE3_OUT_LEN];
    uint8_t *input = first + room - length;

    for (size_t i = 0; i < length; i++) {
        input[i] = (uint8_t)(i % 251);
    }
    if (eg_blake3(input, length, at_end) != EG_OK) {
        return 1;
    }
    memmove(first, input, length);
    if (eg_blake3(first, length, at_start) != EG_OK || memcmp(at_end, at_start, sizeof at_end) != 0) {
        return 1;
    }
    print(length, at_end);
    return 0;
}

int main(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = 512 * 1024;
    uint8_t out[EG_BLAKE3_OUT_LEN];
    uint32_t state = 1;
    uint8_t *block = mmap(NULL, room + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block == MAP_FAILED || mprotect(block, page, PROT_NONE) || mprotect(block + page + room, page, PROT_NONE)) {
        return 2;
    }
    for (size_t length = 0; length <= 5000; length++) {
        if (check(block + page, room, length)) {
            return 1;
        }
    }
    for (int turn = 0; turn < 200; turn++) {
        state = state * UINT32_C(1664525) + UINT32_C(1013904223);
        if (check(block + page, room, state % 300000)) {
            return 1;
        }
    }
    /* What may not be: no output, no input where there should be one. No input of no length is one. */
    if (eg_blake3(block + page, 1, NULL) != EG_INVALID || eg_blake3(NULL, 1, out) != EG_INVALID ||
        eg_blake3(NULL, 0, out) != EG_OK) {
        return 1;
    }
    (void)eg_cpu_features();
    return 0;
}
