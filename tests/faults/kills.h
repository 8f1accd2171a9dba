/* SPDX-License-Identifier: Apache-2.0
 * SIGKILL at every system call of a saved state, and of a whole resumed training. After each kill, in a new
 * process: the newest whole state loads, no temporary file is taken for one, and the run goes on to the
 * weights of a run that nothing stopped. */
#ifndef BRN_TESTS_FAULTS_KILLS_H
#define BRN_TESTS_FAULTS_KILLS_H

#include "walk.h"

/* In a process of its own, on w->out/run: "save" writes its state again, "resume" goes on with it, "load"
 * opens its state. With n > 0 the process is killed before its n-th system call. Exit status. */
int kills_once(const world *w, const char *what, uint64_t n);

/* Kills at every `stride`-th call of `what`; after every `whole`-th kill (and the last 16) the run is gone
 * on with to its end. Adds to *points; the number of findings. */
uint64_t kills_walk(const world *w, const char *what, uint64_t stride, uint64_t whole, uint64_t *points);

#endif
