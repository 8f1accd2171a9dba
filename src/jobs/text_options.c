/* SPDX-License-Identifier: Apache-2.0
 * Options of the text job: defaults, checks, and JSON both ways. */
#include "base/text.h"
#include "jobs/dropouts.h"
#include "jobs/option_fields.h"
#include "jobs/precision.h"
#include "jobs/text_job.h"
#include "jobs/text_source.h"

brn_text_train_options brn_text_train_defaults(void)
{
    brn_text_train_options o = {.text = brn_text_defaults(),
                                .embedding = 400,
                                .hidden = 1152,
                                .layers = 3,
                                .head = 50,
                                .drop_factor = .5,
                                .dropouts = brn_dropouts_by_factor(),
                                .alpha = 2,
                                .beta = 1,
                                .chunk = 72,
                                .kept = 1440,
                                .freeze_epochs = 1,
                                .epochs = 2,
                                .rate_factor = 2.6,
                                .weight_decay = .01,
                                .batch_size = 64,
                                .seed = 42,
                                .checkpoint_seconds = 10};
    o.text.target = BRN_TEXT_LABEL;
    return o;
}

static brn_status check_network(const brn_text_train_options *o)
{
    BRN__TRY(brn__check_real("embedding", (double)o->embedding, 1, 65536));
    BRN__TRY(brn__check_real("hidden units", (double)o->hidden, 1, 65536));
    BRN__TRY(brn__check_real("layers", o->layers, 1, BRN__TEXT_LAYERS_MAX));
    BRN__TRY(brn__check_real("head", (double)o->head, 0, 65536));
    BRN__TRY(brn__check_real("dropout factor", o->drop_factor, 0, 1.99));
    BRN__TRY(brn__dropouts_check(&o->dropouts));
    BRN__TRY(brn__check_real("alpha", o->alpha, 0, 1e6));
    BRN__TRY(brn__check_real("beta", o->beta, 0, 1e6));
    BRN__TRY(brn__check_real("chunk", o->chunk, 1, 65536));
    return brn__check_real("kept steps", o->kept, 1, 1e6);
}

/* A run keeps its options as JSON. */
static brn_status check_text(const char *name, const char *text)
{
    if (!text || brn__is_utf8(text)) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "%s: a name that is not UTF-8", name);
}

static brn_status check_texts(const brn_text_train_options *o)
{
    for (int64_t i = 0; i < o->input_count; i++) BRN__TRY(check_text("inputs", o->inputs[i]));
    for (int64_t i = 0; i < o->text.text_column_count; i++)
        BRN__TRY(check_text("text columns", o->text.text_columns[i]));
    for (int64_t i = 0; i < o->text.label_column_count; i++)
        BRN__TRY(check_text("label columns", o->text.label_columns[i]));
    for (int64_t i = 0; i < o->text.replacement_count; i++) {
        BRN__TRY(check_text("replacements", o->text.replacements[i].pattern));
        BRN__TRY(check_text("replacements", o->text.replacements[i].replacement));
    }
    BRN__TRY(check_text("encoder", o->encoder));
    BRN__TRY(check_text("pieces", o->text.pieces));
    return check_text("valid column", o->text.valid_column);
}

brn_status brn__text_options_settle(brn_text_train_options *o)
{
    BRN__TRY(check_texts(o));
    if (o->input_count < 1) return brn__fail(BRN_ERROR_USAGE, "inputs: expected files, folders or tables");
    if (o->text.target == BRN_TEXT_NO_TARGET || (unsigned)o->text.target >= BRN_TEXT_TARGET_COUNT)
        return brn__fail(BRN_ERROR_USAGE, "target: expected labels, tags or numbers");
    if (o->learning_rate == 0) o->learning_rate = o->encoder ? .02 : .005;
    BRN__TRY(check_network(o));
    BRN__TRY(brn__check_real("freeze epochs", o->freeze_epochs, 0, 100000));
    BRN__TRY(brn__check_real("epochs", o->epochs, 0, 100000));
    BRN__TRY(brn__check_real("learning rate", o->learning_rate, 1e-12, 1000));
    BRN__TRY(brn__check_real("rate factor", o->rate_factor, 1, 1e6));
    BRN__TRY(brn__check_real("weight decay", o->weight_decay, 0, 100));
    BRN__TRY(brn__check_real("clip", o->clip, 0, 1e9));
    BRN__TRY(brn__check_real("batch size", o->batch_size, 2, 4096));
    BRN__TRY(brn__check_real("threads", o->threads, 0, 1024));
    BRN__TRY(brn__precision_check(o->precision));
    return brn__check_real("checkpoint seconds", o->checkpoint_seconds, 0, 1e9);
}

/* ------------------------------------------------------------------ JSON */

static const char *const schedules[] = {"one-cycle", "slanted", NULL};

/* All but the inputs and how they are read. */
static const brn_option fields[] = {
#define F(field, type) {#field, BRN_OPTION_##type, offsetof(brn_text_train_options, field), NULL}
    F(encoder, TEXT),
    F(backwards, FLAG),
    F(embedding, BIG),
    F(hidden, BIG),
    F(layers, WHOLE),
    F(qrnn, FLAG),
    F(head, BIG),
    F(drop_factor, REAL),
    F(alpha, REAL),
    F(beta, REAL),
    F(chunk, WHOLE),
    F(kept, WHOLE),
    F(freeze_epochs, WHOLE),
    F(epochs, WHOLE),
    {"schedule", BRN_OPTION_WORD, offsetof(brn_text_train_options, schedule), schedules},
    F(learning_rate, REAL),
    F(rate_factor, REAL),
    F(weight_decay, REAL),
    F(clip, REAL),
    F(batch_size, WHOLE),
    F(seed, BIG),
    F(threads, WHOLE),
    {"precision", BRN_OPTION_WORD, offsetof(brn_text_train_options, precision), brn__precision_words, true},
    F(checkpoint_seconds, REAL),
#undef F
};
enum { FIELDS = sizeof fields / sizeof *fields };

const brn_option *brn_text_train_option_list(int *count)
{
    *count = FIELDS;
    return fields;
}

json_t *brn__text_options_write(const brn_text_train_options *o)
{
    json_t *object = json_object();
    bool good = brn__option_fields_write(fields, FIELDS, o, object) && brn__dropouts_write(&o->dropouts, object);
    int bad = json_object_set_new(object, "inputs", brn__text_list_write(o->inputs, o->input_count));
    bad |= json_object_set_new(object, "texts", brn__text_source_write(&o->text));
    if (good && !bad) return object;
    json_decref(object);
    return NULL;
}

brn_status brn__text_options_read(const json_t *object, brn__arena *arena, brn_text_train_options *o)
{
    *o = brn_text_train_defaults();
    if (!json_is_object(object)) return brn__fail(BRN_ERROR_INPUT, "text options: expected an object");
    BRN__TRY(brn__option_fields_read(fields, FIELDS, object, "text options", o));
    BRN__TRY(brn__dropouts_read(object, &o->dropouts));
    BRN__TRY(brn__text_list_read(json_object_get(object, "inputs"), "inputs", arena, &o->inputs, &o->input_count));
    BRN__TRY(brn__text_source_read(json_object_get(object, "texts"), arena, &o->text));
    return brn__text_options_settle(o);
}
