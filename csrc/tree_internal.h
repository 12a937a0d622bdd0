/*
 * The tree engine, inside: what its files share.
 *
 *   tree.c      the public face: options, start, wait, cancel, results
 *   pool.c      threads, the queue of work, the end of it
 *   dir.c       a folder's path and descriptor; the list of problems
 *   walk.c      folders: opening, listing, loops, links
 *   files.c     files of a block: from the stat cache, or opened and read
 *   entry.c     what becomes of a file: its digest, or why it has none; batches of small ones
 *   large.c     a large file that several threads hash together
 *   streams.c   files that a thread hashes side by side, because no single one can be shared
 *   listed.c    files that are only listed, and the heads of bytecode
 *   wanted.c    which files are to be hashed where that is not all of them
 *   reading.c   how bytes come into memory: read, or asked for in advance
 *   window.c    a part of a file in memory without a copy of it: mapped, and guarded
 *   order.c     sorting a folder's entries, and walking all of them in order
 *   manifest.c  the manifest's lines, and the root
 *   rows.c      what stands in its place for installed packages
 *   records.c   the records of the stat cache: looking up, and handing out
 *   ignore.c    the patterns of what is left out
 *
 * Who owns what: a folder (struct eg_dir) and its blocks live until the tree is freed. A folder's descriptor is open while
 * somebody pins it: the thread that lists it, blocks whose files are yet to be opened, sub-folders yet to be opened.
 */
#ifndef ENVGUARD_TREE_INTERNAL_H
#define ENVGUARD_TREE_INTERNAL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* before any header: openat and its kin, and syscall() */
#endif

#include "envguard.h"
#include "sha256_internal.h"
#include "tree.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#define EG_BLOCK_ENTRIES 256          /* files of one folder that are handed to a thread at once */
#define EG_SMALL_FILE (32 * 1024)     /* up to here, files are hashed many at once */
/* A thread's buffer, and the piece of a large file that it takes at a time: as large as a huge page. */
#define EG_BUFFER (2 * 1024 * 1024)
#define EG_MAPPED_FILE (256 * 1024)   /* from here on, files that are in memory are mapped: with fewer bytes, a copy costs less */
#define EG_SMALL_ROOM (512 * 1024)    /* for small files that wait to be hashed with others */
#define EG_COLD_FILES 64              /* that a thread has the disk fetch at once, */
#define EG_COLD_BYTES (32 * 1024 * 1024) /* and about how many bytes of them */
#define EG_AHEAD 8                    /* pieces of a large file that the disk is asked for before they are read */
#define EG_MAX_PROBLEMS 10000         /* that are listed; all are counted */
#define EG_RECORD_LEN 80
#define EG_DEVICES 255

/* A regular file. 72 bytes: a tree may have many millions of these. */
struct eg_entry {
    uint8_t digest[EG_BLAKE3_OUT_LEN];
    uint64_t size, inode;
    int64_t mtime_ns, ctime_ns;
    uint32_t name;     /* offset of the name in its block's names */
    uint16_t name_len;
    uint8_t device;    /* index into the tree's devices; EG_DEVICES: one too many */
    uint8_t flags;
};

#define EG_ENTRY_LINK 1    /* reached through a link */
#define EG_ENTRY_CACHED 2  /* the digest is that of the stat cache */
#define EG_ENTRY_FAILED 4  /* has no digest; a problem says why */
#define EG_ENTRY_SAMPLED 8 /* read to test the stat cache; until it is hashed, the digest begins with the key of its record */
#define EG_ENTRY_ASK 16    /* to be looked up when it is open, and not before; likewise */
#define EG_ENTRY_LISTED 32 /* not to be read; without a stat, digest[0] is an EG_LISTED_ kind */
#define EG_ENTRY_HEAD 64   /* the digest is the head of the file, and a mark */
#define EG_ENTRY_GONE 128  /* asked for by its path, and not there */

