/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/image_phases.h"
#include "base/json.h"
#include "base/status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PHASES_MAX = 64 };

typedef struct phase {
    double epochs;
    const char *optimizer, *schedule; /* in the JSON value; schedule NULL: shape */
    double rates[BRN_GROUPS_MAX], end_rate; /* end_rate: of the head */
    brn_schedule_shape shape, momentum_shape;
    double power;
    bool has_momentum;
    double momentum[2];
    double weight_decay; /* < 0: the plan's */
    int size, freeze_to;
    bool frozen, precompute;
} phase;

static brn_status wrong(int number, const char *key, const char *expected)
{
    return brn__fail(BRN_ERROR_USAGE, "phases: number %d: \"%s\": expected %s", number, key, expected);
}

/* ------------------------------------------------------------------ reading */

static bool read_shape(const json_t *value, brn_schedule_shape *out)
{
    static const char *const names[] = {
        [BRN_SCHEDULE_CONSTANT] = "constant",       [BRN_SCHEDULE_LINEAR] = "linear",
        [BRN_SCHEDULE_COSINE] = "cosine",           [BRN_SCHEDULE_EXPONENTIAL] = "exponential",
        [BRN_SCHEDULE_POWER] = "power",             [BRN_SCHEDULE_POLYNOMIAL] = "polynomial"};
    const char *name = json_string_value(value);
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) return *out = (brn_schedule_shape)i, true;
    return false;
}

static bool read_real(const json_t *value, double low, double high, double *out)
{
    if (!json_is_number(value)) return false;
    *out = json_number_value(value);
    return *out >= low && *out <= high;
}

/* A number for all, a list, or words. */
static bool read_rates(const json_t *value, int groups, double *out)
{
    const json_t *each = value;
    if (json_is_string(value)) {
        const bool good =
            brn__image_groups_parse("learning_rate", json_string_value(value), groups, out) == BRN_OK;
        return good && out[groups - 1] > 0;
    }
    if (json_is_array(value) && (int)json_array_size(value) != groups) return false;
    for (int g = 0; g < groups; g++) {
        if (json_is_array(value)) each = json_array_get(value, (size_t)g);
        if (!read_real(each, 0, 100, &out[g])) return false;
    }
    return out[groups - 1] > 0;
}

static bool read_momentum(const json_t *value, phase *out)
{
    const bool two = json_is_array(value) && json_array_size(value) == 2;
    out->has_momentum = true;
    for (int i = 0; i < 2; i++)
        if (!read_real(two ? json_array_get(value, (size_t)i) : value, 0, 1 - 1e-9, &out->momentum[i])) return false;
    return true;
}

static bool read_whole(const json_t *value, int low, int high, int *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < low || json_integer_value(value) > high) return false;
    *out = (int)json_integer_value(value);
    return true;
}

static bool read_optimizer(const json_t *value, phase *out)
{
    brn_optimizer_options options;
    out->optimizer = json_string_value(value);
    return out->optimizer && brn_optimizer_named(out->optimizer, &options) == BRN_OK;
}

static bool read_schedule(const json_t *value, phase *out)
{
    brn__image_curve_spec spec;
    out->schedule = json_string_value(value);
    return out->schedule && brn__image_curve_parse(out->schedule, &spec) == BRN_OK;
}

/* NULL, or what was expected of the key. */
static const char *read_key(const char *key, const json_t *value, int groups, phase *p)
{
    if (!strcmp(key, "epochs")) return read_real(value, 1e-6, 1e5, &p->epochs) ? NULL : "more than 0 epochs";
    if (!strcmp(key, "optimizer")) return read_optimizer(value, p) ? NULL : "the name of an optimizer";
    if (!strcmp(key, "learning_rate"))
        return read_rates(value, groups, p->rates) ? NULL : "a rate above 0, or rates of the layer groups";
    if (!strcmp(key, "end_rate")) return read_real(value, 0, 100, &p->end_rate) ? NULL : "a rate of 0 to 100";
    if (!strcmp(key, "shape"))
        return read_shape(value, &p->shape) ? NULL : "constant, linear, cosine, exponential, power or polynomial";
    if (!strcmp(key, "power")) return read_real(value, 1e-3, 100, &p->power) ? NULL : "a power of .001 to 100";
    if (!strcmp(key, "momentum")) return read_momentum(value, p) ? NULL : "a number below 1, or a list of two";
    if (!strcmp(key, "momentum_shape"))
        return read_shape(value, &p->momentum_shape) ? NULL : "constant, linear, cosine, exponential, power or polynomial";
    if (!strcmp(key, "weight_decay")) return read_real(value, 0, 10, &p->weight_decay) ? NULL : "a decay of 0 to 10";
    if (!strcmp(key, "size")) return read_whole(value, 32, 2048, &p->size) ? NULL : "32 to 2048 pixels";
    if (!strcmp(key, "freeze_to"))
        return read_whole(value, -groups, groups - 1, &p->freeze_to) ? NULL : "the number of a layer group";
    if (!strcmp(key, "schedule")) return read_schedule(value, p) ? NULL : "a schedule, as the option has it";
    if (!strcmp(key, "frozen")) return p->frozen = json_is_true(value), json_is_boolean(value) ? NULL : "true or false";
    if (!strcmp(key, "precompute"))
        return p->precompute = json_is_true(value), json_is_boolean(value) ? NULL : "true or false";
    return "epochs, optimizer, learning_rate, end_rate, shape, power, momentum, momentum_shape, weight_decay, size, "
           "freeze_to, frozen, precompute or schedule";
}

