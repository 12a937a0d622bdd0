/* SHA-256 (FIPS 180-4) of one input, at once or in pieces. */
#include "envguard.h"
#include "sha256_internal.h"

#include <string.h>

/* 5.3.3: the first 32 bits of the fractional parts of the square roots of the first eight primes. */
const uint32_t eg_sha256_iv[8] = {
    UINT32_C(0x6A09E667), UINT32_C(0xBB67AE85), UINT32_C(0x3C6EF372), UINT32_C(0xA54FF53A),
    UINT32_C(0x510E527F), UINT32_C(0x9B05688C), UINT32_C(0x1F83D9AB), UINT32_C(0x5BE0CD19),
};

/* 4.2.2: those of the cube roots of the first 64 primes. */
const uint32_t eg_sha256_k[64] = {
    UINT32_C(0x428A2F98), UINT32_C(0x71374491), UINT32_C(0xB5C0FBCF), UINT32_C(0xE9B5DBA5),
    UINT32_C(0x3956C25B), UINT32_C(0x59F111F1), UINT32_C(0x923F82A4), UINT32_C(0xAB1C5ED5),
    UINT32_C(0xD807AA98), UINT32_C(0x12835B01), UINT32_C(0x243185BE), UINT32_C(0x550C7DC3),
    UINT32_C(0x72BE5D74), UINT32_C(0x80DEB1FE), UINT32_C(0x9BDC06A7), UINT32_C(0xC19BF174),
    UINT32_C(0xE49B69C1), UINT32_C(0xEFBE4786), UINT32_C(0x0FC19DC6), UINT32_C(0x240CA1CC),
    UINT32_C(0x2DE92C6F), UINT32_C(0x4A7484AA), UINT32_C(0x5CB0A9DC), UINT32_C(0x76F988DA),
    UINT32_C(0x983E5152), UINT32_C(0xA831C66D), UINT32_C(0xB00327C8), UINT32_C(0xBF597FC7),
    UINT32_C(0xC6E00BF3), UINT32_C(0xD5A79147), UINT32_C(0x06CA6351), UINT32_C(0x14292967),
    UINT32_C(0x27B70A85), UINT32_C(0x2E1B2138), UINT32_C(0x4D2C6DFC), UINT32_C(0x53380D13),
    UINT32_C(0x650A7354), UINT32_C(0x766A0ABB), UINT32_C(0x81C2C92E), UINT32_C(0x92722C85),
    UINT32_C(0xA2BFE8A1), UINT32_C(0xA81A664B), UINT32_C(0xC24B8B70), UINT32_C(0xC76C51A3),
    UINT32_C(0xD192E819), UINT32_C(0xD6990624), UINT32_C(0xF40E3585), UINT32_C(0x106AA070),
    UINT32_C(0x19A4C116), UINT32_C(0x1E376C08), UINT32_C(0x2748774C), UINT32_C(0x34B0BCB5),
    UINT32_C(0x391C0CB3), UINT32_C(0x4ED8AA4A), UINT32_C(0x5B9CCA4F), UINT32_C(0x682E6FF3),
    UINT32_C(0x748F82EE), UINT32_C(0x78A5636F), UINT32_C(0x84C87814), UINT32_C(0x8CC70208),
    UINT32_C(0x90BEFFFA), UINT32_C(0xA4506CEB), UINT32_C(0xBEF9A3F7), UINT32_C(0xC67178F2),
};

size_t eg_sha256_pad(uint8_t blocks[2 * EG_SHA256_BLOCK_LEN], const uint8_t *rest, uint64_t length)
{
    size_t used = length % EG_SHA256_BLOCK_LEN, count = used + 9 > EG_SHA256_BLOCK_LEN ? 2 : 1;
    uint8_t *end = blocks + count * EG_SHA256_BLOCK_LEN - 8;

    if (used > 0) {
        memcpy(blocks, rest, used);
    }
    blocks[used] = 0x80;
    memset(blocks + used + 1, 0, (size_t)(end - blocks) - used - 1);
    for (int i = 0; i < 8; i++) {
        end[i] = (uint8_t)(length * 8 >> (56 - 8 * i));
    }
    return count;
}

void eg_sha256_store(uint8_t *out, const uint32_t state[8])
{
    for (int i = 0; i < 32; i++) {
        out[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
    }
}

static void compress(uint32_t state[8], const uint8_t *blocks, size_t count)
{
    struct eg_sha256_lane lane = {state, blocks, count};
    eg_sha256_run(&lane, 1);
}

static void finish(uint32_t state[8], const uint8_t *rest, uint64_t length, uint8_t *out)
{
    uint8_t blocks[2 * EG_SHA256_BLOCK_LEN];
    compress(state, blocks, eg_sha256_pad(blocks, rest, length));
    eg_sha256_store(out, state);
}

int eg_sha256(const void *input, size_t length, uint8_t *out)
{
    size_t whole = length / EG_SHA256_BLOCK_LEN;
    const uint8_t *at = input;
    uint32_t state[8];

    if (out == NULL || (input == NULL && length > 0)) {
        return EG_INVALID;
    }
    memcpy(state, eg_sha256_iv, sizeof state);
    if (whole > 0) {
        compress(state, at, whole);
        at += whole * EG_SHA256_BLOCK_LEN;
    }
    finish(state, at, length, out);
    return EG_OK;
}

int eg_sha256_init(struct eg_sha256_hasher *hasher)
{
    if (hasher == NULL) {
        return EG_INVALID;
    }
    memcpy(hasher->state, eg_sha256_iv, sizeof hasher->state);
    hasher->length = 0;
    return EG_OK;
}

int eg_sha256_update(struct eg_sha256_hasher *hasher, const void *input, size_t length)
{
    const uint8_t *at = input;
    size_t used, whole;

    if (hasher == NULL || (input == NULL && length > 0)) {
        return EG_INVALID;
    }
    used = hasher->length % EG_SHA256_BLOCK_LEN;
    hasher->length += length;
    if (used > 0) {
        size_t wanted = EG_SHA256_BLOCK_LEN - used, taken = length < wanted ? length : wanted;
        if (taken > 0) {
            memcpy(hasher->block + used, at, taken);
            at += taken;
            length -= taken;
        }
        if (taken < wanted) {
            return EG_OK;
        }
        compress(hasher->state, hasher->block, 1);
    }
    whole = length / EG_SHA256_BLOCK_LEN;
    if (whole > 0) {
        compress(hasher->state, at, whole);
        at += whole * EG_SHA256_BLOCK_LEN;
        length -= whole * EG_SHA256_BLOCK_LEN;
    }
    if (length > 0) {
        memcpy(hasher->block, at, length);
    }
    return EG_OK;
}

int eg_sha256_final(const struct eg_sha256_hasher *hasher, uint8_t *out)
{
    uint32_t state[8];

    if (hasher == NULL || out == NULL) {
        return EG_INVALID;
    }
    memcpy(state, hasher->state, sizeof state);
    finish(state, hasher->block, hasher->length, out);
    return EG_OK;
}