/* What is listed and is no file that could be read. */
#define EG_LISTED_FILE 0
#define EG_LISTED_LINK 1
#define EG_LISTED_DANGLING 2
#define EG_LISTED_SPECIAL 3

struct eg_dir;

/* Some files of one folder, and their names (each with a NUL behind it), in one allocation. */
struct eg_block {
    struct eg_block *next;      /* of the same folder */
    struct eg_block *queued;    /* the next in the queue */
    struct eg_dir *dir;
    atomic_uint pending;        /* parts of it that are still worked on */
    uint32_t count;
    char *names;
    struct eg_entry entries[];
};

/* What a folder holds, in the order of the manifest: a file, or a folder. */
struct eg_item {
    struct eg_entry *entry;     /* NULL for a folder */
    union {
        const char *name;       /* of a file */
        struct eg_dir *dir;
    } of;
};

struct eg_dir {
    struct eg_dir *parent, *sibling, *children;
    struct eg_dir *queued;
    struct eg_block *blocks;
    struct eg_item *items;      /* sorted, once all of it is known */
    uint32_t item_count;
    uint32_t file_count, child_count;
    atomic_uint pending;        /* the listing, and blocks without all their digests */
    int fd;                     /* -1 while it is closed */
    unsigned pins;              /* under the tree's lock */
    bool linked;                /* reached through a link: links may be followed when it is opened */
    bool pins_parent;
    uint64_t device, inode;
    int64_t changed_ns;         /* mtime and ctime when it was opened, folded together */
    size_t path_len;            /* of the path from the root, with the slash behind it; 0 for the root */
    size_t name_len;
    char name[];
};

/* A file that several threads hash together. */
struct eg_large {
    struct eg_large *next;      /* under the tree's lock, as users is */
    struct eg_block *block;
    struct eg_entry *entry;
    int fd;
    struct stat before;
    unsigned users;             /* threads that work on it, its opener among them */
    atomic_ullong claimed;      /* the next segment that nobody has taken */
    uint64_t segments;
    atomic_int error;           /* an errno, or a negative number: see large.c */
    atomic_bool cold;           /* not all of it is in memory */
    pthread_mutex_t lock;
    struct eg_node *nodes;      /* subtrees that wait for their neighbour */
    size_t node_count, node_room;
};

struct eg_node {
    uint64_t index;
    unsigned level;
    uint8_t value[EG_BLAKE3_OUT_LEN];
};

struct eg_problem_entry {
    int kind, error;
    uint8_t *path;
    size_t path_len;
};

/* A file that is hashed piece by piece, between others. Whoever has taken it out of the tree's list may touch it. */
struct eg_stream {
    struct eg_stream *next;
    struct eg_block *block;
    struct eg_entry *entry;
    int fd;
    bool again;                 /* it changed while it was read the first time */
    struct stat before;
    uint64_t offset;
    uint32_t state[8];
};

/* A small file that was read and waits to be hashed with others. */
struct eg_waiting {
    struct eg_block *block;
    struct eg_entry *entry;
    struct stat stat;
};

/* A file of the block at hand whose bytes are not in memory yet: they have been asked for. */
struct eg_cold {
    struct eg_entry *entry;
    int fd;
    struct stat before;
};

/* What a thread sees of a file without a copy: window.c. */
struct eg_window {
    uint8_t *places;            /* addresses for some parts of files, NULL where there are none */
    unsigned used;              /* of them */
    uint8_t *at;                /* the part that is looked at */
    size_t length;
    volatile sig_atomic_t lost; /* some of it was not there */
    bool guarded;               /* this thread asked for the handler */
};

