/* SPDX-License-Identifier: Apache-2.0
 * model.safetensors of the table job, both ways. Files are not trusted: options, preparation and
 * tensors are checked before they are used. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "burnish/version.h"
#include "jobs/model_tensors.h"
#include "jobs/option_fields.h"
#include "jobs/table_folds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FORMAT = 1 };

/* ------------------------------------------------------------------ writing */

static bool put_number(json_t *object, const char *name, double value)
{
    return brn__json_put(object, name, isfinite(value) ? json_real(value) : json_null());
}

static json_t *training_object(const brn_table_result *r)
{
    json_t *object = json_object();
    if (object && brn__json_put(object, "train_count", json_integer(r->train_count)) &&
        brn__json_put(object, "valid_count", json_integer(r->valid_count)) &&
        put_number(object, "valid_loss", r->score.loss) && put_number(object, "accuracy", r->score.accuracy) &&
        put_number(object, "rmse", r->score.rmse) && put_number(object, "mae", r->score.mae) &&
        put_number(object, "exp_rmspe", r->score.exp_rmspe))
        return object;
    json_decref(object);
    return NULL;
}

/* What brn__preparation_write wrote. */
static brn_status prepared_object(const brn__preparation *preparation, json_t **out)
{
    char *text;
    brn__json_error error;
    BRN__TRY(brn__preparation_write(preparation, &text));
    const brn_status status = brn__json_load(text, strlen(text), out, &error);
    brn__free(text);
    return status;
}

static brn_status card_text(const brn_table_train_options *options, const brn__preparation *preparation,
                            const brn_table_result *result, char **out)
{
    json_t *prepared, *root = json_object();
    const brn_status status = prepared_object(preparation, &prepared);
    if (status != BRN_OK) {
        json_decref(root);
        return status;
    }
    bool good = brn__json_put(root, "format", json_integer(FORMAT));
    good = good && brn__json_put(root, "library", json_string(BRN_VERSION));
    good = good && brn__json_put(root, "job", json_string("table"));
    good = good && brn__json_put(root, "options", brn__table_options_write(options));
    good = good && brn__json_put(root, "preparation", json_incref(prepared));
    good = good && brn__json_put(root, "training", training_object(result));
    json_decref(prepared);
    if (!good) json_decref(root), root = NULL;
    return brn__json_dump(root, JSON_COMPACT | JSON_REAL_PRECISION(17), out);
}

brn_status brn__table_model_write(const char *path, const brn_table_train_options *options,
                                  const brn__preparation *preparation,
                                  const brn_table_result *result, const brn_parameters *parameters)
{
    int count = brn_parameters_count(parameters);
    char *json = NULL;
    brn__safetensors_item *items = brn__alloc_zero((size_t)count + 1, sizeof *items);
    brn_status status =
        items ? card_text(options, preparation, result, &json) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) brn__model_tensors_list(parameters, items);
    const brn__safetensors_pair pairs[] = {{"format", "pt"}, {"burnish", json}};
    if (status == BRN_OK) status = brn__safetensors_write(path, items, count, pairs, 2);
    brn__free(json);
    brn__free(items);
    return status;
}

/* ------------------------------------------------------------------ reading */

static brn_status read_preparation(const char *path, brn_table_model *model)
{
    json_t *object = json_object_get(model->card, "preparation");
    if (!json_is_object(object)) return brn__fail(BRN_ERROR_INPUT, "%s: without a preparation", path);
    char *text;
    BRN__TRY(brn__json_dump(json_incref(object), JSON_COMPACT | JSON_REAL_PRECISION(17), &text));
    const brn_status status = brn__preparation_read(text, &model->preparation);
    brn__free(text);
    return status;
}

