/* SPDX-License-Identifier: Apache-2.0
 * Writes one JSON object a line on standard output.
 *
 *     cli_json json = cli_json_event("prediction");
 *     cli_json_text(&json, "label", "cock");
 *     cli_json_array(&json, "top");
 *     cli_json_real(&json, NULL, .91);        // keys are NULL inside arrays
 *     cli_json_close(&json);
 *     cli_json_end(&json);                    // closes the line and flushes it
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdint.h>

enum { CLI_JSON_DEPTH_MAX = 8 };

typedef struct cli_json {
    int depth;
    char closing[CLI_JSON_DEPTH_MAX]; /* of the objects and arrays that are open */
    int filled[CLI_JSON_DEPTH_MAX];   /* they hold something: a comma is due */
} cli_json;

cli_json cli_json_event(const char *event);
void cli_json_text(cli_json *json, const char *key, const char *value); /* NULL: null */
void cli_json_whole(cli_json *json, const char *key, int64_t value);
void cli_json_real(cli_json *json, const char *key, double value); /* not finite: null */
void cli_json_bool(cli_json *json, const char *key, int value);
void cli_json_object(cli_json *json, const char *key);
void cli_json_array(cli_json *json, const char *key);
void cli_json_close(cli_json *json);
void cli_json_end(cli_json *json);

#endif
