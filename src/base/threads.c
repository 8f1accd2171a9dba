/* SPDX-License-Identifier: Apache-2.0 */
#include "base/threads.h"
#include "base/alloc.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct queued_job {
    brn__job *job;
    void *argument;
} queued_job;

struct brn__pool {
    pthread_mutex_t lock;
    pthread_cond_t work, room, idle;
    pthread_t *threads;
    int thread_count;
    queued_job *queue; /* ring of queue_limit entries */
    int queue_limit, first, waiting, running;
    bool stopping;
};

/* CPUs allowed by cgroup v2's or v1's quota; a large number when there is none. */
static int quota_processors(void)
{
    long long quota = -1, period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (file) {
        if (fscanf(file, "%lld %lld", &quota, &period) != 2) quota = -1;
        fclose(file);
    } else {
        file = fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "r");
        if (file) {
            if (fscanf(file, "%lld", &quota) != 1) quota = -1;
            fclose(file);
        }
        file = fopen("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "r");
        if (file) {
            if (fscanf(file, "%lld", &period) != 1) period = 0;
            fclose(file);
        }
    }
    if (quota <= 0 || period <= 0) return 1 << 20;
    return (int)((quota + period - 1) / period);
}

int brn__processor_count(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    int quota = quota_processors();
    if (quota < count) count = quota;
    return count < 1 ? 1 : count;
}

static void *work(void *argument)
{
    brn__pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->waiting && !pool->stopping) pthread_cond_wait(&pool->work, &pool->lock);
        if (!pool->waiting) break;
        queued_job next = pool->queue[pool->first];
        pool->first = (pool->first + 1) % pool->queue_limit;
        pool->waiting--;
        pool->running++;
        pthread_cond_signal(&pool->room);
        pthread_mutex_unlock(&pool->lock);
        next.job(next.argument);
        pthread_mutex_lock(&pool->lock);
        pool->running--;
        if (!pool->running && !pool->waiting) pthread_cond_broadcast(&pool->idle);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

brn_status brn__pool_new(int threads, int queue_limit, brn__pool **out)
{
    if (threads < 1) threads = 1;
    if (queue_limit < 1) queue_limit = 1;
    brn__pool *pool = brn__alloc_zero(1, sizeof *pool);
    if (!pool) return BRN_ERROR_NO_MEMORY;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->room, NULL);
    pthread_cond_init(&pool->idle, NULL);
    pool->queue_limit = queue_limit;
    pool->queue = brn__alloc_zero((size_t)queue_limit, sizeof *pool->queue);
    pool->threads = brn__alloc_zero((size_t)threads, sizeof *pool->threads);
    if (!pool->queue || !pool->threads) {
        brn__pool_free(pool);
        return BRN_ERROR_NO_MEMORY;
    }
    while (pool->thread_count < threads) {
        int error = pthread_create(&pool->threads[pool->thread_count], NULL, work, pool);
        if (error) {
            brn__pool_free(pool);
            return brn__fail(BRN_ERROR_NO_MEMORY, "cannot start a worker thread: %s",
                             strerror(error));
        }
        pool->thread_count++;
    }
    *out = pool;
    return BRN_OK;
}

void brn__pool_submit(brn__pool *pool, brn__job *job, void *argument)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->waiting == pool->queue_limit) pthread_cond_wait(&pool->room, &pool->lock);
    pool->queue[(pool->first + pool->waiting++) % pool->queue_limit] = (queued_job){job, argument};
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->lock);
}

void brn__pool_wait(brn__pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->waiting || pool->running) pthread_cond_wait(&pool->idle, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void brn__pool_free(brn__pool *pool)
{
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true; /* workers finish what is queued, then leave */
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->thread_count; i++) pthread_join(pool->threads[i], NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->room);
    pthread_cond_destroy(&pool->idle);
    brn__free(pool->queue);
    brn__free(pool->threads);
    brn__free(pool);
}