static brn_status read_phase(const brn__image_plan *plan, json_t *object, int number, phase *out)
{
    const char *key;
    json_t *value;
    const int groups = plan->model->body_groups + 1;
    *out = (phase){.optimizer = plan->options.optimizer,
                   .end_rate = -1,
                   .shape = BRN_SCHEDULE_CONSTANT,
                   .momentum_shape = BRN_SCHEDULE_LINEAR,
                   .power = 1,
                   .weight_decay = -1};
    for (int g = 0; g < groups; g++) out->rates[g] = plan->options.learning_rate;
    if (!json_is_object(object)) return wrong(number, "{...}", "an object");
    json_object_foreach(object, key, value) {
        const char *expected = read_key(key, value, groups, out);
        if (expected) return wrong(number, key, expected);
    }
    if (out->epochs == 0) return wrong(number, "epochs", "a number: how long the phase is");
    const bool shaped = json_object_get(object, "shape") || json_object_get(object, "end_rate") || out->has_momentum;
    if (out->schedule && shaped) return wrong(number, "schedule", "no shape, end_rate or momentum beside it");
    if (out->shape == BRN_SCHEDULE_EXPONENTIAL && !(out->end_rate > 0))
        return wrong(number, "end_rate", "more than 0 for exponential rates");
    if (out->precompute && (!out->frozen || plan->options.train_bn))
        return wrong(number, "precompute", "a frozen body, without train_bn");
    if (out->end_rate < 0) out->end_rate = out->shape == BRN_SCHEDULE_CONSTANT ? out->rates[groups - 1] : 0;
    return BRN_OK;
}

static brn_status load(const char *text, json_t **out)
{
    brn__json_error error;
    brn_status status = brn__json_load(text, strlen(text), out, &error);
    if (status == BRN_ERROR_INPUT)
        return brn__fail(BRN_ERROR_USAGE, "phases: byte %zu: %s", error.position, error.reason);
    BRN__TRY(status);
    if (json_is_array(*out) && json_array_size(*out) > 0 && json_array_size(*out) <= PHASES_MAX) return BRN_OK;
    json_decref(*out);
    return brn__fail(BRN_ERROR_USAGE, "phases: expected a list of 1 to %d of them: [{\"epochs\": 1, ...}, ...]",
                     PHASES_MAX);
}

/* ------------------------------------------------------------------ stages */

/* Whether both can be of one fit. */
static bool go_together(const phase *a, const phase *b, int groups)
{
    const int head = groups - 1;
    for (int g = 0; g < groups; g++)
        if (fabs(a->rates[g] / a->rates[head] - b->rates[g] / b->rates[head]) > 1e-12) return false;
    return !a->schedule && !b->schedule && !strcmp(a->optimizer, b->optimizer) &&
           a->weight_decay == b->weight_decay && a->size == b->size && a->freeze_to == b->freeze_to &&
           a->frozen == b->frozen && a->precompute == b->precompute;
}

static brn_status fill_optimizer(const brn__image_plan *plan, const phase *p, brn_optimizer_options *out)
{
    brn__image_plan other = *plan;
    other.options.optimizer = p->optimizer;
    if (p->weight_decay >= 0) other.options.weight_decay = p->weight_decay;
    *out = brn__image_optimizer(&other);
    return BRN_OK;
}

