/* SPDX-License-Identifier: Apache-2.0
 *
 * Optimizers as records: a list of steppers, where it starts, whether norms of parameters count. A new one
 * is a line in each table below.
 */
#include "optim/optimizer.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "base/threads.h"

#include <string.h>

/* ------------------------------------------------------------------ the optimizers */

typedef struct recipe {
    brn__stepper_id steppers[BRN__OPTIMIZER_STEPPERS_MAX]; /* up to descend */
    bool by_parameter;
    brn_optimizer_options defaults;
} recipe;

static const recipe recipes[] = {
#define S(name) BRN__STEPPER_##name
    [BRN_OPTIMIZER_SGD] = {{S(average), S(descend)},
                           .defaults = {.momentum = .9, .epsilon = 1e-8}},
    [BRN_OPTIMIZER_RMSPROP] = {{S(square), S(divide_by_root), S(average), S(descend)},
                               .defaults = {.square_momentum = .99, .epsilon = 1e-8}},
    [BRN_OPTIMIZER_ADAM] = {{S(average_damped), S(square), S(adam), S(descend)},
                            .defaults = {.momentum = .9,
                                         .square_momentum = .99,
                                         .epsilon = 1e-5,
                                         .decoupled_decay = true,
                                         .weight_decay = .01}},
    [BRN_OPTIMIZER_LAMB] = {{S(average_damped), S(square), S(adam), S(scale_by_trust), S(descend)},
                            .by_parameter = true,
                            .defaults = {.momentum = .9,
                                         .square_momentum = .99,
                                         .epsilon = 1e-5,
                                         .decoupled_decay = true}},
    [BRN_OPTIMIZER_RADAM] = {{S(average_damped), S(square), S(radam), S(descend)},
                             .defaults = {.momentum = .9,
                                          .square_momentum = .99,
                                          .epsilon = 1e-5,
                                          .decoupled_decay = true}},
    [BRN_OPTIMIZER_RANGER] = {{S(average_damped), S(square), S(radam), S(descend)},
                              .defaults = {.momentum = .95,
                                           .square_momentum = .99,
                                           .epsilon = 1e-6,
                                           .decoupled_decay = true,
                                           .weight_decay = .01,
                                           .lookahead_every = 6,
                                           .lookahead_share = .5}},
    [BRN_OPTIMIZER_ADAGRAD] = {{S(square_sum), S(divide_by_root), S(descend)},
                               .defaults = {.epsilon = 1e-10}},
#undef S
};
enum { RECIPES = sizeof recipes / sizeof *recipes };

/* Names, and how each differs from its kind's defaults. */
static const struct {
    const char *name;
    brn_optimizer_kind kind;
    bool nesterov, is_coupled, lazy;
} names[] = {
    {"sgd", BRN_OPTIMIZER_SGD},           {"nesterov", BRN_OPTIMIZER_SGD, .nesterov = true},
    {"rmsprop", BRN_OPTIMIZER_RMSPROP},   {"adam", BRN_OPTIMIZER_ADAM, .is_coupled = true},
    {"adamw", BRN_OPTIMIZER_ADAM},        {"lamb", BRN_OPTIMIZER_LAMB},
    {"radam", BRN_OPTIMIZER_RADAM},       {"ranger", BRN_OPTIMIZER_RANGER},
    {"adagrad", BRN_OPTIMIZER_ADAGRAD},
    {"lazy_adam", BRN_OPTIMIZER_ADAM, .is_coupled = true, .lazy = true},
    {"lazy_adamw", BRN_OPTIMIZER_ADAM, .lazy = true},
};
enum { NAMES = sizeof names / sizeof *names };

brn_optimizer_options brn_optimizer_defaults(brn_optimizer_kind kind)
{
    brn_optimizer_options options = {.epsilon = 1e-8};
    if ((unsigned)kind < RECIPES) options = recipes[kind].defaults;
    options.kind = kind;
    return options;
}

brn_status brn_optimizer_named(const char *name, brn_optimizer_options *out)
{
    char list[256] = "";
    for (int i = 0; i < NAMES; i++) {
        if (strcmp(names[i].name, name) != 0) {
            strcat(strcat(list, i ? ", " : ""), names[i].name);
            continue;
        }
        *out = brn_optimizer_defaults(names[i].kind);
        out->nesterov = names[i].nesterov;
        out->lazy = names[i].lazy;
        if (names[i].is_coupled) out->decoupled_decay = false;
        return BRN_OK;
    }
    return brn__fail(BRN_ERROR_USAGE, "there is no optimizer \"%s\"; expected one of %s", name, list);
}