/* What one thread works with. */
struct eg_worker {
    struct eg_tree *tree;
    pthread_t thread;
    uint8_t *buffer;                    /* EG_BUFFER + 1 bytes: a whole file, or a segment of one */
    uint8_t *small;                     /* EG_SMALL_ROOM bytes: the files that wait */
    size_t used;                        /* of it */
    size_t waiting_count;
    struct eg_waiting waiting[EG_BLOCK_ENTRIES];
    const void *inputs[EG_BLOCK_ENTRIES];
    size_t lengths[EG_BLOCK_ENTRIES];
    uint8_t digests[EG_BLOCK_ENTRIES * EG_BLAKE3_OUT_LEN];
    struct eg_window window;
    size_t cold_count;
    uint64_t cold_bytes;                /* that were asked for */
    struct eg_cold cold[EG_COLD_FILES];
    uint64_t keys[EG_BLOCK_ENTRIES];
    char *path;                         /* for paths that have to be spelled out */
    size_t path_room;
    size_t range_start, range_end;      /* of the records of the folder at hand */
    struct eg_listing *listing;         /* walk.c */
    size_t wanted_start, wanted_end;    /* among the wanted files, those of the folder at hand and below it */
    uint64_t files_done, bytes_done, files_cached; /* since eg_count() */
};

struct eg_ignore;

struct eg_tree {
    /* As asked for. */
    char *root;
    bool single;                        /* the root is one file */
    unsigned jobs;
    struct eg_ignore *ignore;
    const uint8_t *records;
    size_t record_count;
    uint32_t *index;                    /* over the records: records.c */
    unsigned index_bits;
    bool keep_records;
    uint64_t *cutoff_devices;
    int64_t *cutoffs;
    size_t cutoff_count;
    int64_t cutoff;
    uint64_t sample, seed;
    bool installed, only_wanted, heads;
    const uint8_t *wanted;
    uint32_t *wanted_at;                /* where each of them begins */
    size_t wanted_count;

    pthread_mutex_t lock;
    pthread_cond_t work, end;
    struct eg_worker *workers;
    unsigned started, running;          /* threads that were started, and that have not come to their end */
    struct eg_block *blocks;            /* the queues */
    struct eg_dir *dirs;
    struct eg_large *large;
    struct eg_stream *streams, **streams_end;
    unsigned stream_count, stream_limit; /* in the list, and of open ones at most before they come first */
    unsigned outstanding;               /* tasks that are queued or worked on */
    unsigned unlisted;                  /* folders among them */
    unsigned open_dirs, open_limit;
    size_t cold_limit;                  /* of EG_COLD_FILES, as descriptors allow */
    bool done;

    struct eg_dir *top;
    uint64_t devices[EG_DEVICES];
    atomic_uint device_count;

    atomic_bool cancelled, no_memory;
    atomic_ullong files_found, files_done, bytes_done, files_cached, files_sampled;

    struct eg_problem_entry *problems;
    size_t problem_count, problem_room;
    uint64_t problem_total;

    uint64_t files, bytes;
    bool settled;
    atomic_bool followed;               /* a link to a folder was */
    uint8_t root_digest[EG_BLAKE3_OUT_LEN];
    struct eg_cursor *cursor;           /* where the manifest is being read */
    struct eg_sorted *sorted;           /* the records to keep, by key */
    size_t sorted_count, sorted_at;
    size_t kept;                        /* records.c counts them */
};

/* pool.c */
int eg_pool_start(struct eg_tree *tree);
void eg_pool_join(struct eg_tree *tree);
void eg_push_dir(struct eg_tree *tree, struct eg_dir *dir);
void eg_push_block(struct eg_tree *tree, struct eg_block *block);
void eg_push_large(struct eg_tree *tree, struct eg_large *large);
void eg_out_of_memory(struct eg_tree *tree);
bool eg_stopped(struct eg_tree *tree);

