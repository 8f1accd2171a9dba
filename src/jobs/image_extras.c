/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/image_extras.h"
#include "base/status.h"
#include "jobs/image_ensemble.h"
#include "jobs/image_rates.h"

#include <stdio.h>
#include <string.h>

static void add(brn__fit_options *fit, const brn__callback *callback)
{
    fit->callbacks[fit->callback_count++] = callback;
}

static brn_status add_mixing(brn__image_training *t, brn__fit_options *fit, brn__image_extras *extras)
{
    const brn_image_options *o = &t->plan.options;
    const double alpha = o->mixup > 0 ? o->mixup : o->cutmix;
    if (alpha == 0) return BRN_OK;
    const brn__mixing_kind kind = o->mixup > 0 ? BRN__MIXING_UP : BRN__MIXING_CUT;
    BRN__TRY(brn__mixing_init(&extras->mixing, kind, alpha, o->seed, t->network.kind == BRN_TARGET_LABEL));
    add(fit, &extras->mixing.callback);
    return BRN_OK;
}

/* ------------------------------------------------------------------ averages of weights */

/* One average over all stages; its start is told in epochs of this one. */
static brn_status add_average(brn__image_training *t, brn__fit_options *fit)
{
    const brn_image_options *o = &t->plan.options;
    if (o->swa == 0 && o->ema == 0) return BRN_OK;
    if (!t->average.memory)
        BRN__TRY(o->swa > 0 ? brn__swa_init(&t->average, t->network.parameters, o->swa)
                            : brn__ema_init(&t->average, t->network.parameters, o->ema));
    t->average.start = o->swa - t->epochs_done;
    add(fit, &t->average.callback);
    return BRN_OK;
}

static brn_status estimate_norms(brn__image_training *t)
{
    brn__loader *loader;
    BRN__TRY(brn__image_loader_new(&t->plan.options, t->data, t->pictures, BRN_SPLIT_TRAIN, &loader));
    brn_status status = brn__reestimate_norms(t->network.learner, &t->network.whole, loader);
    brn__loader_free(loader);
    return status;
}

brn_status brn__image_average_end(brn__image_training *t)
{
    char text[160];
    const brn_image_options *o = &t->plan.options;
    if (!t->average.memory || brn__average_count(&t->average) == 0) return BRN_OK;
    BRN__TRY(brn__image_begin_stage(t, "average of weights"));
    BRN__TRY(brn__average_apply(&t->average, NULL));
    if (o->swa > 0) BRN__TRY(estimate_norms(t)); /* those of a moving average are averaged with it */
    if (o->swa > 0)
        snprintf(text, sizeof text, "the model is the mean of the weights after %lld epochs, from epoch %d on",
                 (long long)brn__average_count(&t->average), o->swa);
    else
        snprintf(text, sizeof text, "the model is the moving average of the weights over %lld steps, decay %g",
                 (long long)brn__average_count(&t->average), o->ema);
    return brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_NOTE, text));
}

/* ------------------------------------------------------------------ all of them */

brn_status brn__image_extras_add(brn__image_training *t, const brn__image_stage *s, int64_t batches,
                                 brn__fit_options *fit, brn__image_extras *extras)
{
    const brn_image_options *o = &t->plan.options;
    fit->clip_norm = o->clip;
    if (!s->cached) BRN__TRY(add_mixing(t, fit, extras));
    if (o->snapshots && !s->frozen && s->curve.form == BRN__CURVE_RESTARTS) {
        const brn_cycles cycles = brn__image_cycles_of(s, batches);
        brn__snapshots_init(&extras->snapshots, &cycles, brn__image_save_snapshot, t);
        add(fit, &extras->snapshots.callback);
    }
    if (o->accumulate > 1) {
        BRN__TRY(brn__accumulation_init(&extras->accumulation, t->network.parameters,
                                        (int64_t)o->accumulate * o->batch_size));
        add(fit, &extras->accumulation.callback);
    }
    if (s->has_decays) {
        brn__decays_init(&extras->decays, s->decays, t->plan.model->body_groups + 1);
        add(fit, &extras->decays.callback);
    }
    return add_average(t, fit);
}

void brn__image_extras_free(brn__image_extras *extras)
{
    brn__mixing_deinit(&extras->mixing);
    brn__accumulation_deinit(&extras->accumulation);
}
