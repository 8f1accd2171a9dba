/* SPDX-License-Identifier: Apache-2.0
 * Pictures that a run answers at its end without knowing what they show. */
#include "jobs/image_test.h"
#include "base/alloc.h"
#include "base/status.h"
#include "burnish/predictions.h"

#include <stdio.h>

static brn_status ask(brn_image_model *model, const brn_image_options *o, const brn_image_data *data,
                      const int64_t *items, int64_t count, brn__progress *progress, brn__image_answers *out)
{
    brn__dataset *dataset;
    BRN__TRY(brn__image_dataset_new(data, &model->transform, &dataset));
    const brn__image_ask question = {.dataset = dataset,
                                     .items = items,
                                     .count = count,
                                     .batch_size = o->batch_size,
                                     .loaders = o->loaders,
                                     .tta = o->tta,
                                     .tta_beta = o->tta_beta,
                                     .seed = o->seed,
                                     .progress = progress};
    brn_status status = brn__image_model_ask(model, &question, out);
    brn__dataset_free(dataset);
    return status;
}

static brn_status write(const char *run, brn_image_model *model, const char *root, const brn_image_data *data,
                        const int64_t *items, const brn__image_answers *answers)
{
    char path[4200];
    const char **names = brn__alloc_array((size_t)answers->count, sizeof *names);
    if (!names) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < answers->count; i++)
        names[i] = brn__image_name(root, brn_image_data_path(data, items[i]));
    const brn_image_predictions all = {model, names, answers->count, answers->probabilities, answers->seen};
    snprintf(path, sizeof path, "%s/test.csv", run);
    brn_status status = brn_image_predictions_csv(&all, false, path);
    brn__free(names);
    return status;
}

brn_status brn__image_test_write(const char *run, const brn_image_options *o, const brn_image_data *data,
                                 brn__progress *progress)
{
    const int64_t count = brn_image_data_split_count(data, BRN_SPLIT_TEST);
    if (count == 0) return BRN_OK;
    char *root = NULL;
    brn_image_model *model = NULL;
    brn__image_answers answers = {0};
    int64_t *items = brn__image_item_numbers(brn_image_data_split_start(data, BRN_SPLIT_TEST), count);
    progress->stage = "test";
    brn_status status = items ? brn__image_root(o, &root) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = brn_image_model_open(run, o->threads, &model);
    if (status == BRN_OK) status = ask(model, o, data, items, count, progress, &answers);
    if (status == BRN_OK) status = write(run, model, root, data, items, &answers);
    brn__image_answers_free(&answers);
    brn_image_model_close(model);
    brn__free(items);
    brn__free(root);
    return status;
}
