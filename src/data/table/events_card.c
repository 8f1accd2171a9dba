/* SPDX-License-Identifier: Apache-2.0
 * Events as JSON, both ways. */
#include "base/alloc.h"
#include "base/json.h"
#include "data/table/events.h"

#include <math.h>
#include <string.h>

enum { TAILS_MAX = 1 << 24 };

static json_t *tail_object(const brn__events *events, const brn__event_tail *tail)
{
    json_t *object = json_object(), *since = json_array(), *rows = json_array();
    bool good = object && since && rows;
    for (int64_t k = 0; good && k < events->count; k++)
        good = brn__json_add(since, isnan(tail->since[k]) ? json_null() : json_real(tail->since[k]));
    for (int64_t i = 0; good && i < tail->row_count; i++) good = brn__json_add(rows, json_integer(tail->rows[i]));
    good = good && brn__json_put(object, "entity", json_string(tail->entity)) &&
           brn__json_put(object, "last", json_real(tail->last));
    good &= brn__json_put(object, "since", since); /* takes it in any case */
    good &= brn__json_put(object, "rows", rows);
    return brn__json_whole(good, object);
}

json_t *brn__events_write(const brn__events *events)
{
    json_t *object = json_object(), *conditions = json_array(), *tails = json_array();
    bool good = object && conditions && tails;
    for (int64_t k = 0; good && k < events->count; k++)
        good = brn__json_add(conditions, json_string(events->conditions[k]));
    for (int64_t i = 0; good && i < events->tail_count; i++)
        good = brn__json_add(tails, tail_object(events, &events->tails[i]));
    if (good && events->entity) good = brn__json_put(object, "entity", json_string(events->entity));
    good = good && brn__json_put(object, "order", json_string(events->order)) &&
           brn__json_put(object, "window", json_integer(events->window));
    good &= brn__json_put(object, "conditions", conditions);
    good &= brn__json_put(object, "tails", tails);
    return brn__json_whole(good, object);
}

static brn_status wrong(const char *where, const char *expected)
{
    return brn__fail(BRN_ERROR_INPUT, "table events: \"%s\": expected %s", where, expected);
}

static brn_status read_since(const json_t *list, const brn__events *events, brn__event_tail *out)
{
    if (!json_is_array(list) || json_array_size(list) != (size_t)events->count)
        return wrong("since", "a moment for each event");
    for (int64_t k = 0; k < events->count; k++) {
        const json_t *value = json_array_get(list, (size_t)k);
        out->since[k] = json_is_number(value) ? json_number_value(value) : (double)NAN;
    }
    return BRN_OK;
}

static brn_status read_rows(const json_t *list, brn__events *events, brn__event_tail *out)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count >= (size_t)events->window)
        return wrong("rows", "fewer rows than the window has");
    out->row_count = (int64_t)count;
    out->rows = brn__arena_alloc(&events->arena, count * sizeof *out->rows + 1);
    if (!out->rows) return BRN_ERROR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        out->rows[i] = (uint32_t)json_integer_value(json_array_get(list, i));
    return BRN_OK;
}

static brn_status read_tail(const json_t *object, brn__events *events, brn__event_tail *out)
{
    const char *entity = json_string_value(json_object_get(object, "entity"));
    const json_t *last = json_object_get(object, "last");
    if (!entity || !json_is_number(last)) return wrong("tails", "an entity and its last moment");
    *out = (brn__event_tail){.entity = brn__arena_strdup(&events->arena, entity),
                             .last = json_number_value(last)};
    if (!out->entity) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(read_since(json_object_get(object, "since"), events, out));
    return read_rows(json_object_get(object, "rows"), events, out);
}

static brn_status read_tails(const json_t *list, brn__events *events)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > TAILS_MAX) return wrong("tails", "a list");
    events->tails = brn__arena_alloc(&events->arena, (count + 1) * sizeof *events->tails);
    if (!events->tails) return BRN_ERROR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        BRN__TRY(read_tail(json_array_get(list, i), events, &events->tails[i]));
    events->tail_count = (int64_t)count;
    return BRN_OK;
}

brn_status brn__events_read(const json_t *object, brn__events **out)
{
    const char *conditions[BRN__EVENTS_MAX];
    const json_t *list = json_object_get(object, "conditions");
    size_t count = json_array_size(list);
    *out = NULL;
    if (count < 1 || count > BRN__EVENTS_MAX) return wrong("conditions", "1 to 16 conditions");
    for (size_t k = 0; k < count; k++) {
        conditions[k] = json_string_value(json_array_get(list, k));
        if (!conditions[k]) return wrong("conditions", "texts");
    }
    brn_status status = brn__events_new(conditions, (int64_t)count,
                                        json_string_value(json_object_get(object, "entity")),
                                        json_string_value(json_object_get(object, "order")),
                                        json_integer_value(json_object_get(object, "window")), out);
    if (status == BRN_OK) status = read_tails(json_object_get(object, "tails"), *out);
    if (status == BRN_OK) return BRN_OK;
    brn__events_free(*out);
    *out = NULL;
    return status == BRN_ERROR_USAGE ? brn__fail_again(BRN_ERROR_INPUT, brn_error_message())
                                     : status;
}
