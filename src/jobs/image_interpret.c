/* SPDX-License-Identifier: Apache-2.0
 * A model's answers about a folder, picture by picture. */
#include "jobs/image_interpret.h"
#include "base/alloc.h"
#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LEAST_PROBABILITY = 1e-30;

brn_image_interpret_options brn_image_interpret_defaults(void)
{
    return (brn_image_interpret_options){.batch_size = 32, .min_count = 2};
}

static int64_t find_class(const brn_image_model *model, const char *name)
{
    for (int64_t k = 0; k < model->class_count; k++)
        if (strcmp(model->classes[k], name) == 0) return k;
    return -1;
}

brn_status brn__image_class_map(const brn_image_model *model, const brn_image_data *data,
                                int64_t **out)
{
    const int64_t classes = brn_image_data_class_count(data);
    int64_t *map = brn__alloc_array((size_t)classes, sizeof *map);
    *out = NULL;
    if (!map) return BRN_ERROR_NO_MEMORY;
    for (int64_t k = 0; k < classes; k++) {
        const char *name = brn_image_data_class_name(data, k);
        map[k] = find_class(model, name);
        if (map[k] >= 0) continue;
        brn__free(map);
        return brn__fail(BRN_ERROR_INPUT,
                         "the class folder \"%s\" is none of the model's %lld classes (\"%s\", ...)",
                         name, (long long)model->class_count, model->classes[0]);
    }
    *out = map;
    return BRN_OK;
}

/* ------------------------------------------------------------------ what was answered */

static int by_loss(const void *a, const void *b)
{
    const brn_image_judged *x = a, *y = b;
    if (x->loss != y->loss) return x->loss > y->loss ? -1 : 1;
    return x->item < y->item ? -1 : 1;
}

static brn_status judge(const brn_image_data *data, const int64_t *map, int64_t first,
                        const brn__image_answers *answers, brn_image_interpretation *out)
{
    out->pictures = brn__alloc_zero((size_t)answers->count, sizeof *out->pictures);
    out->confusion = brn__alloc_zero((size_t)(out->classes * out->classes), sizeof *out->confusion);
    if (!out->pictures || !out->confusion) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < answers->count; i++) {
        if (!answers->seen[i]) continue;
        const float *p = answers->probabilities + i * out->classes;
        brn_image_judged *picture = &out->pictures[out->count++];
        picture->path = brn_image_data_path(data, first + i);
        picture->item = first + i;
        picture->label = map[brn_image_data_label(data, first + i)];
        picture->answer = brn_image_best(p, out->classes);
        picture->probability = (double)p[picture->answer];
        picture->label_probability = (double)p[picture->label];
        picture->loss = log(1 / fmax(picture->label_probability, LEAST_PROBABILITY));
        picture->trained = brn_image_data_split(data, first + i) == BRN_SPLIT_TRAIN;
        out->confusion[picture->label * out->classes + picture->answer]++;
    }
    qsort(out->pictures, (size_t)out->count, sizeof *out->pictures, by_loss);
    return BRN_OK;
}

static brn_status score(const brn_image_data *data, const int64_t *map, int64_t first,
                        const brn__image_answers *answers, brn_image_interpretation *out)
{
    int64_t *labels = brn__alloc_array((size_t)answers->count, sizeof *labels);
    if (!labels) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < answers->count; i++)
        labels[i] = map[brn_image_data_label(data, first + i)];
    const brn__image_score s = brn__image_score_of(answers->probabilities, answers->seen, labels,
                                                   answers->count, answers->classes);
    brn__free(labels);
    out->accuracy = s.accuracy;
    out->error_rate = s.error_rate;
    out->top5 = s.top5;
    out->valid_loss = s.loss;
    return BRN_OK;
}

static int by_count(const void *a, const void *b)
{
    const brn_image_confused *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    if (x->label != y->label) return x->label < y->label ? -1 : 1;
    return x->answer < y->answer ? -1 : 1;
}

static brn_status find_pairs(brn_image_interpretation *out, int64_t min_count)
{
    const int64_t classes = out->classes;
    int64_t pairs = 0;
    for (int64_t i = 0; i < classes * classes; i++) pairs += out->confusion[i] >= min_count;
    out->pairs = brn__alloc_zero((size_t)pairs + 1, sizeof *out->pairs);
    if (!out->pairs) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < classes * classes; i++)
        if (out->confusion[i] >= min_count && i / classes != i % classes)
            out->pairs[out->pair_count++] =
                (brn_image_confused){i / classes, i % classes, out->confusion[i]};
    qsort(out->pairs, (size_t)out->pair_count, sizeof *out->pairs, by_count);
    return BRN_OK;
}

/* Asks each bad file again for its reason. */
static brn_status find_reasons(brn_image_model *model, const brn_image_data *data, int64_t first,
                               const brn__image_answers *answers, brn_image_interpretation *out)
{
    out->bad = brn__alloc_zero((size_t)answers->bad_count + 1, sizeof *out->bad);
    if (!out->bad) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < answers->count && out->bad_count < answers->bad_count; i++) {
        if (answers->seen[i]) continue;
        const char *path = brn_image_data_path(data, first + i);
        brn_status status =
            brn__image_transform_read(&model->transform, path, false, NULL, model->input);
        if (status == BRN_ERROR_NO_MEMORY) return status;
        char *reason = brn__strdup(status == BRN_OK ? "can be read by now" : brn_error_message());
        if (!reason) return BRN_ERROR_NO_MEMORY;
        out->bad[out->bad_count++] = (brn_image_bad_file){path, reason};
    }
    return BRN_OK;
}

