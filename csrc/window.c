/*
 * A part of a large file in memory without a copy of it: a window, which is mapped, and guarded.
 *
 * Where a file is cut while it is mapped, or its disk fails, whoever touches what is gone gets SIGBUS, which would end the
 * process. So from a run's first window to its end a handler of that signal stands: it puts zeros in the place of the window
 * that its thread looks at and notes it, as the servers of X and Wayland do with the memory of their clients, and the hash is
 * thrown away. A signal that is about anything else goes to the handler that was there before, as if this one had not been.
 * Whoever sets a handler meanwhile keeps it: nothing is mapped any more while the one that stands is another.
 */
#include "tree_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#ifdef __linux__

/*
 * How many parts stay mapped until they are unmapped together: each time, all processors that run a thread of the process
 * are interrupted. One by one, that took an eighth of the time (two processors of a virtual machine).
 */
#define PLACES 4

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned guards;             /* how many ask for the handler; under the lock */
static struct sigaction before;     /* what it stands in the place of */
static _Thread_local struct eg_window *volatile looked_at;

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    struct eg_window *window = looked_at;
    int error = errno;

    (void)context;
    if (window != NULL && info->si_code > 0 && (uintptr_t)info->si_addr - (uintptr_t)window->at < window->length &&
        mmap(window->at, window->length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED) {
        window->lost = 1;
    } else {
        /* What was met is met again, what was sent is sent again; then the other handler has it. */
        sigaction(number, &before, NULL);
        if (info->si_code <= 0) {
            raise(number);
        }
    }
    errno = error;
}

static bool stands(void)
{
    struct sigaction now;
    return sigaction(SIGBUS, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_bus_error;
}

static bool guard_begin(void)
{
    bool guarded;

    /* Never waited for: in a child that was forked while another thread held it, it stays locked. */
    if (pthread_mutex_trylock(&lock) != 0) {
        return false;
    }
    guarded = stands();
    if (!guarded && guards == 0) {
        struct sigaction ours;
        memset(&ours, 0, sizeof ours);
        ours.sa_sigaction = on_bus_error;
        ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
        sigemptyset(&ours.sa_mask);
        /* What was there is known before the handler may need it. */
        guarded = sigaction(SIGBUS, NULL, &before) == 0 && sigaction(SIGBUS, &ours, NULL) == 0;
    }
    guards += guarded;
    pthread_mutex_unlock(&lock);
    return guarded;
}

static void guard_end(void)
{
    pthread_mutex_lock(&lock);
    if (--guards == 0 && stands()) {
        sigaction(SIGBUS, &before, NULL);
    }
    pthread_mutex_unlock(&lock);
}

/* Reserve addresses for windows that begin where a huge page may: large pieces of the page cache are mapped as such. */
static uint8_t *make_places(void)
{
    size_t wanted = PLACES * EG_BUFFER, head;
    uint8_t *all = mmap(NULL, wanted + EG_BUFFER, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (all == MAP_FAILED) {
        return NULL;
    }
    head = (size_t)(-(uintptr_t)all & (EG_BUFFER - 1));
    if (head > 0) {
        munmap(all, head);
    }
    munmap(all + head + wanted, EG_BUFFER - head);
    return all + head;
}

static bool make_ready(struct eg_window *window)
{
    sigset_t signals;

    /* A signal that is blocked where it is met ends the process, whatever its handler. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGBUS);
    if (!window->guarded) {
        window->guarded = pthread_sigmask(SIG_UNBLOCK, &signals, NULL) == 0 && guard_begin();
    }
    if (window->guarded && window->places == NULL) {
        window->places = make_places();
    }
    return window->guarded && window->places != NULL && stands();
}

/* Give up all places but the next, of which nobody knows, after a map that failed, whether it is still ours. */
static void forget_next(struct eg_window *window)
{
    size_t used = window->used * EG_BUFFER, rest = PLACES * EG_BUFFER - used - EG_BUFFER;
    if (used > 0) {
        munmap(window->places, used);
    }
    if (rest > 0) {
        munmap(window->at + EG_BUFFER, rest);
    }
    window->places = NULL;
    window->used = 0;
}

const uint8_t *eg_window_open(struct eg_window *window, int fd, uint64_t offset, size_t length)
{
    if (!make_ready(window)) {
        return NULL;
    }
    window->at = window->places + window->used * EG_BUFFER;
    window->length = length;
    window->lost = 0;
    /* All of it at once: one by one, the faults of its pages can take as long as a copy. */
    if (mmap(window->at, length, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, (off_t)offset) == MAP_FAILED) {
        forget_next(window);
        return NULL;
    }
    window->used++;
    atomic_signal_fence(memory_order_seq_cst);
    looked_at = window;
    atomic_signal_fence(memory_order_seq_cst);
    return window->at;
}

bool eg_window_close(struct eg_window *window)
{
    atomic_signal_fence(memory_order_seq_cst);
    looked_at = NULL;
    if (window->used == PLACES) {
        eg_window_leave(window);
    }
    return !window->lost;
}

void eg_window_leave(struct eg_window *window)
{
    if (window->used > 0) {
        munmap(window->places, PLACES * EG_BUFFER);
        window->places = NULL;
        window->used = 0;
    }
}

void eg_window_end(struct eg_window *window)
{
    if (window->places != NULL) {
        munmap(window->places, PLACES * EG_BUFFER);
        window->places = NULL;
    }
    if (window->guarded) {
        guard_end();
        window->guarded = false;
    }
}

#else

const uint8_t *eg_window_open(struct eg_window *window, int fd, uint64_t offset, size_t length)
{
    (void)window;
    (void)fd;
    (void)offset;
    (void)length;
    return NULL;
}

bool eg_window_close(struct eg_window *window)
{
    (void)window;
    return true;
}

void eg_window_leave(struct eg_window *window)
{
    (void)window;
}

void eg_window_end(struct eg_window *window)
{
    (void)window;
}

#endif
