/* SPDX-License-Identifier: Apache-2.0
 * The image learner: fits, and the rate finder. */
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/image_learner.h"
#include "jobs/image_targets.h"
#include "train/hand_fit.h"
#include "train/whole_metrics.h"

#include <math.h>

enum { TOP5_CLASSES = 5 };

brn_image_fit brn_image_fit_defaults(const brn_image_learner *l, double rate)
{
    return brn_hand_fit_defaults(brn_image_learner_groups(l), rate);
}

/* All that one fit needs beside the learner. */
typedef struct parts {
    brn_image_learner *learner;
    brn__hand_fit hand;
    brn__image_footing footing;
    brn__loader *train, *valid;
    brn__metrics metrics;
    brn__whole_metrics measures;
    brn__whole_metrics collected; /* for metrics of the caller's */
    brn__callback own_metrics;
    float *answers; /* room for `collected`, as they are told */
    int64_t answers_room;
} parts;

static void add_measures(parts *p)
{
    static const brn__metric *const of_labels[] = {&brn__metric_accuracy, &brn__metric_error_rate,
                                                   &brn__metric_top5};
    const brn_target_kind kind = p->learner->network.kind;
    brn__image_measures_init(&p->measures, kind);
    brn__metrics_init(&p->metrics, of_labels, p->learner->outputs > TOP5_CLASSES ? 3 : 2);
    brn__hand_fit_add(&p->hand, kind == BRN_TARGET_LABEL ? &p->metrics.callback : &p->measures.callback);
}

/* ------------------------------------------------------------------ metrics of the caller's */

static brn_status tell_answers(parts *p, brn_hand_validated *out)
{
    const brn__whole_metrics *m = &p->collected;
    const int64_t outputs = p->learner->outputs;
    if (m->items > p->answers_room) {
        brn__free(p->answers);
        p->answers_room = 0;
        p->answers = brn__alloc_array((size_t)(m->items * outputs), sizeof *p->answers);
        if (!p->answers) return BRN_ERROR_NO_MEMORY;
        p->answers_room = m->items;
    }
    for (int64_t i = 0; i < m->items; i++)
        brn__image_answer_of(p->learner->network.kind, m->outputs + i * outputs, outputs, p->answers + i * outputs);
    *out = (brn_hand_validated){m->items, outputs, p->answers, m->labels, m->targets};
    return BRN_OK;
}

static brn__action measure(void *state, brn__fit *fit)
{
    parts *p = state;
    brn_hand_validated validated;
    brn_status status = tell_answers(p, &validated);
    for (int i = 0; status == BRN_OK && i < p->hand.fit->metric_count; i++) {
        const brn_hand_metric *metric = &p->hand.fit->metrics[i];
        double value = NAN;
        if (validated.count > 0) status = metric->of_all(metric->context, &validated, &value);
        if (status == BRN_OK) brn__fit_set_metric(fit, metric->name, value);
    }
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static void add_own_metrics(parts *p)
{
    if (p->hand.fit->metric_count == 0) return;
    brn__whole_metrics_init(&p->collected, NULL, 0);
    brn__hand_fit_add(&p->hand, &p->collected.callback);
    p->own_metrics = (brn__callback){.name = "metrics of the caller's",
                                     .order = BRN__ORDER_METRICS + 1, /* they are collected then */
                                     .on = {[BRN__AFTER_VALIDATE] = measure},
                                     .state = p};
    brn__hand_fit_add(&p->hand, &p->own_metrics);
}

static brn_status save(void *context, const char *path) { return brn_image_learner_save(context, path); }

static brn_status prepare(parts *p, const brn_image_fit *fit)
{
    brn_image_learner *l = p->learner;
    const int groups = brn_image_learner_groups(l);
    const brn_norm_form frozen = l->options.train_bn ? BRN_NORM_BATCH : BRN_NORM_FIXED;
    if (l->counts[BRN_SPLIT_TRAIN] < 2) return brn__fail(BRN_ERROR_USAGE, "fit: the learner has nothing to learn from");
    BRN__TRY(brn__image_learner_stand(l, &p->footing));
    BRN__TRY(brn__image_learner_loader(l, &p->footing, BRN_SPLIT_TRAIN, BRN__IMAGE_TO_LEARN, &p->train));
    BRN__TRY(brn__image_learner_loader(l, &p->footing, BRN_SPLIT_VALID, BRN__IMAGE_PLAIN, &p->valid));
    p->hand = (brn__hand_fit){.fit = fit,
                              .learner = l->network.learner,
                              .progress = &l->progress,
                              .groups = groups,
                              .learning = l->learning,
                              .takes_metrics = true,
                              .save = save,
                              .context = l,
                              .options = {.network = *p->footing.network, .train = p->train, .valid = p->valid}};
    brn__norm_forms(groups, l->learning, frozen, l->norms_frozen ? UINT64_MAX : 0, p->hand.options.norm_form);
    BRN__TRY(brn__hand_fit_prepare(&p->hand));
    if (p->hand.options.optimizer.threads == 0) p->hand.options.optimizer.threads = l->options.threads;
    return BRN_OK;
}

static brn_status finish(parts *p, brn_status status)
{
    if (status == BRN_OK) status = brn__image_learner_warn(p->learner, p->train);
    if (status == BRN_OK) status = brn__image_learner_warn(p->learner, p->valid);
    brn__whole_metrics_deinit(&p->measures);
    brn__whole_metrics_deinit(&p->collected);
    brn__free(p->answers);
    brn__loader_free(p->valid);
    brn__loader_free(p->train);
    return status;
}

static brn_status run_fit(parts *p, const brn_image_fit *fit)
{
    brn_image_learner *l = p->learner;
    const uint64_t body = (1ull << l->model->body_groups) - 1;
    BRN__TRY(prepare(p, fit));
    add_measures(p);
    add_own_metrics(p);
    const brn_status status = brn__hand_fit_run(&p->hand);
    if ((l->learning & body) || l->options.train_bn) brn__image_learner_forget_features(l);
    return status;
}

brn_status brn_image_learner_fit(brn_image_learner *l, const brn_image_fit *fit)
{
    parts p = {.learner = l};
    return finish(&p, run_fit(&p, fit));
}

static brn_status run_lr_find(parts *p, const brn_image_fit *fit, const brn_lr_finder_options *finder,
                              brn_lr_curve *out)
{
    BRN__TRY(prepare(p, fit));
    return brn__hand_fit_find(&p->hand, finder, out);
}

brn_status brn_image_learner_lr_find(brn_image_learner *l, const brn_image_fit *fit,
                                     const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    *out = (brn_lr_curve){0};
    parts p = {.learner = l};
    const brn_status status = finish(&p, run_lr_find(&p, fit, finder, out));
    if (status != BRN_OK) brn_lr_curve_free(out);
    return status;
}
