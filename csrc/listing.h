/* The entries of an open folder, one after the other, without "." and "..": getdents64 on Linux, readdir elsewhere. */
#ifndef ENVGUARD_LISTING_H
#define ENVGUARD_LISTING_H

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

enum eg_type { EG_TYPE_NONE, EG_TYPE_FILE, EG_TYPE_DIR, EG_TYPE_LINK, EG_TYPE_OTHER, EG_TYPE_UNKNOWN };

struct eg_listed {
    const char *name; /* ends with a NUL; good until the next entry */
    size_t length;
    enum eg_type type;
};

struct eg_reading {
    int fd;
    char *raw;
    size_t room, used, at;
    DIR *stream;
};

static inline enum eg_type eg_type_of(unsigned char type)
{
    switch (type) {
    case DT_REG:
        return EG_TYPE_FILE;
    case DT_DIR:
        return EG_TYPE_DIR;
    case DT_LNK:
        return EG_TYPE_LINK;
    case DT_UNKNOWN:
        return EG_TYPE_UNKNOWN;
    default:
        return EG_TYPE_OTHER;
    }
}

static inline int eg_is_dots(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

#ifdef __linux__

/* struct linux_dirent64 of getdents64(2), whose fields are read by their offsets: no C header has it. */
#define EG_DIRENT_RECLEN 16
#define EG_DIRENT_TYPE 18
#define EG_DIRENT_NAME 19

static inline int eg_reading_open(struct eg_reading *reading, int fd, char *raw, size_t room)
{
    *reading = (struct eg_reading){.fd = fd, .raw = raw, .room = room};
    return 0;
}

/* 1 for an entry, 0 at the end, -1 with errno. */
static inline int eg_reading_next(struct eg_reading *reading, struct eg_listed *listed)
{
    for (;;) {
        const char *record;
        uint16_t length;
        if (reading->at == reading->used) {
            long got;
            do {
                got = syscall(SYS_getdents64, reading->fd, reading->raw, reading->room);
            } while (got < 0 && errno == EINTR);
            if (got <= 0) {
                return (int)got;
            }
            reading->used = (size_t)got;
            reading->at = 0;
        }
        record = reading->raw + reading->at;
        memcpy(&length, record + EG_DIRENT_RECLEN, sizeof length);
        reading->at += length;
        if (!eg_is_dots(record + EG_DIRENT_NAME)) {
            listed->name = record + EG_DIRENT_NAME;
            listed->length = strlen(listed->name);
            listed->type = eg_type_of((unsigned char)record[EG_DIRENT_TYPE]);
            return 1;
        }
    }
}

static inline void eg_reading_close(struct eg_reading *reading)
{
    (void)reading;
}

#else

static inline int eg_reading_open(struct eg_reading *reading, int fd, char *raw, size_t room)
{
    int copy = dup(fd); /* the stream closes its own */
    (void)raw;
    (void)room;
    *reading = (struct eg_reading){.fd = fd};
    if (copy < 0) {
        return -1;
    }
    reading->stream = fdopendir(copy);
    if (reading->stream == NULL) {
        int error = errno;
        close(copy);
        errno = error;
        return -1;
    }
    return 0;
}

static inline int eg_reading_next(struct eg_reading *reading, struct eg_listed *listed)
{
    for (;;) {
        struct dirent *entry;
        errno = 0;
        entry = readdir(reading->stream);
        if (entry == NULL) {
            return errno == 0 ? 0 : -1;
        }
        if (!eg_is_dots(entry->d_name)) {
            listed->name = entry->d_name;
            listed->length = strlen(entry->d_name);
            listed->type = eg_type_of(entry->d_type);
            return 1;
        }
    }
}

static inline void eg_reading_close(struct eg_reading *reading)
{
    if (reading->stream != NULL) {
        closedir(reading->stream);
    }
}

#endif

#endif
