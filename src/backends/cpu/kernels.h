/* SPDX-License-Identifier: Apache-2.0
 * The kernels of the CPU backend, brn__cpu_NAME for op NAME: defined in kernel_FAMILY.c, gathered
 * by cpu.c. */
#ifndef BRN__BACKENDS_CPU_KERNELS_H
#define BRN__BACKENDS_CPU_KERNELS_H

#include "graph/backend.h"
#include "ops/op_list.h"

#define BRN__CPU_KERNEL_LIST(X) BRN__KERNEL_OP_LIST(X)

#define X(name) extern const brn__kernel brn__cpu_##name;
BRN__CPU_KERNEL_LIST(X)
#undef X

#endif
