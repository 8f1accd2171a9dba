/* SPDX-License-Identifier: Apache-2.0
 * The JSON printer (RFC 8259). Text is UTF-8; a byte that is not part of a UTF-8 character, as file
 * names may hold, is written \udcNN as Python's surrogateescape does, so that it can be got back.
 */
#include "json.h"
#include "output.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static void write_text(const char *text)
{
    putchar('"');
    while (*text) {
        unsigned char byte = (unsigned char)*text;
        int length = cli_utf8_length(text);
        if (length == 0)
            printf("\\udc%02x", byte);
        else if (byte == '"' || byte == '\\')
            printf("\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            printf("\\u%04x", byte);
        else
            fwrite(text, 1, (size_t)length, stdout);
        text += length ? length : 1;
    }
    putchar('"');
}

static void begin(cli_json *json, const char *key)
{
    int level = json->depth - 1;
    if (json->filled[level]) putchar(',');
    json->filled[level] = 1;
    if (!key) return;
    write_text(key);
    putchar(':');
}

static void open_level(cli_json *json, char opening, char closing)
{
    assert(json->depth < CLI_JSON_DEPTH_MAX);
    putchar(opening);
    json->closing[json->depth] = closing;
    json->filled[json->depth++] = 0;
}

cli_json cli_json_event(const char *event)
{
    cli_json json = {0};
    open_level(&json, '{', '}');
    cli_json_text(&json, "event", event);
    return json;
}

void cli_json_text(cli_json *json, const char *key, const char *value)
{
    begin(json, key);
    if (value)
        write_text(value);
    else
        fputs("null", stdout);
}

void cli_json_whole(cli_json *json, const char *key, int64_t value)
{
    begin(json, key);
    printf("%" PRId64, value);
}

void cli_json_real(cli_json *json, const char *key, double value)
{
    begin(json, key);
    if (isfinite(value))
        printf("%.9g", value);
    else
        fputs("null", stdout);
}

void cli_json_bool(cli_json *json, const char *key, int value)
{
    begin(json, key);
    fputs(value ? "true" : "false", stdout);
}

void cli_json_object(cli_json *json, const char *key)
{
    begin(json, key);
    open_level(json, '{', '}');
}

void cli_json_array(cli_json *json, const char *key)
{
    begin(json, key);
    open_level(json, '[', ']');
}

void cli_json_close(cli_json *json)
{
    putchar(json->closing[--json->depth]);
}

void cli_json_end(cli_json *json)
{
    while (json->depth) cli_json_close(json);
    putchar('\n');
    cli_output_flush();
}
