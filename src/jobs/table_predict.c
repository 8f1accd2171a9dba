/* SPDX-License-Identifier: Apache-2.0
 * A trained model on tables. */
#include "base/alloc.h"
#include "data/table/dataset.h"
#include "jobs/table_job.h"

#include <stdio.h>
#include <string.h>

struct brn_table_answers {
    int64_t count, width;
    float *values; /* (count, width) */
};

const char *brn_table_model_target(const brn_table_model *model)
{
    return model->preparation->target;
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

brn_status brn__table_model_table(const brn_table_model *model, const char *data, bool with_target,
                                  bool filters, brn_table **out)
{
    const brn__preparation *p = model->preparation;
    brn_table_options source = model->options.source;
    brn_column_choice *types = brn__alloc_array((size_t)p->category_count + 1, sizeof *types);
    if (!types) return BRN_ERROR_NO_MEMORY;
    source.types = types;
    source.type_count = word_columns(p, with_target, types);
    source.threads = model->options.threads;
    brn_status status = brn__table_job_open(data, &source, &model->options, filters, out);
    brn__free(types);
    return status;
}

/* The table as the model needs it. */
static brn_status prepare(const brn_table_model *model, const char *data, bool with_target,
                          brn__prepared *out)
{
    brn_table *table;
    BRN__TRY(brn__table_model_table(model, data, with_target, with_target, &table));
    brn_status status = brn__prepare_apply(model->preparation, table, with_target, out);
    brn_table_close(table);
    return status;
}

brn_status brn_table_evaluate(brn_table_model *model, const char *data, brn_table_score *out)
{
    brn__prepared prepared;
    BRN__TRY(prepare(model, data, true, &prepared));
    brn_status status = brn__table_score_rows(&model->network, model->preparation, &prepared, NULL,
                                              prepared.rows, out);
    brn__prepared_free(&prepared);
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
    *out = model->answer;
    return BRN_OK;
}

static brn_status answer(brn_table_model *model, const brn__prepared *prepared,
                         brn_table_answers *answers)
{
    answers->count = prepared->rows;
    answers->width = model->network.outputs;
    answers->values =
        brn__alloc_array((size_t)(answers->count * answers->width), sizeof *answers->values);
    if (!answers->values) return BRN_ERROR_NO_MEMORY;
    if (answers->count == 0) return BRN_OK;
    brn__dataset *dataset;
    BRN__TRY(brn__table_dataset_new(prepared, &dataset));
    brn_status status =
        brn__table_outputs(&model->network, dataset, NULL, answers->count, answers->values);
    brn__dataset_free(dataset);
    if (status == BRN_OK)
        brn__table_finish_answers(model->preparation, answers->count, answers->width,
                                  answers->values);
    return status;
}

brn_status brn_table_predict(brn_table_model *model, const char *data, brn_table_answers **out)
{
    *out = NULL;
    brn__prepared prepared;
    BRN__TRY(prepare(model, data, false, &prepared));
    brn_table_answers *answers = brn__alloc_zero(1, sizeof *answers);
    brn_status status = answers ? answer(model, &prepared, answers) : BRN_ERROR_NO_MEMORY;
    brn__prepared_free(&prepared);
    if (status == BRN_OK)
        *out = answers;
    else
        brn_table_answers_free(answers);
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
