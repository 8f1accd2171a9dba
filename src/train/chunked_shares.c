/* SPDX-License-Identifier: Apache-2.0
 * What the tokens of a text add to an answer: gradient by input, times input (Simonyan et al. 2013, Shrikumar
 * et al. 2016), back through the chunks that were kept. Unlike training it follows the state from chunk to
 * chunk. */
#include "base/status.h"
#include "train/chunked_run.h"

#include <string.h>

typedef struct shares_run {
    brn__batch_run b;
    const brn__chunked_vectors *ends;
    brn_parameters *parameters;
    char *vectors, *state_signal; /* of one chunk; behind it */
    double *out;                  /* (N, T) */
} shares_run;

static brn_status find_signal(shares_run *s, const void *choice)
{
    brn__batch_run *b = &s->b;
    brn_plan_options options = brn_plan_defaults();
    brn_plan *plan;
    options.loss = s->ends->score;
    options.learning_groups = 0;
    options.input_gradients[options.input_gradient_count++] = b->of->ends.all_features;
    brn__chunked_head_shapes(b, &options);
    brn_shape shape = brn_node_shape(s->ends->choice);
    shape.dims[0] = b->items;
    options.shape_inputs[options.shape_count] = s->ends->choice;
    options.shapes[options.shape_count++] = shape;
    BRN__TRY(brn_runner_plan(b->runner, &options, &plan));
    BRN__TRY(brn__chunked_bind_head(b, plan, NULL));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(s->ends->choice), choice));
    BRN__TRY(brn_plan_run(plan, &(brn_run){0}));
    void *gradient;
    const size_t bytes = (size_t)(b->kept_steps * b->items * b->width) * b->real;
    BRN__TRY(brn__chunked_need(b, BRN__CHUNKED_GRADIENT, bytes, &gradient));
    memcpy(gradient, brn_plan_output(plan, 0), bytes);
    return BRN_OK;
}

static brn_status chunk_plan(const shares_run *s, int64_t steps, brn_plan **out)
{
    const brn__batch_run *b = &s->b;
    const brn__chunked_vectors *ends = s->ends;
    brn_plan_options plan = brn_plan_defaults();
    plan.loss = ends->pull;
    plan.learning_groups = 0;
    plan.input_gradients[plan.input_gradient_count++] = ends->vectors;
    plan.input_gradients[plan.input_gradient_count++] = ends->state;
    brn__chunked_shape(&plan, ends->vectors, 3, steps, b->items, b->width);
    brn__chunked_shape(&plan, ends->state, 2, b->items, b->state_width, 0);
    brn__chunked_shape(&plan, ends->state_signal, 2, b->items, b->state_width, 0);
    brn__chunked_shape(&plan, b->of->ends.signal, 3, steps, b->items, b->width);
    return brn_runner_plan(b->runner, &plan, out);
}

/* The rows of the table that a chunk's tokens name. */
static void look_up(const shares_run *s, int64_t c)
{
    const brn__batch_run *b = &s->b;
    const int table = brn_parameters_find(s->parameters, brn_node_name(b->of->ends.table));
    const brn_parameter_info info = brn_parameters_info(s->parameters, table);
    const size_t row = (size_t)info.shape.dims[1] * b->real;
    const char *rows = (const char *)brn_parameters_values(s->parameters) + (size_t)info.offset * b->real;
    const int64_t begin = brn__chunk_begin(b, c), steps = brn__chunk_steps(b, c);
    for (int64_t t = 0; t < steps; t++)
        for (int64_t n = 0; n < b->items; n++)
            memcpy(s->vectors + (size_t)(t * b->items + n) * row,
                   rows + (size_t)b->tokens[n * b->steps + begin + t] * row, row);
}

static double element(const brn__batch_run *b, const void *values, int64_t index)
{
    return b->real == sizeof(double) ? ((const double *)values)[index] : (double)((const float *)values)[index];
}

static void add_shares(const shares_run *s, const void *gradient, int64_t c)
{
    const brn__batch_run *b = &s->b;
    const int64_t begin = brn__chunk_begin(b, c), steps = brn__chunk_steps(b, c), width = b->vector_width;
    for (int64_t t = 0; t < steps; t++)
        for (int64_t n = 0; n < b->items; n++) {
            const int64_t at = n * b->steps + begin + t, row = (t * b->items + n) * width;
            double sum = 0;
            for (int64_t e = 0; e < width; e++) sum += element(b, gradient, row + e) * element(b, s->vectors, row + e);
            s->out[at] = b->tokens[at] == b->of->padding ? 0 : sum;
        }
}

static brn_status chunk_back(const shares_run *s, int64_t c)
{
    const brn__batch_run *b = &s->b;
    const size_t row = (size_t)b->state_width * b->real;
    brn_plan *plan;
    look_up(s, c);
    brn__chunked_clear_features(b, BRN__CHUNKED_GRADIENT, c);
    for (int64_t n = 0; n < b->items; n++) /* a state that was set to zero hands nothing on */
        if (brn__chunk_is_padding(b, n, c)) memset(s->state_signal + (size_t)n * row, 0, row);
    BRN__TRY(chunk_plan(s, brn__chunk_steps(b, c), &plan));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(s->ends->vectors), s->vectors));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(s->ends->state), brn__chunked_state(b, c)));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(s->ends->state_signal), s->state_signal));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(b->of->ends.signal), brn__chunked_features(b, BRN__CHUNKED_GRADIENT, c)));
    BRN__TRY(brn_plan_run(plan, &(brn_run){0}));
    add_shares(s, brn_plan_output(plan, 0), c);
    memcpy(s->state_signal, brn_plan_output(plan, 1), (size_t)b->items * row);
    return BRN_OK;
}

brn_status brn__chunked_attribute(brn__chunked *chunked, brn_runner *runner, const brn__chunked_vectors *ends,
                                  const brn__batch *batch, const void *choice, double *shares)
{
    shares_run s = {.ends = ends, .parameters = brn__runner_store(runner), .out = shares};
    brn__batch_run *b = &s.b;
    void *vectors, *signal;
    BRN__TRY(brn__chunked_begin(b, chunked, runner, batch));
    BRN__TRY(brn__chunked_forward(b));
    BRN__TRY(find_signal(&s, choice));
    const size_t rows = (size_t)b->items * b->real;
    BRN__TRY(brn__chunked_need(b, BRN__CHUNKED_VECTORS, rows * (size_t)(chunked->chunk * b->vector_width), &vectors));
    BRN__TRY(brn__chunked_need(b, BRN__CHUNKED_SIGNAL, rows * (size_t)b->state_width, &signal));
    memset(signal, 0, rows * (size_t)b->state_width);
    s.vectors = vectors, s.state_signal = signal;
    for (int64_t i = 0; i < b->items * b->steps; i++) shares[i] = 0;
    for (int64_t c = b->chunks - 1; c >= b->first; c--) BRN__TRY(chunk_back(&s, c));
    return BRN_OK;
}
