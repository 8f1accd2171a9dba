/* SPDX-License-Identifier: Apache-2.0
 * Statistics of batch norms, estimated anew. A plan in training behaviour makes
 * running = (1 - m) running + m batch; from running = 0 it leaves m batch, and from a huge power of two it
 * leaves 1 - m times that, in which the batch is lost. So m is known, and the batches' own statistics are,
 * without a word with the engine. */
#include "base/alloc.h"
#include "base/status.h"
#include "train/averages.h"

#include <math.h>

static const double HUGE_START = 0x1p60;

/* The elements of the store that are running statistics. */
typedef struct statistics {
    brn_parameters *parameters;
    bool is_double;
    int64_t begin, end; /* buffers lie together, after the last group */
    double *shares;     /* m */
    double *sums;       /* of the batches */
    int64_t batches;
} statistics;

static double get(const statistics *s, int64_t i)
{
    const void *values = brn_parameters_values(s->parameters);
    return s->is_double ? ((const double *)values)[s->begin + i]
                        : (double)((const float *)values)[s->begin + i];
}

static void fill(const statistics *s, const double *from, double scale)
{
    void *values = brn_parameters_values(s->parameters);
    for (int64_t i = 0; i < s->end - s->begin; i++) {
        const double value = from ? from[i] * scale : scale;
        if (s->is_double) ((double *)values)[s->begin + i] = value;
        else ((float *)values)[s->begin + i] = (float)value;
    }
    brn_parameters_touch(s->parameters, s->begin, s->end);
}

static void find_range(statistics *s)
{
    s->end = brn_parameters_elements(s->parameters);
    s->begin = s->end;
    for (int i = 0; i < brn_parameters_count(s->parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(s->parameters, i);
        if (info.kind == BRN_PARAMETER_BUFFER && info.offset < s->begin) s->begin = info.offset;
    }
}

/* ------------------------------------------------------------------ passes */

typedef struct pass {
    brn__learner *learner;
    const brn__network *network;
    brn__loader *loader;
    brn_run run;
} pass;

static brn_status run_batch(pass *p, const brn__batch *batch)
{
    brn_plan_options options = brn_plan_defaults();
    options.training = true;
    options.outputs[options.output_count++] = p->network->output;
    brn_shape shape = brn_node_shape(p->network->input);
    if (shape.dims[0] != batch->count) {
        shape.dims[0] = batch->count;
        options.shape_inputs[0] = p->network->input;
        options.shapes[0] = shape;
        options.shape_count = 1;
    }
    brn_plan *plan;
    BRN__TRY(brn_runner_plan(brn__learner_runner(p->learner), &options, &plan));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(p->network->input), batch->inputs));
    return brn_plan_run(plan, &p->run);
}

/* The share is a number of few digits, and float keeps 1 - m to 6e-8 only: the round number nearby. */
static double rounded_share(double share, bool is_double)
{
    const double round_number = round(share * 1e7) / 1e7;
    return is_double ? share : round_number;
}

static brn_status find_shares(statistics *s, pass *p, const brn__batch *batch)
{
    fill(s, NULL, HUGE_START);
    BRN__TRY(run_batch(p, batch));
    for (int64_t i = 0; i < s->end - s->begin; i++)
        s->shares[i] = rounded_share(1 - get(s, i) / HUGE_START, s->is_double);
    return BRN_OK;
}

static brn_status add_batch(statistics *s, pass *p, const brn__batch *batch)
{
    if (s->batches == 0) BRN__TRY(find_shares(s, p, batch));
    fill(s, NULL, 0);
    BRN__TRY(run_batch(p, batch));
    for (int64_t i = 0; i < s->end - s->begin; i++)
        if (s->shares[i] > 0) s->sums[i] += get(s, i) / s->shares[i]; /* 0: padding */
    s->batches++;
    p->run.step++;
    return BRN_OK;
}

static brn_status add_all(statistics *s, pass *p)
{
    BRN__TRY(brn__loader_start_epoch(p->loader, brn__learner_keys_of(p->learner).epoch));
    for (;;) {
        brn__batch batch;
        BRN__TRY(brn__loader_next(p->loader, &batch));
        if (batch.count == 0) break;
        if (batch.count < 2) continue; /* of which no variance can be told */
        BRN__TRY(add_batch(s, p, &batch));
    }
    if (s->batches > 0) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "statistics of batch norms: no batch of two or more items");
}

static brn_status estimate(statistics *s, pass *p)
{
    const size_t count = (size_t)(s->end - s->begin);
    double *before = brn__alloc_array(count, sizeof *before);
    s->shares = brn__alloc_zero(count, sizeof *s->shares);
    s->sums = brn__alloc_zero(count, sizeof *s->sums);
    brn_status status = before && s->shares && s->sums ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (size_t i = 0; status == BRN_OK && i < count; i++) before[i] = get(s, (int64_t)i);
    if (status == BRN_OK) {
        status = add_all(s, p);
        if (status == BRN_OK) fill(s, s->sums, 1 / (double)s->batches);
        else fill(s, before, 1);
    }
    brn__free(before);
    brn__free(s->shares);
    brn__free(s->sums);
    return status;
}

brn_status brn__reestimate_norms(brn__learner *learner, const brn__network *network,
                                 brn__loader *loader)
{
    statistics s = {.parameters = brn__learner_parameters(learner)};
    s.is_double = brn_parameters_dtype(s.parameters) == BRN_DTYPE_F64;
    find_range(&s);
    if (s.begin == s.end) return BRN_OK; /* no batch norms */
    pass p = {.learner = learner,
              .network = network,
              .loader = loader}; /* dropout has a stream of its own: seed 0, steps from 0 */
    return estimate(&s, &p);
}
