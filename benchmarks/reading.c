/*
 * Ways to get a large file that is in memory into a hash, with nothing else around them: piece by piece, by as many threads as
 * are asked for. Prints the seconds that it took.
 *
 *   copy      read into a buffer that begins with a page
 *   faults    the whole file mapped, its pages faulted in as they are touched: what b3sum does
 *   populate  each piece mapped with all its pages, and unmapped
 *   windows   the same through csrc/window.c, which is guarded, and unmaps some at a time: what envguard does
 *   nothing   the same piece hashed again and again: no way is faster
 *
 *     cc -O2 -pthread -I../csrc reading.c ../csrc/[a-z]*.c ../csrc/x86/[a-z]*.c -o reading && ./reading windows 2 FILE
 */
#include "blake3_internal.h"
#include "tree_internal.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const char *way;
static int fd;
static uint64_t size;
static const uint8_t *whole;
static atomic_ullong claimed;

static void hash(const uint8_t *bytes, size_t length, uint64_t offset)
{
    uint8_t value[EG_BLAKE3_OUT_LEN];
    eg_blake3_subtree(bytes, length, offset / EG_BLAKE3_CHUNK_LEN, value);
}

static void hash_mapped(size_t length, uint64_t offset)
{
    uint8_t *bytes = mmap(NULL, length, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, (off_t)offset);
    if (bytes == MAP_FAILED)
        err(1, "mmap");
    hash(bytes, length, offset);
    munmap(bytes, length);
}

static void *work(void *unused)
{
    struct eg_window window = {.used = 0};
    void *buffer;
    if (posix_memalign(&buffer, 4096, EG_BUFFER))
        errx(1, "no memory");
    memset(buffer, 1, EG_BUFFER);
    for (;;) {
        uint64_t offset = atomic_fetch_add(&claimed, 1) * EG_BUFFER;
        size_t length = size - offset < EG_BUFFER ? (size_t)(size - offset) : EG_BUFFER;
        if (offset >= size)
            break;
        if (!strcmp(way, "copy") && eg_read_at(fd, buffer, length, offset) != (ssize_t)length)
            err(1, "pread");
        if (!strcmp(way, "copy") || !strcmp(way, "nothing")) {
            hash(buffer, length, offset);
        } else if (!strcmp(way, "faults")) {
            hash(whole + offset, length, offset);
        } else if (!strcmp(way, "populate")) {
            hash_mapped(length, offset);
        } else if (!strcmp(way, "windows")) {
            const uint8_t *bytes = eg_window_open(&window, fd, offset, length);
            if (!bytes)
                errx(1, "no window");
            hash(bytes, length, offset);
            if (!eg_window_close(&window))
                errx(1, "the file was cut");
        } else {
            errx(2, "no way is called %s", way);
        }
    }
    eg_window_end(&window);
    free(buffer);
    return unused;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    double start = now();
    int count = argc == 4 ? atoi(argv[2]) : 0;
    pthread_t threads[256];
    struct stat st;
    if (count < 1 || count > 256)
        errx(2, "usage: reading copy|faults|populate|windows|nothing THREADS FILE");
    way = argv[1];
    fd = open(argv[3], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st))
        err(1, "%s", argv[3]);
    size = (uint64_t)st.st_size;
    whole = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (whole == MAP_FAILED)
        err(1, "%s", argv[3]);
    for (int number = 0; number < count; number++)
        if (pthread_create(&threads[number], NULL, work, NULL))
            errx(1, "a thread could not be started");
    for (int number = 0; number < count; number++)
        pthread_join(threads[number], NULL);
    munmap((void *)(uintptr_t)whole, size);
    fprintf(stderr, "%.6f\n", now() - start);
    return 0;
}
