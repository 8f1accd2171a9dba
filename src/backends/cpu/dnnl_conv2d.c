/* SPDX-License-Identifier: Apache-2.0
 * Convolution and its two gradients by oneDNN, format `any` everywhere: the primitive says which
 * layouts it wants and the plan lets them flow. In steps of precision BF16 factors are asked for in bfloat16, where
 * oneDNN has a fast kernel for that; what is made is float32. */
#include "backends/cpu/dnnl_conv2d.h"
#include "backends/cpu/dnnl.h"
#include "backends/cpu/post_ops.h"
#include "ops/attributes.h"

#include <string.h>

/* Element types of a convolution's values: of a bfloat16 one two are factors, the third is made in float32, or where
 * nothing reads it but other convolutions in bfloat16 too. */
typedef struct types {
    dnnl_data_type_t x, w, y;
} types;

static const types all_f32 = {dnnl_f32, dnnl_f32, dnnl_f32};

/* Descriptors of one convolution and the numbers oneDNN wants (dilation counts from 0). */
typedef struct conv_case {
    const_dnnl_memory_desc_t x, w, y, bias;
    dnnl_dims_t stride, dilation, pad_begin, pad_end;
} conv_case;

static brn_status describe(brn__dnnl_call *call, const brn__conv2d_geometry *g, const types *of, bool bias,
                           conv_case *out)
{
    int64_t x[4] = {g->n, g->c, g->h, g->w}, y[4] = {g->n, g->o, g->oh, g->ow};
    int64_t w[5] = {g->groups, g->o / g->groups, g->c / g->groups, g->kh, g->kw};
    const int grouped = g->groups > 1;
    BRN__TRY(brn__dnnl_tagged_as(call, of->x, 4, x, dnnl_format_tag_any, &out->x));
    BRN__TRY(brn__dnnl_tagged_as(call, of->y, 4, y, dnnl_format_tag_any, &out->y));
    BRN__TRY(brn__dnnl_tagged_as(call, of->w, 4 + grouped, w + !grouped, dnnl_format_tag_any, &out->w));
    out->bias = NULL;
    if (bias) BRN__TRY(brn__dnnl_plain(call, 1, y + 1, &out->bias));
    for (int i = 0; i < 2; i++) {
        out->stride[i] = g->stride[i];
        out->dilation[i] = g->dilation[i] - 1;
        out->pad_begin[i] = g->pad_begin[i];
        out->pad_end[i] = g->pad_end[i];
    }
    return BRN_OK;
}

static brn_status create_forward(const conv_case *c, dnnl_prop_kind_t kind, dnnl_primitive_attr_t attributes,
                                 dnnl_primitive_desc_t *out)
{
    dnnl_engine_t cpu;
    BRN__TRY(brn__dnnl_engine(&cpu));
    BRN__DNNL_TRY(dnnl_convolution_forward_primitive_desc_create(
        out, cpu, kind, dnnl_convolution_direct, c->x, c->w, c->bias, c->y, c->stride, c->dilation, c->pad_begin,
        c->pad_end, attributes));
    return BRN_OK;
}