brn_optimizer_settings brn_optimizer_settings_of(const brn_optimizer_options *options,
                                                 double learning_rate)
{
    brn_optimizer_settings settings = {.clip_norm = 0};
    for (int group = 0; group < BRN_GROUPS_MAX; group++)
        settings.groups[group] = (brn_group_settings){.learning_rate = learning_rate,
                                                      .momentum = options->momentum,
                                                      .square_momentum = options->square_momentum,
                                                      .weight_decay = options->weight_decay};
    return settings;
}

/* ------------------------------------------------------------------ parts */

static void add_part(brn_optimizer *optimizer, int group, bool is_decayed, int64_t begin, int64_t end)
{
    if (end <= begin) return;
    optimizer->parts[optimizer->part_count++] =
        (brn__part){group, is_decayed, begin, end, optimizer->block_count};
    optimizer->block_count += (end - begin + BRN__STEP_BLOCK - 1) / BRN__STEP_BLOCK;
}

/* Both halves of every layer group. */
static void split_by_group(brn_optimizer *optimizer)
{
    for (int group = 0; group < brn_parameters_group_count(optimizer->parameters); group++) {
        int64_t begin, middle, end;
        brn_parameters_group(optimizer->parameters, group, &begin, &middle, &end);
        add_part(optimizer, group, true, begin, middle);
        add_part(optimizer, group, false, middle, end);
    }
}

