/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/run_config.h"
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_BYTES_MAX = 64 << 20 };

brn_status brn__run_config_write(const char *run, const char *job, const char *data_digest,
                                 json_t *options)
{
    char path[4160];
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:o}", "job", job, "library", BRN_VERSION,
                             "instruction_set", brn_instruction_set(), "data_sha256", data_digest,
                             "options", options);
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(root);
    if (!text)
        return brn__fail(BRN_ERROR_INPUT, "%s: config.json: a name that is not UTF-8, or no memory",
                         run);
    snprintf(path, sizeof path, "%s/config.json", run);
    brn_status status = brn__replace_file(path, text, strlen(text));
    free(text);
    return status;
}

brn_status brn__run_config_read(const char *run, const char *job, json_t **out)
{
    char path[4160], *text;
    *out = NULL;
    snprintf(path, sizeof path, "%s/config.json", run);
    if (!brn__is_file(path))
        return brn__fail(BRN_ERROR_INPUT, "%s: no run to go on with: there is no config.json", run);
    BRN__TRY(brn__read_file(path, CONFIG_BYTES_MAX, &text, NULL));
    json_t *config = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    brn__free(text);
    const char *found = json_string_value(json_object_get(config, "job"));
    if (found && strcmp(found, job) == 0) {
        *out = config;
        return BRN_OK;
    }
    json_decref(config);
    return brn__fail(BRN_ERROR_INPUT, "%s: not the configuration of a %s run", path, job);
}

const char *brn__run_config_digest(const json_t *config)
{
    const char *digest = json_string_value(json_object_get(config, "data_sha256"));
    return digest ? digest : "";
}
