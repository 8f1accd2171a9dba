/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BRN__BACKENDS_CPU_KERNEL_MATMUL_BF16_H
#define BRN__BACKENDS_CPU_KERNEL_MATMUL_BF16_H

#include "backends/cpu/gemm.h"

/* In a matmul's prepare: takes the step over, for this one product of its inputs. */
brn_status brn__cpu_matmul_bf16(brn__step *step, const brn__gemm_case *of);

#endif