/* dir.c */
struct eg_dir *eg_dir_new(struct eg_dir *parent, const char *name, size_t name_len);
/* Keep a folder's descriptor open for one more user; false, and nothing is done, while too many are open. */
bool eg_dir_pin(struct eg_tree *tree, struct eg_dir *dir);
void eg_dir_unpin(struct eg_tree *tree, struct eg_dir *dir);
/* Its listing, or one of its blocks, is through; the last one sorts it. */
void eg_dir_part_done(struct eg_worker *worker, struct eg_dir *dir);
/* Write the path of an entry from the root to the worker's path; returns its length, 0 without memory. */
size_t eg_path_of(struct eg_worker *worker, const struct eg_dir *dir, const char *name, size_t name_len);
void eg_problem(struct eg_worker *worker, int kind, int error, const struct eg_dir *dir, const char *name, size_t name_len);

/* walk.c */
void eg_dir_list(struct eg_worker *worker, struct eg_dir *dir);
void eg_listing_free(struct eg_listing *listing);

/* files.c */
void eg_block_hash(struct eg_worker *worker, struct eg_block *block);
void eg_block_part_done(struct eg_worker *worker, struct eg_block *block);
/* Open a file of a block for reading: the descriptor, or -1 with errno. */
int eg_open_file(const struct eg_tree *tree, const struct eg_block *block, const struct eg_entry *entry);

/* entry.c */
void eg_batch_flush(struct eg_worker *worker);
/* The key of its record, which its digest begins with as long as it is to be looked up. */
uint64_t eg_entry_key(const struct eg_entry *entry);
void eg_file_cached(struct eg_worker *worker, struct eg_entry *entry, const struct stat *st, const uint8_t *digest);
void eg_file_done(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, const struct stat *st,
                  const uint8_t *digest);
void eg_file_failed(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, int kind, int error);
void eg_keep_stat(struct eg_tree *tree, struct eg_entry *entry, const struct stat *st);
/* Add what the worker has done to the tree's counters. */
void eg_count(struct eg_worker *worker);
bool eg_same_stat(const struct stat *a, const struct stat *b);
int64_t eg_mtime_ns(const struct stat *st);
int64_t eg_ctime_ns(const struct stat *st);

/* reading.c */
/* Read up to length bytes at an offset until they are there or the file ends: the number read, or -1 with errno. */
ssize_t eg_read_at(int fd, uint8_t *buffer, size_t length, uint64_t offset);
/* The same, once, of what is in memory; where a file system cannot tell, and at the end of the file, that is nothing. */
ssize_t eg_read_cached(int fd, uint8_t *buffer, size_t length, uint64_t offset);
/* Whether a part of a file, which is not empty, seems to be in memory: its first byte and its last one are. */
bool eg_is_cached(int fd, uint64_t offset, uint64_t length);
/*
 * The stat of an open file as its server has it now: a client may remember it for a minute. Opening asks again on NFS, but not
 * where the client is a program (FUSE). 0, or -1 with errno.
 */
int eg_stat_asked(int fd, struct stat *st);
/* Ask the disk for a part of a file, and do not wait for it. */
void eg_fetch(int fd, uint64_t offset, uint64_t length);

/* window.c */
/* Map a part of a file, of EG_BUFFER bytes at most: its bytes, or NULL where they are to be read instead. One at a time. */
const uint8_t *eg_window_open(struct eg_window *window, int fd, uint64_t offset, size_t length);
/* False where some of it was not there: what was seen of it is worthless. */
bool eg_window_close(struct eg_window *window);
/* Unmap what is still mapped. */
void eg_window_leave(struct eg_window *window);
/* The thread needs no window any more. */
void eg_window_end(struct eg_window *window);

/* large.c */
/*
 * Hash a file of more than EG_BUFFER bytes and close it; false without memory, and then it is not closed. Of a cold one, the
 * first EG_AHEAD pieces have been asked for.
 */
bool eg_large_hash(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, int fd, const struct stat *st,
                   bool cold);
void eg_large_help(struct eg_worker *worker, struct eg_large *large);
void eg_large_leave(struct eg_worker *worker, struct eg_large *large);

