/* SPDX-License-Identifier: Apache-2.0
 * The table of the reference backend, and what its kernels share. */
#include "backends/reference/reference.h"
#include "base/alloc.h"
#include "ops/passes/passes.h"
#include "tensor/tensor.h"

brn_status brn__reference_prepare(brn__step *step)
{
    const brn_node *node = step->node;
    step->implementation = "reference";
    step->threads = 1;
    for (int i = 0; i < node->input_count; i++)
        if (brn__has(node, i))
            step->in[i] = (brn__layout){
                .bytes = brn__canonical_bytes(step->backend, brn__type_of(node->inputs[i]))};
    for (int i = 0; i < node->output_count; i++) {
        step->out[i] =
            (brn__layout){.bytes = brn__canonical_bytes(step->backend, &node->outputs[i])};
        step->in_place[i] = -1;
    }
    return BRN_OK;
}

double brn__reference_factor(const brn__step *step, double x)
{
    return step->precision == BRN_PRECISION_BF16 ? (double)brn__bf16_to_float(brn__float_to_bf16((float)x)) : x;
}

/* It defines what bf16 is wherever it runs: factors are rounded, nothing else. */
static brn_precision precision(brn_precision wish)
{
    return wish == BRN_PRECISION_FP32 ? BRN_PRECISION_FP32 : BRN_PRECISION_BF16;
}

brn__strides brn__reference_strides(brn_shape shape, brn_shape full)
{
    brn__strides strides = {{0}};
    int64_t stride = 1;
    for (int back = 1; back <= shape.rank; back++) {
        int64_t size = shape.dims[shape.rank - back];
        strides.of[full.rank - back] = size == 1 ? 0 : stride;
        stride *= size;
    }
    return strides;
}

int64_t brn__reference_offset(brn_shape full, int64_t index, const brn__strides *strides)
{
    int64_t offset = 0;
    for (int i = full.rank - 1; i >= 0; i--) {
        offset += index % full.dims[i] * strides->of[i];
        index /= full.dims[i];
    }
    return offset;
}

static const brn__kernel *const kernels[BRN__OP_COUNT] = {
#define X(name) [BRN__OP_##name] = &brn__reference_##name,
    BRN__KERNEL_OP_LIST(X)
#undef X
};

static const brn__pass *const passes[] = {&brn__pass_batch_norm_form, &brn__pass_dropout_off, NULL};
static const brn__pass *const late_passes[] = {NULL};

static bool same_layout(const brn__layout *a, const brn__layout *b)
{
    return !a->description && !b->description;
}

static void describe_layout(const brn__layout *layout, brn__text *out)
{
    (void)layout;
    brn__text_add(out, "row-major");
}

const brn__backend brn__backend_reference = {.name = "reference",
                                             .real = BRN_DTYPE_F64,
                                             .precision = precision,
                                             .kernels = kernels,
                                             .kernel_count = BRN__OP_COUNT,
                                             .passes = passes,
                                             .late_passes = late_passes,
                                             .same_layout = same_layout,
                                             .allocate = brn__alloc_aligned,
                                             .deallocate = brn__free_aligned,
                                             .describe_layout = describe_layout};
