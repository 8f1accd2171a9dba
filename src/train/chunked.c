/* SPDX-License-Identifier: Apache-2.0 */
#include "train/chunked_run.h"
#include "base/alloc.h"
#include "base/status.h"

#include <string.h>

brn_status brn__chunked_need(brn__batch_run *b, int place, size_t bytes, void **out)
{
    struct brn__chunked_room *r = b->of->room;
    if (bytes > r->bytes[place]) {
        brn__free_aligned(r->memory[place]);
        r->bytes[place] = 0;
        r->memory[place] = brn__alloc_aligned(bytes);
        if (!r->memory[place]) return BRN_ERROR_NO_MEMORY;
        r->bytes[place] = bytes;
    }
    *out = r->memory[place];
    return BRN_OK;
}

static void *memory(const brn__batch_run *b, int place) { return b->of->room->memory[place]; }

int64_t brn__chunk_begin(const brn__batch_run *b, int64_t c) { return c * b->of->chunk; }

int64_t brn__chunk_steps(const brn__batch_run *b, int64_t c)
{
    const int64_t rest = b->steps - brn__chunk_begin(b, c);
    return rest < b->of->chunk ? rest : b->of->chunk;
}

/* Where a kept chunk's features lie among all. */
char *brn__chunked_features(const brn__batch_run *b, int place, int64_t c)
{
    const int64_t before = brn__chunk_begin(b, c) - brn__chunk_begin(b, b->first);
    return (char *)memory(b, place) + (size_t)(before * b->items * b->width) * b->real;
}

/* The state before chunk c: kept chunks have a place each, the chunks before them take turns. */
char *brn__chunked_state(const brn__batch_run *b, int64_t c)
{
    const int64_t place = c <= b->first ? 0 : c - b->first;
    return (char *)memory(b, BRN__CHUNKED_STATES) + (size_t)(place * b->items * b->state_width) * b->real;
}

brn_status brn__chunked_begin(brn__batch_run *b, brn__chunked *of, brn_runner *runner, const brn__batch *batch)
{
    const size_t real = brn_dtype_bytes(brn_parameters_dtype(brn__runner_store(runner)));
    const brn_shape state = brn_node_shape(of->ends.state), features = brn_node_shape(of->ends.features);
    *b = (brn__batch_run){.of = of,
                     .runner = runner,
                     .items = batch->count,
                     .steps = batch->length,
                     .state_width = state.dims[1],
                     .width = features.dims[2],
                        .vector_width = brn_node_shape(of->ends.table).dims[1],
                     .tokens = batch->inputs,
                     .real = real};
    b->chunks = (b->steps + of->chunk - 1) / of->chunk;
    while (b->first + 1 < b->chunks && b->steps - brn__chunk_begin(b, b->first) > of->kept) b->first++;
    b->kept_steps = b->steps - brn__chunk_begin(b, b->first);
    void *made;
    const size_t row = (size_t)b->items * real;
    BRN__TRY(brn__chunked_need(b, BRN__CHUNKED_FEATURES, (size_t)(b->kept_steps * b->width) * row, &made));
    BRN__TRY(brn__chunked_need(b, BRN__CHUNKED_TOKENS, (size_t)(b->kept_steps * b->items) * sizeof(int64_t), &made));
    BRN__TRY(brn__chunked_need(b, BRN__CHUNKED_CHUNK_TOKENS, (size_t)(of->chunk * b->items) * sizeof(int64_t), &made));
    BRN__TRY(brn__chunked_need(b, BRN__CHUNKED_STATES, (size_t)((b->chunks - b->first + 1) * b->state_width) * row, &made));
    memset(brn__chunked_state(b, 0), 0, (size_t)b->state_width * row);
    return BRN_OK;
}

/* ------------------------------------------------------------------ plans */

void brn__chunked_shape(brn_plan_options *plan, const brn_node *input, int rank, int64_t a, int64_t b, int64_t c)
{
    const int64_t dims[] = {a, b, c};
    plan->shape_inputs[plan->shape_count] = input;
    plan->shapes[plan->shape_count++] = brn_shape_of(rank, dims);
}

