/* SPDX-License-Identifier: Apache-2.0
 * A trained model on tables. */
#include "base/alloc.h"
#include "data/table/dataset.h"
#include "jobs/table_job.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *brn_table_model_target(const brn_table_model *model)
{
    return model->preparation->target;
}

int64_t brn_table_model_target_count(const brn_table_model *model)
{
    return model->preparation->target_count ? model->preparation->target_count : 1;
}

const char *brn_table_model_target_name(const brn_table_model *model, int64_t index)
{
    const brn__preparation *p = model->preparation;
    if (index < 0 || index >= brn_table_model_target_count(model)) return NULL;
    return p->target_count ? p->targets[index].name : p->target;
}

bool brn_table_model_has_truths(const brn_table_model *model)
{
    return model->preparation->target_truths;
}

int64_t brn_table_model_class_count(const brn_table_model *model)
{
    return model->preparation->classes.count;
}

const char *brn_table_model_class(const brn_table_model *model, int64_t index)
{
    const brn__category_column *classes = &model->preparation->classes;
    return index >= 0 && index < classes->count ? classes->values[index] : NULL;
}

int64_t brn_table_model_embedding_count(const brn_table_model *model)
{
    return model->preparation->category_count;
}

brn_table_embedding brn_table_model_embedding(const brn_table_model *model, int64_t index)
{
    char name[64];
    snprintf(name, sizeof name, "embeds.%lld.weight", (long long)index);
    int place = brn_parameters_find(model->network.parameters, name);
    brn_parameter_info info = brn_parameters_info(model->network.parameters, place);
    const float *values = brn_parameters_values(model->network.parameters);
    return (brn_table_embedding){.column = model->preparation->categories[index].name,
                                 .count = info.shape.dims[0],
                                 .width = info.shape.dims[1],
                                 .vectors = values + info.offset};
}

const char *brn_table_model_embedding_value(const brn_table_model *model, int64_t index,
                                            int64_t value)
{
    return value == 0 ? "#na#" : model->preparation->categories[index].values[value - 1];
}

/* Columns that were words in training are words here, whatever they look like. */
static int64_t word_columns(const brn__preparation *p, bool with_target, brn_column_choice *out)
{
    int64_t count = 0;
    for (int64_t i = 0; i < p->category_count; i++)
        if (p->categories[i].type == BRN_COLUMN_TEXT)
            out[count++] = (brn_column_choice){p->categories[i].name, BRN_COLUMN_TEXT};
    if (with_target && p->target_kind == BRN__TARGET_CLASS && p->classes.type == BRN_COLUMN_TEXT)
        out[count++] = (brn_column_choice){p->target, BRN_COLUMN_TEXT};
    return count;
}

brn_status brn__table_alike(const brn__preparation *p, const brn_table_train_options *options, const char *data,
                            bool with_target, bool filters, brn_table **out)
{
    brn_table_options source = options->source;
    brn_column_choice *types = brn__alloc_array((size_t)p->category_count + 1, sizeof *types);
    if (!types) return BRN_ERROR_NO_MEMORY;
    source.types = types;
    source.type_count = word_columns(p, with_target, types);
    source.threads = options->threads;
    brn__events *events = p->events;
    brn_status status = brn__table_job_open(data, &source, options, filters, &events, out);
    brn__free(types);
    return status;
}

brn_status brn__table_model_table(const brn_table_model *model, const char *data, bool with_target,
                                  bool filters, brn_table **out)
{
    return brn__table_alike(model->preparation, &model->options, data, with_target, filters, out);
}

brn_status brn__table_outputs_of(brn__table_network *network, const brn__preparation *preparation, brn_table *table,
                                 bool with_target, brn__prepared *prepared, float **out)
{
    brn__dataset *dataset;
    *out = NULL;
    BRN__TRY(brn__prepare_apply(preparation, table, with_target, prepared));
    size_t count = (size_t)(prepared->rows * network->outputs);
    float *outputs = brn__alloc_array(count, sizeof *outputs);
    if (!outputs) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__table_dataset_new(prepared, &dataset);
    if (status == BRN_OK) {
        if (prepared->rows)
            status = brn__table_outputs(network, dataset, NULL, prepared->rows, outputs);
        brn__dataset_free(dataset);
    }
    if (status == BRN_OK)
        *out = outputs;
    else
        brn__free(outputs);
    return status;
}

/* Takes the answers of member `number` (from 0) into the mean. */
static void add_to_mean(int number, int64_t count, const float *answers, float *mean)
{
    const double share = 1 / (double)(number + 1);
    for (int64_t k = 0; k < count; k++)
        mean[k] = (float)(mean[k] + share * ((double)answers[k] - (double)mean[k]));
}

