/* SPDX-License-Identifier: Apache-2.0
 * Convolution and its two gradients: which kernel takes a step, ours or oneDNN's. */
#include "backends/cpu/cpu.h"
#include "backends/cpu/dnnl_conv2d.h"
#include "backends/cpu/kernel_depthwise.h"
#include "backends/cpu/kernel_grouped_conv.h"
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
} own_kernel;

static const own_kernel own_forward[] = {{brn__grouped_forward_wins, &brn__grouped_conv2d, false},
                                         {brn__depthwise_forward_wins, &brn__depthwise_conv2d, false},
                                         {brn__winograd_forward_wins, &brn__winograd_conv2d, true},
                                         {NULL, NULL, false}};
static const own_kernel own_grad_input[] = {{brn__grouped_grad_input_wins, &brn__grouped_conv2d_grad_input, false},
                                            {brn__depthwise_grad_input_wins, &brn__depthwise_grad_input, false},
                                            {brn__winograd_grad_input_wins, &brn__winograd_grad_input, true},
                                            {NULL, NULL, false}};
static const own_kernel own_grad_weight[] = {{brn__grouped_grad_weight_wins, &brn__grouped_conv2d_grad_weight, false},
                                             {brn__depthwise_grad_weight_wins, &brn__depthwise_grad_weight, false},
                                             {brn__winograd_grad_weight_wins, &brn__winograd_grad_weight, false},
                                             {NULL, NULL, false}};

static bool takes(const own_kernel *own, const brn__step *step, const brn__conv2d_geometry *geometry)
{
    return (!own->canonical_weights || !step->have[1].description) && own->applies(geometry);
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

static bool is_own(const own_kernel *own, const brn__conv2d_geometry *geometry)
{
    while (own->applies && !own->applies(geometry)) own++;
    return own->applies != NULL;
}

/* Input 3, the residual, is added as it is where y is made in float32. */
static bool forward_reads_bf16(const brn_node *node, int input, bool differentiates)
{
    const brn__conv2d_geometry geometry = geometry_of(node);
    return (input == 0 || (input == 3 && !differentiates)) && !is_own(own_forward, &geometry) &&
           brn__dnnl_conv2d_reads_bf16(&geometry);
}

static bool grad_input_reads_bf16(const brn_node *node, int input, bool differentiates)
{
    (void)differentiates;
    const brn__conv2d_geometry geometry = geometry_of(node);
    return input == 0 && !is_own(own_grad_input, &geometry) && brn__dnnl_conv2d_grad_input_reads_bf16(&geometry);
}

static bool grad_weight_reads_bf16(const brn_node *node, int input, bool differentiates)
{
    (void)differentiates;
    const brn__conv2d_geometry geometry = geometry_of(node);
    return input <= 1 && !is_own(own_grad_weight, &geometry) && brn__dnnl_conv2d_grad_weight_reads_bf16(&geometry);
}

/* The chosen kernel runs and releases. */
const brn__kernel brn__cpu_conv2d = {choose_forward, NULL, NULL, forward_reads_bf16};
const brn__kernel brn__cpu_conv2d_grad_input = {choose_grad_input, NULL, NULL, grad_input_reads_bf16};
const brn__kernel brn__cpu_conv2d_grad_weight = {choose_grad_weight, NULL, NULL, grad_weight_reads_bf16};
