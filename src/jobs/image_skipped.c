/* SPDX-License-Identifier: Apache-2.0
 * skipped.csv: one record a bad file, both fields quoted (RFC 4180). Records are appended as they come, so
 * that what was found before a kill is kept; a record that was cut short is no record. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "jobs/image_interpret.h"

#include <string.h>

enum { FILE_MAX = 256 << 20 };

static void add_field(brn__text *text, const char *field, const char *end)
{
    brn__text_add(text, "\"");
    for (; *field; field++) brn__text_add_bytes(text, *field == '"' ? "\"\"" : field, *field == '"' ? 2 : 1);
    brn__text_add(text, end);
}

brn_status brn__image_skipped_add(const char *run, const char *path, const char *reason)
{
    const size_t length = strlen(path);
    brn__text text = {0};
    if (strncmp(reason, path, length) == 0 && strncmp(reason + length, ": ", 2) == 0)
        reason += length + 2; /* the reason need not name the file again */
    char *list = brn__path_join(run, "skipped.csv");
    add_field(&text, path, "\",");
    add_field(&text, reason, "\"\n");
    brn_status status = list ? brn__text_finish(&text) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = brn__append_file(list, text.bytes, text.length);
    brn__text_free(&text);
    brn__free(list);
    return status;
}

/* The quoted field at *text, in place; NULL when there is none. *text goes behind its closing quote. */
static char *read_field(char **text)
{
    char *from = *text, *to = from, *field = from;
    if (*from++ != '"') return NULL;
    for (;; from++) {
        if (!*from) return NULL;
        if (*from == '"' && *++from != '"') break;
        *to++ = *from;
    }
    *text = from;
    *to = '\0'; /* the field has become shorter by its opening quote: `from` is untouched */
    return field;
}

static bool is_listed(const brn__image_skipped *list, const char *path)
{
    for (int64_t i = 0; i < list->count; i++)
        if (strcmp(list->paths[i], path) == 0) return true;
    return false;
}

static brn_status keep(brn__image_skipped *list, const char *path, const char *reason)
{
    if (is_listed(list, path)) return BRN_OK;
    list->paths[list->count] = brn__strdup(path);
    list->reasons[list->count] = brn__strdup(reason);
    list->count++;
    return list->paths[list->count - 1] && list->reasons[list->count - 1] ? BRN_OK
                                                                          : BRN_ERROR_NO_MEMORY;
}

static brn_status read_all(brn__image_skipped *out, char *text)
{
    size_t lines = 1;
    for (const char *p = text; *p; p++) lines += *p == '\n';
    out->paths = brn__alloc_zero(lines, sizeof *out->paths);
    out->reasons = brn__alloc_zero(lines, sizeof *out->reasons);
    if (!out->paths || !out->reasons) return BRN_ERROR_NO_MEMORY;
    for (;;) {
        char *path = read_field(&text);
        if (!path || *text++ != ',') return BRN_OK;
        char *reason = read_field(&text);
        if (!reason || *text++ != '\n') return BRN_OK;
        BRN__TRY(keep(out, path, reason));
    }
}

brn_status brn__image_skipped_read(const char *run, brn__image_skipped *out)
{
    char *path = brn__path_join(run, "skipped.csv"), *text = NULL;
    *out = (brn__image_skipped){0};
    if (!path) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__read_file_if_there(path, FILE_MAX, &text, NULL);
    if (text) status = read_all(out, text);
    brn__free(text);
    brn__free(path);
    if (status != BRN_OK) brn__image_skipped_free(out);
    return status;
}

void brn__image_skipped_free(brn__image_skipped *skipped)
{
    for (int64_t i = 0; i < skipped->count; i++) {
        brn__free(skipped->paths[i]);
        brn__free(skipped->reasons[i]);
    }
    brn__free(skipped->paths);
    brn__free(skipped->reasons);
    *skipped = (brn__image_skipped){0};
}
