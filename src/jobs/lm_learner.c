/* SPDX-License-Identifier: Apache-2.0
 * The learner of language models: their training, with its fits made by hand. */
#include "burnish/lm_learner.h"
#include "base/alloc.h"
#include "base/threads.h"
#include "jobs/hand_learner.h"
#include "jobs/lm_job.h"

#include <math.h>
#include <string.h>

struct brn_lm_learner {
    brn_lm_options options;
    brn__arena arena; /* of the options' lists */
    json_t *kept;     /* of their texts */
    brn__lm_start start;
    brn__lm_metrics metrics;
    brn__hand_learner hand;
};

/* ------------------------------------------------------------------ making */

static brn_status save(void *context, const char *path) { return brn_lm_learner_save(context, path); }

/* A copy that outlives the caller's. */
static brn_status keep_options(brn_lm_learner *l, const brn_lm_options *given)
{
    brn_lm_options settled = *given;
    BRN__TRY(brn__lm_options_settle(&settled));
    l->kept = brn__lm_options_write(&settled);
    if (!l->kept) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory to keep the options");
    BRN__TRY(brn__lm_options_read(l->kept, &l->arena, &l->options));
    BRN__TRY(brn__lm_start_settle(&l->options, &l->arena));
    BRN__TRY(brn__lm_start_lend(&l->options, &l->arena));
    if (!l->options.threads) l->options.threads = brn__processor_count();
    return BRN_OK;
}

static brn_status make(brn_lm_learner *l, const brn_lm_options *given)
{
    brn__hand_learner *hand = &l->hand;
    brn__progress_init(&hand->progress, given->on_event, given->context);
    BRN__TRY(keep_options(l, given));
    BRN__TRY(brn__lm_start_open(&l->options, NULL, true, &l->start));
    brn__hand_learner_init(hand, l->start.network.learner, &l->start.network.ends, l->options.threads);
    hand->train = l->start.texts.train;
    hand->valid = l->start.texts.valid;
    hand->save = save;
    hand->context = l;
    hand->more[hand->more_count++] = &brn__lm_reset;
    brn__lm_metrics_init(&l->metrics);
    hand->measures[hand->measure_count++] = &l->metrics.callback;
    return BRN_OK;
}

brn_status brn_lm_learner_new(const brn_lm_options *options, brn_lm_learner **out)
{
    *out = NULL;
    brn_lm_learner *l = brn__alloc_zero(1, sizeof *l);
    if (!l) return BRN_ERROR_NO_MEMORY;
    const brn_status status = make(l, options);
    if (status == BRN_OK)
        *out = l;
    else
        brn_lm_learner_free(l);
    return status;
}

void brn_lm_learner_free(brn_lm_learner *l)
{
    if (!l) return;
    brn__hand_learner_deinit(&l->hand);
    brn__lm_start_free(&l->start);
    json_decref(l->kept);
    brn__arena_free(&l->arena);
    brn__free(l);
}

/* ------------------------------------------------------------------ what it has */

int64_t brn_lm_learner_vocabulary(const brn_lm_learner *l)
{
    return brn__vocabulary_count(l->start.texts.corpus->settings->vocabulary);
}

const char *brn_lm_learner_word(const brn_lm_learner *l, int64_t token)
{
    const brn__vocabulary *vocabulary = l->start.texts.corpus->settings->vocabulary;
    return token >= 0 && token < brn__vocabulary_count(vocabulary) ? brn__vocabulary_word(vocabulary, token) : NULL;
}

int64_t brn_lm_learner_tokens(const brn_lm_learner *l, bool valid)
{
    return valid ? l->start.texts.valid_tokens : l->start.texts.train_tokens;
}

int64_t brn_lm_learner_batches(const brn_lm_learner *l, bool valid)
{
    const brn__loader *loader = valid ? l->start.texts.valid : l->start.texts.train;
    return loader ? brn__loader_batch_count(loader) : 0;
}

int brn_lm_learner_groups(const brn_lm_learner *l) { return l->hand.groups; }

brn_parameters *brn_lm_learner_parameters(brn_lm_learner *l) { return l->start.network.parameters; }

/* ------------------------------------------------------------------ training */

brn_status brn_lm_learner_freeze_to(brn_lm_learner *l, int first) { return brn__hand_learner_freeze_to(&l->hand, first); }

bool brn_lm_learner_learns(const brn_lm_learner *l, int group) { return brn__hand_learner_learns(&l->hand, group); }

brn_status brn_lm_learner_fit(brn_lm_learner *l, const brn_hand_fit *fit) { return brn__hand_learner_fit(&l->hand, fit); }

brn_status brn_lm_learner_lr_find(brn_lm_learner *l, const brn_hand_fit *fit, const brn_lr_finder_options *finder,
                                  brn_lr_curve *out)
{
    return brn__hand_learner_lr_find(&l->hand, fit, finder, out);
}

brn_status brn_lm_learner_validate(brn_lm_learner *l, brn_lm_score *out)
{
    *out = (brn_lm_score){0, (double)NAN, (double)NAN, (double)NAN};
    if (!l->start.texts.valid) return brn__fail(BRN_ERROR_INPUT, "nothing validates: expected a larger share");
    return brn__lm_score_loader(&l->start.network, l->start.texts.valid, out);
}

/* ------------------------------------------------------------------ files */

brn_status brn_lm_learner_save(brn_lm_learner *l, const char *path)
{
    brn_lm_result result = {.train_tokens = l->start.texts.train_tokens, .valid_tokens = l->start.texts.valid_tokens};
    result.valid_loss = result.perplexity = result.accuracy = (double)NAN;
    return brn__lm_model_write(path, &l->options, l->start.texts.corpus->settings, &result, l->start.network.parameters);
}

static brn_status check_layers(const brn_lm_options *a, const brn_lm_options *b, const char *path)
{
    if (a->layers == b->layers && a->qrnn == b->qrnn && a->untied == b->untied && a->decoder_bias == b->decoder_bias)
        return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %d layers%s; expected %d%s, and as many decoders and biases", path, a->layers,
                     a->qrnn ? " of QRNNs" : "", b->layers, b->qrnn ? " of QRNNs" : "");
}

brn_status brn_lm_learner_load(brn_lm_learner *l, const char *path)
{
    brn__lm_card card;
    BRN__TRY(brn__lm_card_open(path, &card));
    brn_status status = brn__text_settings_alike(card.settings, l->start.texts.corpus->settings, path);
    if (status == BRN_OK) status = check_layers(&card.options, &l->options, path);
    if (status == BRN_OK) status = brn__lm_card_load(&card, l->start.network.parameters);
    brn__lm_card_close(&card);
    return status;
}