static brn_status prepare_forward(brn__step *step, const types *of)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g =
        brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), brn__step_shape(step, 1));
    bool bias = brn__has(step->node, 2), residual = brn__has(step->node, 3);
    brn__dnnl_call *call;
    conv_case c;
    dnnl_primitive_attr_t attr;
    BRN__TRY(brn__dnnl_call_new(step, &call));
    BRN__TRY(describe(call, &g, of, bias, &c));
    BRN__TRY(brn__dnnl_post_ops(residual ? c.y : NULL, attributes->activation, &attr));
    brn_status status = create_forward(&c, dnnl_forward_training, attr, &call->descriptor);
    dnnl_primitive_attr_destroy(attr);
    BRN__TRY(status);
    const_dnnl_memory_desc_t x = brn__dnnl_query(call, dnnl_query_src_md, 0);
    const_dnnl_memory_desc_t w = brn__dnnl_query(call, dnnl_query_weights_md, 0);
    const_dnnl_memory_desc_t y = brn__dnnl_query(call, dnnl_query_dst_md, 0);
    step->in[0] = brn__dnnl_layout(x);
    step->in[1] = brn__dnnl_layout(w);
    step->out[0] = brn__dnnl_layout(y);
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_SRC, x, BRN__DNNL_INPUT, 0));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_WEIGHTS, w, BRN__DNNL_INPUT, 1));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_DST, y, BRN__DNNL_OUTPUT, 0));
    if (bias) BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_BIAS, c.bias, BRN__DNNL_INPUT, 2));
    if (residual) {
        /* Not in place: partial sums lie in y while the residual is still to be read. */
        step->in[3] = step->out[0];
        BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, y, BRN__DNNL_INPUT, 3));
    }
    return brn__dnnl_finish(step, call);
}

/* The hint that backward descriptors need: a forward one of the same case and of one type, all formats free. */
static brn_status create_hint(brn__dnnl_call *call, const brn__conv2d_geometry *g, const types *of,
                              dnnl_primitive_desc_t *hint)
{
    conv_case plain;
    const dnnl_data_type_t type = of->x == of->y ? of->x : dnnl_bf16;
    BRN__TRY(describe(call, g, &(const types){type, type, type}, false, &plain));
    return create_forward(&plain, dnnl_forward_training, NULL, hint);
}

static brn_status create_grad_input(const conv_case *c, dnnl_primitive_desc_t hint, dnnl_primitive_desc_t *out)
{
    dnnl_primitive_attr_t attr;
    dnnl_engine_t cpu;
    BRN__TRY(brn__dnnl_engine(&cpu));
    brn_status status = brn__dnnl_attributes(&attr);
    if (status == BRN_OK) {
        status = brn__dnnl_check(dnnl_convolution_backward_data_primitive_desc_create(
                                     out, cpu, dnnl_convolution_direct, c->x, c->w, c->y, c->stride, c->dilation,
                                     c->pad_begin, c->pad_end, hint, attr),
                                 "dnnl_convolution_backward_data_primitive_desc_create");
        dnnl_primitive_attr_destroy(attr);
    }
    return status;
}

/* A kernel of its own for the case, no fallback. */
static bool is_fast(const_dnnl_primitive_desc_t descriptor)
{
    const char *name = "";
    dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, &name);
    return strncmp(name, "jit", 3) == 0 || strncmp(name, "brg", 3) == 0;
}

/* With free formats oneDNN answers some strided cases in nhwc, between layers that are nChw16c: the
 * reorders cost more than the kernel gains. So blocked activations are asked for where there is a
 * kernel of its own for them. */
static brn_status create_blocked_grad_input(brn__dnnl_call *call, const brn__conv2d_geometry *g, const types *of,
                                            const conv_case *c, dnnl_primitive_desc_t hint)
{
    if (g->groups > 1 || g->c % 16 || g->o % 16 || g->stride[0] == 1) return BRN_OK;
    dnnl_dims_t x = {g->n, g->c, g->h, g->w}, y = {g->n, g->o, g->oh, g->ow};
    conv_case blocked = *c;
    BRN__TRY(brn__dnnl_tagged_as(call, of->x, 4, x, dnnl_nChw16c, &blocked.x));
    BRN__TRY(brn__dnnl_tagged_as(call, of->y, 4, y, dnnl_nChw16c, &blocked.y));
    dnnl_primitive_desc_t found;
    if (create_grad_input(&blocked, hint, &found) != BRN_OK) return BRN_OK;
    if (is_fast(found)) call->descriptor = found;
    else dnnl_primitive_desc_destroy(found);
    return BRN_OK;
}

