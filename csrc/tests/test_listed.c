/*
 * Looks into the folder of its first argument as into one of installed packages, with as many threads as its second says; the
 * wanted files come from standard input, each with a NUL behind it. Writes the rows to standard output, and on standard error
 * what differed where nothing may: with the records of the first time, in small pieces, and after runs that were ended early.
 * It is run under sanitizers: what it is there to find is a read beyond memory, a leak, a race.
 */
#include "envguard.h"
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ROOM ((size_t)16 << 20)
#define TIMES 100000

struct found {
    uint8_t *rows, *records, state[32];
    size_t row_bytes, record_count, rows_found;
    int64_t *times;
    struct eg_tree_result result;
};

static int collect(struct eg_tree *tree, struct found *found, size_t piece, size_t stamps)
{
    size_t written = 1, count = 1;

    found->row_bytes = found->rows_found = found->record_count = 0;
    while (count > 0) {
        size_t left = ROOM - found->row_bytes;
        int status = eg_tree_rows(tree, found->rows + found->row_bytes, left < piece ? left : piece, &written,
                                  found->times + found->rows_found, stamps, &count);
        if (status == EG_ROOM) {
            piece = written;
            count = 1;
            continue;
        }
        if (status != EG_OK) {
            return 1;
        }
        found->row_bytes += written;
        found->rows_found += count;
    }
    for (written = 1; written > 0; found->record_count += written / 80) {
        if (eg_tree_records(tree, found->records + found->record_count * 80, 80, &written) != EG_OK) {
            return 1;
        }
    }
    return 0;
}

static int whole_run(struct eg_tree_options *options, struct found *found, size_t piece, size_t stamps)
{
    struct eg_tree_progress progress;
    struct eg_tree *tree;
    int status;

    found->rows = malloc(ROOM);
    found->records = malloc(ROOM);
    found->times = malloc(TIMES * sizeof *found->times);
    if (found->rows == NULL || found->records == NULL || found->times == NULL || eg_tree_start(options, &tree) != EG_OK) {
        return 1;
    }
    while (eg_tree_wait(tree, 1, &progress) == EG_RUNNING) {
    }
    status = eg_tree_result(tree, &found->result) != EG_OK || progress.files_done != progress.files_found || !progress.listed;
    status = status || collect(tree, found, piece, stamps);
    memcpy(found->state, found->result.root, sizeof found->state);
    eg_tree_free(tree);
    return status;
}

static void drop(struct found *found)
{
    free(found->rows);
    free(found->records);
    free(found->times);
}

static int check_again(struct eg_tree_options *options, const struct found *first)
{
    struct found again;
    int status = whole_run(options, &again, 100, 3);

    if (status == 0 && (again.row_bytes != first->row_bytes || memcmp(again.rows, first->rows, first->row_bytes) != 0 ||
                        memcmp(again.times, first->times, first->rows_found * sizeof *first->times) != 0)) {
        fprintf(stderr, "other rows the second time\n");
        status = 1;
    }
    if (status == 0 && (again.result.cached != first->record_count || again.result.stale ||
                        memcmp(again.state, first->state, sizeof first->state) != 0)) {
        fprintf(stderr, "%llu of %zu from the records\n", (unsigned long long)again.result.cached, first->record_count);
        status = 1;
    }
    drop(&again);
    return status;
}

int main(int count, char **arguments)
{
    struct eg_tree_options options = {.installed = 1, .heads = 1, .keep_records = 1};
    int64_t cutoff = INT64_MAX;
    struct found first;
    struct eg_tree *tree;
    uint64_t device;
    uint8_t *wanted = malloc(ROOM);
    struct stat st;
    int status;

    if (count < 3 || wanted == NULL || stat(arguments[1], &st) != 0) {
        return 2;
    }
    device = (uint64_t)st.st_dev;
    options.root = arguments[1];
    options.jobs = (uint32_t)atoi(arguments[2]);
    options.only_wanted = count > 3;
    options.wanted = wanted;
    options.wanted_length = fread(wanted, 1, ROOM, stdin);
    options.devices = &device;
    options.cutoffs = &cutoff;
    options.device_count = 1;
    status = whole_run(&options, &first, ROOM, TIMES);
    options.records = first.records;
    options.record_count = first.record_count;
    status = status != 0 ? status : check_again(&options, &first);
    options.record_count = 0;
    for (uint32_t wait = 0; wait < 20 && status == 0; wait++) {
        status = eg_tree_start(&options, &tree);
        if (status == EG_OK) {
            eg_tree_wait(tree, wait / 4, NULL);
            eg_tree_cancel(tree);
            eg_tree_free(tree);
        }
    }
    fwrite(first.rows, 1, first.row_bytes, stdout);
    drop(&first);
    free(wanted);
    return status;
}
