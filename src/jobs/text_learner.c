/* SPDX-License-Identifier: Apache-2.0
 * The learner of texts: the training of a classifier (text_train.c), with its fits made by hand. */
#include "burnish/text_learner.h"
#include "base/alloc.h"
#include "jobs/hand_learner.h"
#include "jobs/scratch_folder.h"
#include "jobs/text_train.h"
#include "train/log_answers.h"

#include <string.h>

struct brn_text_learner {
    brn__text_training *training;
    brn__arena arena; /* of the options' lists */
    json_t *kept;     /* of their texts */
    char *folder;     /* of the tokens */
    brn__metrics metrics;
    brn__hand_learner hand;
    brn__callback order;
    float *ordered;   /* (valid, K): outputs of the last validation, in the texts' order; owned */
    bool measured;
};

/* ------------------------------------------------------------------ making */

static const int64_t *valid_of(const brn__text_training *t) { return t->documents + t->result.train_count; }

/* Documents that validate are listed in ascending order. */
static int64_t place_of(const brn__text_training *t, int64_t document)
{
    const int64_t *valid = valid_of(t);
    int64_t low = 0, high = t->result.valid_count;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (valid[middle] < document) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Batches of texts come by length. */
static brn__action put_in_order(void *state, brn__fit *fit)
{
    brn_text_learner *l = state;
    const int64_t width = l->hand.width;
    (void)fit;
    for (int64_t i = 0; i < l->hand.kept; i++)
        memcpy(l->ordered + place_of(l->training, l->hand.items[i]) * width, l->hand.outputs + i * width,
               (size_t)width * sizeof *l->ordered);
    l->measured = l->hand.kept == l->training->result.valid_count;
    return BRN__GO_ON;
}

static brn_status save(void *context, const char *path) { return brn_text_learner_save(context, path); }

/* A copy that outlives the caller's. */
static brn_status keep_options(brn_text_learner *l, const brn_text_train_options *given, brn_text_train_options *out)
{
    brn_text_train_options settled = *given;
    BRN__TRY(brn__text_options_settle(&settled));
    l->kept = brn__text_options_write(&settled);
    if (!l->kept) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory to keep the options");
    return brn__text_options_read(l->kept, &l->arena, out);
}

static brn_status make_hand(brn_text_learner *l)
{
    static const brn__metric *const list[] = {&brn__metric_accuracy, &brn__metric_error_rate};
    brn__text_training *t = l->training;
    brn__hand_learner *hand = &l->hand;
    brn__hand_learner_init(hand, t->network.learner, &t->network.ends, t->options.threads);
    hand->train = t->train;
    hand->valid = t->valid;
    hand->save = save;
    hand->context = l;
    hand->keeps = true;
    l->order = (brn__callback){
        .name = "order", .order = BRN__ORDER_METRICS, .on = {[BRN__AFTER_VALIDATE] = put_in_order}, .state = l};
    hand->measures[hand->measure_count++] = &l->order;
    brn__metrics_init(&l->metrics, list, 2);
    if (t->options.text.target == BRN_TEXT_LABEL) hand->measures[hand->measure_count++] = &l->metrics.callback;
    l->ordered = brn__alloc_zero((size_t)(t->result.valid_count * t->network.outputs) + 1, sizeof *l->ordered);
    return l->ordered ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status make(brn_text_learner *l, const brn_text_train_options *given)
{
    brn_text_train_options options;
    brn__progress_init(&l->hand.progress, given->on_event, given->context);
    BRN__TRY(keep_options(l, given, &options));
    BRN__TRY(brn__scratch_folder_make(&l->folder));
    BRN__TRY(brn__text_training_prepare(l->training, &options, l->folder));
    return make_hand(l);
}

brn_status brn_text_learner_new(const brn_text_train_options *options, brn_text_learner **out)
{
    *out = NULL;
    brn_text_learner *l = brn__alloc_zero(1, sizeof *l);
    if (!l) return BRN_ERROR_NO_MEMORY;
    l->training = brn__text_training_new(options->on_event, options->context);
    const brn_status status = l->training ? make(l, options) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK)
        *out = l;
    else
        brn_text_learner_free(l);
    return status;
}

void brn_text_learner_free(brn_text_learner *l)
{
    if (!l) return;
    brn__hand_learner_deinit(&l->hand);
    brn__text_training_free(l->training);
    brn__scratch_folder_remove(l->folder);
    brn__free(l->ordered);
    json_decref(l->kept);
    brn__arena_free(&l->arena);
    brn__free(l);
}

/* ------------------------------------------------------------------ what it has */

int64_t brn_text_learner_vocabulary(const brn_text_learner *l) { return l->training->result.vocabulary; }

int64_t brn_text_learner_count(const brn_text_learner *l, bool valid)
{
    return valid ? l->training->result.valid_count : l->training->result.train_count;
}

int64_t brn_text_learner_outputs(const brn_text_learner *l) { return l->training->network.outputs; }

const char *brn_text_learner_output(const brn_text_learner *l, int64_t k)
{
    return k >= 0 && k < l->training->corpus->class_count ? l->training->corpus->classes[k] : NULL;
}

int64_t brn_text_learner_label(const brn_text_learner *l, int64_t text)
{
    const brn__corpus *corpus = l->training->corpus;
    if (!corpus->labels || text < 0 || text >= l->training->result.valid_count) return -1;
    return corpus->labels[valid_of(l->training)[text]];
}

int brn_text_learner_groups(const brn_text_learner *l) { return l->hand.groups; }

brn_parameters *brn_text_learner_parameters(brn_text_learner *l) { return l->training->network.parameters; }

/* ------------------------------------------------------------------ training */

brn_status brn_text_learner_freeze_to(brn_text_learner *l, int first)
{
    return brn__hand_learner_freeze_to(&l->hand, first);
}

bool brn_text_learner_learns(const brn_text_learner *l, int group) { return brn__hand_learner_learns(&l->hand, group); }

brn_status brn_text_learner_fit(brn_text_learner *l, const brn_hand_fit *fit)
{
    l->measured = false;
    return brn__hand_learner_fit(&l->hand, fit);
}

brn_status brn_text_learner_lr_find(brn_text_learner *l, const brn_hand_fit *fit, const brn_lr_finder_options *finder,
                                    brn_lr_curve *out)
{
    return brn__hand_learner_lr_find(&l->hand, fit, finder, out);
}

const float *brn_text_learner_validated(const brn_text_learner *l, int64_t *count, int64_t *width)
{
    *count = l->measured ? l->training->result.valid_count : 0;
    *width = l->training->network.outputs;
    return l->measured && *count ? l->ordered : NULL;
}

/* ------------------------------------------------------------------ answers */

static void finish(brn_text_target target, brn_answer_form form, int64_t count, int64_t width, float *values)
{
    if (form == BRN_ANSWER_OUTPUTS) return;
    if (form == BRN_ANSWER_LOG_PROBABILITIES && (target == BRN_TEXT_LABEL || target == BRN_TEXT_TAGS))
        brn__log_answers(target == BRN_TEXT_LABEL, count, width, values);
    else
        brn__text_finish_answers(target, count, width, values);
}

brn_status brn_text_learner_answer(brn_text_learner *l, brn_answer_form form, float *answers)
{
    brn__text_training *t = l->training;
    const int64_t count = t->result.valid_count, width = t->network.outputs, *valid = valid_of(t);
    float *all = brn__alloc_zero((size_t)(t->corpus->document_count * width) + 1, sizeof *all);
    if (!all) return BRN_ERROR_NO_MEMORY;
    brn_status status = count ? brn__text_outputs(&t->network, &t->options, t->corpus, valid, count, all) : BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < count; i++)
        memcpy(answers + i * width, all + valid[i] * width, (size_t)width * sizeof *answers);
    if (status == BRN_OK) finish(t->options.text.target, form, count, width, answers);
    brn__free(all);
    return status;
}