static brn_status prepare_grad_input(brn__step *step, const types *of)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, attributes->x_shape, brn__step_shape(step, 1));
    brn__dnnl_call *call;
    conv_case c;
    dnnl_primitive_desc_t hint;
    BRN__TRY(brn__dnnl_call_new(step, &call));
    BRN__TRY(describe(call, &g, of, false, &c));
    BRN__TRY(create_hint(call, &g, of, &hint));
    brn_status status = create_blocked_grad_input(call, &g, of, &c, hint);
    if (status == BRN_OK && !call->descriptor) status = create_grad_input(&c, hint, &call->descriptor);
    dnnl_primitive_desc_destroy(hint);
    BRN__TRY(status);
    const_dnnl_memory_desc_t dy = brn__dnnl_query(call, dnnl_query_diff_dst_md, 0);
    const_dnnl_memory_desc_t w = brn__dnnl_query(call, dnnl_query_weights_md, 0);
    const_dnnl_memory_desc_t dx = brn__dnnl_query(call, dnnl_query_diff_src_md, 0);
    step->in[0] = brn__dnnl_layout(dy);
    step->in[1] = brn__dnnl_layout(w);
    step->out[0] = brn__dnnl_layout(dx);
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_DIFF_DST, dy, BRN__DNNL_INPUT, 0));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_WEIGHTS, w, BRN__DNNL_INPUT, 1));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_DIFF_SRC, dx, BRN__DNNL_OUTPUT, 0));
    return brn__dnnl_finish(step, call);
}

static brn_status prepare_grad_weight(brn__step *step, const types *of)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), attributes->w_shape);
    bool bias = step->wanted[1];
    brn__dnnl_call *call;
    conv_case c;
    dnnl_primitive_desc_t hint;
    dnnl_primitive_attr_t attr;
    dnnl_engine_t cpu;
    BRN__TRY(brn__dnnl_engine(&cpu));
    BRN__TRY(brn__dnnl_call_new(step, &call));
    BRN__TRY(describe(call, &g, of, bias, &c));
    BRN__TRY(brn__dnnl_attributes(&attr));
    brn_status status = create_hint(call, &g, of, &hint);
    if (status == BRN_OK) {
        status = brn__dnnl_check(dnnl_convolution_backward_weights_primitive_desc_create(
                                     &call->descriptor, cpu, dnnl_convolution_direct, c.x, c.w, c.bias, c.y,
                                     c.stride, c.dilation, c.pad_begin, c.pad_end, hint, attr),
                                 "dnnl_convolution_backward_weights_primitive_desc_create");
        dnnl_primitive_desc_destroy(hint);
    }
    dnnl_primitive_attr_destroy(attr);
    BRN__TRY(status);
    const_dnnl_memory_desc_t x = brn__dnnl_query(call, dnnl_query_src_md, 0);
    const_dnnl_memory_desc_t dy = brn__dnnl_query(call, dnnl_query_diff_dst_md, 0);
    const_dnnl_memory_desc_t dw = brn__dnnl_query(call, dnnl_query_diff_weights_md, 0);
    step->in[0] = brn__dnnl_layout(x);
    step->in[1] = brn__dnnl_layout(dy);
    step->out[0] = brn__dnnl_layout(dw);
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_SRC, x, BRN__DNNL_INPUT, 0));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_DIFF_DST, dy, BRN__DNNL_INPUT, 1));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_DIFF_WEIGHTS, dw, BRN__DNNL_OUTPUT, 0));
    if (bias) BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_DIFF_BIAS, c.bias, BRN__DNNL_OUTPUT, 1));
    return brn__dnnl_finish(step, call);
}

typedef brn_status prepare_as(brn__step *step, const types *of);

/* A failed prepare leaves nothing behind. */
static brn_status prepare_or_release(brn__step *step, prepare_as *prepare, const types *of)
{
    brn_status status = prepare(step, of);
    if (status != BRN_OK) brn__dnnl_release(step);
    return status;
}

