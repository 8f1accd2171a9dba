/* SPDX-License-Identifier: Apache-2.0
 * A corpus is made once: its file is named by a digest of all that it depends on. */
#include "base/alloc.h"
#include "base/system.h"
#include "data/text/corpus_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static brn_status add_text(brn__sha256 *digest, const char *text)
{
    return brn__sha256_add(digest, text ? text : "", text ? strlen(text) + 1 : 1);
}

static brn_status add_list(brn__sha256 *digest, const char *const *list, int64_t count)
{
    BRN__TRY(brn__sha256_add(digest, &count, sizeof count));
    for (int64_t i = 0; i < count; i++) BRN__TRY(add_text(digest, list[i]));
    return BRN_OK;
}

static brn_status add_options(brn__sha256 *digest, const brn_text_options *o)
{
    char text[512];
    snprintf(text, sizeof text, "burnish texts %d; %d %d %d %d %d %d %d %d; %d %lld %lld %a %llu", BRN__CORPUS_VERSION,
             (int)o->rules, (int)o->tokens, (int)o->document, (int)o->target, o->mark_fields, o->no_header, o->latin1,
             o->separator, o->tag_separator, (long long)o->min_freq, (long long)o->max_vocabulary, o->valid,
             (unsigned long long)o->seed);
    BRN__TRY(add_text(digest, text));
    BRN__TRY(add_list(digest, o->text_columns, o->text_column_count));
    BRN__TRY(add_list(digest, o->label_columns, o->label_column_count));
    BRN__TRY(add_text(digest, o->valid_column));
    for (int64_t i = 0; i < o->replacement_count; i++) {
        BRN__TRY(add_text(digest, o->replacements[i].pattern));
        BRN__TRY(add_text(digest, o->replacements[i].replacement));
    }
    return BRN_OK;
}

static brn_status add_given(brn__sha256 *digest, const brn__corpus_build *b)
{
    if (b->classes) BRN__TRY(add_list(digest, b->classes->names, b->classes->count));
    if (!b->given) {
        const brn__span pieces = brn__tokenizer_pieces(b->tokenizer);
        return brn__sha256_add(digest, pieces.bytes, pieces.length);
    }
    char *json;
    BRN__TRY(brn__text_settings_write(b->given, &json));
    brn_status status = add_text(digest, json);
    brn__free(json);
    return status;
}

static brn_status key_of(const brn__corpus_build *b, char key[65])
{
    brn__sha256 *digest;
    BRN__TRY(brn__sha256_new(&digest));
    brn_status status = add_options(digest, b->options);
    if (status == BRN_OK) status = add_given(digest, b);
    if (status == BRN_OK) status = brn__sources_digest(b->sources, digest);
    if (status == BRN_OK) status = brn__sha256_hex(digest, key);
    brn__sha256_free(digest);
    return status;
}

/* A file that is there but damaged is made anew. */
static brn_status open_or_build(brn__corpus_build *b, const char *path, const char *key, brn__corpus **out)
{
    if (brn__is_file(path)) {
        brn_status status = brn__corpus_open_file(path, out);
        if (status == BRN_OK) (*out)->cached = true;
        if (status != BRN_ERROR_INPUT) return status;
    }
    BRN__TRY(brn__corpus_build_file(b, path, key));
    brn_status status = brn__corpus_open_file(path, out);
    return status == BRN_ERROR_INPUT ? brn__fail_within(BRN_ERROR_INTERNAL, "texts were written wrongly") : status;
}

static brn_status open_in(brn__corpus_build *b, const char *folder, brn__corpus **out)
{
    char key[65], path[4096], own[64] = "";
    BRN__TRY(key_of(b, key));
    const char *temporary = getenv("TMPDIR");
    if (!folder) snprintf(own, sizeof own, "-%ld", (long)getpid()); /* no other process looks for it */
    const char *place = folder ? folder : temporary && *temporary ? temporary : "/tmp";
    if ((size_t)snprintf(path, sizeof path, "%s/texts-%.24s%s.bin", place, key, own) >= sizeof path)
        return brn__fail(BRN_ERROR_INPUT, "%s: the path is too long", place);
    if (folder) BRN__TRY(brn__make_folders(folder));
    brn_status status = open_or_build(b, path, key, out);
    if (!folder) brn__system_unlink(path); /* it stays mapped */
    return status;
}

brn_status brn__text_open(const char *const *inputs, int64_t input_count, const brn_text_options *options,
                          const brn__text_settings *settings, const brn__text_classes *classes,
                          const char *folder, brn__corpus **out)
{
    brn__tokenizer *own = NULL;
    *out = NULL;
    if (!(options->valid >= 0 && options->valid < 1))
        return brn__fail(BRN_ERROR_USAGE, "texts: a share of %g validates; expected 0 to below 1", options->valid);
    if (!settings) BRN__TRY(brn__tokenizer_new(options, &own));
    brn__corpus_build build = {.options = options,
                               .given = settings,
                               .classes = classes,
                               .tokenizer = settings ? settings->tokenizer : own};
    brn_status status = brn__sources_open(inputs, input_count, options, build.tokenizer, &build.sources);
    if (status == BRN_OK) status = open_in(&build, folder, out);
    brn__corpus_build_deinit(&build);
    brn__sources_close(build.sources);
    brn__tokenizer_free(own);
    return status;
}
