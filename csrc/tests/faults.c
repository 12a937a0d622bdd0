/*
 * Preloaded into a process: makes reading files fail as FAULTS in the environment says, "kind:every". Every so many calls of
 * pread, it is short, interrupted (EINTR), fails (EIO), or the file is cut in half (truncate) or grows (grow) just before it is
 * read. Every so many maps of a file, it is cut in half as soon as it is mapped (mapped), or cannot be (unmappable). Every so many
 * writes to a file, the disk is full (ENOSPC). The kinds openat, fstat, fstatat and getdents make that call fail with EIO, in the
 * threads of the engine alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_ulong calls;

/* Whether it is the turn of the kind of fault called *kind*; empty stands for every kind that is about reading. */
static bool due(const char *kind)
{
    const char *faults = getenv("FAULTS"), *colon = faults == NULL ? NULL : strchr(faults, ':');
    unsigned long every = colon == NULL ? 0 : strtoul(colon + 1, NULL, 10);

    if (every == 0 || strncmp(faults, kind, strlen(kind)) != 0) {
        return false;
    }
    return atomic_fetch_add(&calls, 1) % every == every - 1;
}

/* Python itself opens and lists, too, on its first thread. */
static bool fails(const char *kind)
{
    if (gettid() == getpid() || !due(kind)) {
        return false;
    }
    errno = EIO;
    return true;
}

static void resize(int fd, bool grow)
{
    char path[64];
    struct stat st;
    int writing;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    writing = open(path, O_WRONLY | O_CLOEXEC);
    if (writing >= 0) {
        if (stat(path, &st) == 0 && ftruncate(writing, grow ? st.st_size + (1 << 20) : st.st_size / 2) != 0) {
            abort();
        }
        close(writing);
    }
}

int openat(int folder, const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list more;
        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
    }
    return fails("openat") ? -1 : (int)syscall(SYS_openat, folder, path, flags, mode);
}

int fstat(int fd, struct stat *st)
{
    int (*real)(int, struct stat *);
    *(void **)&real = dlsym(RTLD_NEXT, "fstat");
    return fails("fstat:") ? -1 : real(fd, st);
}

int fstatat(int folder, const char *path, struct stat *st, int flags)
{
    int (*real)(int, const char *, struct stat *, int);
    *(void **)&real = dlsym(RTLD_NEXT, "fstatat");
    return fails("fstatat") ? -1 : real(folder, path, st, flags);
}

/* Folders are listed through it. */
long syscall(long number, ...)
{
    long (*real)(long, ...), arguments[6];
    va_list more;
    int at;
    va_start(more, number);
    for (at = 0; at < 6; at++) {
        arguments[at] = va_arg(more, long);
    }
    va_end(more);
    *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    if (number == SYS_getdents64 && fails("getdents")) {
        return -1;
    }
    return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

ssize_t pread(int fd, void *buffer, size_t length, off_t offset)
{
    if (due("short")) {
        length = length > 1 ? length / 2 : length;
    } else if (due("truncate")) {
        resize(fd, false);
    } else if (due("grow")) {
        resize(fd, true);
    } else if (due("EINTR") || due("EIO")) {
        errno = strncmp(getenv("FAULTS"), "EINTR", 5) == 0 ? EINTR : EIO;
        return -1;
    }
    return syscall(SYS_pread64, fd, buffer, length, offset);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    struct stat st;
    if (syscall(SYS_fstat, fd, &st) == 0 && S_ISREG(st.st_mode) && due("ENOSPC")) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_write, fd, bytes, length);
}

void *mmap(void *place, size_t length, int protection, int flags, int fd, off_t offset)
{
    bool of_file = fd >= 0 && (flags & MAP_SHARED);
    void *mapped;
    if (of_file && due("unmappable")) {
        errno = ENODEV;
        return MAP_FAILED;
    }
    mapped = (void *)syscall(SYS_mmap, place, length, protection, flags, fd, offset);
    if (mapped != MAP_FAILED && of_file && due("mapped")) {
        resize(fd, false);
    }
    return mapped;
}

/* Reads that do not wait for the disk: as far as they are tampered with, they find nothing in memory. */
ssize_t preadv2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
    const char *faults = getenv("FAULTS");
    if (faults != NULL && strstr(faults, "mapp") == NULL) {
        errno = EAGAIN;
        return -1;
    }
    return syscall(SYS_preadv2, fd, parts, count, offset, 0L, flags);
}

ssize_t pread64(int fd, void *buffer, size_t length, off_t offset)
{
    return pread(fd, buffer, length, offset);
}
