/* SPDX-License-Identifier: Apache-2.0
 * What a run folder tells about itself: its configuration, its times, its files' digests. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/system.h"
#include "base/text.h"
#include "jobs/run_facts.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { CONFIG_MAX = 16 << 20, LIST_MAX = 16 };

/* ------------------------------------------------------------------ pairs */

brn_status brn__facts_add(brn__facts *facts, const char *name, const char *format, ...)
{
    char value[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    brn__html_pair *pairs =
        brn__realloc(facts->pairs, ((size_t)facts->count + 1) * sizeof *facts->pairs);
    if (!pairs) return BRN_ERROR_NO_MEMORY;
    facts->pairs = pairs;
    pairs[facts->count++] = (brn__html_pair){.name = brn__strdup(name), .value = brn__strdup(value)};
    return pairs[facts->count - 1].name && pairs[facts->count - 1].value ? BRN_OK
                                                                         : BRN_ERROR_NO_MEMORY;
}

void brn__facts_free(brn__facts *facts)
{
    for (int i = 0; i < facts->count; i++) {
        brn__free((void *)facts->pairs[i].name);
        brn__free((void *)facts->pairs[i].value);
    }
    brn__free(facts->pairs);
    *facts = (brn__facts){0};
}

/* ------------------------------------------------------------------ config.json */

static void scalar_text(const json_t *value, char *out, size_t size)
{
    if (json_is_string(value)) snprintf(out, size, "%s", json_string_value(value));
    else if (json_is_integer(value)) snprintf(out, size, "%lld", json_integer_value(value));
    else if (json_is_real(value)) snprintf(out, size, "%.6g", json_real_value(value));
    else snprintf(out, size, "%s", json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "");
}

static brn_status add_list(brn__facts *facts, const char *name, const json_t *list)
{
    char text[1024] = "", one[512];
    size_t used = 0;
    if (json_array_size(list) > LIST_MAX) return BRN_OK; /* the classes have a table of their own */
    for (size_t i = 0; i < json_array_size(list) && used < sizeof text - 1; i++) {
        scalar_text(json_array_get(list, i), one, sizeof one);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? ", " : "", one);
    }
    return brn__facts_add(facts, name, "%s", text);
}

static void spaced(const char *key, const char *before, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s", before, *before ? ": " : "", key);
    for (char *p = out; *p; p++)
        if (*p == '_') *p = ' ';
}

static brn_status add_object(brn__facts *facts, const char *before, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        char name[256], text[4096];
        spaced(key, before, name, sizeof name);
        brn_status status = BRN_OK;
        if (strcmp(key, "classes") == 0) continue;
        if (json_is_array(value)) status = add_list(facts, name, value);
        else if (json_is_object(value) && !*before)
            status = add_object(facts, strcmp(key, "options") == 0 ? "" : key, value);
        else if (!json_is_object(value)) {
            scalar_text(value, text, sizeof text);
            status = brn__facts_add(facts, name, "%s", text);
        }
        if (status != BRN_OK) return status;
    }
    return BRN_OK;
}

/* Copies a text; NULL where there is none or it is empty. */
static brn_status keep_text(const json_t *value, char **out)
{
    const char *text = json_string_value(value);
    if (!text || !*text) return BRN_OK;
    *out = brn__strdup(text);
    return *out ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static double number_or_nan(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static brn_status read_config(json_t *root, brn__config_facts *out)
{
    json_t *options = json_object_get(root, "options");
    out->seed = number_or_nan(json_object_get(options, "seed"));
    out->threads = number_or_nan(json_object_get(options, "threads"));
    BRN__TRY(keep_text(json_object_get(options, "data"), &out->data));
    BRN__TRY(keep_text(json_object_get(options, "architecture"), &out->architecture));
    BRN__TRY(keep_text(json_object_get(root, "weights"), &out->weights));
    return add_object(&out->facts, "", root);
}

brn_status brn__config_facts_read(const char *run, brn__config_facts *out)
{
    *out = (brn__config_facts){.seed = NAN, .threads = NAN};
    char *path = brn__path_join(run, "config.json"), *text = NULL;
    size_t length = 0;
    brn_status status = path ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (path) status = brn__read_file_if_there(path, CONFIG_MAX, &text, &length);
    json_t *root = NULL;
    brn__json_error error;
    if (text) status = brn__json_load(text, length, &root, &error);
    if (status == BRN_ERROR_INPUT && !root) status = BRN_OK; /* what is damaged tells nothing */
    if (status == BRN_OK && root) status = read_config(root, out);
    json_decref(root);
    brn__free(text);
    brn__free(path);
    if (status != BRN_OK) brn__config_facts_free(out);
    return status;
}

void brn__config_facts_free(brn__config_facts *config)
{
    brn__facts_free(&config->facts);
    brn__free(config->data);
    brn__free(config->weights);
    brn__free(config->architecture);
    *config = (brn__config_facts){0};
}

/* ------------------------------------------------------------------ times and digests */

static brn_status add_time(brn__facts *facts, const char *name, const char *run, const char *file)
{
    char *path = brn__path_join(run, file), text[64];
    struct stat info;
    struct tm parts;
    if (!path) return BRN_ERROR_NO_MEMORY;
    const bool there = brn__system_stat(path, &info) == 0;
    brn_status status = there || errno == ENOENT
                            ? BRN_OK
                            : brn__fail(BRN_ERROR_IO, "%s: cannot examine: %s", path, strerror(errno));
    brn__free(path);
    if (!there || !gmtime_r(&info.st_mtime, &parts)) return status;
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    return brn__facts_add(facts, name, "%s", text);
}

static brn_status add_digest(brn__facts *facts, const char *name, const char *path)
{
    char digest[65];
    brn__path_kind kind;
    BRN__TRY(brn__path_examine(path, &kind));
    if (kind != BRN__PATH_FILE) return BRN_OK;
    BRN__TRY(brn__sha256_of_file(path, digest));
    return brn__facts_add(facts, name, "%s", digest);
}

static brn_status add_run_digest(brn__facts *facts, const char *run, const char *file)
{
    char name[64], *path = brn__path_join(run, file);
    if (!path) return BRN_ERROR_NO_MEMORY;
    snprintf(name, sizeof name, "sha256 of %s", file);
    brn_status status = add_digest(facts, name, path);
    brn__free(path);
    return status;
}

brn_status brn__provenance_facts(const char *run, const brn__config_facts *config,
                                 const brn__run_table *history, brn__facts *out)
{
    const double *seconds = brn__run_table_column(history, "seconds");
    double sum = 0;
    for (int64_t i = 0; seconds && i < history->rows; i++) sum += isfinite(seconds[i]) ? seconds[i] : 0;
    BRN__TRY(add_time(out, "began", run, "config.json"));
    BRN__TRY(add_time(out, "model written", run, "model.safetensors"));
    if (seconds && history->rows > 0)
        BRN__TRY(brn__facts_add(out, "epochs took", "%.1f s in all, %.1f s each", sum,
                                sum / (double)history->rows));
    if (isfinite(config->seed)) BRN__TRY(brn__facts_add(out, "seed", "%.0f", config->seed));
    if (isfinite(config->threads))
        BRN__TRY(brn__facts_add(out, "computing threads", "%.0f", config->threads));
    BRN__TRY(add_run_digest(out, run, "model.safetensors"));
    BRN__TRY(add_run_digest(out, run, "config.json"));
    BRN__TRY(add_run_digest(out, run, "history.csv"));
    if (!config->weights) return BRN_OK;
    return add_digest(out, "sha256 of the pretrained weights", config->weights);
}
