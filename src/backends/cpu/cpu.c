/* SPDX-License-Identifier: Apache-2.0
 * The CPU backend's table: kernels, passes, layouts, memory, threads. */
#include "backends/cpu/cpu.h"
#include "backends/cpu/dnnl.h"
#include "backends/cpu/kernels.h"
#include "base/alloc.h"
#include "ops/op_list.h"
#include "ops/passes/passes.h"

#include <omp.h>

bool brn__cpu_same_layout(const brn__layout *a, const brn__layout *b)
{
    if (a->description == b->description) return true;
    if (!a->description || !b->description) return false;
    return dnnl_memory_desc_equal(a->description, b->description);
}

/* oneDNN plans and runs with the team size that OpenMP announces; ours must be the same at both. */
static void before_step(const brn__step *step)
{
    if (omp_get_max_threads() != step->threads) omp_set_num_threads(step->threads);
}

void brn__cpu_size_team(brn__step *step, double flops)
{
    if (flops >= 1e6) return;
    step->threads = 1;
    before_step(step);
}

/* "aBcd16b"-like text: block sizes with their dimension's letter. */
static void describe_layout(const brn__layout *layout, brn__text *out)
{
    const_dnnl_memory_desc_t descriptor = layout->description;
    if (brn__is_bf16(layout)) brn__text_add(out, "bf16:");
    int blocks = 0;
    dnnl_dims_t *sizes, *dimensions;
    dnnl_memory_desc_query(descriptor, dnnl_query_inner_nblks_s32, &blocks);
    if (!blocks) {
        brn__text_add(out, "strided");
        return;
    }
    dnnl_memory_desc_query(descriptor, dnnl_query_inner_blks, &sizes);
    dnnl_memory_desc_query(descriptor, dnnl_query_inner_idxs, &dimensions);
    brn__text_add(out, "blocked:");
    for (int i = 0; i < blocks; i++)
        brn__text_printf(out, "%lld%c", (long long)(*sizes)[i], (int)('a' + (*dimensions)[i]));
}

static const brn__kernel *const kernels[BRN__OP_COUNT] = {
#define X(name) [BRN__OP_##name] = &brn__cpu_##name,
    BRN__CPU_KERNEL_LIST(X)
#undef X
};

static const brn__pass *const passes[] = {&brn__pass_batch_norm_form, &brn__pass_dropout_off,
                                          &brn__pass_fold_batch_norm, &brn__pass_fuse_activation,
                                          &brn__pass_by_category, NULL};
static const brn__pass *const late_passes[] = {&brn__pass_fuse_gradient_sum, NULL};

const brn__backend brn__backend_cpu = {
    .name = "cpu",
    .real = BRN_DTYPE_F32,
    .precision = brn_precision_here,
    .kernels = kernels,
    .kernel_count = BRN__OP_COUNT,
    .passes = passes,
    .late_passes = late_passes,
    .same_layout = brn__cpu_same_layout,
    .before_step = before_step,
    .allocate = brn__alloc_aligned,
    .deallocate = brn__free_aligned,
    .describe_layout = describe_layout,
};