static brn_status add_pieces(const phase *phases, int count, double epochs, int head, brn__image_stage *stage)
{
    bool moves = false;
    stage->has_pieces = true;
    for (int i = 0; i < count; i++) moves |= phases[i].has_momentum;
    for (int i = 0; i < count; i++) {
        const phase *p = &phases[i];
        const double base = stage->rates[head], still = stage->optimizer.momentum;
        BRN__TRY(brn_schedule_add(&stage->rate_pieces,
                                  (brn_schedule_piece){p->epochs / epochs, p->shape, p->rates[head] / base,
                                                       p->end_rate / base, p->power}));
        if (moves)
            BRN__TRY(brn_schedule_add(&stage->momentum_pieces,
                                      (brn_schedule_piece){p->epochs / epochs, p->momentum_shape,
                                                           p->has_momentum ? p->momentum[0] : still,
                                                           p->has_momentum ? p->momentum[1] : still, 1}));
    }
    return BRN_OK;
}

/* Phases number `first` and on (from 1), `count` of them, as one stage. */
static brn_status add_stage(const brn__image_plan *plan, const phase *phases, int count, int first,
                            brn__image_recipe *recipe)
{
    const int groups = plan->model->body_groups + 1;
    double epochs = 0;
    for (int i = 0; i < count; i++) epochs += phases[i].epochs;
    if (fabs(epochs - round(epochs)) > 1e-6 || epochs < .5)
        return brn__fail(BRN_ERROR_USAGE, "phases: numbers %d to %d have %g epochs together; expected whole epochs before "
                                          "another optimizer, size or decay begins", first, first + count - 1, epochs);
    if (recipe->count == BRN__STAGES_MAX)
        return brn__fail(BRN_ERROR_USAGE, "phases: more than %d stages", BRN__STAGES_MAX);
    brn__image_stage *stage = &recipe->stages[recipe->count++];
    *stage = (brn__image_stage){.epochs = (int)round(epochs),
                                .size = phases->size,
                                .frozen = phases->frozen,
                                .cached = phases->precompute,
                                .first_group = phases->freeze_to < 0 ? phases->freeze_to + groups : phases->freeze_to,
                                .curve = brn__image_curve_usual(BRN__CURVE_CONSTANT),
                                .cycle_length = plan->options.cycle_length,
                                .cycle_multiplier = plan->options.cycle_multiplier};
    snprintf(stage->name, sizeof stage->name, count > 1 ? "phases %d to %d" : "phase %d", first, first + count - 1);
    recipe->epochs += stage->epochs;
    memcpy(stage->rates, phases->rates, sizeof stage->rates);
    BRN__TRY(fill_optimizer(plan, phases, &stage->optimizer));
    if (phases->schedule) return brn__image_curve_parse(phases->schedule, &stage->curve);
    return add_pieces(phases, count, epochs, groups - 1, stage);
}

static brn_status read_all(const brn__image_plan *plan, const json_t *root, phase *phases)
{
    for (size_t i = 0; i < json_array_size(root); i++)
        BRN__TRY(read_phase(plan, json_array_get(root, i), (int)i + 1, &phases[i]));
    return BRN_OK;
}

static brn_status add_all(const brn__image_plan *plan, const phase *phases, int count, brn__image_recipe *recipe)
{
    const int groups = plan->model->body_groups + 1;
    for (int i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && go_together(&phases[i], &phases[next], groups);) next++;
        BRN__TRY(add_stage(plan, phases + i, next - i, i + 1, recipe));
    }
    return BRN_OK;
}

brn_status brn__image_phases_stages(const brn__image_plan *plan, brn__image_recipe *recipe)
{
    json_t *root;
    phase phases[PHASES_MAX];
    BRN__TRY(load(plan->options.phases, &root));
    brn_status status = read_all(plan, root, phases);
    if (status == BRN_OK) status = add_all(plan, phases, (int)json_array_size(root), recipe);
    json_decref(root);
    return status;
}

brn_status brn__image_phases_check(brn__image_plan *plan)
{
    brn_image_options *o = &plan->options;
    brn__image_recipe recipe = {.count = 0};
    if (!o->phases) o->phases = "";
    if (!*o->phases) return BRN_OK;
    if (o->recipe == BRN_RECIPE_COURSE2017 || *o->sizes || o->gradual_unfreezing)
        return brn__fail(BRN_ERROR_USAGE, "phases: they say all of what is done; expected no course2017, sizes or "
                                          "gradual unfreezing beside them");
    BRN__TRY(brn__image_phases_stages(plan, &recipe));
    if (o->size == 0) o->size = recipe.stages[recipe.count - 1].size;
    return BRN_OK;
}
