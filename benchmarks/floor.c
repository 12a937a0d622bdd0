/*
 * The floor under hashing a tree of many files: list it, and open, stat, read and close every file, with as many threads, and
 * no hash. Prints the number of files and bytes, and the seconds that it took.
 *
 *     cc -O2 -pthread floor.c -o floor && ./floor TREE THREADS
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 18 };

struct folder {
    struct folder *next;
    char path[];
};

static struct folder *waiting;
static unsigned busy;
static uint64_t files, bytes;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void add(const char *parent, const char *name)
{
    size_t length = strlen(parent) + strlen(name) + 2;
    struct folder *folder = malloc(sizeof *folder + length);
    if (!folder)
        err(1, "malloc");
    snprintf(folder->path, length, "%s%s%s", parent, *parent ? "/" : "", name);
    pthread_mutex_lock(&lock);
    folder->next = waiting;
    waiting = folder;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static uint64_t read_file(int parent, const char *name, char *buffer)
{
    struct stat st;
    uint64_t total = 0;
    ssize_t got;
    int fd = openat(parent, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st))
        err(1, "%s", name);
    while (total < (uint64_t)st.st_size && (got = read(fd, buffer, BUFFER)) > 0)
        total += (uint64_t)got;
    if (total != (uint64_t)st.st_size)
        errx(1, "%s: read %llu bytes of %llu", name, (unsigned long long)total, (unsigned long long)st.st_size);
    close(fd);
    return total;
}

static void *work(void *unused)
{
    char *buffer = malloc(BUFFER);
    uint64_t my_files = 0, my_bytes = 0;
    if (!buffer)
        err(1, "malloc");
    for (;;) {
        struct folder *folder;
        struct dirent *entry;
        DIR *listing;

        pthread_mutex_lock(&lock);
        while (!waiting && busy)
            pthread_cond_wait(&changed, &lock);
        folder = waiting;
        if (folder) {
            waiting = folder->next;
            busy++;
        }
        pthread_mutex_unlock(&lock);
        if (!folder)
            break;

        listing = opendir(folder->path);
        if (!listing)
            err(1, "%s", folder->path);
        while ((entry = readdir(listing))) {
            if (entry->d_type == DT_DIR) {
                if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
                    add(folder->path, entry->d_name);
            } else {
                my_bytes += read_file(dirfd(listing), entry->d_name, buffer);
                my_files++;
            }
        }
        closedir(listing);
        free(folder);

        pthread_mutex_lock(&lock);
        if (!--busy && !waiting)
            pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_lock(&lock);
    files += my_files;
    bytes += my_bytes;
    pthread_mutex_unlock(&lock);
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
    int count = argc == 3 ? atoi(argv[2]) : 0;
    pthread_t threads[256];
    if (count < 1 || count > 256)
        errx(2, "usage: floor TREE THREADS");
    add("", argv[1]);
    for (int number = 0; number < count; number++)
        if (pthread_create(&threads[number], NULL, work, NULL))
            errx(1, "a thread could not be started");
    for (int number = 0; number < count; number++)
        pthread_join(threads[number], NULL);
    printf("%llu files, %llu bytes\n", (unsigned long long)files, (unsigned long long)bytes);
    fprintf(stderr, "%.6f\n", now() - start);
    return 0;
}
