/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory_size.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/sysinfo.h>

static _Atomic uint64_t known; /* 0: not looked up yet */

/* A control file's number; UINT64_MAX when it is missing or says "max". */
static uint64_t limit_in(const char *path)
{
    uint64_t limit = UINT64_MAX;
    FILE *file = fopen(path, "r");
    if (!file) return limit;
    if (fscanf(file, "%" SCNu64, &limit) != 1 || limit == 0) limit = UINT64_MAX;
    fclose(file);
    return limit;
}

static uint64_t look_up(void)
{
    struct sysinfo info;
    uint64_t size = UINT64_MAX;
    if (sysinfo(&info) == 0) size = ((uint64_t)info.totalram + info.totalswap) * info.mem_unit;
    static const char *const files[] = {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    for (int i = 0; i < 2; i++) {
        const uint64_t limit = limit_in(files[i]);
        if (limit < size) size = limit;
    }
    return size;
}

uint64_t brn__memory_size(void)
{
    uint64_t size = atomic_load_explicit(&known, memory_order_relaxed);
    if (size) return size;
    size = look_up();
    atomic_store_explicit(&known, size, memory_order_relaxed);
    return size;
}

void brn__memory_size_set(uint64_t bytes) { known = bytes; }
