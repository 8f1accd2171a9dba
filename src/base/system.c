/* SPDX-License-Identifier: Apache-2.0 */
#include "base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic uint64_t calls;
static _Atomic uint64_t fault_at; /* absolute call number; 0 = off */
static _Atomic int fault_kind, fault_error;

uint64_t brn__io_calls(void) { return calls; }

void brn__io_fault_after(uint64_t n, brn__io_fault fault, int error)
{
    fault_at = 0;
    fault_kind = (int)fault;
    fault_error = error;
    fault_at = n ? calls + n : 0;
}

/* Whether the planned fault strikes a call; errno is set when it does. */
static bool strikes(uint64_t number, uint64_t target, bool cleans_up)
{
    const brn__io_fault kind = (brn__io_fault)fault_kind;
    bool hit = false;
    if (kind == BRN__IO_FAIL) hit = number == target;
    if (kind == BRN__IO_FAIL_FROM) hit = !cleans_up;
    if (kind == BRN__IO_INTERRUPT_FROM) hit = (number - target) % 2 == 0;
    if (kind == BRN__IO_KILL && number == target) raise(SIGKILL);
    if (hit) errno = kind == BRN__IO_INTERRUPT_FROM ? EINTR : fault_error;
    return hit;
}

/* Counts a call; true, with errno set, when it must fail. */
static bool fails(bool cleans_up)
{
    uint64_t number = atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed) + 1;
    uint64_t target = atomic_load_explicit(&fault_at, memory_order_relaxed);
    return target && number >= target && strikes(number, target, cleans_up);
}

/* Counts a transfer; *length may become less. */
static bool fails_or_shortens(size_t *length)
{
    if (fails(false)) return true;
    uint64_t target = atomic_load_explicit(&fault_at, memory_order_relaxed);
    if (!target || brn__io_calls() < target || *length < 2) return false;
    int kind = fault_kind;
    if (kind != BRN__IO_SHORT && kind != BRN__IO_SHORT_FROM) return false;
    *length /= 2;
    if (kind == BRN__IO_SHORT) fault_at = 0;
    return false;
}

static bool again(bool failed) { return failed && errno == EINTR; }

int brn__system_open(const char *path, int flags, mode_t mode)
{
    int descriptor;
    do descriptor = fails(false) ? -1 : open(path, flags, mode);
    while (again(descriptor < 0));
    return descriptor;
}

/* Linux has let go of the descriptor when a signal interrupts it: it must not be closed again. */
int brn__system_close(int descriptor)
{
    bool failed = fails(false);
    int error = errno;
    int closed = close(descriptor);
    if (failed) errno = error;
    return (failed || closed != 0) && errno != EINTR ? -1 : 0;
}

ssize_t brn__system_read(int descriptor, void *bytes, size_t length)
{
    ssize_t got;
    do got = fails_or_shortens(&length) ? -1 : read(descriptor, bytes, length);
    while (again(got < 0));
    return got;
}

ssize_t brn__system_write(int descriptor, const void *bytes, size_t length)
{
    ssize_t put;
    do put = fails_or_shortens(&length) ? -1 : write(descriptor, bytes, length);
    while (again(put < 0));
    return put;
}

ssize_t brn__system_write_at(int descriptor, const void *bytes, size_t length, off_t offset)
{
    ssize_t put;
    do put = fails_or_shortens(&length) ? -1 : pwrite(descriptor, bytes, length, offset);
    while (again(put < 0));
    return put;
}

int brn__system_sync(int descriptor)
{
    int failed;
    do failed = fails(false) ? -1 : fsync(descriptor);
    while (again(failed));
    return failed;
}

int brn__system_truncate(int descriptor, off_t length)
{
    int failed;
    do failed = fails(true) ? -1 : ftruncate(descriptor, length);
    while (again(failed));
    return failed;
}

int brn__system_lock(int descriptor, int operation)
{
    int failed;
    do failed = fails(false) ? -1 : flock(descriptor, operation);
    while (again(failed));
    return failed;
}

int brn__system_rename(const char *from, const char *to)
{
    int failed;
    do failed = fails(false) ? -1 : rename(from, to);
    while (again(failed));
    return failed;
}

int brn__system_unlink(const char *path)
{
    int failed;
    do failed = fails(true) ? -1 : unlink(path);
    while (again(failed));
    return failed;
}

int brn__system_make_folder(const char *path, mode_t mode)
{
    int failed;
    do failed = fails(false) ? -1 : mkdir(path, mode);
    while (again(failed));
    return failed;
}

int brn__system_stat(const char *path, struct stat *info)
{
    int failed;
    do failed = fails(false) ? -1 : stat(path, info);
    while (again(failed));
    return failed;
}

int brn__system_stat_link(const char *path, struct stat *info)
{
    int failed;
    do failed = fails(false) ? -1 : lstat(path, info);
    while (again(failed));
    return failed;
}

int brn__system_stat_open(int descriptor, struct stat *info)
{
    int failed;
    do failed = fails(false) ? -1 : fstat(descriptor, info);
    while (again(failed));
    return failed;
}

void *brn__system_map(int descriptor, size_t length)
{
    void *bytes;
    do bytes = fails(false) ? MAP_FAILED : mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0);
    while (again(bytes == MAP_FAILED));
    return bytes;
}

DIR *brn__system_open_folder(const char *path)
{
    DIR *folder;
    do folder = fails(false) ? NULL : opendir(path);
    while (again(!folder));
    return folder;
}

struct dirent *brn__system_read_folder(DIR *folder)
{
    struct dirent *entry;
    do {
        bool failed = fails(false);
        if (!failed) errno = 0;
        entry = failed ? NULL : readdir(folder);
    } while (again(!entry));
    return entry;
}