static void split_by_parameter(brn_optimizer *optimizer)
{
    for (int i = 0; i < brn_parameters_count(optimizer->parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(optimizer->parameters, i);
        if (info.kind == BRN_PARAMETER_BUFFER) continue;
        add_part(optimizer, info.group, info.kind == BRN_PARAMETER_WEIGHT, info.offset,
                 info.offset + info.count);
    }
}

static brn_status make_parts(brn_optimizer *optimizer)
{
    const int groups = brn_parameters_group_count(optimizer->parameters);
    const int most = 2 * groups + brn_parameters_count(optimizer->parameters);
    optimizer->parts = brn__alloc_array((size_t)most + 1, sizeof *optimizer->parts);
    if (!optimizer->parts) return BRN_ERROR_NO_MEMORY;
    if (optimizer->by_parameter) split_by_parameter(optimizer);
    else split_by_group(optimizer);
    return BRN_OK;
}

/* ------------------------------------------------------------------ making one */

/* Takes the kind's list; tells which arrays its steppers need. */
static void choose_steppers(brn_optimizer *optimizer, bool *has_average, bool *has_square)
{
    const brn_optimizer_options *options = &optimizer->options;
    optimizer->set = brn__stepper_set_of(optimizer->is_double);
    optimizer->is_adam = options->kind == BRN_OPTIMIZER_ADAM && options->decoupled_decay &&
                         options->lookahead_every == 0;
    optimizer->by_parameter = recipes[options->kind].by_parameter;
    *has_average = *has_square = false;
    for (int i = 0;; i++) {
        brn__stepper_id id = recipes[options->kind].steppers[i];
        if (id == BRN__STEPPER_average && options->nesterov) id = BRN__STEPPER_average_ahead;
        *has_average |= id == BRN__STEPPER_average || id == BRN__STEPPER_average_ahead ||
                        id == BRN__STEPPER_average_damped;
        *has_square |= id == BRN__STEPPER_square || id == BRN__STEPPER_square_sum;
        optimizer->steppers[optimizer->stepper_count++] = optimizer->set->steppers[id];
        if (id == BRN__STEPPER_descend) break;
    }
    optimizer->decay = optimizer->set->steppers[options->decoupled_decay ? BRN__STEPPER_decay_decoupled
                                                                 : BRN__STEPPER_decay_coupled];
}

static int64_t learnable_elements(const brn_parameters *parameters)
{
    int64_t most = 0;
    for (int group = 0; group < brn_parameters_group_count(parameters); group++) {
        int64_t begin, middle, end;
        brn_parameters_group(parameters, group, &begin, &middle, &end);
        if (end > most) most = end;
    }
    return most;
}

static brn_status allocate_state(brn_optimizer *optimizer, bool is_needed, char **out)
{
    if (!is_needed) return BRN_OK;
    *out = brn__alloc_zero((size_t)optimizer->elements, optimizer->bytes);
    return *out ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status allocate(brn_optimizer *optimizer)
{
    bool has_average, has_square;
    choose_steppers(optimizer, &has_average, &has_square);
    BRN__TRY(allocate_state(optimizer, has_average, &optimizer->average));
    BRN__TRY(allocate_state(optimizer, has_square, &optimizer->square));
    BRN__TRY(allocate_state(optimizer, optimizer->options.lookahead_every > 0, &optimizer->slow));
    BRN__TRY(make_parts(optimizer));
    optimizer->partial_sums = brn__alloc_array(2 * (size_t)optimizer->block_count + 1,
                                               sizeof *optimizer->partial_sums);
    optimizer->trust =
        brn__alloc_array((size_t)optimizer->part_count + 1, sizeof *optimizer->trust);
    optimizer->still = brn__alloc((size_t)optimizer->block_count + 1);
    optimizer->tables = brn__alloc_array((size_t)brn_parameters_count(optimizer->parameters) + 1,
                                         sizeof *optimizer->tables);
    if (!optimizer->partial_sums || !optimizer->trust || !optimizer->still || !optimizer->tables)
        return BRN_ERROR_NO_MEMORY;
    void *gradients;
    return brn_parameters_gradients(optimizer->parameters, &gradients); /* made on first use */
}

static brn_status check(const brn_optimizer_options *options)
{
    if ((unsigned)options->kind >= RECIPES)
        return brn__fail(BRN_ERROR_USAGE, "optimizer: there is no kind %d", (int)options->kind);
    if (options->nesterov && options->kind != BRN_OPTIMIZER_SGD)
        return brn__fail(BRN_ERROR_USAGE, "optimizer: nesterov is for SGD only");
    if (options->lookahead_every < 0 ||
        !(options->lookahead_share >= 0 && options->lookahead_share <= 1))
        return brn__fail(BRN_ERROR_USAGE,
                         "optimizer: a lookahead of %d steps and a share of %g; expected 0 or more "
                         "steps and a share of 0 to 1",
                         options->lookahead_every, options->lookahead_share);
    const bool by_element = options->kind == BRN_OPTIMIZER_SGD || options->kind == BRN_OPTIMIZER_RMSPROP ||
                            options->kind == BRN_OPTIMIZER_ADAM || options->kind == BRN_OPTIMIZER_ADAGRAD;
    if (options->lazy && (!by_element || options->lookahead_every > 0))
        return brn__fail(BRN_ERROR_USAGE, "optimizer: lazy is for SGD, RMSPROP, ADAM and ADAGRAD, "
                                          "without a lookahead");
    return BRN_OK;
}

brn_status brn_optimizer_new(brn_parameters *parameters, const brn_optimizer_options *options,
                             brn_optimizer **out)
{
    *out = NULL;
    BRN__TRY(check(options));
    brn_optimizer *optimizer = brn__alloc_zero(1, sizeof *optimizer);
    if (!optimizer) return BRN_ERROR_NO_MEMORY;
    optimizer->parameters = parameters;
    optimizer->options = *options;
    if (options->threads < 1) optimizer->options.threads = brn__processor_count();
    optimizer->is_double = brn_parameters_dtype(parameters) == BRN_DTYPE_F64;
    optimizer->bytes = brn_dtype_bytes(brn_parameters_dtype(parameters));
    optimizer->elements = learnable_elements(parameters);
    const brn_status status = allocate(optimizer);
    if (status != BRN_OK) {
        brn_optimizer_free(optimizer);
        return status;
    }
    *out = optimizer;
    return BRN_OK;
}

void brn_optimizer_free(brn_optimizer *optimizer)
{
    if (!optimizer) return;
    brn__free(optimizer->average);
    brn__free(optimizer->square);
    brn__free(optimizer->slow);
    brn__free(optimizer->parts);
    brn__free(optimizer->partial_sums);
    brn__free(optimizer->trust);
    brn__free(optimizer->still);
    brn__free(optimizer->tables);
    brn__free(optimizer);
}

/* ------------------------------------------------------------------ state */

int brn_optimizer_state_count(const brn_optimizer *optimizer)
{
    return 1 + !!optimizer->average + !!optimizer->square + !!optimizer->slow;
}

brn_optimizer_state brn_optimizer_state_at(brn_optimizer *optimizer, int index)
{
    const brn_dtype real = optimizer->is_double ? BRN_DTYPE_F64 : BRN_DTYPE_F32;
    const struct {
        const char *name;
        char *data;
    } arrays[] = {{"average", optimizer->average},
                  {"square", optimizer->square},
                  {"slow", optimizer->slow}};
    if (index == 0)
        return (brn_optimizer_state){"steps", BRN_DTYPE_I64, BRN_GROUPS_MAX, optimizer->steps};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        if (arrays[i].data && --index == 0)
            return (brn_optimizer_state){arrays[i].name, real, optimizer->elements, arrays[i].data};
    return (brn_optimizer_state){.name = NULL};
}