static brn_plan_options behaviour(const brn__batch_run *b)
{
    brn_plan_options plan = brn_plan_defaults();
    if (!b->options) return plan;
    plan.training = true;
    plan.learning_groups = b->options->learning_groups;
    memcpy(plan.norm_form, b->options->norm_form, sizeof plan.norm_form);
    return plan;
}

/* Time first. */
static void turn_tokens(const brn__batch_run *b, int64_t begin, int64_t steps, int64_t *out)
{
    for (int64_t t = 0; t < steps; t++)
        for (int64_t n = 0; n < b->items; n++) out[t * b->items + n] = b->tokens[n * b->steps + begin + t];
}

static brn_status bind_chunk(const brn__batch_run *b, brn_plan *plan, const brn_node *state, int64_t c)
{
    turn_tokens(b, brn__chunk_begin(b, c), brn__chunk_steps(b, c), memory(b, BRN__CHUNKED_CHUNK_TOKENS));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(b->of->ends.tokens), memory(b, BRN__CHUNKED_CHUNK_TOKENS)));
    return brn_plan_bind(plan, brn_node_name(state), brn__chunked_state(b, c));
}

static brn_status run_chunk_plan(const brn__batch_run *b, brn_plan *plan, int64_t c)
{
    brn_run counters = b->counters;
    counters.micro_batch = (uint32_t)c;
    return brn_plan_run(plan, &counters);
}

static brn_status forward_plan(const brn__batch_run *b, int64_t steps, brn_plan **out)
{
    const brn__chunked_ends *ends = &b->of->ends;
    brn_plan_options plan = behaviour(b);
    plan.outputs[plan.output_count++] = ends->features;
    plan.outputs[plan.output_count++] = ends->next_state;
    brn__chunked_shape(&plan, ends->tokens, 2, steps, b->items, 0);
    brn__chunked_shape(&plan, ends->state, 2, b->items, b->state_width, 0);
    return brn_runner_plan(b->runner, &plan, out);
}

static brn_status backward_plan(const brn__batch_run *b, int64_t steps, brn_plan **out)
{
    const brn__chunked_ends *ends = &b->of->ends;
    brn_plan_options plan = behaviour(b);
    plan.loss = ends->pull;
    plan.accumulate = true;
    brn__chunked_shape(&plan, ends->tokens, 2, steps, b->items, 0);
    brn__chunked_shape(&plan, ends->state, 2, b->items, b->state_width, 0);
    brn__chunked_shape(&plan, ends->signal, 3, steps, b->items, b->width);
    return brn_runner_plan(b->runner, &plan, out);
}

void brn__chunked_head_shapes(const brn__batch_run *b, brn_plan_options *plan)
{
    const brn__chunked_ends *ends = &b->of->ends;
    brn_shape target = brn_node_shape(ends->target);
    target.dims[0] = b->items;
    brn__chunked_shape(plan, ends->all_features, 3, b->kept_steps, b->items, b->width);
    brn__chunked_shape(plan, ends->all_tokens, 2, b->kept_steps, b->items, 0);
    plan->shape_inputs[plan->shape_count] = ends->target;
    plan->shapes[plan->shape_count++] = target;
}

brn_status brn__chunked_bind_head(const brn__batch_run *b, brn_plan *plan, const void *targets)
{
    const brn__chunked_ends *ends = &b->of->ends;
    turn_tokens(b, brn__chunk_begin(b, b->first), b->kept_steps, memory(b, BRN__CHUNKED_TOKENS));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(ends->all_features), memory(b, BRN__CHUNKED_FEATURES)));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(ends->all_tokens), memory(b, BRN__CHUNKED_TOKENS)));
    return targets ? brn_plan_bind(plan, brn_node_name(ends->target), targets) : BRN_OK;
}

/* ------------------------------------------------------------------ pass 1 */

bool brn__chunk_is_padding(const brn__batch_run *b, int64_t n, int64_t c)
{
    const int64_t begin = brn__chunk_begin(b, c), end = begin + brn__chunk_steps(b, c);
    for (int64_t t = begin; t < end; t++)
        if (b->tokens[n * b->steps + t] != b->of->padding) return false;
    return true;
}

/* A text that is nothing but padding in chunk c has not begun, or is over: zeros are its part of the values
 * of the chunk's features at `place`. */
