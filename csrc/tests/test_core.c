/*
 * BLAKE3 between unreadable pages, at every level that the processor has.
 *
 * First a line "features ..." and a line "level NAME" for each level, then one line for each length: "length hash keyed-hash".
 * Each input ends at the last byte before a guard page, and begins at the first byte after another one; a read beyond either
 * side is a fault at once, sanitizer or not. All ways to the same hash are compared here, all levels with the first; what the
 * hash must be is for the reader of the lines to say.
 */
#include "blake3_internal.h"
#include "envguard.h"
#include "guarded.h"

#include <string.h>

#define ROOM ((size_t)544 * 1024)
#define MOST 48
#define MOST_LEN ((size_t)20 * 1024)
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "line %d: not so: %s (length %zu, %s)\n", __LINE__, #condition, now, eg_blake3_level_name()); \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static const char KEY[] = "whats the Elvish word for friend";
static uint32_t levels[8];
static size_t level_count, now;

/* One mask for each level that there is, by all subsets of the features. */
static void find_levels(void)
{
    uint32_t features = eg_cpu_features(), subset = features;
    const char *names[8];

    printf("features %x\n", (unsigned)features);
    do {
        size_t i = 0;
        eg_cpu_limit(subset);
        while (i < level_count && strcmp(names[i], eg_blake3_level_name()) != 0) {
            i++;
        }
        if (i == level_count) {
            names[level_count] = eg_blake3_level_name();
            levels[level_count++] = subset;
            printf("level %s\n", names[i]);
        }
        subset = (subset - 1) & features;
    } while (subset != features && level_count < 8);
}

static void in_pieces(const uint8_t *key, const uint8_t *input, size_t length, uint8_t *hash)
{
    struct eg_blake3_hasher hasher;
    size_t done = 0;

    REQUIRE((key == NULL ? eg_blake3_init(&hasher) : eg_blake3_init_keyed(&hasher, key)) == EG_OK);
    while (done < length) {
        size_t left = length - done, piece = 1 + pseudo_random(pseudo_random(4) == 0 ? 70000 : 3000);
        piece = piece < left ? piece : left;
        REQUIRE(eg_blake3_update(&hasher, input + done, piece) == EG_OK);
        done += piece;
    }
    REQUIRE(eg_blake3_final(&hasher, hash) == EG_OK);
}

/* As threads share a large input: the left subtree is the largest power of two of chunks that leaves something. */
static void by_subtrees(const uint8_t *input, size_t length, uint8_t *hash)
{
    uint8_t left[EG_BLAKE3_OUT_LEN], right[EG_BLAKE3_OUT_LEN];
    size_t chunks = 1;

    while (2 * chunks * EG_BLAKE3_CHUNK_LEN < length) {
        chunks *= 2;
    }
    eg_blake3_subtree(input, chunks * EG_BLAKE3_CHUNK_LEN, 0, left);
    eg_blake3_subtree(input + chunks * EG_BLAKE3_CHUNK_LEN, length - chunks * EG_BLAKE3_CHUNK_LEN, chunks, right);
    eg_blake3_parent(left, right, 1, hash);
}

static void check_at(const uint8_t *input, size_t length, const uint8_t *hash, const uint8_t *keyed)
{
    uint8_t found[EG_BLAKE3_OUT_LEN];

    REQUIRE(eg_blake3(input, length, found) == EG_OK);
    REQUIRE(memcmp(found, hash, sizeof found) == 0);
    REQUIRE(eg_blake3_keyed((const uint8_t *)KEY, input, length, found) == EG_OK);
    REQUIRE(memcmp(found, keyed, sizeof found) == 0);
    in_pieces(NULL, input, length, found);
    REQUIRE(memcmp(found, hash, sizeof found) == 0);
    in_pieces((const uint8_t *)KEY, input, length, found);
    REQUIRE(memcmp(found, keyed, sizeof found) == 0);
    if (length > EG_BLAKE3_CHUNK_LEN) {
        by_subtrees(input, length, found);
        REQUIRE(memcmp(found, hash, sizeof found) == 0);
    }
}

static void check(uint8_t *first, uint8_t *end, size_t length)
{
    uint8_t hash[EG_BLAKE3_OUT_LEN], keyed[EG_BLAKE3_OUT_LEN];

    now = length;
    fill(end - length, length);
    fill(first, length < ROOM / 2 ? length : 0);
    for (size_t i = 0; i < level_count; i++) {
        eg_cpu_limit(levels[i]);
        if (i == 0) {
            REQUIRE(eg_blake3(end - length, length, hash) == EG_OK);
            REQUIRE(eg_blake3_keyed((const uint8_t *)KEY, end - length, length, keyed) == EG_OK);
        }
        check_at(end - length, length, hash, keyed);
        if (length < ROOM / 2) {
            check_at(first, length, hash, keyed);
        }
    }
    printf("%zu ", length);
    print_hex(hash, sizeof hash);
    printf(" ");
    print_hex(keyed, sizeof keyed);
    printf("\n");
}

