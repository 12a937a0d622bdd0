/*
 * How the bytes of a file come into memory: read, found to be there, or asked for before they are needed. And how its stat
 * comes from a server.
 */
#include "tree_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

/* One request is cut to what the disk takes at once, or to its readahead: 128 KiB where nobody set them. */
#define REQUEST (128 * 1024)

ssize_t eg_read_at(int fd, uint8_t *buffer, size_t length, uint64_t offset)
{
    size_t done = 0;
    while (done < length) {
        ssize_t got = pread(fd, buffer + done, length - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    return (ssize_t)done;
}

ssize_t eg_read_cached(int fd, uint8_t *buffer, size_t length, uint64_t offset)
{
#ifdef RWF_NOWAIT
    struct iovec all = {buffer, length};
    return preadv2(fd, &all, 1, (off_t)offset, RWF_NOWAIT);
#else
    return eg_read_at(fd, buffer, length, offset);
#endif
}

bool eg_is_cached(int fd, uint64_t offset, uint64_t length)
{
    uint8_t byte;
    return eg_read_cached(fd, &byte, 1, offset) == 1 && eg_read_cached(fd, &byte, 1, offset + length - 1) == 1;
}

int eg_stat_asked(int fd, struct stat *st)
{
    int status = fstat(fd, st);
#ifdef AT_STATX_FORCE_SYNC
    struct statx now;
    unsigned wanted = STATX_TYPE | STATX_MODE | STATX_INO | STATX_SIZE | STATX_MTIME | STATX_CTIME;
    /* What it does not tell, or where there is no such call, is as fstat said. */
    if (status == 0 && statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, wanted, &now) == 0 &&
        (now.stx_mask & wanted) == wanted) {
        st->st_mode = now.stx_mode;
        st->st_ino = now.stx_ino;
        st->st_size = (off_t)now.stx_size;
        st->st_mtim = (struct timespec){.tv_sec = now.stx_mtime.tv_sec, .tv_nsec = now.stx_mtime.tv_nsec};
        st->st_ctim = (struct timespec){.tv_sec = now.stx_ctime.tv_sec, .tv_nsec = now.stx_ctime.tv_nsec};
    }
#endif
    return status;
}

void eg_fetch(int fd, uint64_t offset, uint64_t length)
{
#ifdef POSIX_FADV_WILLNEED
    for (uint64_t at = 0; at < length; at += REQUEST) {
        uint64_t left = length - at;
        posix_fadvise(fd, (off_t)(offset + at), (off_t)(left < REQUEST ? left : REQUEST), POSIX_FADV_WILLNEED);
    }
#else
    (void)fd;
    (void)offset;
    (void)length;
#endif
}