static brn_status read_card(const char *path, const brn__state *state, brn_table_model *model)
{
    const char *text = brn__state_metadata(state, "burnish");
    brn__json_error error;
    const brn_status status = text ? brn__json_load(text, strlen(text), &model->card, &error) : BRN_OK;
    if (status == BRN_ERROR_NO_MEMORY) return status;
    const char *job = json_string_value(json_object_get(model->card, "job"));
    if (!job || strcmp(job, "table") != 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: no model of a table", path);
    if (json_integer_value(json_object_get(model->card, "format")) != FORMAT)
        return brn__fail(BRN_ERROR_INPUT, "%s: of another format; expected format %d", path,
                         FORMAT);
    BRN__TRY(read_preparation(path, model));
    if (model->preparation->target_kind == BRN__TARGET_NONE)
        return brn__fail(BRN_ERROR_INPUT, "%s: without a target", path);
    return brn__table_options_read(json_object_get(model->card, "options"), &model->arena,
                                   &model->options);
}

static brn_status make_row_reader(brn_table_model *model)
{
    const brn__preparation *p = model->preparation;
    const brn_table_options *source = &model->options.source;
    const brn__field_rules rules = {.point = source->decimal_comma ? ',' : '.',
                                    .date_order = source->date_order,
                                    .missing = source->missing,
                                    .missing_count = source->missing_count};
    BRN__TRY(brn__row_reader_new(p, &rules, &model->reader));
    model->row =
        brn__alloc_array((size_t)(p->category_count + p->number_count), sizeof *model->row);
    model->answer = brn__alloc_array((size_t)model->network.outputs, sizeof *model->answer);
    model->no_target = brn__alloc_zero((size_t)model->network.outputs, sizeof *model->no_target);
    return model->row && model->answer && model->no_target ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status open_model(const char *path, int threads, brn_table_model *model)
{
    brn__state *state;
    BRN__TRY(brn__state_open(path, &state));
    brn_status status = read_card(path, state, model);
    if (status == BRN_OK) {
        model->options.threads = threads;
        status = brn__table_network_new(&model->options, model->preparation, &model->network);
    }
    if (status == BRN_OK) status = brn__model_tensors_load(path, state, model->network.parameters);
    brn__state_close(state);
    return status == BRN_OK ? make_row_reader(model) : status;
}

static brn_status check_alike(const brn_table_model *model, const brn_table_model *other,
                              const char *path)
{
    const brn__preparation *a = model->preparation, *b = other->preparation;
    bool same = a->target_kind == b->target_kind && strcmp(a->target, b->target) == 0 &&
                a->classes.count == b->classes.count && a->target_count == b->target_count;
    for (int64_t k = 0; same && k < a->classes.count; k++)
        same = strcmp(a->classes.values[k], b->classes.values[k]) == 0;
    return same ? BRN_OK : brn__fail(BRN_ERROR_INPUT, "%s: other answers than fold 1 has", path);
}

/* The model of fold 1, with those of the other folds. */
static brn_status open_folds(const char *run, int folds, int threads, brn_table_model **out)
{
    char path[4200];
    brn__table_fold_path(run, 1, "", path);
    BRN__TRY(brn_table_model_open(path, threads, out));
    brn_table_model *model = *out;
    model->members = brn__alloc_zero((size_t)folds, sizeof *model->members);
    brn_status status = model->members ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int fold = 2; status == BRN_OK && fold <= folds; fold++) {
        brn_table_model **member = &model->members[model->member_count];
        brn__table_fold_path(run, fold, "", path);
        status = brn_table_model_open(path, threads, member);
        model->member_count += status == BRN_OK;
        if (status == BRN_OK) status = check_alike(model, *member, path);
    }
    if (status == BRN_OK) return BRN_OK;
    brn_table_model_close(model);
    *out = NULL;
    return status;
}

brn_status brn_table_model_open(const char *run, int threads, brn_table_model **out)
{
    int folds = 0;
    bool is_folder;
    *out = NULL;
    BRN__TRY(brn__test_folder(run, &is_folder));
    if (is_folder) BRN__TRY(brn__table_folds_of(run, &folds));
    if (folds) return open_folds(run, folds, threads, out);
    brn_table_model *model = brn__alloc_zero(1, sizeof *model);
    char *inside =
        is_folder ? brn__path_join(run, "model.safetensors") : brn__strdup(run);
    brn_status status = model && inside ? open_model(inside, threads, model) : BRN_ERROR_NO_MEMORY;
    brn__free(inside);
    if (status == BRN_OK)
        *out = model;
    else
        brn_table_model_close(model);
    return status;
}

void brn_table_model_close(brn_table_model *model)
{
    if (!model) return;
    for (int i = 0; i < model->member_count; i++) brn_table_model_close(model->members[i]);
    brn__free(model->members);
    brn__table_network_free(&model->network);
    brn__row_reader_free(model->reader);
    brn__free(model->row);
    brn__free(model->answer);
    brn__free(model->no_target);
    brn__preparation_free(model->preparation);
    json_decref(model->card);
    brn__arena_free(&model->arena);
    brn__free(model);
}
