/* SPDX-License-Identifier: Apache-2.0
 * model.safetensors of the language-model job, both ways. Files are not trusted: options, vocabulary and
 * tensors are checked before they are used. */
#include "base/alloc.h"
#include "base/json.h"
#include "burnish/version.h"
#include "jobs/lm_job.h"
#include "jobs/model_tensors.h"
#include "jobs/run_folder.h"
#include "tensor/tensor.h"

#include <math.h>
#include <string.h>

enum { FORMAT = 1 };

/* ------------------------------------------------------------------ writing */

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *training_object(const brn_lm_result *r)
{
    return json_pack("{s:I, s:I, s:o, s:o, s:o}", "train_tokens", (json_int_t)r->train_tokens, "valid_tokens",
                     (json_int_t)r->valid_tokens, "valid_loss", number_or_null(r->valid_loss), "perplexity",
                     number_or_null(r->perplexity), "accuracy", number_or_null(r->accuracy));
}

static brn_status card_text(const brn_lm_options *options, const brn__text_settings *settings,
                            const brn_lm_result *result, char **out)
{
    char *text;
    json_t *vocabulary = NULL;
    brn__json_error error;
    BRN__TRY(brn__text_settings_write(settings, &text));
    brn_status status = brn__json_load(text, strlen(text), &vocabulary, &error);
    brn__free(text);
    BRN__TRY(status);
    return brn__json_dump(json_pack("{s:i, s:s, s:s, s:o, s:o, s:o}", "format", FORMAT, "library", BRN_VERSION, "job", "lm",
                                    "options", brn__lm_options_write(options), "text", vocabulary, "training",
                                    training_object(result)),
                          JSON_COMPACT | JSON_REAL_PRECISION(17), out);
}

brn_status brn__lm_model_write(const char *path, const brn_lm_options *options, const brn__text_settings *settings,
                               const brn_lm_result *result, const brn_parameters *parameters)
{
    int all = brn_parameters_count(parameters), count = 0;
    char *json = NULL;
    brn__safetensors_item *items = brn__alloc_zero((size_t)all + 1, sizeof *items);
    brn_status status = items ? card_text(options, settings, result, &json) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) brn__model_tensors_list(parameters, items);
    for (int i = 0; status == BRN_OK && i < all; i++)
        if (!brn__is_carried(items[i].name)) items[count++] = items[i];
    const brn__safetensors_pair pairs[] = {{"format", "pt"}, {"burnish", json}};
    if (status == BRN_OK) status = brn__safetensors_write(path, items, count, pairs, 2);
    brn__free(json);
    brn__free(items);
    return status;
}

/* ------------------------------------------------------------------ reading */

static brn_status read_settings(brn__lm_card *card)
{
    char *text;
    json_t *settings = json_object_get(card->json, "text");
    if (!json_is_object(settings)) return brn__fail(BRN_ERROR_INPUT, "%s: without a vocabulary", card->path);
    BRN__TRY(brn__json_dump(json_incref(settings), JSON_COMPACT, &text));
    brn_status status = brn__text_settings_read(text, &card->settings);
    brn__free(text);
    return status == BRN_OK ? BRN_OK : brn__fail_within(status, "%s", card->path);
}

static brn_status read_card(brn__lm_card *card)
{
    brn__json_error error;
    const char *text = brn__state_metadata(card->state, "burnish");
    brn_status status = text ? brn__json_load(text, strlen(text), &card->json, &error) : BRN_ERROR_INPUT;
    if (status == BRN_ERROR_NO_MEMORY) return status;
    const char *job = json_string_value(json_object_get(card->json, "job"));
    if (!job || strcmp(job, "lm") != 0) return brn__fail(BRN_ERROR_INPUT, "%s: no language model", card->path);
    if (json_integer_value(json_object_get(card->json, "format")) != FORMAT)
        return brn__fail(BRN_ERROR_INPUT, "%s: of another format; expected format %d", card->path, FORMAT);
    BRN__TRY(read_settings(card));
    return brn__lm_options_read(json_object_get(card->json, "options"), &card->arena, &card->options);
}

