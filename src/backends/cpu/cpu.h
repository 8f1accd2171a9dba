/* SPDX-License-Identifier: Apache-2.0
 * The CPU backend: oneDNN primitives and kernels of our own. */
#ifndef BRN__BACKENDS_CPU_CPU_H
#define BRN__BACKENDS_CPU_CPU_H

#include "graph/backend.h"

extern const brn__backend brn__backend_cpu;

/* In prepare, before oneDNN is asked: a step of less than about 1 MFLOP runs on one thread. */
void brn__cpu_size_team(brn__step *step, double flops);

bool brn__cpu_same_layout(const brn__layout *a, const brn__layout *b);

#endif
