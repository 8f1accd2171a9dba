/* SPDX-License-Identifier: Apache-2.0
 * What a plan looks like: for people, benchmarks and the tests that forbid slow steps. */
#include "base/alloc.h"
#include "graph/plan.h"

#include <string.h>

int brn_plan_step_count(const brn_plan *plan) { return plan->step_count; }

static double gigaflops(const brn_node *node)
{
    return node->op->flops ? node->op->flops(node) * 1e-9 : 0;
}

/* None for a view: nothing is moved. */
static double bytes_of(const brn__step *step)
{
    size_t bytes = 0;
    if (step->view) return 0;
    for (int i = 0; i < step->node->input_count; i++)
        if (brn__has(step->node, i)) bytes += step->in[i].bytes;
    for (int i = 0; i < step->node->output_count; i++)
        if (step->wanted[i]) bytes += step->out[i].bytes;
    return (double)bytes;
}

brn_step_info brn_plan_step(const brn_plan *plan, int index)
{
    const brn__plan_step *step = &plan->steps[index];
    return (brn_step_info){step->step.node->op->name, step->step.node->name,
                           step->step.implementation, step->step.milliseconds,
                           gigaflops(step->step.node), step->parameters_only, bytes_of(&step->step)};
}

void brn_plan_profile(brn_plan *plan, bool on)
{
    plan->profile = on;
    if (!on) return;
    plan->profiled_runs = 0;
    for (int k = 0; k < plan->step_count; k++) plan->steps[k].step.milliseconds = 0;
}

static void describe_step(const brn_plan *plan, const brn__plan_step *planned, brn__text *text)
{
    const brn__step *step = &planned->step;
    brn__text_printf(text, "%-4s %-20s %-28s %-34s", planned->parameters_only ? "pack" : "", step->node->op->name,
                     step->implementation, step->node->name);
    for (int i = 0; i < step->node->output_count; i++) {
        if (!step->wanted[i]) continue;
        brn__text_printf(text, " %s", BRN__SHAPE(step->node->outputs[i].shape));
        if (step->out[i].description) {
            brn__text_add(text, " ");
            plan->backend->describe_layout(&step->out[i], text);
        }
    }
    if (step->node->op->describe) {
        brn__text_add(text, " ");
        step->node->op->describe(step->node, text);
    }
    brn__text_printf(text, " out %zu B scratch %zu B", step->out[0].bytes, step->scratch_bytes);
    double work = gigaflops(step->node);
    if (work > 0) brn__text_printf(text, " %.3f GF", work);
    if (plan->profiled_runs) {
        double time = step->milliseconds / plan->profiled_runs;
        brn__text_printf(text, " %.3f ms", time);
        if (work > 0 && time > 0) brn__text_printf(text, " %.0f GF/s", work / time * 1e3);
    }
    brn__text_add(text, "\n");
}

brn_status brn_plan_describe(const brn_plan *plan, char **out)
{
    brn__text text = {0};
    brn__text_printf(&text, "plan on %s: %d steps (%d packing), arena %zu B, packed %zu B\n",
                     plan->backend->name, plan->step_count, plan->prologue_count, plan->arena_bytes,
                     plan->persistent_bytes);
    for (int k = 0; k < plan->step_count; k++) describe_step(plan, &plan->steps[k], &text);
    brn_status status = brn__text_finish(&text);
    if (status == BRN_OK) *out = text.bytes;
    else brn__text_free(&text);
    return status;
}

void brn_text_free(char *text) { brn__free(text); }