void brn__chunked_clear_features(const brn__batch_run *b, int place, int64_t c)
{
    const int64_t steps = brn__chunk_steps(b, c);
    const size_t row = (size_t)b->width * b->real;
    for (int64_t n = 0; n < b->items; n++) {
        if (!brn__chunk_is_padding(b, n, c)) continue;
        for (int64_t t = 0; t < steps; t++)
            memset(brn__chunked_features(b, place, c) + (size_t)(t * b->items + n) * row, 0, row);
    }
}

/* And the state behind it. */
static void clear_state(const brn__batch_run *b, int64_t c)
{
    const size_t row = (size_t)b->state_width * b->real;
    for (int64_t n = 0; n < b->items; n++)
        if (brn__chunk_is_padding(b, n, c)) memset(brn__chunked_state(b, c + 1) + (size_t)n * row, 0, row);
}

static brn_status forward_chunk(const brn__batch_run *b, int64_t c)
{
    brn_plan *plan;
    const int64_t steps = brn__chunk_steps(b, c);
    BRN__TRY(forward_plan(b, steps, &plan));
    BRN__TRY(bind_chunk(b, plan, b->of->ends.state, c));
    BRN__TRY(run_chunk_plan(b, plan, c));
    if (c >= b->first) {
        memcpy(brn__chunked_features(b, BRN__CHUNKED_FEATURES, c), brn_plan_output(plan, 0),
               (size_t)(steps * b->items * b->width) * b->real);
        brn__chunked_clear_features(b, BRN__CHUNKED_FEATURES, c);
    }
    if (c + 1 < b->chunks) {
        memcpy(brn__chunked_state(b, c + 1), brn_plan_output(plan, 1), (size_t)(b->items * b->state_width) * b->real);
        clear_state(b, c);
    }
    return BRN_OK;
}

brn_status brn__chunked_forward(const brn__batch_run *b)
{
    for (int64_t c = 0; c < b->chunks; c++) BRN__TRY(forward_chunk(b, c));
    return BRN_OK;
}

/* ------------------------------------------------------------------ the head, and back */

static double scalar_of(const brn__batch_run *b, const void *value)
{
    return b->real == sizeof(double) ? *(const double *)value : (double)*(const float *)value;
}

static brn_status run_head(brn__batch_run *b, const void *targets, double *loss)
{
    const brn__chunked_ends *ends = &b->of->ends;
    brn_plan_options options = behaviour(b);
    brn_plan *plan;
    options.loss = options.outputs[options.output_count++] = ends->loss;
    if (b->learns) options.input_gradients[options.input_gradient_count++] = ends->all_features;
    brn__chunked_head_shapes(b, &options);
    BRN__TRY(brn_runner_plan(b->runner, &options, &plan));
    BRN__TRY(brn__chunked_bind_head(b, plan, targets));
    BRN__TRY(brn_plan_run(plan, &b->counters));
    *loss = scalar_of(b, brn_plan_output(plan, 0));
    if (!b->learns) return BRN_OK;
    void *gradient;
    const size_t bytes = (size_t)(b->kept_steps * b->items * b->width) * b->real;
    BRN__TRY(brn__chunked_need(b, BRN__CHUNKED_GRADIENT, bytes, &gradient));
    memcpy(gradient, brn_plan_output(plan, 1), bytes);
    return BRN_OK;
}

/* Sums begin at zero. */
static brn_status clear_gradients(const brn__batch_run *b, brn_parameters *parameters)
{
    void *gradients;
    BRN__TRY(brn_parameters_gradients(parameters, &gradients));
    for (int group = 0; group < brn_parameters_group_count(parameters); group++) {
        int64_t begin, middle, end;
        if (!(b->of->ends.encoder_groups >> group & 1)) continue;
        brn_parameters_group(parameters, group, &begin, &middle, &end);
        memset((char *)gradients + (size_t)begin * b->real, 0, (size_t)(end - begin) * b->real);
    }
    return BRN_OK;
}

