/* SPDX-License-Identifier: Apache-2.0 */
#include "io/word_list.h"
#include "base/files.h"
#include "base/text.h"
#include "io/pickle.h"

#include <string.h>

static brn_status copy_word(const char *path, const brn__pickle_value *value, int64_t number, brn__arena *arena,
                            const char **out)
{
    if (value->kind != BRN__PICKLE_STRING)
        return brn__fail(BRN_ERROR_INPUT, "%s: item %lld of the list is %s; expected a word", path, (long long)number,
                         brn__pickle_kind_text(value));
    char *word = brn__arena_alloc(arena, value->as.string.length + 1);
    if (!word) return BRN_ERROR_NO_MEMORY;
    memcpy(word, value->as.string.bytes, value->as.string.length);
    if (memchr(word, 0, value->as.string.length) || !brn__is_utf8(word))
        return brn__fail(BRN_ERROR_INPUT, "%s: word %lld is not UTF-8 or has a zero in it", path, (long long)number);
    *out = word;
    return BRN_OK;
}

static bool is_list(const brn__pickle_value *value)
{
    return value->kind == BRN__PICKLE_LIST || value->kind == BRN__PICKLE_TUPLE;
}

static brn_status copy_list(const char *path, const brn__pickle_value *list, brn__arena *arena,
                            const char *const **words, int64_t *count)
{
    if (is_list(list) && list->as.list.count == 2 && is_list(list->as.list.items[0])) list = list->as.list.items[0];
    if (!is_list(list) || !list->as.list.count)
        return brn__fail(BRN_ERROR_INPUT, "%s: holds %s; expected a list of words", path, brn__pickle_kind_text(list));
    const char **all = brn__arena_alloc(arena, list->as.list.count * sizeof *all);
    if (!all) return BRN_ERROR_NO_MEMORY;
    for (size_t i = 0; i < list->as.list.count; i++)
        BRN__TRY(copy_word(path, list->as.list.items[i], (int64_t)i, arena, &all[i]));
    *words = all;
    *count = (int64_t)list->as.list.count;
    return BRN_OK;
}

brn_status brn__word_list_read(const char *path, brn__arena *arena, const char *const **words, int64_t *count)
{
    brn__mapping mapping;
    brn__arena values = {0};
    const brn__pickle_value *value;
    *words = NULL;
    *count = 0;
    BRN__TRY(brn__map_file(path, &mapping));
    brn__pickle_source source = {
        .bytes = mapping.bytes, .length = mapping.length, .arena = &values, .rules = &(brn__pickle_rules){0}};
    brn_status status = brn__pickle_read(&source, &value);
    if (status == BRN_OK)
        status = copy_list(path, value, arena, words, count);
    else if (status == BRN_ERROR_INPUT || status == BRN_ERROR_UNSUPPORTED)
        status = brn__fail_within(BRN_ERROR_INPUT, "%s: is no pickled list of words", path);
    brn__arena_free(&values);
    brn__unmap_file(&mapping);
    return status;
}
