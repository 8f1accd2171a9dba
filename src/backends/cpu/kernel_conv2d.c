/* SPDX-License-Identifier: Apache-2.0
 * Convolution and its two gradients: which kernel takes a step, ours or oneDNN's. */
#include "backends/cpu/cpu.h"
#include "backends/cpu/dnnl_conv2d.h"
#include "backends/cpu/kernel_depthwise.h"
#include "backends/cpu/kernel_grouped_conv.h"
#include "backends/cpu/kernel_conv1x1.h"
#include "backends/cpu/kernel_winograd.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

static brn__conv2d_geometry geometry_of(const brn_node *node)
{
    const brn__conv2d_attributes *attributes = node->attributes;
    const brn_shape x = attributes->x_shape.rank ? attributes->x_shape : brn__input_shape(node, 0);
    const brn_shape w = attributes->w_shape.rank ? attributes->w_shape : brn__input_shape(node, 1);
    return brn__conv2d_geometry_of(attributes, x, w);
}

/* Kernels of our own, where oneDNN 3.2 has holes or a dearer algorithm: the first that applies takes the step over. */
typedef struct own_kernel {
    bool (*applies)(const brn__conv2d_geometry *geometry);
    const brn__kernel *kernel;
    bool canonical_weights; /* it transforms them itself, out of (O, C / groups, H, W) as it stands in memory */
    bool bf16; /* takes factors in bfloat16, in plans of that precision alone */
} own_kernel;

static const own_kernel own_forward[] = {
    {brn__grouped_forward_wins, &brn__grouped_conv2d},
    {brn__depthwise_forward_wins, &brn__depthwise_conv2d},
    {brn__winograd_forward_wins, &brn__winograd_conv2d, .canonical_weights = true},
    {0},
};
static const own_kernel own_grad_input[] = {
    {brn__grouped_grad_input_wins, &brn__grouped_conv2d_grad_input},
    {brn__depthwise_grad_input_wins, &brn__depthwise_grad_input},
    {brn__winograd_grad_input_wins, &brn__winograd_grad_input, .canonical_weights = true},
    {0},
};
static const own_kernel own_grad_weight[] = {
    {brn__grouped_grad_weight_wins, &brn__grouped_conv2d_grad_weight},
    {brn__depthwise_grad_weight_wins, &brn__depthwise_grad_weight},
    {brn__conv1x1_grad_weight_wins, &brn__conv1x1_grad_weight, .bf16 = true},
    {brn__winograd_grad_weight_wins, &brn__winograd_grad_weight},
    {0},
};

static bool takes(const own_kernel *own, const brn__step *step, const brn__conv2d_geometry *geometry)
{
    if (own->canonical_weights && step->have[1].description) return false;
    if (own->bf16 && step->precision != BRN_PRECISION_BF16) return false;
    return own->applies(geometry);
}

static brn_status choose(brn__step *step, const own_kernel *own, const brn__kernel *otherwise)
{
    brn__conv2d_geometry geometry = geometry_of(step->node);
    while (own->applies && !takes(own, step, &geometry)) own++;
    step->kernel = own->applies ? own->kernel : otherwise;
    return step->kernel->prepare(step);
}

static brn_status choose_forward(brn__step *step) { return choose(step, own_forward, &brn__dnnl_conv2d); }
static brn_status choose_grad_input(brn__step *step)
{
    return choose(step, own_grad_input, &brn__dnnl_conv2d_grad_input);
}
static brn_status choose_grad_weight(brn__step *step)
{
    return choose(step, own_grad_weight, &brn__dnnl_conv2d_grad_weight);
}

/* In a plan of precision BF16: whether the kernel of ours that takes the step wants factors in bfloat16; where none
 * does, what oneDNN's wants. */
static bool wants_bf16(const own_kernel *own, const brn_node *node, bool (*dnnl)(const brn__conv2d_geometry *geometry))
{
    const brn__conv2d_geometry geometry = geometry_of(node);
    while (own->applies && !own->applies(&geometry)) own++;
    return own->applies ? own->bf16 : dnnl(&geometry);
}

/* Input 3, the residual, is added as it is where y is made in float32. */
static bool forward_reads_bf16(const brn_node *node, int input, bool differentiates)
{
    const bool factor = input == 0 || (input == 3 && !differentiates);
    return factor && wants_bf16(own_forward, node, brn__dnnl_conv2d_reads_bf16);
}

static bool grad_input_reads_bf16(const brn_node *node, int input, bool differentiates)
{
    (void)differentiates;
    return input == 0 && wants_bf16(own_grad_input, node, brn__dnnl_conv2d_grad_input_reads_bf16);
}

static bool grad_weight_reads_bf16(const brn_node *node, int input, bool differentiates)
{
    (void)differentiates;
    return input <= 1 && wants_bf16(own_grad_weight, node, brn__dnnl_conv2d_grad_weight_reads_bf16);
}

/* The chosen kernel runs and releases. */
const brn__kernel brn__cpu_conv2d = {choose_forward, NULL, NULL, forward_reads_bf16};
const brn__kernel brn__cpu_conv2d_grad_input = {choose_grad_input, NULL, NULL, grad_input_reads_bf16};
const brn__kernel brn__cpu_conv2d_grad_weight = {choose_grad_weight, NULL, NULL, grad_weight_reads_bf16};