/* streams.c */
/* Hash a file of more than EG_SMALL_FILE bytes with SHA-256, together with others, and close it; false without memory. */
bool eg_stream_hash(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, int fd, const struct stat *st);
/* Take some streams out of the list, under the tree's lock: for one turn of eg_streams_turn(). */
struct eg_stream *eg_streams_take(struct eg_tree *tree);
void eg_streams_turn(struct eg_worker *worker, struct eg_stream *taken);

/* listed.c */
/* Before the files of a block are looked at: false without memory. */
bool eg_installed_block(struct eg_worker *worker, struct eg_block *block);
/* Decide what becomes of a file: false if that is done already, and nothing of it is to be read. */
bool eg_is_read(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry);
/* Read the head of an open file into its entry: an errno, 0, or -1 where it changed. */
int eg_head_read(struct eg_worker *worker, struct eg_block *block, struct eg_entry *entry, int fd, const struct stat *st);
/* Whether the digest in a record is of the kind that the entry wants. */
bool eg_record_fits(const struct eg_entry *entry, const uint8_t *digest);

/* wanted.c */
/* Index the wanted files: EG_OK, EG_INVALID where they are not sorted, or EG_NO_MEMORY. */
int eg_wanted_index(struct eg_tree *tree, size_t length);
/* The range of the wanted files below a path that ends in a slash (or is empty). */
void eg_wanted_range(const struct eg_tree *tree, const char *path, size_t path_len, size_t *start, size_t *end);
/* Whether a file of the folder at hand is wanted. */
bool eg_wanted(const struct eg_worker *worker, size_t path_len, const char *name);

/* rows.c */
int eg_rows_root(struct eg_tree *tree);

/* order.c */
int eg_dir_sort(struct eg_dir *dir);
struct eg_cursor *eg_cursor_new(const struct eg_tree *tree);
void eg_cursor_free(struct eg_cursor *cursor);
/* Find the file at the cursor: 1, 0 at the end, -1 without memory. *prefix is the folder's path with its slash. */
int eg_cursor_at(struct eg_cursor *cursor, const char **prefix, size_t *prefix_len, const struct eg_item **item);
void eg_cursor_step(struct eg_cursor *cursor);

/* manifest.c */
int eg_manifest_root(struct eg_tree *tree);

/* records.c */
bool eg_records_index(struct eg_tree *tree);
/* Write the keys of a block's entries, and the range in which their records lie, to the worker; false without memory. */
bool eg_record_keys(struct eg_worker *worker, const struct eg_block *block);
/*
 * The first record of a key in the worker's range, or the range's end. The lower halves of a folder's keys are spread evenly:
 * the place is guessed, and missed by a few records, all of them close to those of the folder's other files.
 */
size_t eg_record_first(const struct eg_worker *worker, uint64_t key);
/* The digest in the record of a key, from the one at first on, whose five numbers are those of the file; NULL without one. */
const uint8_t *eg_record_find(const struct eg_tree *tree, const struct eg_entry *entry, size_t first, uint64_t key,
                              const struct stat *st);
/* The same, wherever it is. */
const uint8_t *eg_record_of(const struct eg_tree *tree, const struct eg_entry *entry, uint64_t key, const struct stat *st);
bool eg_record_is_sampled(const struct eg_tree *tree, uint64_t key);
/* Before which time a file of a device must have changed last for its record to be kept. */
int64_t eg_cutoff(const struct eg_tree *tree, uint64_t device);
/* Whether the records that were given are others than those to keep. */
bool eg_records_stale(struct eg_tree *tree);

/* ignore.c */
struct eg_ignore *eg_ignore_new(const char *const *patterns, size_t count);
void eg_ignore_free(struct eg_ignore *ignore);
bool eg_ignored(const struct eg_ignore *ignore, const char *path, size_t path_len, size_t name_at, bool is_dir);

#endif
