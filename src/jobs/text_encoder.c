/* SPDX-License-Identifier: Apache-2.0
 * The encoder that a classifier starts from, out of the file of a language model or of another classifier: its
 * tensors have one name in all of them. Sizes are those of the tensors. Files are not trusted. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "jobs/model_tensors.h"
#include "jobs/run_folder.h"
#include "jobs/text_job.h"
#include "models/recurrent_layer.h"

#include <string.h>

static const char PREFIX[] = "0.";

static brn_status wrong(const brn__text_encoder *e, const char *what)
{
    return brn__fail(BRN_ERROR_INPUT, "%s: %s; expected a language model or a text classifier", e->path, what);
}

static brn_status read_settings(const json_t *card, brn__text_encoder *out)
{
    char *text;
    json_t *settings = json_object_get(card, "text");
    const char *job = json_string_value(json_object_get(card, "job"));
    if (!job || (strcmp(job, "lm") != 0 && strcmp(job, "text") != 0)) return wrong(out, "no model of texts");
    if (!json_is_object(settings)) return wrong(out, "no vocabulary");
    BRN__TRY(brn__json_dump(json_incref(settings), JSON_COMPACT, &text));
    const brn_status status = brn__text_settings_read(text, &out->settings);
    brn__free(text);
    const json_t *options = json_object_get(card, "options");
    out->backwards = json_is_true(json_object_get(options, "backward")) ||
                     json_is_true(json_object_get(options, "backwards"));
    return status;
}

static brn_status read_card(brn__text_encoder *out)
{
    brn__json_error error;
    json_t *card = NULL;
    const char *text = brn__state_metadata(out->state, "burnish");
    brn_status status = text ? brn__json_load(text, strlen(text), &card, &error) : BRN_ERROR_INPUT;
    if (status == BRN_ERROR_INPUT) return wrong(out, "without a description");
    BRN__TRY(status);
    status = read_settings(card, out);
    json_decref(card);
    return status;
}

static const brn__entry *matrix(const brn__text_encoder *e, const char *name)
{
    const brn__entry *entry = brn__state_find(e->state, name);
    return entry && entry->shape.rank == 2 ? entry : NULL;
}

static const brn__entry *layer_matrix(const brn__text_encoder *e, int number)
{
    char name[BRN__RECURRENT_NAME];
    brn__recurrent_matrix(e->qrnn, number, name);
    return matrix(e, name);
}

static brn_status read_sizes(brn__text_encoder *out)
{
    const brn__entry *words = matrix(out, "0.encoder.weight"), *first = layer_matrix(out, 0);
    if (!first) out->qrnn = true, first = layer_matrix(out, 0);
    if (!words || !first) return wrong(out, "no encoder");
    out->words = words->shape.dims[0], out->embedding = words->shape.dims[1];
    out->hidden = brn__recurrent_width(out->qrnn, first->shape);
    while (layer_matrix(out, out->layers)) out->layers++;
    if (out->words != brn__vocabulary_count(out->settings->vocabulary))
        return wrong(out, "as many words as vectors are not there");
    if (out->layers > BRN__TEXT_LAYERS_MAX) return wrong(out, "more layers than 4");
    return BRN_OK;
}

brn_status brn__text_encoder_open(const char *run, brn__text_encoder *out)
{
    *out = (brn__text_encoder){0};
    BRN__TRY(brn__run_model_path(run, &out->path));
    brn_status status = brn__state_open(out->path, &out->state);
    if (status == BRN_OK) status = read_card(out);
    if (status == BRN_OK) status = read_sizes(out);
    if (status != BRN_OK) brn__text_encoder_close(out);
    return status;
}

void brn__text_encoder_close(brn__text_encoder *encoder)
{
    brn__text_settings_free(encoder->settings);
    brn__state_close(encoder->state);
    brn__free(encoder->path);
    *encoder = (brn__text_encoder){0};
}

brn_status brn__text_encoder_copy(const brn__text_encoder *encoder, brn_parameters *parameters)
{
    for (int i = 0; i < brn_parameters_count(parameters); i++)
        if (strncmp(brn_parameters_info(parameters, i).name, PREFIX, sizeof PREFIX - 1) == 0)
            BRN__TRY(brn__model_tensor_load(encoder->path, encoder->state, parameters, i));
    return BRN_OK;
}