/* Finished answers to all rows, the mean of all members; owned by the caller. */
static brn_status answer_rows(brn_table_model *model, brn_table *table, float **out)
{
    brn__prepared prepared = {0};
    int64_t width = model->network.outputs, values = table->row_count * width;
    brn_status status = brn__table_outputs_of(&model->network, model->preparation, table, false, &prepared, out);
    brn__prepared_free(&prepared);
    BRN__TRY(status);
    brn__table_finish_answers(model->preparation, table->row_count, width, *out);
    for (int i = 0; status == BRN_OK && i < model->member_count; i++) {
        float *answers;
        status = answer_rows(model->members[i], table, &answers);
        if (status != BRN_OK) break;
        add_to_mean(i + 1, values, answers, *out);
        brn__free(answers);
    }
    if (status == BRN_OK) return BRN_OK;
    brn__free(*out);
    *out = NULL;
    return status;
}

/* What a network would have put out to be answered so. */
static void undo_answers(const brn__preparation *p, int64_t count, float *values)
{
    const double low = 1e-45;
    for (int64_t i = 0; p->target_count && i < count; i++) {
        const brn__target_column *target = &p->targets[i % p->target_count];
        double value = (double)values[i];
        if (p->target_truths)
            value = log(fmax(value, low) / fmax(1 - value, low));
        else
            value = ((p->target_log ? log(fmax(value, low)) : value) - target->mean) /
                    target->deviation;
        values[i] = (float)value;
    }
    if (p->target_count) return;
    bool logarithm = p->target_kind == BRN__TARGET_CLASS || p->target_log;
    for (int64_t i = 0; logarithm && i < count; i++)
        values[i] = (float)log(fmax((double)values[i], low));
}

static brn_status evaluate(brn_table_model *model, brn_table *table, brn_table_score *out)
{
    brn__prepared prepared = {0};
    float *outputs = NULL, *mean = NULL;
    int64_t width = model->network.outputs;
    brn_status status = brn__table_outputs_of(&model->network, model->preparation, table, true, &prepared, &outputs);
    if (status == BRN_OK && model->member_count) {
        status = answer_rows(model, table, &mean);
        if (status == BRN_OK) undo_answers(model->preparation, prepared.rows * width, mean);
    }
    if (status == BRN_OK)
        brn__table_score_outputs(&model->network, model->preparation, &prepared, NULL,
                                 prepared.rows, mean ? mean : outputs, out);
    brn__free(outputs);
    brn__free(mean);
    brn__prepared_free(&prepared);
    return status;
}

brn_status brn_table_evaluate(brn_table_model *model, const char *data, brn_table_score *out)
{
    brn_table *table;
    BRN__TRY(brn__table_model_table(model, data, true, true, &table));
    brn_status status = evaluate(model, table, out);
    brn_table_close(table);
    return status;
}

int64_t brn_table_model_column_count(const brn_table_model *model)
{
    return brn__row_reader_count(model->reader);
}

const char *brn_table_model_column(const brn_table_model *model, int64_t index)
{
    return brn__row_reader_column(model->reader, index);
}

/* A member's answer to values in the order of the first one's columns. */
static brn_status answer_alike(const brn_table_model *model, brn_table_model *member,
                               const char *const *values, const float **out)
{
    for (int64_t i = 0; i < brn_table_model_column_count(member); i++) {
        const char *first = brn_table_model_column(model, i);
        if (!first || strcmp(first, brn_table_model_column(member, i)) != 0)
            return brn__fail(BRN_ERROR_UNSUPPORTED,
                             "the models of the folds look at other columns; predict whole tables");
    }
    return brn_table_predict_row(member, values, out);
}

brn_status brn_table_predict_row(brn_table_model *model, const char *const *values,
                                 const float **out)
{
    brn__table_network *network = &model->network;
    brn_plan *plan;
    BRN__TRY(brn__row_reader_read(model->reader, values, model->row));
    BRN__TRY(
        brn__network_plan(brn__learner_runner(network->learner), &network->ends, NULL, 1, &plan));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(network->ends.input), model->row));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(network->ends.target), model->no_target));
    BRN__TRY(brn_plan_run(plan, &(brn_run){.seed = 0}));
    memcpy(model->answer, brn_plan_output(plan, 0), (size_t)network->outputs * sizeof(float));
    brn__table_finish_answers(model->preparation, 1, network->outputs, model->answer);
    for (int i = 0; i < model->member_count; i++) {
        const float *answer;
        BRN__TRY(answer_alike(model, model->members[i], values, &answer));
        add_to_mean(i + 1, network->outputs, answer, model->answer);
    }
    *out = model->answer;
    return BRN_OK;
}

brn_status brn_table_predict(brn_table_model *model, const char *data, brn_table_answers **out)
{
    *out = NULL;
    brn_table *table;
    BRN__TRY(brn__table_model_table(model, data, false, false, &table));
    brn_table_answers *answers = brn__alloc_zero(1, sizeof *answers);
    brn_status status = answers ? answer_rows(model, table, &answers->values) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        answers->count = table->row_count;
        answers->width = model->network.outputs;
        *out = answers;
    } else
        brn_table_answers_free(answers);
    brn_table_close(table);
    return status;
}

void brn_table_answers_free(brn_table_answers *answers)
{
    if (!answers) return;
    brn__free(answers->values);
    brn__free(answers);
}

int64_t brn_table_answers_count(const brn_table_answers *answers)
{
    return answers->count;
}

const float *brn_table_answers_values(const brn_table_answers *answers, int64_t row)
{
    return answers->values + row * answers->width;
}
