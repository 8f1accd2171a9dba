/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/run_config.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "burnish/version.h"
#include "jobs/option_fields.h"

#include <stdio.h>
#include <string.h>

enum { CONFIG_BYTES_MAX = 64 << 20 };

brn_status brn__run_config_write(const char *run, const char *job, const char *data_digest,
                                 json_t *options)
{
    char path[4160], *text;
    json_t *root = json_object();
    if (!options) { /* jobs have checked that their texts are UTF-8 */
        json_decref(root);
        return brn__fail(BRN_ERROR_NO_MEMORY, "%s: config.json: no memory for the options as JSON", run);
    }
    bool good = brn__json_put(root, "job", json_string(job));
    good = good && brn__json_put(root, "library", json_string(BRN_VERSION));
    good = good && brn__json_put(root, "instruction_set", json_string(brn_instruction_set()));
    good = good && brn__json_put(root, "data_sha256", json_string(data_digest));
    if (!good || !brn__json_put(root, "options", json_incref(options))) json_decref(root), root = NULL;
    json_decref(options);
    BRN__TRY(brn__json_dump(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17), &text));
    snprintf(path, sizeof path, "%s/config.json", run);
    brn_status status = brn__replace_file(path, text, strlen(text));
    brn__free(text);
    return status;
}

brn_status brn__run_config_read(const char *run, const char *job, json_t **out)
{
    char path[4160], *text;
    size_t length;
    brn__json_error error;
    *out = NULL;
    snprintf(path, sizeof path, "%s/config.json", run);
    if (!brn__is_file(path))
        return brn__fail(BRN_ERROR_INPUT, "%s: no run to go on with: there is no config.json", run);
    BRN__TRY(brn__read_file(path, CONFIG_BYTES_MAX, &text, &length));
    brn_status status = brn__json_load(text, length, out, &error);
    brn__free(text);
    if (status == BRN_ERROR_NO_MEMORY) return status;
    const char *found = json_string_value(json_object_get(*out, "job"));
    if (found && strcmp(found, job) == 0) return BRN_OK;
    json_decref(*out);
    *out = NULL;
    return brn__fail(BRN_ERROR_INPUT, "%s: not the configuration of a %s run", path, job);
}

const char *brn__run_config_digest(const json_t *config)
{
    const char *digest = json_string_value(json_object_get(config, "data_sha256"));
    return digest ? digest : "";
}
