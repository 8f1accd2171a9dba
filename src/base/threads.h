/* SPDX-License-Identifier: Apache-2.0
 * How many processors we may use, and a fixed pool of worker threads.
 * Compute uses one OpenMP team; this pool is for loading and parsing. The library never forks. */
#ifndef BRN__BASE_THREADS_H
#define BRN__BASE_THREADS_H

#include "base/status.h"

/* The smaller of the affinity mask and the cgroup's CPU quota (rounded up), at least 1. */
int brn__processor_count(void);

/* A job's function. It must not block on other jobs of the same pool. */
typedef void brn__job(void *argument);

typedef struct brn__pool brn__pool;
/* `threads` workers (at least 1) and a queue of at most `queue_limit` waiting jobs. */
brn_status brn__pool_new(int threads, int queue_limit, brn__pool **out);
/* Queues a job; blocks while the queue is full. Jobs start in the order they were queued. */
void brn__pool_submit(brn__pool *pool, brn__job *job, void *argument);
/* Blocks until every queued job has finished. */
void brn__pool_wait(brn__pool *pool);
void brn__pool_free(brn__pool *pool); /* waits, then joins; NULL is fine */

#endif
