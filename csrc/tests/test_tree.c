/*
 * Walks the tree of its first argument, with as many threads as its second says: once, again with the records of the first
 * time, again reading each of those as a sample, and some times more, ended early. Prints a line for each whole run: the root
 * (or "-"), files, bytes, how many the records answered, how many were samples, how many problems. It is run under
 * sanitizers: what it is there to find is a read beyond memory, a leak, a race.
 */
#include "envguard.h"
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const patterns[] = {"*.tmp", "/build/", "**/cache/*.[oa]"};

struct records {
    uint8_t *bytes;
    size_t length;
};

static int collect(struct eg_tree *tree, uint64_t files, struct records *records)
{
    size_t room = 80 * (size_t)files + 80, written = 1;
    records->bytes = malloc(room);
    records->length = 0;
    while (records->bytes != NULL && written > 0) {
        size_t left = room - records->length;
        /* In small pieces, as if memory were short. */
        if (eg_tree_records(tree, records->bytes + records->length, left < 200 ? left : 200, &written) != EG_OK) {
            return 1;
        }
        records->length += written;
    }
    return records->bytes == NULL;
}

static int manifest_is_root(struct eg_tree *tree, const uint8_t root[32])
{
    struct eg_blake3_hasher hasher;
    size_t room = 80, written = 1;
    uint8_t *piece = malloc(room), found[32];

    eg_blake3_init(&hasher);
    while (piece != NULL && written > 0) {
        int status = eg_tree_manifest(tree, piece, room, &written);
        if (status == EG_ROOM) {
            free(piece);
            piece = malloc(room = written);
            written = 1;
        } else if (status != EG_OK || eg_blake3_update(&hasher, piece, written) != EG_OK) {
            break;
        }
    }
    eg_blake3_final(&hasher, found);
    free(piece);
    return memcmp(found, root, sizeof found) == 0;
}

static int whole_run(struct eg_tree_options *options, struct records *records)
{
    struct eg_tree_progress progress;
    struct eg_tree_result result;
    struct eg_tree *tree;

    if (eg_tree_start(options, &tree) != EG_OK) {
        return 1;
    }
    while (eg_tree_wait(tree, 1, &progress) == EG_RUNNING) {
    }
    if (eg_tree_result(tree, &result) != EG_OK || progress.files_done != progress.files_found || !progress.listed) {
        return 1;
    }
    for (int i = 0; i < 32 && result.problems == 0; i++) {
        printf("%02x", result.root[i]);
    }
    printf("%s %llu %llu %llu %llu %llu\n", result.problems == 0 ? "" : "-", (unsigned long long)result.files,
           (unsigned long long)result.bytes, (unsigned long long)result.cached, (unsigned long long)result.sampled,
           (unsigned long long)result.problems);
    if (result.problems == 0 && !manifest_is_root(tree, result.root)) {
        return 1;
    }
    if (records != NULL && collect(tree, progress.files_found, records) != 0) {
        return 1;
    }
    eg_tree_free(tree);
    return 0;
}

int main(int count, char **arguments)
{
    struct eg_tree_options options = {.keep_records = 1, .cutoff = 0};
    struct records records = {NULL, 0};
    int64_t cutoff = INT64_MAX;
    struct eg_tree *tree;
    uint64_t device;
    struct stat st;
    int status;

    if (count != 3 || stat(arguments[1], &st) != 0) {
        return 2;
    }
    device = (uint64_t)st.st_dev;
    options.root = arguments[1];
    options.jobs = (uint32_t)atoi(arguments[2]);
    options.devices = &device;
    options.cutoffs = &cutoff;
    options.device_count = 1;
    options.ignore = patterns;
    options.ignore_count = sizeof patterns / sizeof *patterns;
    status = whole_run(&options, &records);
    options.records = records.bytes;
    options.record_count = records.length / 80;
    status = status != 0 ? status : whole_run(&options, NULL);
    options.sample = 1.0;
    status = status != 0 ? status : whole_run(&options, NULL);
    for (uint32_t wait = 0; wait < 20 && status == 0; wait++) {
        status = eg_tree_start(&options, &tree);
        if (status == EG_OK) {
            eg_tree_wait(tree, wait / 4, NULL);
            eg_tree_cancel(tree);
            eg_tree_free(tree);
        }
    }
    free(records.bytes);
    return status;
}
