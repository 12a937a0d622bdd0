/*
 * Preloaded into a process: makes reading files fail as FAULTS in the environment says, "kind:every". Every so many calls of
 * pread, it is short, interrupted (EINTR), fails (EIO), or the file is cut in half just before it is read (truncate).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_ulong calls;

static void cut_in_half(int fd)
{
    char path[64];
    struct stat st;
    int writing;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    writing = open(path, O_WRONLY | O_CLOEXEC);
    if (writing >= 0) {
        if (fstat(writing, &st) == 0 && ftruncate(writing, st.st_size / 2) != 0) {
            abort();
        }
        close(writing);
    }
}

ssize_t pread(int fd, void *buffer, size_t length, off_t offset)
{
    const char *faults = getenv("FAULTS"), *colon = faults == NULL ? NULL : strchr(faults, ':');
    unsigned long every = colon == NULL ? 0 : strtoul(colon + 1, NULL, 10);

    if (every > 0 && atomic_fetch_add(&calls, 1) % every == every - 1) {
        if (strncmp(faults, "short", 5) == 0) {
            length = length > 1 ? length / 2 : length;
        } else if (strncmp(faults, "truncate", 8) == 0) {
            cut_in_half(fd);
        } else {
            errno = strncmp(faults, "EINTR", 5) == 0 ? EINTR : EIO;
            return -1;
        }
    }
    return syscall(SYS_pread64, fd, buffer, length, offset);
}

/* Reads that do not wait for the disk: as far as they are tampered with, they find nothing in memory. */
ssize_t preadv2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
    const char *faults = getenv("FAULTS");
    if (faults != NULL && strncmp(faults, "none", 4) != 0) {
        errno = EAGAIN;
        return -1;
    }
    return syscall(SYS_preadv2, fd, parts, count, offset, 0L, flags);
}

ssize_t pread64(int fd, void *buffer, size_t length, off_t offset)
{
    return pread(fd, buffer, length, offset);
}
