/*
 * Hashing a tree of files: what the Python side may call. The format of manifest and root is that of README.md, "Data".
 *
 * A run is started, waited for (in turns, so that the caller can show progress and be interrupted), asked for its results, and
 * freed. It has threads of its own, all of them gone when eg_tree_free() returns. Every function but eg_tree_cancel() is
 * called by one thread at a time. Errors of files are values: the run goes on and lists them.
 */
#ifndef ENVGUARD_TREE_H
#define ENVGUARD_TREE_H

#include <stddef.h>
#include <stdint.h>

#define EG_RUNNING 2   /* not done yet */
#define EG_NO_MEMORY 3
#define EG_CANCELLED 4
#define EG_NO_THREAD 5 /* no thread could be started */
#define EG_ROOM 6      /* the next line needs a larger buffer: see written */

/* What keeps a file from being hashed. */
#define EG_UNREADABLE 1 /* cannot be opened, listed or read: error is the errno */
#define EG_DANGLING 2   /* a link that leads nowhere */
#define EG_LOOP 3       /* a link that leads back to a folder above it, or to itself */
#define EG_SPECIAL 4    /* a pipe, socket or device */
#define EG_UNSTABLE 5   /* changed while it was read, or went away */
#define EG_SILENT 6     /* read as a sample: its content is another, its stat is not */
#define EG_NO_FILE 7    /* a folder, where a file was asked for by its path */

struct eg_tree;

struct eg_tree_options {
    const char *root;           /* a folder; with single set, one file (links are followed) */
    int single;
    uint32_t jobs;              /* threads, at least 1 */
    const char *const *ignore;  /* patterns of what is left out, checked by the caller */
    size_t ignore_count;
    const uint8_t *records;     /* of the stat cache, record_count times 80 bytes, sorted; must stay until the run is freed */
    size_t record_count;
    int keep_records;           /* eg_tree_records() may be called, and stale is asked for */
    const uint64_t *devices;    /* files of these devices are recorded if they changed before the cutoff beside it, */
    const int64_t *cutoffs;     /* in nanoseconds since the epoch, */
    size_t device_count;
    int64_t cutoff;             /* and those of other devices before this one */
    double sample;              /* the share, 0 to 1, of files that are read although the stat cache has them */
    uint64_t seed;              /* which ones */

    /*
     * With installed set, a folder of installed packages is looked at, by what their installers say of it: only the wanted
     * files are hashed, with SHA-256; all others are listed. Links to folders are followed only on the way to a wanted
     * file, and what is neither file nor folder is listed like anything else. There is no manifest, but eg_tree_rows().
     */
    int installed;
    const uint8_t *wanted;      /* paths from the root, each with a NUL behind it, in the order of their bytes, each once; */
    size_t wanted_length;       /* they must stay until the run is freed */
    int only_wanted;            /* no folder is listed: the wanted files are opened by their paths, and may be missing */
    int heads;                  /* of other files called *.pyc the first EG_HEAD_LEN bytes are read */
};

#define EG_HEAD_LEN 16

struct eg_tree_progress {
    uint64_t files_found, files_done, bytes_done, files_cached;
    int listed; /* every folder was listed: files_found is the total */
};

struct eg_tree_result {
    uint8_t root[32]; /* of the tree, or the hash of the single file; only without problems; or see settled */
    uint64_t files, bytes, cached, sampled;
    uint64_t problems;        /* in all */
    uint64_t problems_listed; /* that eg_tree_problem() knows */
    int stale;                /* the records that were given are not those to keep */
    /*
     * With installed set and only_wanted unset, root is a hash over the names of all entries and the size, times, inode and
     * device of all files, whether they were read or not. It vouches for the contents where it is settled: there was no
     * problem, no link to a folder was followed, and every file changed before the cutoff of its device.
     */
    int settled;
};

/* Start a run. The options are copied, but for the records. EG_OK, EG_INVALID, EG_NO_MEMORY or EG_NO_THREAD. */
int eg_tree_start(const struct eg_tree_options *options, struct eg_tree **out);

/* Wait for the end, at most so many milliseconds. EG_OK at the end, else EG_RUNNING; progress may be NULL. */
int eg_tree_wait(struct eg_tree *tree, uint32_t milliseconds, struct eg_tree_progress *progress);

/* Ask a run to end soon, from any thread. */
void eg_tree_cancel(struct eg_tree *tree);

/* The results of a run that has ended: EG_OK, EG_RUNNING, EG_CANCELLED or EG_NO_MEMORY. */
int eg_tree_result(struct eg_tree *tree, struct eg_tree_result *out);

/* The kind of a problem, its errno, and the path from the root, which belongs to the tree; 0 where there is none. */
int eg_tree_problem(struct eg_tree *tree, size_t index, int *error, const uint8_t **path, size_t *length);

/* The next whole lines of the manifest, as many as fit. 0 bytes written: the end. EG_ROOM: one line needs *written bytes. */
int eg_tree_manifest(struct eg_tree *tree, uint8_t *out, size_t room, size_t *written);

/*
 * The next whole rows of a run with installed set, in the order of their paths: "path,sha256=DIGEST,SIZE" and a NUL as in a
 * RECORD without quotes (the digest in URL-safe base64 without padding); "path,head=HEX,SIZE" for a head; "path,,SIZE" for a
 * file that was listed; "path,link,", "path,dangling," or "path,special," for a link to a folder that was not followed, a
 * link to nothing, and a pipe, socket or device. Files with a problem have none. times[i] is the mtime, in nanoseconds, of
 * the i-th row that is written now; *count is how many those are, and EG_ROOM is said for the times as well.
 */
int eg_tree_rows(struct eg_tree *tree, uint8_t *out, size_t room, size_t *written, int64_t *times, size_t times_room,
                 size_t *count);

/* The next records to keep, sorted by key, as many as fit. 0 bytes written: the end. EG_OK or EG_NO_MEMORY. */
int eg_tree_records(struct eg_tree *tree, uint8_t *out, size_t room, size_t *written);

/* End a run and forget it. NULL is nothing. */
void eg_tree_free(struct eg_tree *tree);

#endif
