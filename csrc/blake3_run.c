/* Rows and jobs of any number onto kernels of fixed width, and the choice of the level that has them. */
#include "blake3_internal.h"
#include "cpu_features.h"
#include "envguard.h"

#include <string.h>

static const struct eg_blake3_level PORTABLE = {.name = "portable", .compress = eg_blake3_compress_portable};

/* Best first. */
static const struct eg_blake3_level *const LEVELS[] = {
#ifdef EG_BLAKE3_X86
    &eg_blake3_avx512, &eg_blake3_avx2, &eg_blake3_sse41,
#endif
#ifdef EG_BLAKE3_ARM
    &eg_blake3_neon,
#endif
    &PORTABLE,
};

const struct eg_blake3_level *eg_blake3_level(void)
{
    uint32_t usable = eg_cpu_usable();
    size_t i = 0;
    while ((LEVELS[i]->needs & usable) != LEVELS[i]->needs) {
        i++;
    }
    return LEVELS[i];
}

const char *eg_blake3_level_name(void)
{
    return eg_blake3_level()->name;
}

/* The narrowest kernel that takes all of count at once, else the widest; NULL where one at a time is faster. */
static const struct eg_blake3_width *width_for(const struct eg_blake3_level *level, size_t count)
{
    const struct eg_blake3_width *width = level->widths;
    if (count < 2 || width->lanes == 0) {
        return NULL;
    }
    while (width[1].lanes >= count) {
        width++;
    }
    return width;
}

static void one_row(const struct eg_blake3_level *level, const struct eg_blake3_rows *rows, uint8_t *out)
{
    const uint8_t *at = rows->input;
    uint32_t chaining[8], blocks = rows->blocks, flags = rows->flags | rows->first;

    memcpy(chaining, rows->key, sizeof chaining);
    if (blocks > 1) {
        level->compress(chaining, at, 1, EG_BLAKE3_BLOCK_LEN, rows->counter, flags);
        level->compress(chaining, at + EG_BLAKE3_BLOCK_LEN, blocks - 2, EG_BLAKE3_BLOCK_LEN, rows->counter, rows->flags);
        at += (size_t)(blocks - 1) * EG_BLAKE3_BLOCK_LEN;
        flags = rows->flags;
    }
    level->compress(chaining, at, 1, EG_BLAKE3_BLOCK_LEN, rows->counter, flags | rows->last);
    eg_blake3_store(out, chaining, 8);
}

void eg_blake3_run_rows(const struct eg_blake3_level *level, const struct eg_blake3_rows *rows, size_t count, uint8_t *out)
{
    struct eg_blake3_rows rest = *rows;
    while (count > 0) {
        const struct eg_blake3_width *width = width_for(level, count);
        size_t now = 1;
        if (width == NULL) {
            one_row(level, &rest, out);
        } else {
            now = count < width->lanes ? count : width->lanes;
            rest.beyond = rows->beyond + (rest.blocks > 1 ? (count - now) * rest.stride : 0);
            width->rows(&rest, now, out);
        }
        rest.input += now * rest.stride;
        rest.counter += now * rest.step;
        out += now * EG_BLAKE3_VALUE_LEN;
        count -= now;
    }
}

static void one_job(const struct eg_blake3_level *level, const struct eg_blake3_job *job, const struct eg_blake3_jobs *all)
{
    uint32_t chaining[8], flags = all->flags | all->first;

    memcpy(chaining, all->key, sizeof chaining);
    if (job->blocks > 1) {
        level->compress(chaining, job->input, 1, EG_BLAKE3_BLOCK_LEN, job->counter, flags);
        level->compress(chaining, job->input + EG_BLAKE3_BLOCK_LEN, job->blocks - 2, EG_BLAKE3_BLOCK_LEN, job->counter,
                        all->flags);
        flags = all->flags;
    }
    level->compress(chaining, job->last, 1, job->last_len, job->counter, flags | job->flags);
    eg_blake3_store(job->out, chaining, 8);
}

void eg_blake3_run_jobs(const struct eg_blake3_level *level, const struct eg_blake3_job *const *jobs, size_t count,
                        const struct eg_blake3_jobs *all)
{
    while (count > 0) {
        const struct eg_blake3_width *width = width_for(level, count);
        size_t now = 1;
        if (width == NULL) {
            one_job(level, *jobs, all);
        } else {
            now = count < width->lanes ? count : width->lanes;
            width->jobs(jobs, now, all);
        }
        jobs += now;
        count -= now;
    }
}