/* The padding is no word: its vector stays as it is. */
static brn_status keep_padding(const brn__batch_run *b, brn_parameters *parameters)
{
    void *gradients;
    const int table = brn_parameters_find(parameters, brn_node_name(b->of->ends.table));
    const brn_parameter_info info = brn_parameters_info(parameters, table);
    const int64_t width = info.shape.dims[1];
    BRN__TRY(brn_parameters_gradients(parameters, &gradients));
    if (b->of->padding >= 0 && b->of->padding < info.shape.dims[0])
        memset((char *)gradients + (size_t)(info.offset + b->of->padding * width) * b->real, 0,
               (size_t)width * b->real);
    return BRN_OK;
}

static brn_status backward(const brn__batch_run *b)
{
    for (int64_t c = b->first; c < b->chunks; c++) {
        brn_plan *plan;
        brn__chunked_clear_features(b, BRN__CHUNKED_GRADIENT, c);
        BRN__TRY(backward_plan(b, brn__chunk_steps(b, c), &plan));
        BRN__TRY(bind_chunk(b, plan, b->of->ends.state, c));
        BRN__TRY(brn_plan_bind(plan, brn_node_name(b->of->ends.signal), brn__chunked_features(b, BRN__CHUNKED_GRADIENT, c)));
        BRN__TRY(run_chunk_plan(b, plan, c));
    }
    return BRN_OK;
}

static brn_status learn(void *state, const brn__batch_pass *pass, const brn__batch *batch, double *loss)
{
    brn__batch_run b;
    BRN__TRY(brn__chunked_begin(&b, state, pass->runner, batch));
    b.options = pass->options;
    b.counters = pass->counters;
    b.learns = (b.options->learning_groups & b.of->ends.encoder_groups) != 0;
    BRN__TRY(brn__chunked_forward(&b));
    BRN__TRY(run_head(&b, batch->targets, loss));
    if (!b.learns) return BRN_OK;
    BRN__TRY(clear_gradients(&b, brn__runner_store(pass->runner)));
    BRN__TRY(backward(&b));
    return keep_padding(&b, brn__runner_store(pass->runner));
}

static brn_status answer(void *state, const brn__batch_pass *pass, const brn__batch *batch, const void **output,
                         double *measure)
{
    brn__batch_run b;
    brn_plan *plan;
    BRN__TRY(brn__chunked_begin(&b, state, pass->runner, batch));
    BRN__TRY(brn__chunked_forward(&b));
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = b.of->ends.output;
    if (measure) options.outputs[options.output_count++] = b.of->ends.measure;
    brn__chunked_head_shapes(&b, &options);
    BRN__TRY(brn_runner_plan(b.runner, &options, &plan));
    BRN__TRY(brn__chunked_bind_head(&b, plan, measure ? batch->targets : NULL));
    BRN__TRY(brn_plan_run(plan, &(brn_run){0}));
    *output = brn_plan_output(plan, 0);
    if (measure) *measure = scalar_of(&b, brn_plan_output(plan, 1));
    return BRN_OK;
}

/* ------------------------------------------------------------------ making one */

brn_status brn__chunked_init(brn__chunked *chunked, const brn__chunked_ends *ends, int64_t chunk, int64_t kept,
                             int64_t padding)
{
    *chunked = (brn__chunked){.ends = *ends, .chunk = chunk, .kept = kept, .padding = padding};
    if (chunk < 1 || kept < 1)
        return brn__fail(BRN_ERROR_USAGE, "chunks of %lld steps of which %lld are kept; expected 1 or more",
                         (long long)chunk, (long long)kept);
    chunked->room = brn__alloc_zero(1, sizeof *chunked->room);
    if (!chunked->room) return BRN_ERROR_NO_MEMORY;
    chunked->passes = (brn__passes){.learn = learn, .answer = answer, .state = chunked};
    return BRN_OK;
}

void brn__chunked_deinit(brn__chunked *chunked)
{
    for (int i = 0; chunked->room && i < BRN__CHUNKED_ROOMS; i++) brn__free_aligned(chunked->room->memory[i]);
    brn__free(chunked->room);
    *chunked = (brn__chunked){0};
}

size_t brn__chunked_bytes(const brn__chunked *chunked)
{
    size_t bytes = 0;
    for (int i = 0; i < BRN__CHUNKED_ROOMS; i++) bytes += chunked->room->bytes[i];
    return bytes;
}
