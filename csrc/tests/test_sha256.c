/*
 * SHA-256 between unreadable pages, with every set of kernels that the processor's features allow.
 *
 * First a line "features ..." and a line "level ONE/MANY" for each set, then one line for each length: "length hash". Each
 * input ends at the last byte before a guard page, and begins at the first byte after another one. All ways to the same hash
 * are compared here, all sets with the first; what the hash must be is for the reader of the lines to say.
 */
#include "envguard.h"
#include "guarded.h"
#include "sha256_internal.h"

#include <string.h>

#define ROOM ((size_t)24 * 1024)
#define MOST 300
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "line %d: not so: %s (length %zu, %s)\n", __LINE__, #condition, now, level_name());         \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static uint32_t levels[16];
static size_t level_count, now;

static const char *level_name(void)
{
    static char name[64];
    snprintf(name, sizeof name, "%s/%s/%s", eg_sha256_level_name(1), eg_sha256_level_name(2), eg_sha256_level_name(16));
    return name;
}

/* One mask for each set of kernels that there is, by all subsets of the features. */
static void find_levels(void)
{
    uint32_t features = eg_cpu_features(), subset = features;
    char names[16][64];

    printf("features %x\n", (unsigned)features);
    do {
        size_t i = 0;
        eg_cpu_limit(subset);
        while (i < level_count && strcmp(names[i], level_name()) != 0) {
            i++;
        }
        if (i == level_count) {
            strcpy(names[level_count], level_name());
            levels[level_count++] = subset;
            printf("level %s\n", names[i]);
        }
        subset = (subset - 1) & features;
    } while (subset != features && level_count < 16);
}

static void check_at(const uint8_t *input, size_t length, const uint8_t *hash)
{
    uint8_t found[EG_SHA256_OUT_LEN];
    struct eg_sha256_hasher hasher;
    size_t done = 0;

    REQUIRE(eg_sha256(input, length, found) == EG_OK);
    REQUIRE(memcmp(found, hash, sizeof found) == 0);
    REQUIRE(eg_sha256_init(&hasher) == EG_OK);
    while (done < length) {
        size_t left = length - done, piece = 1 + pseudo_random(pseudo_random(4) == 0 ? 3000 : 130);
        piece = piece < left ? piece : left;
        REQUIRE(eg_sha256_update(&hasher, input + done, piece) == EG_OK);
        done += piece;
    }
    REQUIRE(eg_sha256_final(&hasher, found) == EG_OK);
    REQUIRE(memcmp(found, hash, sizeof found) == 0);
}

static void check(uint8_t *first, uint8_t *end, size_t length)
{
    uint8_t hash[EG_SHA256_OUT_LEN];

    now = length;
    fill(end - length, length);
    fill(first, length < ROOM / 2 ? length : 0);
    for (size_t i = 0; i < level_count; i++) {
        eg_cpu_limit(levels[i]);
        if (i == 0) {
            REQUIRE(eg_sha256(end - length, length, hash) == EG_OK);
        }
        check_at(end - length, length, hash);
        if (length < ROOM / 2) {
            check_at(first, length, hash);
        }
    }
    printf("%zu ", length);
    print_hex(hash, sizeof hash);
    printf("\n");
}

/* Inputs of all lengths in one call, each flush against a guard page of its own, at its end or at its start in turn. */
static void check_many(void)
{
    static uint8_t wanted[MOST * EG_SHA256_OUT_LEN], found[MOST * EG_SHA256_OUT_LEN];
    static const uint32_t below[] = {70, 600, 2500, 9000};
    uint8_t *first[MOST], *end[MOST];
    const void *inputs[MOST];
    size_t lengths[MOST];

    for (size_t i = 0; i < MOST; i++) {
        first[i] = guarded(9000, &end[i]);
    }
    for (int turn = 0; turn < 120; turn++) {
        size_t count = turn < 20 ? MOST : turn < 60 ? (size_t)turn - 20 : pseudo_random(MOST + 1);
        for (size_t i = 0; i < count; i++) {
            uint8_t *at;
            lengths[i] = pseudo_random(below[turn % 4]);
            if (turn % 8 >= 4) { /* around whole blocks, and around the length from which the end needs a second one */
                size_t step = turn % 8 == 4 ? 64 : 56;
                lengths[i] = lengths[i] / 64 * 64 + (step + pseudo_random(3) - 1) % 65;
            }
            at = turn % 2 == 0 ? end[i] - lengths[i] : first[i];
            fill(at, lengths[i]);
            inputs[i] = lengths[i] == 0 ? NULL : at;
        }
        for (size_t level = 0; level < level_count; level++) {
            eg_cpu_limit(levels[level]);
            now = count;
            for (size_t i = 0; i < count; i++) {
                REQUIRE(eg_sha256(inputs[i], lengths[i], wanted + i * EG_SHA256_OUT_LEN) == EG_OK);
            }
            memset(found, 0, sizeof found);
            REQUIRE(eg_sha256_many(inputs, lengths, count, found) == EG_OK);
            REQUIRE(memcmp(found, wanted, count * EG_SHA256_OUT_LEN) == 0);
        }
    }
}

/* What may not be: no output, no input where there should be one. No input of no length is one. */
static void check_refusals(const uint8_t *byte)
{
    struct eg_sha256_hasher hasher;
    uint8_t out[EG_SHA256_OUT_LEN], before[EG_SHA256_OUT_LEN];
    const void *inputs[2] = {byte, NULL};
    size_t lengths[2] = {1, 1};

    memset(out, 7, sizeof out);
    memset(before, 7, sizeof before);
    REQUIRE(eg_sha256(byte, 1, NULL) == EG_INVALID && eg_sha256(NULL, 1, out) == EG_INVALID);
    REQUIRE(eg_sha256_init(NULL) == EG_INVALID && eg_sha256_init(&hasher) == EG_OK);
    REQUIRE(eg_sha256_update(NULL, byte, 1) == EG_INVALID && eg_sha256_update(&hasher, NULL, 1) == EG_INVALID);
    REQUIRE(eg_sha256_final(NULL, out) == EG_INVALID && eg_sha256_final(&hasher, NULL) == EG_INVALID);
    REQUIRE(eg_sha256_many(NULL, lengths, 1, out) == EG_INVALID && eg_sha256_many(inputs, NULL, 1, out) == EG_INVALID);
    REQUIRE(eg_sha256_many(inputs, lengths, 1, NULL) == EG_INVALID);
    REQUIRE(eg_sha256_many(inputs, lengths, 2, out) == EG_INVALID);
    REQUIRE(memcmp(out, before, sizeof out) == 0);
    REQUIRE(eg_sha256_many(NULL, NULL, 0, NULL) == EG_OK && eg_sha256(NULL, 0, out) == EG_OK);
    REQUIRE(eg_sha256_update(&hasher, NULL, 0) == EG_OK);
}

int main(void)
{
    uint8_t *end, *first = guarded(ROOM, &end);

    find_levels();
    check_refusals(first);
    for (size_t length = 0; length <= 1100; length++) {
        check(first, end, length);
    }
    for (size_t blocks = 18; blocks <= 300; blocks += 7) {
        for (size_t length = blocks * 64 - 9; length <= blocks * 64 + 1; length++) {
            check(first, end, length);
        }
    }
    check_many();
    printf("done\n");
    return 0;
}