static brn_status keep_names(const brn_image_model *model, brn_image_interpretation *out)
{
    char **names = brn__alloc_zero((size_t)model->class_count, sizeof *names);
    out->classes = model->class_count;
    out->class_names = (const char *const *)names;
    for (int64_t k = 0; names && k < out->classes; k++) {
        names[k] = brn__strdup(model->classes[k]);
        if (!names[k]) return BRN_ERROR_NO_MEMORY;
    }
    return names ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* ------------------------------------------------------------------ all of it */

static brn_status use_answers(brn_image_model *model, const brn_image_data *data, const int64_t *map,
                              int64_t first, const brn__image_answers *answers, int64_t min_count,
                              brn_image_interpretation *out)
{
    BRN__TRY(keep_names(model, out));
    BRN__TRY(judge(data, map, first, answers, out));
    BRN__TRY(score(data, map, first, answers, out));
    BRN__TRY(find_pairs(out, min_count > 1 ? min_count : 1));
    BRN__TRY(brn__image_find_suspects(out, answers->probabilities, first));
    return find_reasons(model, data, first, answers, out);
}

static brn_status ask(brn_image_model *model, const brn__dataset *dataset, int64_t first, int64_t count,
                      const brn_image_interpret_options *o, brn__progress *progress,
                      brn__image_answers *answers)
{
    int64_t *items = brn__image_item_numbers(first, count);
    if (!items) return BRN_ERROR_NO_MEMORY;
    const brn__image_ask question = {.dataset = dataset,
                                     .items = items,
                                     .count = count,
                                     .batch_size = o->batch_size,
                                     .loaders = brn__image_loaders(-1),
                                     .tta = o->tta,
                                     .tta_beta = o->tta_beta,
                                     .seed = model->seed,
                                     .progress = progress};
    brn_status status = brn__image_model_ask(model, &question, answers);
    brn__free(items);
    return status;
}

brn_status brn__image_interpret_data(brn_image_model *model, const brn_image_data *data,
                                     const brn_image_interpret_options *o, brn__progress *progress,
                                     brn_image_interpretation *out)
{
    *out = (brn_image_interpretation){.valid_loss = NAN, .accuracy = NAN};
    if (model->network.kind != BRN_TARGET_LABEL || brn_image_data_target_kind(data) != BRN_TARGET_LABEL)
        return brn__fail(BRN_ERROR_UNSUPPORTED,
                         "mistakes are shown of models with one label a picture, on such pictures; %s has "
                         "tags or numbers: evaluate measures it",
                         model->network.kind != BRN_TARGET_LABEL ? "this model" : "this list");
    const int64_t first = o->whole ? 0 : brn_image_data_split_start(data, BRN_SPLIT_VALID);
    const int64_t count = o->whole ? brn_image_data_count(data)
                                   : brn_image_data_split_count(data, BRN_SPLIT_VALID);
    if (count == 0) return brn__fail(BRN_ERROR_INPUT, "there are no pictures to validate on");
    int64_t *map = NULL;
    brn__dataset *dataset = NULL;
    brn__image_answers answers = {0};
    brn_status status = brn__image_class_map(model, data, &map);
    if (status == BRN_OK) status = brn__image_dataset_new(data, &model->transform, &dataset);
    if (status == BRN_OK) status = ask(model, dataset, first, count, o, progress, &answers);
    if (status == BRN_OK)
        status = use_answers(model, data, map, first, &answers, o->min_count, out);
    brn__image_answers_free(&answers);
    brn__dataset_free(dataset);
    brn__free(map);
    if (status != BRN_OK) brn_image_interpretation_free(out);
    return status;
}

brn_status brn_image_interpret(brn_image_model *model, const char *data,
                               const brn_image_interpret_options *options,
                               brn_image_interpretation *out)
{
    *out = (brn_image_interpretation){0};
    if (options->batch_size < 1 || options->batch_size > BRN__IMAGE_BATCH_MAX || options->tta < 0 ||
        options->tta > 1000)
        return brn__fail(BRN_ERROR_USAGE, "interpret: batch size %d, tta %d; expected 1 to %d, 0 to 1000",
                         options->batch_size, options->tta, BRN__IMAGE_BATCH_MAX);
    const brn_image_data_options split = {.valid = model->valid_share, .seed = model->seed};
    brn_image_data *opened;
    brn__progress progress;
    BRN__TRY(brn_image_data_open(data, &split, &opened));
    brn__progress_init(&progress, options->on_event, options->context);
    progress.stage = "interpret";
    brn_status status = brn__image_interpret_data(model, opened, options, &progress, out);
    if (status == BRN_OK) out->data = opened;
    else brn_image_data_close(opened);
    return status;
}

void brn_image_interpretation_free(brn_image_interpretation *found)
{
    for (int64_t k = 0; found->class_names && k < found->classes; k++)
        brn__free((void *)found->class_names[k]);
    for (int64_t i = 0; i < found->bad_count; i++) brn__free((void *)found->bad[i].reason);
    brn__free((void *)found->class_names);
    brn__free(found->bad);
    brn__free(found->pictures);
    brn__free(found->pairs);
    brn__free(found->suspects);
    brn__free(found->confusion);
    brn_image_data_close(found->data);
    *found = (brn_image_interpretation){0};
}
