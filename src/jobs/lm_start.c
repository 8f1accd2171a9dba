/* SPDX-License-Identifier: Apache-2.0
 * What a language model's training begins with: texts, and a network with its first weights. */
#include "base/alloc.h"
#include "jobs/lm_job.h"
#include "jobs/text_paths.h"

#include <string.h>

/* The encoder's own rules, in texts that outlive its card. */
static brn_status lend_text(const brn_text_options *from, brn__arena *arena, brn_text_options *to)
{
    to->rules = from->rules;
    to->tokens = from->tokens;
    if (!to->pieces && from->pieces) to->pieces = brn__arena_strdup(arena, from->pieces); /* else where it is now */
    to->replacement_count = from->replacement_count;
    brn_text_replacement *all = brn__arena_alloc(arena, (size_t)(from->replacement_count + 1) * sizeof *all);
    if (!all || (from->pieces && !to->pieces)) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < from->replacement_count; i++) {
        all[i].pattern = brn__arena_strdup(arena, from->replacements[i].pattern);
        all[i].replacement = brn__arena_strdup(arena, from->replacements[i].replacement);
        if (!all[i].pattern || !all[i].replacement) return BRN_ERROR_NO_MEMORY;
    }
    to->replacements = all;
    return BRN_OK;
}

static brn_status lend(const brn__lm_card *card, brn_lm_options *o, brn__arena *arena)
{
    const brn_lm_options *from = &card->options;
    o->embedding = from->embedding;
    o->hidden = from->hidden;
    o->layers = from->layers;
    o->qrnn = from->qrnn;
    o->untied = from->untied;
    o->decoder_bias = from->decoder_bias;
    if (o->backward != from->backward)
        return brn__fail(BRN_ERROR_INPUT, "encoder %s: it reads %s", o->encoder,
                         from->backward ? "backwards: give backward" : "forwards");
    return lend_text(&from->text, arena, &o->text);
}

brn_status brn__lm_start_settle(brn_lm_options *options, brn__arena *arena)
{
    BRN__TRY(brn__text_paths_settle(arena, &options->inputs, options->input_count));
    BRN__TRY(brn__text_path_settle(arena, &options->text.pieces));
    return brn__text_path_settle(arena, &options->encoder);
}

brn_status brn__lm_start_lend(brn_lm_options *options, brn__arena *arena)
{
    brn__lm_card card;
    if (!options->encoder) return BRN_OK;
    BRN__TRY(brn__lm_card_open(options->encoder, &card));
    brn_status status = lend(&card, options, arena);
    brn__lm_card_close(&card);
    return status;
}

static brn_status load_encoder(const brn_lm_options *o, brn__lm_start *start)
{
    brn__lm_card card;
    BRN__TRY(brn__lm_card_open(o->encoder, &card));
    brn_status status =
        brn__lm_card_transfer(&card, start->texts.corpus->settings->vocabulary, start->network.parameters);
    brn__lm_card_close(&card);
    return status;
}

brn_status brn__lm_start_open(const brn_lm_options *o, const char *folder, bool weights, brn__lm_start *out)
{
    *out = (brn__lm_start){0};
    brn_status status = brn__lm_texts_open(o, folder, &out->texts);
    if (status == BRN_OK)
        status = brn__lm_network_new(o, brn__vocabulary_count(out->texts.corpus->settings->vocabulary), o->batch_size,
                                     o->length, &out->network);
    if (status == BRN_OK && weights && o->encoder) status = load_encoder(o, out);
    if (status != BRN_OK) brn__lm_start_free(out);
    return status;
}

void brn__lm_start_free(brn__lm_start *start)
{
    brn__lm_network_free(&start->network);
    brn__lm_texts_free(&start->texts);
}

brn__fit_options brn__lm_fit_options(const brn_lm_options *o, const brn__lm_start *start)
{
    brn__fit_options fit = {.network = start->network.ends,
                            .train = start->texts.train,
                            .valid = start->texts.valid,
                            .epochs = o->epochs,
                            .learning_groups = UINT64_MAX,
                            .optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM),
                            .learning_rate = o->learning_rate};
    fit.optimizer.weight_decay = o->weight_decay;
    fit.callbacks[fit.callback_count++] = &brn__lm_reset;
    return fit;
}

void brn__lm_rates(const brn_lm_options *o, const brn__lm_start *start, double *rates, int *count)
{
    *count = brn_parameters_group_count(start->network.parameters);
    for (int i = 0; i < *count; i++) rates[i] = o->learning_rate;
}