/* ------------------------------------------------------------------ files */

brn_status brn_text_learner_save(brn_text_learner *l, const char *path)
{
    const brn__text_training *t = l->training;
    const brn__text_content content = {.options = &t->options,
                                       .settings = t->corpus->settings,
                                       .outputs = t->corpus->classes,
                                       .output_count = t->corpus->class_count,
                                       .result = &t->result,
                                       .parameters = t->network.parameters};
    return brn__text_model_write(path, &content);
}

static brn_status check_outputs(const brn__text_member *m, const brn__corpus *corpus, const char *path)
{
    if (m->network.outputs != corpus->class_count)
        return brn__fail(BRN_ERROR_INPUT, "%s: %lld classes; expected %lld", path, (long long)m->network.outputs,
                         (long long)corpus->class_count);
    for (int64_t k = 0; k < corpus->class_count; k++)
        if (strcmp(m->outputs[k], corpus->classes[k]) != 0)
            return brn__fail(BRN_ERROR_INPUT, "%s: class %lld is %s; expected %s", path, (long long)k, m->outputs[k],
                             corpus->classes[k]);
    return BRN_OK;
}

brn_status brn_text_learner_load(brn_text_learner *l, const char *path)
{
    brn__text_member *member;
    const brn__text_training *t = l->training;
    BRN__TRY(brn__text_member_open(path, 1, &member));
    brn_status status = check_outputs(member, t->corpus, path);
    if (status == BRN_OK) status = brn__text_settings_alike(member->settings, t->corpus->settings, path);
    if (status == BRN_OK) status = brn__hand_learner_take(&l->hand, member->network.parameters, path);
    brn__text_member_close(member);
    return status;
}