static bool prepare_bf16(brn__step *step, prepare_as *prepare, const types *of)
{
    if (prepare_or_release(step, prepare, of) != BRN_OK) return false;
    if (is_fast(((brn__dnnl_call *)step->data)->descriptor)) return true;
    brn__dnnl_release(step);
    return false;
}

static brn_status choose(brn__step *step, bool gains, prepare_as *prepare, const types *bf16)
{
    if (step->precision == BRN_PRECISION_BF16 && gains && prepare_bf16(step, prepare, bf16)) return BRN_OK;
    return prepare_or_release(step, prepare, &all_f32);
}

bool brn__bf16_gains(const brn__conv2d_geometry *g, double saved, int64_t rounded)
{
    const double work = (double)(g->n * g->o * g->oh * g->ow) * (double)(g->c / g->groups * g->kh * g->kw);
    return work * saved > (double)rounded * .13;
}

static int64_t x_elements(const brn__conv2d_geometry *g) { return g->n * g->c * g->h * g->w; }
static int64_t y_elements(const brn__conv2d_geometry *g) { return g->n * g->o * g->oh * g->ow; }

static bool forward_gains(const brn__conv2d_geometry *g) { return brn__bf16_gains(g, .0042, x_elements(g)); }

static brn_status forward(brn__step *step)
{
    const brn__conv2d_geometry g =
        brn__conv2d_geometry_of(step->node->attributes, brn__step_shape(step, 0), brn__step_shape(step, 1));
    /* A residual is read as y is made: where something learns, in float32. */
    const bool narrow = step->narrow && !(step->differentiates && brn__has(step->node, 3));
    return choose(step, forward_gains(&g), prepare_forward,
                  &(const types){dnnl_bf16, dnnl_bf16, narrow ? dnnl_bf16 : dnnl_f32});
}

static bool grad_input_gains(const brn__conv2d_geometry *g) { return brn__bf16_gains(g, .0042, y_elements(g)); }

/* In groups and strides oneDNN 3.2 takes twice as long in bfloat16 as in float32. */
static bool grad_weight_gains(const brn__conv2d_geometry *g)
{
    const bool hole = g->groups > 1 && g->stride[0] > 1;
    return !hole && brn__bf16_gains(g, .0025, x_elements(g) + y_elements(g));
}

/* Where oneDNN has kernels of its own in bfloat16. */
static bool is_dense(const brn__conv2d_geometry *g)
{
    const bool blocks = g->groups == 1 || (g->c / g->groups % 16 == 0 && g->o / g->groups % 16 == 0);
    return blocks && g->dilation[0] == 1 && g->dilation[1] == 1;
}

bool brn__dnnl_conv2d_reads_bf16(const brn__conv2d_geometry *g) { return is_dense(g) && forward_gains(g); }
bool brn__dnnl_conv2d_grad_input_reads_bf16(const brn__conv2d_geometry *g) { return is_dense(g) && grad_input_gains(g); }
bool brn__dnnl_conv2d_grad_weight_reads_bf16(const brn__conv2d_geometry *g) { return is_dense(g) && grad_weight_gains(g); }

static brn_status grad_input(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    const brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, attributes->x_shape, brn__step_shape(step, 1));
    return choose(step, grad_input_gains(&g), prepare_grad_input,
                  &(const types){step->narrow ? dnnl_bf16 : dnnl_f32, dnnl_bf16, dnnl_bf16});
}

static brn_status grad_weight(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    const brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), attributes->w_shape);
    return choose(step, grad_weight_gains(&g), prepare_grad_weight,
                  &(const types){dnnl_bf16, dnnl_f32, dnnl_bf16});
}

const brn__kernel brn__dnnl_conv2d = {forward, brn__dnnl_run, brn__dnnl_release};
const brn__kernel brn__dnnl_conv2d_grad_input = {grad_input, brn__dnnl_run, brn__dnnl_release};
const brn__kernel brn__dnnl_conv2d_grad_weight = {grad_weight, brn__dnnl_run, brn__dnnl_release};
