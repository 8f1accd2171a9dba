/* SPDX-License-Identifier: Apache-2.0
 * Learners that are trained step by step, whatever their job is. */
#include "jobs/hand_learner.h"
#include "base/alloc.h"
#include "base/status.h"

#include <string.h>

/* ------------------------------------------------------------------ outputs of validation */

static brn__action forget_outputs(void *state, brn__fit *fit)
{
    brn__hand_learner *hand = state;
    (void)fit;
    hand->kept = 0;
    return BRN__GO_ON;
}

static brn_status make_room(brn__hand_learner *hand, int64_t rows, int64_t width)
{
    if (rows <= hand->room && width == hand->width) return BRN_OK;
    const int64_t room = rows > 2 * hand->kept ? rows : 2 * hand->kept;
    float *outputs = brn__alloc_array((size_t)(room * width), sizeof *outputs);
    int64_t *items = brn__alloc_array((size_t)room, sizeof *items);
    if (!outputs || !items) {
        brn__free(outputs);
        brn__free(items);
        return BRN_ERROR_NO_MEMORY;
    }
    if (hand->kept) memcpy(outputs, hand->outputs, (size_t)(hand->kept * width) * sizeof *outputs);
    if (hand->kept) memcpy(items, hand->items, (size_t)hand->kept * sizeof *items);
    brn__free(hand->outputs);
    brn__free(hand->items);
    hand->outputs = outputs;
    hand->items = items;
    hand->room = room;
    hand->width = width;
    return BRN_OK;
}

static brn__action keep_outputs(void *state, brn__fit *fit)
{
    brn__hand_learner *hand = state;
    const int64_t width = brn__fit_outputs(fit), count = fit->data.count;
    const brn_status status = make_room(hand, hand->kept + count, width);
    if (status != BRN_OK) return brn__fit_fail(fit, status);
    memcpy(hand->outputs + hand->kept * width, fit->output, (size_t)(count * width) * sizeof(float));
    memcpy(hand->items + hand->kept, fit->data.items, (size_t)count * sizeof *hand->items);
    hand->kept += count;
    return BRN__GO_ON;
}

const float *brn__hand_learner_outputs(const brn__hand_learner *hand, int64_t *count, int64_t *width)
{
    *count = hand->kept;
    *width = hand->width;
    return hand->kept ? hand->outputs : NULL;
}

/* ------------------------------------------------------------------ what learns */

void brn__hand_learner_init(brn__hand_learner *hand, brn__learner *learner, const brn__network *network, int threads)
{
    hand->learner = learner;
    hand->network = *network;
    hand->groups = brn_parameters_group_count(brn__learner_parameters(learner));
    hand->threads = threads;
    hand->learning = UINT64_MAX;
    hand->keeper = (brn__callback){.name = "outputs",
                                   .order = BRN__ORDER_METRICS - 1, /* before those that measure them */
                                   .on = {[BRN__BEFORE_VALIDATE] = forget_outputs,
                                          [BRN__AFTER_VALID_BATCH] = keep_outputs},
                                   .state = hand};
}

void brn__hand_learner_deinit(brn__hand_learner *hand)
{
    brn__free(hand->outputs);
    brn__free(hand->items);
}

brn_status brn__hand_learner_freeze_to(brn__hand_learner *hand, int first)
{
    if (first < -hand->groups || first >= hand->groups)
        return brn__fail(BRN_ERROR_USAGE, "freeze to %d: expected a layer group from %d to %d", first,
                         -hand->groups, hand->groups - 1);
    hand->learning = brn__freeze_to(hand->groups, first);
    return BRN_OK;
}

bool brn__hand_learner_learns(const brn__hand_learner *hand, int group)
{
    return group >= 0 && group < hand->groups && (hand->learning >> group & 1);
}

/* ------------------------------------------------------------------ fits */

static brn_status prepare(brn__hand_learner *hand, const brn_hand_fit *fit, brn__hand_fit *out)
{
    *out = (brn__hand_fit){.fit = fit,
                           .learner = hand->learner,
                           .progress = &hand->progress,
                           .groups = hand->groups,
                           .learning = hand->learning,
                           .save = hand->save,
                           .context = hand->context,
                           .options = {.network = hand->network, .train = hand->train, .valid = hand->valid}};
    brn__norm_forms(hand->groups, hand->learning, BRN_NORM_FIXED, 0, out->options.norm_form);
    BRN__TRY(brn__hand_fit_prepare(out));
    if (out->options.optimizer.threads == 0) out->options.optimizer.threads = hand->threads;
    for (int i = 0; i < hand->more_count; i++) brn__hand_fit_add(out, hand->more[i]);
    return BRN_OK;
}

brn_status brn__hand_learner_fit(brn__hand_learner *hand, const brn_hand_fit *fit)
{
    brn__hand_fit one;
    hand->kept = 0;
    BRN__TRY(prepare(hand, fit, &one));
    if (hand->keeps) brn__hand_fit_add(&one, &hand->keeper);
    for (int i = 0; i < hand->measure_count; i++) brn__hand_fit_add(&one, hand->measures[i]);
    return brn__hand_fit_run(&one);
}

brn_status brn__hand_learner_lr_find(brn__hand_learner *hand, const brn_hand_fit *fit,
                                     const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    brn__hand_fit one;
    *out = (brn_lr_curve){0};
    brn_status status = prepare(hand, fit, &one);
    if (status == BRN_OK && finder->form == BRN_LR_FIND_VALID && !hand->valid)
        status = brn__fail(BRN_ERROR_INPUT, "nothing validates: expected a larger share");
    if (status == BRN_OK) status = brn__hand_fit_find(&one, finder, out);
    if (status != BRN_OK) brn_lr_curve_free(out);
    return status;
}

/* ------------------------------------------------------------------ values from elsewhere */

static bool alike(const brn_parameter_info *a, const brn_parameter_info *b)
{
    bool same = strcmp(a->name, b->name) == 0 && a->shape.rank == b->shape.rank && a->offset == b->offset;
    for (int d = 0; same && d < a->shape.rank; d++) same = a->shape.dims[d] == b->shape.dims[d];
    return same;
}

brn_status brn__hand_learner_take(brn__hand_learner *hand, brn_parameters *from, const char *path)
{
    brn_parameters *to = brn__learner_parameters(hand->learner);
    const int count = brn_parameters_count(to);
    if (brn_parameters_count(from) != count)
        return brn__fail(BRN_ERROR_INPUT, "%s: %d parameters; expected %d", path, brn_parameters_count(from), count);
    for (int i = 0; i < count; i++) {
        const brn_parameter_info a = brn_parameters_info(from, i), b = brn_parameters_info(to, i);
        if (!alike(&a, &b))
            return brn__fail(BRN_ERROR_INPUT, "%s: the network is another one, from %s on", path, b.name);
    }
    const int64_t elements = brn_parameters_elements(to);
    memcpy(brn_parameters_values(to), brn_parameters_values(from), (size_t)elements * sizeof(float));
    brn_parameters_touch(to, 0, elements);
    return BRN_OK;
}
