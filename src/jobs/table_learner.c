/* SPDX-License-Identifier: Apache-2.0
 * The table learner: the training of a table (table_train.c), with its fits made by hand. */
#include "burnish/table_learner.h"
#include "base/alloc.h"
#include "jobs/hand_learner.h"
#include "jobs/table_training.h"
#include "train/log_answers.h"

#include <math.h>
#include <string.h>

struct brn_table_learner {
    brn__table_training *training;
    brn__arena arena; /* of the options' lists */
    json_t *options;  /* of their texts */
    brn__hand_learner hand;
    brn__callback measure;
    brn_table_score score; /* of the last validation */
};

/* ------------------------------------------------------------------ making */

static brn__action measure(void *state, brn__fit *fit)
{
    brn_table_learner *l = state;
    const brn__table_training *t = l->training;
    brn_metric metrics[BRN__TABLE_METRICS];
    if (l->hand.kept != t->result.valid_count) return BRN__GO_ON;
    brn__table_score_outputs(&t->network, t->preparation, &t->prepared, t->rows + t->result.train_count,
                             t->result.valid_count, l->hand.outputs, &l->score);
    l->score.loss = (double)NAN; /* the epoch has it */
    const int count = brn__table_metrics(&l->score, metrics);
    for (int i = 0; i < count; i++) brn__fit_set_metric(fit, metrics[i].name, metrics[i].value);
    return BRN__GO_ON;
}

static brn_status save(void *context, const char *path) { return brn_table_learner_save(context, path); }

/* A copy that outlives the caller's. */
static brn_status keep_options(brn_table_learner *l, const brn_table_train_options *given,
                               brn_table_train_options *out)
{
    brn_table_train_options settled = *given;
    BRN__TRY(brn__table_options_settle(&settled));
    l->options = brn__table_options_write(&settled);
    if (!l->options) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory to keep the options");
    return brn__table_options_read(l->options, &l->arena, out);
}

static brn_status make(brn_table_learner *l, const brn_table_train_options *given)
{
    brn_table_train_options options;
    brn__table_training *t = l->training;
    if (given->folds && !given->fold)
        return brn__fail(BRN_ERROR_USAGE, "folds: a learner trains one of them; expected its number");
    BRN__TRY(keep_options(l, given, &options));
    BRN__TRY(brn__table_training_prepare(t, &options));
    BRN__TRY(brn__table_training_loader(t, true, &t->train));
    if (t->result.valid_count) BRN__TRY(brn__table_training_loader(t, false, &t->valid));
    brn__hand_learner *hand = &l->hand;
    brn__hand_learner_init(hand, t->network.learner, &t->network.ends, t->options.threads);
    brn__progress_init(&hand->progress, given->on_event, given->context);
    hand->train = t->train;
    hand->valid = t->valid;
    hand->save = save;
    hand->context = l;
    hand->keeps = true;
    l->measure = (brn__callback){
        .name = "score", .order = BRN__ORDER_METRICS, .on = {[BRN__AFTER_VALIDATE] = measure}, .state = l};
    hand->measures[hand->measure_count++] = &l->measure;
    return BRN_OK;
}

brn_status brn_table_learner_new(const brn_table_train_options *options, brn_table_learner **out)
{
    *out = NULL;
    brn_table_learner *l = brn__alloc_zero(1, sizeof *l);
    if (!l) return BRN_ERROR_NO_MEMORY;
    l->training = brn__table_training_new(options->on_event, options->context);
    const brn_status status = l->training ? make(l, options) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK)
        *out = l;
    else
        brn_table_learner_free(l);
    return status;
}

void brn_table_learner_free(brn_table_learner *l)
{
    if (!l) return;
    brn__hand_learner_deinit(&l->hand);
    brn__table_training_free(l->training);
    json_decref(l->options);
    brn__arena_free(&l->arena);
    brn__free(l);
}

/* ------------------------------------------------------------------ what it has */

int64_t brn_table_learner_count(const brn_table_learner *l, bool valid)
{
    return valid ? l->training->result.valid_count : l->training->result.train_count;
}

int64_t brn_table_learner_outputs(const brn_table_learner *l) { return l->training->network.outputs; }

int64_t brn_table_learner_class_count(const brn_table_learner *l) { return l->training->preparation->classes.count; }

const char *brn_table_learner_class(const brn_table_learner *l, int64_t index)
{
    const brn__category_column *classes = &l->training->preparation->classes;
    return index >= 0 && index < classes->count ? classes->values[index] : NULL;
}

int brn_table_learner_groups(const brn_table_learner *l) { return l->hand.groups; }

brn_parameters *brn_table_learner_parameters(brn_table_learner *l) { return l->training->network.parameters; }

/* ------------------------------------------------------------------ training */

brn_status brn_table_learner_freeze_to(brn_table_learner *l, int first)
{
    return brn__hand_learner_freeze_to(&l->hand, first);
}

