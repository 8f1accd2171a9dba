/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/profile.h"
#include "base/alloc.h"
#include "base/status.h"
#include "burnish/ops.h"

#include <math.h>
#include <string.h>

/* ---- the machine ---- */

enum { SIDE = 1024, ARRAY = 16 << 20, TRIES = 7 };

/* The least time of the step `op` in a plan that makes y of two inputs "a" and "b", both `values`. */
static brn_status time_step(brn_graph *graph, brn_node *y, const float *values, int threads, brn_precision precision,
                            const char *op, double *out)
{
    brn_parameters *parameters = NULL;
    brn_runner *runner = NULL;
    brn_plan *plan;
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = y;
    options.precision = precision;
    brn_status status = brn_parameters_new(graph, BRN_DTYPE_F32, &parameters);
    if (status == BRN_OK) status = brn_runner_new(parameters, "cpu", threads, &runner);
    if (status == BRN_OK) status = brn_runner_plan(runner, &options, &plan);
    if (status == BRN_OK) status = brn_plan_bind(plan, "a", values);
    if (status == BRN_OK) status = brn_plan_bind(plan, "b", values);
    *out = INFINITY;
    for (int i = 0; status == BRN_OK && i < TRIES; i++) {
        brn_plan_profile(plan, true);
        status = brn_plan_run(plan, &(brn_run){0});
        for (int k = 0; status == BRN_OK && k < brn_plan_step_count(plan); k++) {
            brn_step_info step = brn_plan_step(plan, k);
            if (!strcmp(step.op, op)) *out = fmin(*out, step.milliseconds * 1e-3);
        }
    }
    brn_runner_free(runner);
    brn_parameters_free(parameters);
    return status;
}

static brn_status time_pair(bool product, int64_t rows, int64_t columns, const float *values, int threads,
                            brn_precision precision, double *out)
{
    brn_graph *graph;
    BRN__TRY(brn_graph_new(&graph));
    int64_t dims[2] = {rows, columns};
    brn_node *a = brn_input(graph, "a", BRN_DTYPE_F32, dims, 2), *b = brn_input(graph, "b", BRN_DTYPE_F32, dims, 2);
    brn_node *y = product ? brn_matmul(a, b, false, false) : brn_add(a, b);
    brn_status status = brn_graph_status(graph);
    if (status == BRN_OK) status = time_step(graph, y, values, threads, precision, product ? "matmul" : "add", out);
    brn_graph_free(graph);
    return status;
}

brn_status brn__machine_peak(int threads, brn_precision precision, brn_machine_peak *out)
{
    float *values = brn__alloc_aligned(sizeof *values * ARRAY);
    if (!values) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < ARRAY; i++) values[i] = (float)(i % 17) / 16 - .5f;
    double product, sum;
    brn_status status = time_pair(true, SIDE, SIDE, values, threads, precision, &product);
    if (status == BRN_OK) status = time_pair(false, SIDE, ARRAY / SIDE, values, threads, precision, &sum);
    brn__free_aligned(values);
    if (status != BRN_OK) return status;
    *out = (brn_machine_peak){2.0 * SIDE * SIDE * SIDE / product, 3.0 * sizeof(float) * ARRAY / sum};
    return BRN_OK;
}

/* ---- the steps ---- */

static brn_status first_round(const brn_plan *plan, brn_profile *profile)
{
    int count = brn_plan_step_count(plan);
    profile->steps = brn__alloc_zero((size_t)count + 1, sizeof *profile->steps);
    if (!profile->steps) return BRN_ERROR_NO_MEMORY;
    profile->count = count;
    for (int i = 0; i < count; i++) {
        brn_step_info info = brn_plan_step(plan, i);
        brn_profile_step *step = &profile->steps[i];
        step->seconds = INFINITY;
        step->flops = rint(info.gigaflops * 1e9);
        step->bytes = info.bytes;
        step->op = brn__strdup(info.op);
        step->name = brn__strdup(info.name);
        step->implementation = brn__strdup(info.implementation ? info.implementation : "");
        if (!step->op || !step->name || !step->implementation) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

brn_status brn__profile_round(const brn_plan *plan, brn_profile *profile)
{
    if (!profile->steps) BRN__TRY(first_round(plan, profile));
    for (int i = 0; i < profile->count; i++)
        profile->steps[i].seconds = fmin(profile->steps[i].seconds, brn_plan_step(plan, i).milliseconds * 1e-3);
    return BRN_OK;
}

static void free_step(brn_profile_step *step)
{
    brn__free((void *)(uintptr_t)step->op);
    brn__free((void *)(uintptr_t)step->name);
    brn__free((void *)(uintptr_t)step->implementation);
}

void brn__profile_finish(brn_profile *profile)
{
    int kept = 0;
    profile->seconds = 0;
    for (int i = 0; i < profile->count; i++) {
        brn_profile_step *step = &profile->steps[i];
        if (step->seconds > 0) {
            profile->seconds += step->seconds;
            profile->steps[kept++] = *step;
        } else free_step(step);
    }
    profile->count = kept;
    for (int i = 0; i < kept; i++) {
        brn_profile_step *step = &profile->steps[i];
        double compute = step->flops / profile->peak.flops_per_second;
        double memory = step->bytes / profile->peak.bytes_per_second;
        step->share = step->seconds / profile->seconds;
        step->compute_bound = compute > memory;
        step->roof = fmax(compute, memory) / step->seconds;
    }
}

void brn_profile_free(brn_profile *profile)
{
    for (int i = 0; i < profile->count; i++) free_step(&profile->steps[i]);
    brn__free(profile->steps);
    *profile = (brn_profile){0};
}
