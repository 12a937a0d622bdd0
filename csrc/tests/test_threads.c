/*
 * Threads that hash at once, each with a buffer of its own, while another one changes what the processor may use: to be run
 * under ThreadSanitizer. Ends with 0 if every hash was what one thread alone had found.
 */
#include "blake3_internal.h"
#include "envguard.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define THREADS 4
#define TURNS 300
#define INPUTS 40
#define LENGTH 40000

static uint8_t input[LENGTH];
static uint8_t wanted[INPUTS * EG_BLAKE3_OUT_LEN], wanted_sha256[INPUTS * EG_SHA256_OUT_LEN];
static const void *inputs[INPUTS];
static size_t lengths[INPUTS];
static atomic_int running = THREADS, wrong;

static void *work(void *unused)
{
    uint8_t found[INPUTS * EG_BLAKE3_OUT_LEN];

    (void)unused;
    for (size_t turn = 0; turn < TURNS; turn++) {
        size_t one = turn % INPUTS;
        struct eg_blake3_hasher hasher;
        eg_blake3_many(inputs, lengths, INPUTS, found);
        wrong += memcmp(found, wanted, sizeof found) != 0;
        eg_blake3(inputs[one], lengths[one], found);
        wrong += memcmp(found, wanted + one * EG_BLAKE3_OUT_LEN, EG_BLAKE3_OUT_LEN) != 0;
        eg_blake3_init(&hasher);
        eg_blake3_update(&hasher, inputs[one], lengths[one]);
        eg_blake3_final(&hasher, found);
        wrong += memcmp(found, wanted + one * EG_BLAKE3_OUT_LEN, EG_BLAKE3_OUT_LEN) != 0;
        eg_sha256_many(inputs, lengths, INPUTS, found);
        wrong += memcmp(found, wanted_sha256, sizeof found) != 0;
    }
    running--;
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];

    for (size_t i = 0; i < LENGTH; i++) {
        input[i] = (uint8_t)(i % 251);
    }
    for (size_t i = 0; i < INPUTS; i++) {
        inputs[i] = input + i;
        lengths[i] = i * i * i % (LENGTH - INPUTS);
        eg_blake3(inputs[i], lengths[i], wanted + i * EG_BLAKE3_OUT_LEN);
        eg_sha256(inputs[i], lengths[i], wanted_sha256 + i * EG_SHA256_OUT_LEN);
    }
    for (size_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, work, NULL) != 0) {
            return 2;
        }
    }
    for (uint32_t mask = 0; running > 0; mask = mask * 5 + 1) {
        eg_cpu_limit(mask);
        (void)eg_blake3_level_name();
        (void)eg_sha256_level_name(16);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("%d hashes were wrong\n", (int)wrong);
    return wrong != 0;
}
