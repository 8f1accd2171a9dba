/* SPDX-License-Identifier: Apache-2.0
 * Options of the language-model job: defaults, recipes, checks, and JSON both ways. */
#include "base/text.h"
#include "jobs/dropouts.h"
#include "jobs/lm_job.h"
#include "jobs/option_fields.h"
#include "jobs/precision.h"
#include "jobs/text_source.h"

#include <string.h>

brn_lm_options brn_lm_defaults(void)
{
    const brn__awd_lstm_options form = brn__awd_lstm_defaults(1);
    return (brn_lm_options){.text = brn_text_defaults(),
                            .embedding = form.embedding,
                            .hidden = form.hidden,
                            .layers = form.layers,
                            .decoder_bias = form.decoder_bias,
                            .dropout = form.dropout_multiplier,
                            .dropouts = brn_dropouts_by_factor(),
                            .alpha = form.alpha,
                            .beta = form.beta,
                            .length = 72,
                            .batch_size = 64,
                            .epochs = 5,
                            .learning_rate = 5e-3,
                            .weight_decay = .1,
                            .clip = .1,
                            .momentum_high = .8,
                            .momentum_low = .7,
                            .div = 10,
                            .seed = 42,
                            .checkpoint_seconds = 10};
}

brn_status brn_lm_recipe(const char *name, brn_lm_options *o)
{
    if (strcmp(name, "wikitext2") != 0)
        return brn__fail(BRN_ERROR_USAGE, "recipe %s: expected wikitext2", name);
    o->embedding = 200;
    o->hidden = 500;
    o->layers = 3;
    o->dropout = .5;
    o->text.rules = BRN_TEXT_RULES_NONE;
    o->text.tokens = BRN_TEXT_BLANKS;
    o->text.document = BRN_TEXT_PER_LINE;
    o->text.min_freq = 1;
    o->text.max_vocabulary = 10000;
    return BRN_OK;
}

static const brn_option fields[] = {
#define F(field, type) {#field, BRN_OPTION_##type, offsetof(brn_lm_options, field), NULL}
    F(encoder, TEXT),
    F(backward, FLAG),
    F(embedding, BIG),
    F(hidden, BIG),
    F(layers, WHOLE),
    F(qrnn, FLAG),
    F(untied, FLAG),
    F(decoder_bias, FLAG),
    F(dropout, REAL),
    F(alpha, REAL),
    F(beta, REAL),
    F(length, BIG),
    F(variable_length, FLAG),
    F(batch_size, WHOLE),
    F(epochs, WHOLE),
    F(learning_rate, REAL),
    F(weight_decay, REAL),
    F(clip, REAL),
    F(momentum_high, REAL),
    F(momentum_low, REAL),
    F(div, REAL),
    F(seed, BIG),
    F(threads, WHOLE),
    {"precision", BRN_OPTION_WORD, offsetof(brn_lm_options, precision), brn__precision_words, true},
    {"activation_checkpointing", BRN_OPTION_FLAG, offsetof(brn_lm_options, activation_checkpointing), NULL, true},
    F(checkpoint_seconds, REAL),
#undef F
};
enum { FIELDS = sizeof fields / sizeof *fields };

const brn_option *brn_lm_option_list(int *count)
{
    *count = FIELDS;
    return fields;
}

/* ------------------------------------------------------------------ checks */

brn_status brn__lm_options_settle(brn_lm_options *o)
{
    if (o->input_count < 1) return brn__fail(BRN_ERROR_USAGE, "inputs: expected texts");
    for (int64_t i = 0; i < o->input_count; i++) {
        if (!o->inputs[i] || !*o->inputs[i]) return brn__fail(BRN_ERROR_USAGE, "inputs: expected texts");
        if (!brn__is_utf8(o->inputs[i])) return brn__fail(BRN_ERROR_INPUT, "%s: its name is not UTF-8", o->inputs[i]);
    }
    BRN__TRY(brn__option_fields_check(fields, FIELDS, o));
    BRN__TRY(brn__text_source_check(&o->text));
    if (o->text.target != BRN_TEXT_NO_TARGET)
        return brn__fail(BRN_ERROR_USAGE, "target: a language model's texts have none");
    BRN__TRY(brn__check_real("embedding", (double)o->embedding, 1, 65536));
    BRN__TRY(brn__check_real("hidden", (double)o->hidden, 1, 65536));
    BRN__TRY(brn__check_real("layers", o->layers, 1, BRN__AWD_LSTM_LAYERS_MAX));
    BRN__TRY(brn__check_real("dropout", o->dropout, 0, 3.99));
    BRN__TRY(brn__dropouts_check(&o->dropouts));
    BRN__TRY(brn__check_real("alpha", o->alpha, 0, 1e6));
    BRN__TRY(brn__check_real("beta", o->beta, 0, 1e6));
    BRN__TRY(brn__check_real("length", (double)o->length, 1, 65536));
    BRN__TRY(brn__check_real("batch size", o->batch_size, 1, 65536));
    BRN__TRY(brn__check_real("epochs", o->epochs, 0, 100000));
    BRN__TRY(brn__check_real("learning rate", o->learning_rate, 1e-12, 1000));
    BRN__TRY(brn__check_real("weight decay", o->weight_decay, 0, 100));
    BRN__TRY(brn__check_real("clip", o->clip, 0, 1e9));
    BRN__TRY(brn__check_real("highest momentum", o->momentum_high, 0, .999999));
    BRN__TRY(brn__check_real("lowest momentum", o->momentum_low, 0, .999999));
    BRN__TRY(brn__check_real("div", o->div, 1, 1e9));
    BRN__TRY(brn__check_real("threads", o->threads, 0, 1024));
    BRN__TRY(brn__precision_check(o->precision));
    return brn__check_real("checkpoint seconds", o->checkpoint_seconds, 0, 1e9);
}

/* ------------------------------------------------------------------ JSON */

json_t *brn__lm_options_write(const brn_lm_options *o)
{
    json_t *object = json_object();
    bool good = brn__option_fields_write(fields, FIELDS, o, object) && brn__dropouts_write(&o->dropouts, object);
    int bad = json_object_set_new(object, "inputs", brn__text_list_write(o->inputs, o->input_count));
    bad |= json_object_set_new(object, "text", brn__text_source_write(&o->text));
    if (good && !bad) return object;
    json_decref(object);
    return NULL;
}

brn_status brn__lm_options_read(const json_t *object, brn__arena *arena, brn_lm_options *o)
{
    *o = brn_lm_defaults();
    if (!json_is_object(object)) return brn__fail(BRN_ERROR_INPUT, "language model options: expected an object");
    BRN__TRY(brn__option_fields_read(fields, FIELDS, object, "language model options", o));
    BRN__TRY(brn__dropouts_read(object, &o->dropouts));
    BRN__TRY(brn__text_list_read(json_object_get(object, "inputs"), "inputs", arena, &o->inputs, &o->input_count));
    BRN__TRY(brn__text_source_read(json_object_get(object, "text"), arena, &o->text));
    return brn__lm_options_settle(o);
}
