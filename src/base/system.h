/* SPDX-License-Identifier: Apache-2.0
 * The system calls that the library makes on files, each behind a counted fault point, so that a test
 * can walk every failure path. They are the C library's but for this: EINTR is never seen (a call that
 * a signal cut short is made again), and the n-th call fails when a test asks for it.
 *
 * Not behind it: what libcurl and SQLite do on their own. */
#ifndef BRN__BASE_SYSTEM_H
#define BRN__BASE_SYSTEM_H

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

int brn__system_open(const char *path, int flags, mode_t mode);
int brn__system_close(int descriptor); /* the descriptor is gone, also when it fails */
ssize_t brn__system_read(int descriptor, void *bytes, size_t length);
ssize_t brn__system_write(int descriptor, const void *bytes, size_t length);
ssize_t brn__system_write_at(int descriptor, const void *bytes, size_t length, off_t offset);
int brn__system_sync(int descriptor);
int brn__system_truncate(int descriptor, off_t length);
int brn__system_lock(int descriptor, int operation); /* flock */
int brn__system_rename(const char *from, const char *to);
int brn__system_unlink(const char *path);
int brn__system_make_folder(const char *path, mode_t mode);
int brn__system_stat(const char *path, struct stat *info);
int brn__system_stat_link(const char *path, struct stat *info);
int brn__system_stat_open(int descriptor, struct stat *info);
void *brn__system_map(int descriptor, size_t length); /* read-only, private; MAP_FAILED */
DIR *brn__system_open_folder(const char *path);
struct dirent *brn__system_read_folder(DIR *folder); /* NULL at the end, with errno 0 */

/* ------------------------------------------------------------------ for tests */

typedef enum brn__io_fault {
    BRN__IO_FAIL,          /* the call fails with the given errno; it is not made (a close is) */
    BRN__IO_FAIL_FROM,     /* so do all later ones, but for unlink: what is full can be emptied */
    BRN__IO_INTERRUPT_FROM, /* every second attempt is interrupted by a signal */
    BRN__IO_SHORT,         /* the next read or write moves half of what was asked for */
    BRN__IO_SHORT_FROM,    /* so do all later ones */
    BRN__IO_KILL,          /* the process is killed before the call */
} brn__io_fault;

/* Number of calls made so far, all threads; one that is made again counts again. */
uint64_t brn__io_calls(void);
/* Lets `fault` strike at the n-th call from now (1 = the next one). n = 0 switches it off. */
void brn__io_fault_after(uint64_t n, brn__io_fault fault, int error);

#endif