bool brn_table_learner_learns(const brn_table_learner *l, int group)
{
    return brn__hand_learner_learns(&l->hand, group);
}

/* The network of a learner that is not lazy gives gradients to all rows of some embeddings. */
static brn_status check_lazy(const brn_table_learner *l, const brn_hand_fit *fit)
{
    if (!fit->optimizer.lazy || l->training->options.lazy) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "fit: a lazy optimizer; expected a learner that was made with `lazy`");
}

brn_status brn_table_learner_fit(brn_table_learner *l, const brn_hand_fit *fit)
{
    BRN__TRY(check_lazy(l, fit));
    return brn__hand_learner_fit(&l->hand, fit);
}

brn_status brn_table_learner_lr_find(brn_table_learner *l, const brn_hand_fit *fit,
                                     const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    *out = (brn_lr_curve){0};
    BRN__TRY(check_lazy(l, fit));
    return brn__hand_learner_lr_find(&l->hand, fit, finder, out);
}

const float *brn_table_learner_validated(const brn_table_learner *l, int64_t *count, int64_t *width)
{
    return brn__hand_learner_outputs(&l->hand, count, width);
}

brn_status brn_table_learner_validate(brn_table_learner *l, brn_table_score *out)
{
    brn__table_training *t = l->training;
    return brn__table_score_rows(&t->network, t->preparation, &t->prepared, t->rows + t->result.train_count,
                                 t->result.valid_count, out);
}

/* ------------------------------------------------------------------ answers */

/* Outputs of the rows that validate. */
static brn_status answer_valid(brn__table_training *t, brn_table_answers *out)
{
    out->count = t->result.valid_count;
    out->values = brn__alloc_array((size_t)(out->count * out->width) + 1, sizeof *out->values);
    if (!out->values) return BRN_ERROR_NO_MEMORY;
    if (!out->count) return BRN_OK;
    return brn__table_outputs(&t->network, t->dataset, t->rows + t->result.train_count, out->count, out->values);
}

static brn_status answer_table(brn__table_training *t, const char *data, brn_table_answers *out)
{
    brn_table *table;
    brn__prepared prepared = {0};
    brn_table_train_options opened = t->options;
    opened.joins = t->joins; /* with their passwords */
    BRN__TRY(brn__table_alike(t->preparation, &opened, data, false, false, &table));
    out->count = table->row_count;
    const brn_status status =
        brn__table_outputs_of(&t->network, t->preparation, table, false, &prepared, &out->values);
    brn__prepared_free(&prepared);
    brn_table_close(table);
    return status;
}

static void finish_answers(const brn__preparation *p, brn_answer_form form, brn_table_answers *a)
{
    const bool classes = p->target_kind == BRN__TARGET_CLASS;
    if (form == BRN_ANSWER_OUTPUTS) return;
    if (form == BRN_ANSWER_LOG_PROBABILITIES && (classes || p->target_truths))
        brn__log_answers(classes, a->count, a->width, a->values);
    else
        brn__table_finish_answers(p, a->count, a->width, a->values);
}

brn_status brn_table_learner_answer(brn_table_learner *l, const char *data, brn_answer_form form,
                                    brn_table_answers **out)
{
    brn__table_training *t = l->training;
    *out = NULL;
    brn_table_answers *answers = brn__alloc_zero(1, sizeof *answers);
    if (!answers) return BRN_ERROR_NO_MEMORY;
    answers->width = t->network.outputs;
    const brn_status status = data ? answer_table(t, data, answers) : answer_valid(t, answers);
    if (status == BRN_OK) {
        finish_answers(t->preparation, form, answers);
        *out = answers;
    } else
        brn_table_answers_free(answers);
    return status;
}

/* ------------------------------------------------------------------ files */

brn_status brn_table_learner_save(brn_table_learner *l, const char *path)
{
    const brn__table_training *t = l->training;
    return brn__table_model_write(path, &t->options, t->preparation, &t->result, t->network.parameters);
}

/* Columns, categories, fills and scales must be the same: codes mean the same then. */
static brn_status check_prepared(const brn__preparation *a, const brn__preparation *b, const char *path)
{
    char *one = NULL, *other = NULL;
    brn_status status = brn__preparation_write(a, &one);
    if (status == BRN_OK) status = brn__preparation_write(b, &other);
    if (status == BRN_OK && strcmp(one, other) != 0)
        status = brn__fail(BRN_ERROR_INPUT, "%s: its table was prepared otherwise; expected the same training rows",
                           path);
    brn__free(one);
    brn__free(other);
    return status;
}

brn_status brn_table_learner_load(brn_table_learner *l, const char *path)
{
    brn_table_model *model;
    BRN__TRY(brn_table_model_open(path, 1, &model));
    brn_status status = check_prepared(model->preparation, l->training->preparation, path);
    if (status == BRN_OK) status = brn__hand_learner_take(&l->hand, model->network.parameters, path);
    brn_table_model_close(model);
    return status;
}