brn_status brn__lm_card_open(const char *run, brn__lm_card *out)
{
    *out = (brn__lm_card){0};
    brn_status status = brn__run_model_path(run, &out->path);
    if (status == BRN_OK) status = brn__state_open(out->path, &out->state);
    bool foreign = status == BRN_OK && !brn__state_metadata(out->state, "burnish") &&
                   strncmp(brn__state_kind(out->state), "PyTorch", 7) == 0;
    if (status == BRN_OK) status = foreign ? brn__lm_card_fastai(out) : read_card(out);
    if (status != BRN_OK) brn__lm_card_close(out);
    return status;
}

void brn__lm_card_close(brn__lm_card *card)
{
    brn__text_settings_free(card->settings);
    json_decref(card->json);
    brn__state_close(card->state);
    brn__arena_free(&card->arena);
    brn__free(card->path);
    *card = (brn__lm_card){0};
}

static brn_status load(const brn__lm_card *card, brn_parameters *parameters, int index)
{
    const char *name = brn_parameters_info(parameters, index).name;
    return brn__model_entry_load(card->path, brn__lm_card_entry(card, name), parameters, index);
}

/* All is compared before anything is written. */
static brn_status check_same(const brn__lm_card *card, brn_parameters *parameters)
{
    for (int i = 0; i < brn_parameters_count(parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(parameters, i);
        if (brn__is_carried(info.name)) continue;
        const brn__entry *entry = brn__lm_card_entry(card, info.name);
        if (!entry || entry->dtype != BRN_DTYPE_F32 || !brn_shape_equal(entry->shape, info.shape))
            return brn__fail(BRN_ERROR_INPUT, "%s: %s must be float32 %s", card->path, info.name, BRN__SHAPE(info.shape));
    }
    return BRN_OK;
}

brn_status brn__lm_card_load(const brn__lm_card *card, brn_parameters *parameters)
{
    BRN__TRY(check_same(card, parameters));
    for (int i = 0; i < brn_parameters_count(parameters); i++)
        if (!brn__is_carried(brn_parameters_info(parameters, i).name))
            BRN__TRY(load(card, parameters, i));
    return BRN_OK;
}

/* ------------------------------------------------------------------ another vocabulary */

/* A tensor whose rows are words: the embedding, the decoder and its bias. */
static bool has_words(const char *name)
{
    return strcmp(name, "0.encoder.weight") == 0 || strncmp(name, "1.decoder.", 10) == 0;
}

static brn_status transfer(const brn__lm_card *card, const int64_t *rows, brn_parameters *parameters, int index)
{
    const brn_parameter_info info = brn_parameters_info(parameters, index);
    const int64_t width = info.count / info.shape.dims[0], old_count = brn__vocabulary_count(card->settings->vocabulary);
    brn_shape expected = info.shape;
    expected.dims[0] = old_count;
    const brn__entry *entry = brn__lm_card_entry(card, info.name);
    if (!entry) return BRN_OK; /* a decoder's bias that the encoder had not stays as it was drawn */
    if (entry->dtype != BRN_DTYPE_F32 || !brn_shape_equal(entry->shape, expected))
        return brn__fail(BRN_ERROR_INPUT, "%s: %s must be float32 %s", card->path, info.name, BRN__SHAPE(expected));
    float *from = brn__alloc_array((size_t)(old_count * width), sizeof *from);
    float *to = brn__alloc_array((size_t)info.count, sizeof *to);
    brn_status status = from && to ? brn__state_read(entry, BRN_DTYPE_F32, from) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        brn__vocabulary_transfer(rows, info.shape.dims[0], from, old_count, width, to);
        status = brn_parameters_write(parameters, index, BRN_DTYPE_F32, to, info.count);
    }
    brn__free(from);
    brn__free(to);
    return status;
}

brn_status brn__lm_card_transfer(const brn__lm_card *card, const brn__vocabulary *vocabulary,
                                 brn_parameters *parameters)
{
    int64_t *rows = brn__alloc_array((size_t)brn__vocabulary_count(vocabulary), sizeof *rows);
    if (!rows) return BRN_ERROR_NO_MEMORY;
    brn__vocabulary_map(card->settings->vocabulary, vocabulary, rows);
    brn_status status = BRN_OK;
    for (int i = 0; status == BRN_OK && i < brn_parameters_count(parameters); i++) {
        const char *name = brn_parameters_info(parameters, i).name;
        if (brn__is_carried(name)) continue;
        status = has_words(name) ? transfer(card, rows, parameters, i)
                                 : load(card, parameters, i);
    }
    brn__free(rows);
    return status;
}
