/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BRN__BASE_MEMORY_SIZE_H
#define BRN__BASE_MEMORY_SIZE_H

#include <stdint.h>

/* Bytes of memory that this process can have at most: the machine's with its swap, or what its container (cgroup v2 or
 * v1, as seen from within) is allowed. Read once; UINT64_MAX where the system does not say. */
uint64_t brn__memory_size(void);

/* For tests: what brn__memory_size says from now on; 0: the truth again. */
void brn__memory_size_set(uint64_t bytes);

#endif
