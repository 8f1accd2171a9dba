/* SPDX-License-Identifier: Apache-2.0
 * model.safetensors of the text job, both ways. Files are not trusted: options, words and tensors are checked
 * before they are used. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "burnish/version.h"
#include "jobs/model_tensors.h"
#include "jobs/run_folder.h"
#include "jobs/text_job.h"
#include "jobs/text_source.h"

#include <math.h>
#include <string.h>

enum { FORMAT = 1 };

/* ------------------------------------------------------------------ writing */

static json_t *training_object(const brn_text_result *r)
{
    brn_metric metrics[BRN__TEXT_METRICS];
    json_t *object = json_pack("{s:I, s:I}", "train_count", (json_int_t)r->train_count, "valid_count",
                               (json_int_t)r->valid_count);
    const int count = brn__text_metrics(&r->score, metrics);
    for (int i = 0; object && i < count; i++)
        if (isfinite(metrics[i].value)) json_object_set_new(object, metrics[i].name, json_real(metrics[i].value));
    return object;
}

static brn_status card_text(const brn__text_content *c, char **out)
{
    char *settings;
    brn__json_error error;
    json_t *text = NULL;
    BRN__TRY(brn__text_settings_write(c->settings, &settings));
    const brn_status status = brn__json_load(settings, strlen(settings), &text, &error);
    brn__free(settings);
    if (status == BRN_ERROR_INPUT) return brn__fail(BRN_ERROR_INTERNAL, "settings of texts: %s", error.reason);
    BRN__TRY(status);
    return brn__json_dump(json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:o}", "format", FORMAT, "library",
                                    BRN_VERSION, "job", "text", "options", brn__text_options_write(c->options),
                                    "text", text, "outputs", brn__text_list_write(c->outputs, c->output_count),
                                    "training", training_object(c->result)),
                          JSON_COMPACT | JSON_REAL_PRECISION(17), out);
}

brn_status brn__text_model_write(const char *path, const brn__text_content *content)
{
    const int count = brn_parameters_count(content->parameters);
    char *json = NULL;
    brn__safetensors_item *items = brn__alloc_zero((size_t)count + 1, sizeof *items);
    brn_status status = items ? card_text(content, &json) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) brn__model_tensors_list(content->parameters, items);
    const brn__safetensors_pair pairs[] = {{"format", "pt"}, {"burnish", json}};
    if (status == BRN_OK) status = brn__safetensors_write(path, items, count, pairs, 2);
    brn__free(json);
    brn__free(items);
    return status;
}

/* ------------------------------------------------------------------ reading */

static brn_status read_outputs(const char *path, brn__text_member *m, int64_t *count)
{
    const char *const *names;
    BRN__TRY(brn__text_list_read(json_object_get(m->card, "outputs"), "outputs", &m->arena, &names, count));
    m->outputs = (const char **)(uintptr_t)names;
    if (*count > 0) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: without outputs", path);
}

static brn_status read_card(const char *path, const brn__state *state, brn__text_member *m, int64_t *outputs)
{
    const char *text = brn__state_metadata(state, "burnish");
    brn__json_error error;
    char *settings;
    brn_status status = text ? brn__json_load(text, strlen(text), &m->card, &error) : BRN_ERROR_INPUT;
    if (status == BRN_ERROR_INPUT) return brn__fail(BRN_ERROR_INPUT, "%s: no model of texts", path);
    BRN__TRY(status);
    const char *job = json_string_value(json_object_get(m->card, "job"));
    if (!job || strcmp(job, "text") != 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: no text classifier, but a model of the job \"%s\"", path, job ? job : "?");
    if (json_integer_value(json_object_get(m->card, "format")) != FORMAT)
        return brn__fail(BRN_ERROR_INPUT, "%s: of another format; expected format %d", path, FORMAT);
    if (!json_is_object(json_object_get(m->card, "text")))
        return brn__fail(BRN_ERROR_INPUT, "%s: without a vocabulary", path);
    BRN__TRY(brn__json_dump(json_incref(json_object_get(m->card, "text")), JSON_COMPACT, &settings));
    status = brn__text_settings_read(settings, &m->settings);
    brn__free(settings);
    BRN__TRY(status);
    BRN__TRY(read_outputs(path, m, outputs));
    return brn__text_options_read(json_object_get(m->card, "options"), &m->arena, &m->options);
}

static brn_status open_member(int threads, brn__text_member *m)
{
    brn__state *state;
    int64_t outputs = 0;
    BRN__TRY(brn__state_open(m->path, &state));
    brn_status status = read_card(m->path, state, m, &outputs);
    if (status == BRN_OK) {
        m->options.threads = threads;
        status = brn__text_network_new(&m->options, m->settings->vocabulary, outputs, &m->network);
    }
    if (status == BRN_OK) status = brn__model_tensors_load(m->path, state, m->network.parameters);
    brn__state_close(state);
    return status;
}

brn_status brn__text_member_open(const char *run, int threads, brn__text_member **out)
{
    *out = NULL;
    brn__text_member *m = brn__alloc_zero(1, sizeof *m);
    if (!m) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__run_model_path(run, &m->path);
    if (status == BRN_OK) status = open_member(threads, m);
    if (status == BRN_OK) *out = m;
    else brn__text_member_close(m);
    return status;
}

void brn__text_member_close(brn__text_member *m)
{
    if (!m) return;
    brn__text_network_free(&m->network);
    brn__text_settings_free(m->settings);
    json_decref(m->card);
    brn__free(m->path);
    brn__arena_free(&m->arena);
    brn__free(m);
}
