/*
 * Looks at files through windows while they are cut, and at what becomes of the signal and of its other handlers. Run under
 * sanitizers; prints what does not hold, and "done" at the end. The argument is a folder to work in.
 */
#include "tree_internal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHECK(condition) ((condition) ? (void)0 : complain(__LINE__, #condition))

static atomic_int complaints;
static volatile sig_atomic_t caught;
static sigjmp_buf back;

static void complain(int line, const char *what)
{
    atomic_fetch_add(&complaints, 1);
    printf("line %d: %s\n", line, what);
}

static void count(int number)
{
    (void)number;
    caught++;
}

static void jump(int number)
{
    (void)number;
    caught++;
    siglongjmp(back, 1);
}

static void set_handler(void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGBUS, &action, NULL) == 0);
}

static bool is_handler(void (*handler)(int))
{
    struct sigaction now;
    return sigaction(SIGBUS, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == handler;
}

/* A file of so many segments, the bytes of each being its number and one; the descriptor can write. */
static int made(const char *folder, const char *name, unsigned segments)
{
    char path[4096];
    int fd;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    for (unsigned i = 0; i < segments; i++) {
        char *bytes = malloc(EG_BUFFER);
        memset(bytes, (int)i + 1, EG_BUFFER);
        CHECK(write(fd, bytes, EG_BUFFER) == EG_BUFFER);
        free(bytes);
    }
    return fd;
}

static bool all_are(const uint8_t *bytes, size_t length, int value)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

static void shows_the_file(const char *folder)
{
    struct eg_window window = {.used = 0};
    int fd = made(folder, "whole", 30);
    const uint8_t *bytes;

    for (unsigned i = 0; i < 30; i++) {
        size_t length = i % 3 == 0 ? EG_BUFFER : i % 3 == 1 ? 1 : EG_BUFFER - 5;
        bytes = eg_window_open(&window, fd, (uint64_t)i * EG_BUFFER, length);
        CHECK(bytes != NULL && all_are(bytes, length, (int)i + 1));
        CHECK(eg_window_close(&window));
        if (i % 11 == 10) {
            eg_window_leave(&window);
        }
    }
    eg_window_end(&window);
    eg_window_end(&window);
    CHECK(is_handler(SIG_DFL));
    close(fd);
}

static void survives_a_cut(const char *folder)
{
    struct eg_window window = {.used = 0};
    const uint8_t *bytes;
    int fd = made(folder, "cut", 4);

    bytes = eg_window_open(&window, fd, EG_BUFFER, EG_BUFFER);
    CHECK(bytes != NULL && bytes[10] == 2);
    CHECK(ftruncate(fd, EG_BUFFER + 8192) == 0);
    CHECK(bytes[8191] == 2 && bytes[8192] == 0 && bytes[0] == 0 && all_are(bytes, EG_BUFFER, 0));
    CHECK(!eg_window_close(&window));
    /* The next one is none the worse for it. */
    bytes = eg_window_open(&window, fd, EG_BUFFER, 8192);
    CHECK(bytes != NULL && all_are(bytes, 8192, 2));
    CHECK(eg_window_close(&window));
    eg_window_end(&window);
    close(fd);
}

static void survives_a_cut_where_the_signal_is_blocked(const char *folder)
{
    struct eg_window window = {.used = 0};
    const uint8_t *bytes;
    int fd = made(folder, "blocked", 1);
    sigset_t signals, old;

    sigfillset(&signals);
    CHECK(pthread_sigmask(SIG_BLOCK, &signals, &old) == 0);
    bytes = eg_window_open(&window, fd, 0, EG_BUFFER);
    CHECK(bytes != NULL && ftruncate(fd, 0) == 0 && all_are(bytes, EG_BUFFER, 0));
    CHECK(!eg_window_close(&window));
    eg_window_end(&window);
    CHECK(pthread_sigmask(SIG_SETMASK, &old, NULL) == 0);
    close(fd);
}

static void leaves_others_their_faults(const char *folder)
{
    struct eg_window window = {.used = 0};
    int fd = made(folder, "other", 2);
    volatile uint8_t *foreign = mmap(NULL, EG_BUFFER, PROT_READ, MAP_SHARED, fd, EG_BUFFER);
    const uint8_t *bytes;

    set_handler(jump);
    bytes = eg_window_open(&window, fd, 0, EG_BUFFER);
    CHECK(bytes != NULL && bytes[0] == 1);
    CHECK(ftruncate(fd, EG_BUFFER) == 0);
    caught = 0;
    if (sigsetjmp(back, 1) == 0) {
        CHECK(foreign[0] == 77);
        CHECK(!"read what is not there");
    }
    CHECK(caught == 1);
    CHECK(eg_window_close(&window));
    CHECK(is_handler(jump));
    CHECK(eg_window_open(&window, fd, 0, EG_BUFFER) == NULL);
    eg_window_end(&window);
    CHECK(is_handler(jump));
    munmap((void *)(uintptr_t)foreign, EG_BUFFER);
    close(fd);
    set_handler(SIG_DFL);
}

static void passes_on_what_is_sent(const char *folder)
{
    struct eg_window window = {.used = 0};
    int fd = made(folder, "sent", 1);
    const uint8_t *bytes;

    set_handler(count);
    caught = 0;
    bytes = eg_window_open(&window, fd, 0, EG_BUFFER);
    CHECK(bytes != NULL);
    CHECK(raise(SIGBUS) == 0);
    CHECK(caught == 1 && is_handler(count));
    CHECK(eg_window_close(&window));
    eg_window_end(&window);
    CHECK(is_handler(count));
    close(fd);
    set_handler(SIG_DFL);
}

static void gives_way(const char *folder)
{
    struct eg_window one = {.used = 0}, other = {.used = 0};
    int fd = made(folder, "way", 1);

    set_handler(count);
    CHECK(eg_window_open(&one, fd, 0, EG_BUFFER) != NULL && eg_window_close(&one));
    CHECK(eg_window_open(&other, fd, 0, EG_BUFFER) != NULL && eg_window_close(&other));
    CHECK(!is_handler(count));
    eg_window_end(&other);
    CHECK(!is_handler(count)); /* the first still has it */
    set_handler(jump);
    CHECK(eg_window_open(&one, fd, 0, EG_BUFFER) == NULL);
    CHECK(eg_window_open(&other, fd, 0, EG_BUFFER) == NULL);
    eg_window_end(&one);
    CHECK(is_handler(jump));
    /* Nobody is left, so the next one may stand in the place of that one. */
    CHECK(eg_window_open(&one, fd, 0, EG_BUFFER) != NULL && eg_window_close(&one));
    CHECK(!is_handler(jump));
    eg_window_end(&one);
    CHECK(is_handler(jump));
    close(fd);
    set_handler(SIG_DFL);
}

static void goes_without_a_map(const char *folder)
{
    struct eg_window window = {.used = 0};
    int fd = made(folder, "without", 12), ends[2];

    CHECK(pipe(ends) == 0);
    for (unsigned i = 0; i < 12; i++) {
        const uint8_t *bytes = eg_window_open(&window, fd, (uint64_t)i * EG_BUFFER, EG_BUFFER);
        CHECK(bytes != NULL && bytes[EG_BUFFER - 1] == i + 1);
        CHECK(eg_window_close(&window));
        CHECK(i % 2 == 0 || eg_window_open(&window, ends[0], 0, EG_BUFFER) == NULL);
    }
    eg_window_end(&window);
    close(ends[0]);
    close(ends[1]);
    close(fd);
}

struct reader {
    int fd;
    pthread_t thread;
    atomic_uint lost;
    atomic_bool over;
};

static void *read_often(void *argument)
{
    struct reader *reader = argument;
    struct eg_window window = {.used = 0};

    while (!atomic_load(&reader->over)) {
        const uint8_t *bytes = eg_window_open(&window, reader->fd, EG_BUFFER, EG_BUFFER);
        uint8_t digest[EG_BLAKE3_OUT_LEN];
        if (bytes != NULL) {
            eg_blake3(bytes, EG_BUFFER, digest);
            atomic_fetch_add(&reader->lost, !eg_window_close(&window));
        }
    }
    eg_window_end(&window);
    return NULL;
}

static void survives_many_cuts(const char *folder)
{
    struct reader readers[4];
    int fd = made(folder, "many", 2);

    for (int i = 0; i < 4; i++) {
        readers[i] = (struct reader){.fd = fd};
        CHECK(pthread_create(&readers[i].thread, NULL, read_often, &readers[i]) == 0);
    }
    for (int turn = 0; turn < 2000; turn++) {
        CHECK(ftruncate(fd, turn % 2 == 0 ? EG_BUFFER : 2 * EG_BUFFER) == 0);
    }
    CHECK(ftruncate(fd, 0) == 0);
    for (int i = 0; i < 4; i++) {
        for (int wait = 0; wait < 60000 && atomic_load(&readers[i].lost) == 0; wait++) {
            usleep(1000);
        }
        CHECK(atomic_load(&readers[i].lost) > 0);
        atomic_store(&readers[i].over, true);
        CHECK(pthread_join(readers[i].thread, NULL) == 0);
    }
    CHECK(is_handler(SIG_DFL));
    close(fd);
}

int main(int number, char **arguments)
{
    if (number != 2) {
        return 2;
    }
    set_handler(SIG_DFL); /* a sanitizer has one of its own */
    shows_the_file(arguments[1]);
    survives_a_cut(arguments[1]);
    survives_a_cut_where_the_signal_is_blocked(arguments[1]);
    leaves_others_their_faults(arguments[1]);
    passes_on_what_is_sent(arguments[1]);
    gives_way(arguments[1]);
    goes_without_a_map(arguments[1]);
    survives_many_cuts(arguments[1]);
    puts(complaints == 0 ? "done" : "not done");
    return complaints != 0;
}
