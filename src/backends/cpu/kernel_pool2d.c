/* SPDX-License-Identifier: Apache-2.0
 * Pooling by oneDNN, in the layout in which its input was made. The workspace of max pooling is
 * oneDNN's own. */
#include "backends/cpu/dnnl.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

typedef struct pool_case {
    dnnl_alg_kind_t kind;
    dnnl_dims_t kernel, stride, dilation, pad_begin, pad_end;
    int64_t x[4], y[4];
} pool_case;

static pool_case case_of(const brn_pool2d_options *options, brn_shape x)
{
    pool_case c = {.kind = options->kind == BRN_POOL_MAX ? dnnl_pooling_max
                           : options->count_padding      ? dnnl_pooling_avg_include_padding
                                                         : dnnl_pooling_avg_exclude_padding};
    for (int i = 0; i < 4; i++) c.x[i] = c.y[i] = x.dims[i];
    for (int i = 0; i < 2; i++) {
        int64_t size = brn__pool2d_size(options, i, x.dims[2 + i]);
        c.y[2 + i] = size;
        c.kernel[i] = options->kernel[i];
        c.stride[i] = options->stride[i];
        c.pad_begin[i] = options->padding[i];
        c.pad_end[i] = (size - 1) * options->stride[i] + options->kernel[i] - x.dims[2 + i] - options->padding[i];
    }
    return c;
}

static brn_status create_forward(const pool_case *c, const_dnnl_memory_desc_t x, const_dnnl_memory_desc_t y,
                                 dnnl_prop_kind_t kind, dnnl_primitive_desc_t *out)
{
    dnnl_engine_t cpu;
    dnnl_primitive_attr_t attr;
    BRN__TRY(brn__dnnl_engine(&cpu));
    BRN__TRY(brn__dnnl_attributes(&attr));
    brn_status status = brn__dnnl_check(
        dnnl_pooling_forward_primitive_desc_create(out, cpu, kind, c->kind, x, y, c->stride, c->kernel, c->dilation,
                                                   c->pad_begin, c->pad_end, attr),
        "dnnl_pooling_forward_primitive_desc_create");
    dnnl_primitive_attr_destroy(attr);
    return status;
}

static brn_status prepare_forward(brn__step *step)
{
    const brn__pool2d_attributes *attributes = step->node->attributes;
    pool_case c = case_of(&attributes->options, brn__step_shape(step, 0));
    bool workspace = step->wanted[1];
    brn__dnnl_call *call;
    const_dnnl_memory_desc_t x, y;
    BRN__TRY(brn__dnnl_call_new(step, &call));
    BRN__TRY(brn__dnnl_of_layout(call, &step->have[0], brn__step_shape(step, 0), &x));
    BRN__TRY(brn__dnnl_any(call, 4, c.y, &y));
    BRN__TRY(create_forward(&c, x, y, workspace ? dnnl_forward_training : dnnl_forward_inference, &call->descriptor));
    y = brn__dnnl_query(call, dnnl_query_dst_md, 0);
    step->in[0] = step->have[0];
    step->out[0] = brn__dnnl_layout(y);
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_SRC, x, BRN__DNNL_INPUT, 0));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_DST, y, BRN__DNNL_OUTPUT, 0));
    if (workspace) {
        const_dnnl_memory_desc_t record = brn__dnnl_query(call, dnnl_query_workspace_md, 0);
        step->out[1] = (brn__layout){record, dnnl_memory_desc_get_size(record)};
        BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_WORKSPACE, record, BRN__DNNL_OUTPUT, 1));
    }
    return brn__dnnl_finish(step, call);
}

static brn_status prepare_gradient(brn__step *step)
{
    const brn__pool2d_attributes *attributes = step->node->attributes;
    pool_case c = case_of(&attributes->options, attributes->x_shape);
    bool workspace = brn__has(step->node, 1);
    if (!step->forward || !step->forward->data)
        return brn__fail(BRN_ERROR_INTERNAL, "pool2d_grad: its forward step is not in the plan");
    const brn__dnnl_call *forward = step->forward->data;
    const_dnnl_memory_desc_t x = brn__dnnl_query(forward, dnnl_query_src_md, 0);
    const_dnnl_memory_desc_t y = brn__dnnl_query(forward, dnnl_query_dst_md, 0);
    brn__dnnl_call *call;
    dnnl_engine_t cpu;
    dnnl_primitive_attr_t attr;
    dnnl_primitive_desc_t hint;
    BRN__TRY(brn__dnnl_engine(&cpu));
    BRN__TRY(brn__dnnl_call_new(step, &call));
    BRN__TRY(create_forward(&c, x, y, dnnl_forward_training, &hint));
    brn_status status = brn__dnnl_attributes(&attr);
    if (status == BRN_OK) {
        status = brn__dnnl_check(dnnl_pooling_backward_primitive_desc_create(
                                     &call->descriptor, cpu, c.kind, x, y, c.stride, c.kernel, c.dilation,
                                     c.pad_begin, c.pad_end, hint, attr),
                                 "dnnl_pooling_backward_primitive_desc_create");
        dnnl_primitive_attr_destroy(attr);
    }
    dnnl_primitive_desc_destroy(hint);
    BRN__TRY(status);
    const_dnnl_memory_desc_t dy = brn__dnnl_query(call, dnnl_query_diff_dst_md, 0);
    const_dnnl_memory_desc_t dx = brn__dnnl_query(call, dnnl_query_diff_src_md, 0);
    step->in[0] = brn__dnnl_layout(dy);
    step->out[0] = brn__dnnl_layout(dx);
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_DIFF_DST, dy, BRN__DNNL_INPUT, 0));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_DIFF_SRC, dx, BRN__DNNL_OUTPUT, 0));
    if (workspace) {
        step->in[1] = step->have[1];
        BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_WORKSPACE, brn__dnnl_query(call, dnnl_query_workspace_md, 0),
                                    BRN__DNNL_INPUT, 1));
    }
    return brn__dnnl_finish(step, call);
}

static brn_status guarded_forward(brn__step *step)
{
    brn_status status = prepare_forward(step);
    if (status != BRN_OK) brn__dnnl_release(step);
    return status;
}

static brn_status guarded_gradient(brn__step *step)
{
    brn_status status = prepare_gradient(step);
    if (status != BRN_OK) brn__dnnl_release(step);
    return status;
}

const brn__kernel brn__cpu_pool2d = {guarded_forward, brn__dnnl_run, brn__dnnl_release};
const brn__kernel brn__cpu_pool2d_grad = {guarded_gradient, brn__dnnl_run, brn__dnnl_release};