/* Inputs of all lengths in one call, each flush against a guard page of its own, at its end or at its start in turn. */
static void check_many(void)
{
    static uint8_t wanted[MOST * EG_BLAKE3_OUT_LEN], found[MOST * EG_BLAKE3_OUT_LEN];
    uint8_t *first[MOST], *end[MOST];
    const void *inputs[MOST];
    size_t lengths[MOST];

    for (size_t i = 0; i < MOST; i++) {
        first[i] = guarded(MOST_LEN, &end[i]);
    }
    for (int turn = 0; turn < 120; turn++) {
        size_t count = turn < 40 ? MOST : pseudo_random(MOST + 1);
        static const uint32_t below[] = {70, 1100, 4200, (uint32_t)MOST_LEN};
        for (size_t i = 0; i < count; i++) {
            lengths[i] = pseudo_random(below[turn % 4]);
            if (turn % 8 >= 4) { /* around whole blocks and chunks */
                size_t unit = turn % 8 == 4 ? 64 : 1024;
                lengths[i] = lengths[i] / unit * unit + (lengths[i] >= unit ? pseudo_random(3) - (size_t)1 : 0);
            }
            uint8_t *at = turn % 2 == 0 ? end[i] - lengths[i] : first[i];
            fill(at, lengths[i]);
            inputs[i] = lengths[i] == 0 ? NULL : at;
        }
        for (size_t level = 0; level < level_count; level++) {
            eg_cpu_limit(levels[level]);
            now = count;
            for (size_t i = 0; i < count; i++) {
                REQUIRE(eg_blake3(inputs[i], lengths[i], wanted + i * EG_BLAKE3_OUT_LEN) == EG_OK);
            }
            memset(found, 0, sizeof found);
            REQUIRE(eg_blake3_many(inputs, lengths, count, found) == EG_OK);
            REQUIRE(memcmp(found, wanted, count * EG_BLAKE3_OUT_LEN) == 0);
        }
    }
}

/* What may not be: no output, no input where there should be one. No input of no length is one. */
static void check_refusals(const uint8_t *byte)
{
    struct eg_blake3_hasher hasher;
    uint8_t out[EG_BLAKE3_OUT_LEN], before[EG_BLAKE3_OUT_LEN];
    const uint8_t *key = (const uint8_t *)KEY;
    const void *inputs[2] = {byte, NULL};
    size_t lengths[2] = {1, 1};

    memset(out, 7, sizeof out);
    memset(before, 7, sizeof before);
    REQUIRE(eg_blake3(byte, 1, NULL) == EG_INVALID && eg_blake3(NULL, 1, out) == EG_INVALID);
    REQUIRE(eg_blake3_keyed(NULL, byte, 1, out) == EG_INVALID && eg_blake3_keyed(key, NULL, 1, out) == EG_INVALID);
    REQUIRE(eg_blake3_keyed(key, byte, 1, NULL) == EG_INVALID);
    REQUIRE(eg_blake3_init(NULL) == EG_INVALID && eg_blake3_init_keyed(&hasher, NULL) == EG_INVALID);
    REQUIRE(eg_blake3_init_keyed(NULL, key) == EG_INVALID && eg_blake3_init(&hasher) == EG_OK);
    REQUIRE(eg_blake3_update(NULL, byte, 1) == EG_INVALID && eg_blake3_update(&hasher, NULL, 1) == EG_INVALID);
    REQUIRE(eg_blake3_final(NULL, out) == EG_INVALID && eg_blake3_final(&hasher, NULL) == EG_INVALID);
    REQUIRE(eg_blake3_many(NULL, lengths, 1, out) == EG_INVALID && eg_blake3_many(inputs, NULL, 1, out) == EG_INVALID);
    REQUIRE(eg_blake3_many(inputs, lengths, 1, NULL) == EG_INVALID);
    REQUIRE(eg_blake3_many(inputs, lengths, 2, out) == EG_INVALID);
    REQUIRE(memcmp(out, before, sizeof out) == 0);
    REQUIRE(eg_blake3_many(NULL, NULL, 0, NULL) == EG_OK && eg_blake3(NULL, 0, out) == EG_OK);
    REQUIRE(eg_blake3_update(&hasher, NULL, 0) == EG_OK && eg_blake3_keyed(key, NULL, 0, out) == EG_OK);
}

int main(void)
{
    static const size_t around[] = {127, 128, 129, 255, 256, 257, 271, 272, 511, 512, 513};
    uint8_t *end, *first = guarded(ROOM, &end);

    find_levels();
    check_refusals(first);
    for (size_t length = 0; length <= 2200; length++) {
        check(first, end, length);
    }
    for (size_t chunks = 3; chunks <= 66; chunks++) {
        for (size_t length = chunks * 1024 - 1; length <= chunks * 1024 + 1; length++) {
            check(first, end, length);
        }
    }
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
        for (size_t length = around[i] * 1024 - 1; length <= around[i] * 1024 + 1; length++) {
            check(first, end, length);
        }
    }
    for (int turn = 0; turn < 40; turn++) {
        check(first, end, pseudo_random(300000));
    }
    check_many();
    printf("done\n");
    return 0;
}
