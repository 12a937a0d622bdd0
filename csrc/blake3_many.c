/*
 * BLAKE3 of many inputs at once. An input of less than 16 KiB has too few chunks to fill the lanes of the widest kernels; many
 * inputs together have enough. So the chunks of a group of inputs are put in one list, those with most blocks first, that
 * lanes side by side end at nearly the same time, and then the parents of all of them, level by level.
 */
#include "blake3_internal.h"
#include "envguard.h"

#include <string.h>

/* Chunks in a group. With fewer, lanes stay empty at the group's end and at its last level of parents. */
#define SLOTS 256
/* Longer inputs fill the lanes alone. */
#define LONGEST ((size_t)16 * EG_BLAKE3_CHUNK_LEN)

/* One input of the group whose chunks are in slots [first, first + count); a parent's value is in its left child's turn. */
struct entry {
    uint8_t *out;
    uint16_t first;
    uint16_t count;
};

/* A group of inputs; all memory that is needed, about 41 KiB. Nothing is set before it is used. */
struct group {
    size_t slots, entries, jobs;
    struct entry entry[SLOTS];
    struct eg_blake3_job job[SLOTS];
    const struct eg_blake3_job *order[SLOTS];
    uint8_t value[SLOTS * EG_BLAKE3_VALUE_LEN];
    uint8_t tail[SLOTS * EG_BLAKE3_BLOCK_LEN]; /* last blocks that are not full: nothing is read beyond an input's end */
};

static void add_chunk(struct group *group, const uint8_t *input, size_t length, uint64_t counter, uint32_t root,
                      uint8_t *out)
{
    struct eg_blake3_job *job = &group->job[group->jobs];
    size_t full = length > 0 ? (length - 1) / EG_BLAKE3_BLOCK_LEN : 0, rest = length - full * EG_BLAKE3_BLOCK_LEN;

    job->input = input;
    job->out = out;
    job->counter = counter;
    job->blocks = (uint32_t)full + 1;
    job->last_len = (uint32_t)rest;
    job->flags = EG_BLAKE3_CHUNK_END | root;
    if (rest == EG_BLAKE3_BLOCK_LEN) {
        job->last = input + full * EG_BLAKE3_BLOCK_LEN;
    } else {
        uint8_t *tail = group->tail + group->jobs * EG_BLAKE3_BLOCK_LEN;
        memset(tail, 0, EG_BLAKE3_BLOCK_LEN);
        if (rest > 0) {
            memcpy(tail, input + full * EG_BLAKE3_BLOCK_LEN, rest);
        }
        job->last = tail;
    }
    group->jobs++;
}

static size_t chunks_of(size_t length)
{
    return length > EG_BLAKE3_CHUNK_LEN ? (length + EG_BLAKE3_CHUNK_LEN - 1) / EG_BLAKE3_CHUNK_LEN : 1;
}

static void add_input(struct group *group, const uint8_t *input, size_t length, uint8_t *out)
{
    size_t count = chunks_of(length);

    if (count == 1) {
        add_chunk(group, input, length, 0, EG_BLAKE3_ROOT, out);
        group->slots++;
        return;
    }
    group->entry[group->entries++] =
        (struct entry){.out = out, .first = (uint16_t)group->slots, .count = (uint16_t)count};
    for (size_t i = 0; i < count; i++) {
        size_t piece = i + 1 < count ? EG_BLAKE3_CHUNK_LEN : length;
        add_chunk(group, input, piece, i, 0, group->value + group->slots * EG_BLAKE3_VALUE_LEN);
        group->slots++;
        input += piece;
        length -= piece;
    }
}

/* Counting sort, those with most blocks first. */
static void run_chunks(struct group *group, const struct eg_blake3_level *level)
{
    size_t at[EG_BLAKE3_CHUNK_BLOCKS + 1] = {0}, next = 0;

    for (size_t i = 0; i < group->jobs; i++) {
        at[group->job[i].blocks]++;
    }
    for (size_t blocks = EG_BLAKE3_CHUNK_BLOCKS; blocks > 0; blocks--) {
        size_t count = at[blocks];
        at[blocks] = next;
        next += count;
    }
    for (size_t i = 0; i < group->jobs; i++) {
        group->order[at[group->job[i].blocks]++] = &group->job[i];
    }
    eg_blake3_run_jobs(level, group->order, group->jobs,
                       &(struct eg_blake3_jobs){.key = eg_blake3_iv, .first = EG_BLAKE3_CHUNK_START});
}

static void add_parents(struct group *group, const struct entry *entry)
{
    uint8_t *values = group->value + (size_t)entry->first * EG_BLAKE3_VALUE_LEN;

    for (size_t i = 0; i < entry->count / 2u; i++) {
        int root = entry->count == 2;
        group->job[group->jobs] = (struct eg_blake3_job){
            .input = values + 2 * i * EG_BLAKE3_VALUE_LEN,
            .last = values + 2 * i * EG_BLAKE3_VALUE_LEN,
            .out = root ? entry->out : values + i * EG_BLAKE3_VALUE_LEN,
            .blocks = 1,
            .last_len = EG_BLAKE3_BLOCK_LEN,
            .flags = root ? EG_BLAKE3_ROOT : 0,
        };
        group->order[group->jobs] = &group->job[group->jobs];
        group->jobs++;
    }
}

/* One level of parents of all inputs that have one; a value is written only where both it and what it was have been read. */
static void run_parents(struct group *group, const struct eg_blake3_level *level)
{
    size_t left = 0;

    group->jobs = 0;
    for (size_t i = 0; i < group->entries; i++) {
        add_parents(group, &group->entry[i]);
    }
    eg_blake3_run_jobs(level, group->order, group->jobs,
                       &(struct eg_blake3_jobs){.key = eg_blake3_iv, .flags = EG_BLAKE3_PARENT});
    for (size_t i = 0; i < group->entries; i++) {
        struct entry entry = group->entry[i];
        uint8_t *values = group->value + (size_t)entry.first * EG_BLAKE3_VALUE_LEN;
        if (entry.count % 2 != 0) {
            memmove(values + (size_t)(entry.count / 2) * EG_BLAKE3_VALUE_LEN,
                    values + (size_t)(entry.count - 1) * EG_BLAKE3_VALUE_LEN, EG_BLAKE3_VALUE_LEN);
        }
        entry.count = (uint16_t)((entry.count + 1) / 2);
        if (entry.count > 1) {
            group->entry[left++] = entry;
        }
    }
    group->entries = left;
}

static void run_group(struct group *group, const struct eg_blake3_level *level)
{
    run_chunks(group, level);
    while (group->entries > 0) {
        run_parents(group, level);
    }
    group->slots = 0;
    group->jobs = 0;
}

int eg_blake3_many(const void *const *inputs, const size_t *lengths, size_t count, uint8_t *out)
{
    const struct eg_blake3_level *level = eg_blake3_level();
    struct group group;

    if (count > 0 && (inputs == NULL || lengths == NULL || out == NULL)) {
        return EG_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        if (inputs[i] == NULL && lengths[i] > 0) {
            return EG_INVALID;
        }
    }
    group.slots = 0;
    group.entries = 0;
    group.jobs = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t *to = out + i * EG_BLAKE3_OUT_LEN;
        if (lengths[i] > LONGEST) {
            eg_blake3(inputs[i], lengths[i], to);
            continue;
        }
        if (group.slots + chunks_of(lengths[i]) > SLOTS) {
            run_group(&group, level);
        }
        add_input(&group, inputs[i], lengths[i], to);
    }
    run_group(&group, level);
    return EG_OK;
}
