/* SPDX-License-Identifier: Apache-2.0
 * The learning-rate finder on ratings: the training, made in mock. */
#include "base/alloc.h"
#include "base/threads.h"
#include "jobs/precision.h"
#include "jobs/ratings_job.h"
#include "train/lr_finder.h"

typedef struct search {
    brn_ratings_options options;
    brn__ratings ratings;
    brn__ratings_samples_of samples;
    brn__ratings_network network;
    brn__progress progress;
} search;

static brn_status find(search *s, const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    brn__fit_options fit = brn__ratings_fit_options(&s->options, &s->network, &s->samples);
    return brn__lr_find_told(s->network.learner, &fit, NULL, finder, &s->progress, 0, out);
}

static brn_status run(search *s, const brn_ratings_options *options,
                      const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    char note[BRN__MESSAGE_BYTES];
    s->options = *options;
    BRN__TRY(brn__ratings_options_settle(&s->options));
    if (!s->options.threads) s->options.threads = brn__processor_count();
    BRN__TRY(brn__ratings_open(&s->options, &s->ratings, note, sizeof note));
    BRN__TRY(brn__ratings_samples_new(&s->options, &s->ratings, &s->samples));
    BRN__TRY(brn__ratings_network_new(&s->options, s->ratings.user_ids.count,
                                      s->ratings.item_ids.count, &s->network));
    if (*note) BRN__TRY(brn__progress_send(&s->progress, brn__event_of(BRN_EVENT_NOTE, note)));
    BRN__TRY(brn__precision_tell(&s->progress, options->precision));
    return find(s, finder, out);
}

brn_status brn_ratings_lr_find(const brn_ratings_options *options,
                               const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    *out = (brn_lr_curve){0};
    search *s = brn__alloc_zero(1, sizeof *s);
    if (!s) return BRN_ERROR_NO_MEMORY;
    brn__progress_init(&s->progress, options->on_event, options->context);
    s->progress.stage = "lr-find";
    s->progress.epochs = 1;
    const brn_status status = run(s, options, finder, out);
    if (status != BRN_OK) brn_lr_curve_free(out);
    brn__ratings_samples_free(&s->samples);
    brn__ratings_network_free(&s->network);
    brn__ratings_free(&s->ratings);
    brn__free(s);
    return status;
}
