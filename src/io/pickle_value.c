/* SPDX-License-Identifier: Apache-2.0
 * The values that a pickle is made of. */
#include "base/alloc.h"
#include "io/pickle.h"

#include <string.h>

const char *brn__pickle_kind_text(const brn__pickle_value *value)
{
    static const char *const texts[] = {
#define X(name, text) [BRN__PICKLE_##name] = text,
        BRN__PICKLE_KIND_LIST(X)
#undef X
    };
    return texts[value->kind];
}

brn__pickle_value *brn__pickle_new(brn__pickle_source *source, brn__pickle_kind kind)
{
    brn__pickle_value *value = brn__arena_alloc(source->arena, sizeof *value);
    if (value) value->kind = kind;
    return value;
}

bool brn__pickle_is_string(const brn__pickle_value *value, const char *text)
{
    size_t length = strlen(text);
    return value->kind == BRN__PICKLE_STRING && value->as.string.length == length &&
           memcmp(value->as.string.bytes, text, length) == 0;
}

const brn__pickle_value *brn__pickle_get(const brn__pickle_value *dict, const char *key)
{
    if (dict->kind != BRN__PICKLE_DICT) return NULL;
    for (size_t i = dict->as.list.count; i >= 2; i -= 2)
        if (brn__pickle_is_string(dict->as.list.items[i - 2], key))
            return dict->as.list.items[i - 1];
    return NULL;
}

brn_status brn__pickle_append(brn__pickle_source *source, brn__pickle_value *list,
                              brn__pickle_value *item)
{
    /* A list that is put into itself gets deeper each time, so it ends here. */
    if (item->depth + 1 > list->depth) list->depth = item->depth + 1;
    if (list->depth > BRN__PICKLE_DEPTH_MAX)
        return brn__fail(BRN_ERROR_INPUT, "nested deeper than %d", BRN__PICKLE_DEPTH_MAX);
    if (list->as.list.count == list->as.list.capacity) {
        size_t capacity = list->as.list.capacity ? 2 * list->as.list.capacity : 4;
        brn__pickle_value **items = brn__arena_alloc(source->arena, capacity * sizeof *items);
        if (!items) return BRN_ERROR_NO_MEMORY;
        if (list->as.list.count)
            memcpy(items, list->as.list.items, list->as.list.count * sizeof *items);
        list->as.list.items = items;
        list->as.list.capacity = capacity;
    }
    list->as.list.items[list->as.list.count++] = item;
    return BRN_OK;
}
