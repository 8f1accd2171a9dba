/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/events.h"
#include "base/alloc.h"
#include "data/table/filter.h"
#include "data/table/levels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AFTER, BEFORE, BACKWARD, FORWARD, KINDS };

/* What is at hand while the columns are made. */
typedef struct adding {
    brn__events *events;
    brn_table *table;
    bool days;          /* the order is of dates */
    double *moments;    /* (rows) */
    int32_t *entities;  /* (rows): numbers of the entities */
    int64_t *rows;      /* (rows): by entity, then in order */
    uint32_t *happened; /* (rows): a bit for each event */
    int64_t *sums;      /* (rows + window): what happened up to there */
    int64_t first_column;
} adding;

static double moment_at(const brn__column *column, int64_t row)
{
    double value = 0;
    return brn__number_at(column, row, &value) ? value : (double)NAN;
}

static brn_status need_column(const brn_table *table, const char *name, const brn__column **out)
{
    BRN__TRY(brn__table_need(table, name, out));
    if (!(*out)->missing_count) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: column \"%s\" has %lld missing values; expected none, as events go by it",
                     table->name, name, (long long)(*out)->missing_count);
}

static brn_status find_moments(adding *a)
{
    const brn__column *order;
    BRN__TRY(need_column(a->table, a->events->order, &order));
    a->days = order->type == BRN_COLUMN_DATE;
    if (order->type == BRN_COLUMN_TEXT || order->type == BRN_COLUMN_BOOLEAN)
        return brn__fail(BRN_ERROR_INPUT, "%s: column \"%s\" is %s; expected dates or numbers",
                         a->table->name, order->name, brn_column_type_name(order->type));
    for (int64_t row = 0; row < a->table->row_count; row++) a->moments[row] = moment_at(order, row);
    return BRN_OK;
}

static brn_status find_events(adding *a)
{
    bool *holds = brn__alloc_array((size_t)a->table->row_count, sizeof *holds);
    if (!holds) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    for (int64_t k = 0; status == BRN_OK && k < a->events->count; k++) {
        status = brn__table_condition(a->table, a->events->conditions[k], holds);
        for (int64_t row = 0; status == BRN_OK && row < a->table->row_count; row++)
            a->happened[row] |= (uint32_t)holds[row] << k;
    }
    brn__free(holds);
    return status;
}

static int compare_rows(const void *x, const void *y, void *context)
{
    const adding *a = context;
    int64_t p = *(const int64_t *)x, q = *(const int64_t *)y;
    if (a->entities[p] != a->entities[q]) return a->entities[p] < a->entities[q] ? -1 : 1;
    if (a->moments[p] != a->moments[q]) return a->moments[p] < a->moments[q] ? -1 : 1;
    return (p > q) - (p < q);
}

static brn_status name_of(const adding *a, int64_t event, int kind, const char **out)
{
    static const char *const forms[] = {"After%.*s", "Before%.*s", "%.*s_bw", "%.*s_fw"};
    brn__slice column = brn__condition_column(a->events->conditions[event]);
    *out = brn__arena_printf(&a->table->arena, forms[kind], (int)column.length, column.bytes);
    if (!*out) return BRN_ERROR_NO_MEMORY;
    if (brn_table_column_find(a->table, *out) < 0) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: there is a column \"%s\" already, which the event \"%s\" would make",
                     a->table->name, *out, a->events->conditions[event]);
}

static brn_status make_columns(adding *a)
{
    brn_table *table = a->table;
    size_t rows = (size_t)table->row_count;
    int64_t more = a->events->count * KINDS;
    brn__column *columns =
        brn__realloc(table->columns, (size_t)(table->column_count + more) * sizeof *columns);
    if (!columns) return BRN_ERROR_NO_MEMORY;
    table->columns = columns;
    a->first_column = table->column_count;
    for (int64_t i = 0; i < more; i++) {
        const char *name;
        BRN__TRY(name_of(a, i / KINDS, (int)(i % KINDS), &name));
        brn__column *column = &table->columns[table->column_count++];
        *column = (brn__column){.name = name, .type = BRN_COLUMN_INTEGER};
        if (!a->days && i % KINDS <= BEFORE) column->type = BRN_COLUMN_REAL;
        column->values = brn__alloc_aligned(rows * sizeof(int64_t));
        column->missing = brn__alloc_zero(rows / 64 + 1, sizeof *column->missing);
        if (!column->values || !column->missing) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

/* ---- the rows of one entity ---- */

static void put_span(const adding *a, brn__column *column, int64_t row, double span)
{
    const double day = 86400;
    bool missing = isnan(span);
    if (missing) {
        column->missing[row / 64] |= (uint64_t)1 << row % 64;
        column->missing_count++;
    }
    if (column->type == BRN_COLUMN_REAL)
        column->reals[row] = span;
    else
        column->integers[row] = missing ? 0 : (int64_t)floor(span / (a->days ? day : 1));
}

/* Since the last one, going up, or until the next one, going down. Returns the last moment. */
static double put_spans(const adding *a, const int64_t *rows, int64_t count, int64_t event,
                        double last, bool after)
{
    brn__column *column =
        &a->table->columns[a->first_column + event * KINDS + (after ? AFTER : BEFORE)];
    for (int64_t i = 0; i < count; i++) {
        int64_t row = rows[after ? i : count - 1 - i];
        if (a->happened[row] >> event & 1) last = a->moments[row];
        put_span(a, column, row, after ? a->moments[row] - last : last - a->moments[row]);
    }
    return last;
}

/* How often in a window: differences of running sums, which begin in the tail. */
static void put_windows(const adding *a, const int64_t *rows, int64_t count, int64_t event,
                        const brn__event_tail *tail)
{
    brn__column *columns = &a->table->columns[a->first_column + event * KINDS];
    int64_t window = a->events->window, before = tail ? tail->row_count : 0;
    a->sums[0] = 0;
    for (int64_t i = 0; i < before + count; i++)
        a->sums[i + 1] =
            a->sums[i] +
            (((i < before ? tail->rows[i] : a->happened[rows[i - before]]) >> event) & 1);
    for (int64_t i = 0; i < count; i++) {
        int64_t end = before + i + 1, from = end > window ? end - window : 0;
        int64_t to = end - 1 + window < before + count ? end - 1 + window : before + count;
        columns[BACKWARD].integers[rows[i]] = a->sums[end] - a->sums[from];
        columns[FORWARD].integers[rows[i]] = a->sums[to] - a->sums[end - 1];
    }
}

/* The tail, where these rows lie behind it. */
static const brn__event_tail *tail_of(const adding *a, const brn__dictionary *known,
                                      brn__slice entity, double first)
{
    int64_t place = brn__dictionary_find(known, entity);
    const brn__event_tail *tail = place < 0 ? NULL : &a->events->tails[place];
    return tail && tail->last < first ? tail : NULL;
}

static brn_status learn_tail(const adding *a, brn__slice entity, const int64_t *rows, int64_t count,
                             const double *since, brn__event_tail *out)
{
    brn__arena *arena = &a->events->arena;
    int64_t kept = count < a->events->window - 1 ? count : a->events->window - 1;
    char *name = brn__arena_alloc(arena, entity.length + 1);
    *out =
        (brn__event_tail){.entity = name, .last = a->moments[rows[count - 1]], .row_count = kept};
    out->rows = brn__arena_alloc(arena, (size_t)kept * sizeof *out->rows + 1);
    if (!name || !out->rows) return BRN_ERROR_NO_MEMORY;
    memcpy(name, entity.bytes, entity.length);
    memcpy(out->since, since, sizeof out->since);
    for (int64_t i = 0; i < kept; i++) out->rows[i] = a->happened[rows[count - kept + i]];
    return BRN_OK;
}

static brn_status add_entity(const adding *a, const brn__dictionary *known, brn__slice entity,
                             const int64_t *rows, int64_t count, brn__event_tail *learned)
{
    double since[BRN__EVENTS_MAX] = {0};
    const brn__event_tail *tail = tail_of(a, known, entity, a->moments[rows[0]]);
    for (int64_t k = 0; k < a->events->count; k++) {
        since[k] = put_spans(a, rows, count, k, tail ? tail->since[k] : (double)NAN, true);
        put_spans(a, rows, count, k, (double)NAN, false);
        put_windows(a, rows, count, k, tail);
    }
    return learned ? learn_tail(a, entity, rows, count, since, learned) : BRN_OK;
}

/* ---- all of them ---- */

static brn_status index_tails(const brn__events *events, brn__dictionary *out)
{
    for (int64_t i = 0; i < events->tail_count; i++) {
        int32_t code;
        const char *name = events->tails[i].entity;
        BRN__TRY(brn__dictionary_add(out, (brn__slice){name, strlen(name)}, false, &code));
    }
    return BRN_OK;
}

static brn_status add_entities(const adding *a, const brn__levels *levels,
                               const brn__dictionary *known, brn__event_tail *learned,
                               int64_t *learned_count)
{
    int64_t rows = a->table->row_count;
    for (int64_t begin = 0, end; begin < rows; begin = end) {
        int32_t entity = a->entities[a->rows[begin]];
        for (end = begin; end < rows && a->entities[a->rows[end]] == entity;) end++;
        char buffer[BRN__LEVEL_TEXT_BYTES];
        brn__slice text = {"", 0};
        if (levels) text = brn__level_text(levels, entity, true, buffer);
        BRN__TRY(add_entity(a, known, text, a->rows + begin, end - begin,
                            learned ? &learned[*learned_count] : NULL));
        *learned_count += learned != NULL;
    }
    return BRN_OK;
}

static brn_status go_through(adding *a, const brn__levels *levels, bool learns)
{
    int64_t learned_count = 0, entities = levels ? levels->count : 1;
    brn__dictionary known = {0};
    brn__event_tail *learned = NULL;
    qsort_r(a->rows, (size_t)a->table->row_count, sizeof *a->rows, compare_rows, a);
    if (learns) {
        learned = brn__arena_alloc(&a->events->arena, (size_t)(entities + 1) * sizeof *learned);
        if (!learned) return BRN_ERROR_NO_MEMORY;
    }
    brn_status status = index_tails(a->events, &known);
    if (status == BRN_OK) status = add_entities(a, levels, &known, learned, &learned_count);
    brn__dictionary_free(&known);
    if (status == BRN_OK && learns) {
        a->events->tails = learned;
        a->events->tail_count = learned_count;
    }
    for (int64_t i = a->first_column; i < a->table->column_count; i++) {
        brn__column *column = &a->table->columns[i];
        if (column->missing_count) continue;
        brn__free(column->missing);
        column->missing = NULL;
    }
    return status;
}

static brn_status add_all(adding *a, bool learns)
{
    const brn__column *entity = NULL;
    brn__levels levels = {0};
    BRN__TRY(find_moments(a));
    BRN__TRY(make_columns(a)); /* before others are held on to, for it moves them */
    if (a->events->entity) BRN__TRY(need_column(a->table, a->events->entity, &entity));
    BRN__TRY(find_events(a));
    if (entity) BRN__TRY(brn__levels_of(entity, a->table->row_count, &levels));
    for (int64_t row = 0; row < a->table->row_count; row++) {
        a->rows[row] = row;
        a->entities[row] = entity ? levels.ids[row] : 0;
    }
    brn_status status = go_through(a, entity ? &levels : NULL, learns);
    brn__levels_free(&levels);
    return status;
}

brn_status brn__events_add(brn__events *events, brn_table *table, bool learns)
{
    size_t rows = (size_t)table->row_count;
    adding a = {.events = events, .table = table, .first_column = table->column_count};
    a.moments = brn__alloc_array(rows, sizeof *a.moments);
    a.entities = brn__alloc_array(rows, sizeof *a.entities);
    a.rows = brn__alloc_array(rows, sizeof *a.rows);
    a.happened = brn__alloc_zero(rows, sizeof *a.happened);
    a.sums = brn__alloc_array(rows + (size_t)events->window + 1, sizeof *a.sums);
    brn_status status = a.moments && a.entities && a.rows && a.happened && a.sums
                            ? add_all(&a, learns)
                            : BRN_ERROR_NO_MEMORY;
    brn__free(a.moments);
    brn__free(a.entities);
    brn__free(a.rows);
    brn__free(a.happened);
    brn__free(a.sums);
    return status;
}

/* ---- making ---- */

static brn_status copy_text(brn__arena *arena, const char *text, const char **out)
{
    *out = text ? brn__arena_strdup(arena, text) : NULL;
    return *out || !text ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status fill(brn__events *events, const char *const *conditions, int64_t count,
                       const char *entity, const char *order, int64_t window)
{
    if (count < 1 || count > BRN__EVENTS_MAX)
        return brn__fail(BRN_ERROR_USAGE, "%lld events; expected 1 to %d", (long long)count,
                         BRN__EVENTS_MAX);
    if (!order || !*order)
        return brn__fail(BRN_ERROR_USAGE, "events: expected the column that orders rows (a date)");
    if (window < 2 || window > BRN__EVENT_WINDOW_MAX)
        return brn__fail(BRN_ERROR_USAGE, "a window of %lld rows; expected 2 to %d",
                         (long long)window, BRN__EVENT_WINDOW_MAX);
    events->count = count;
    events->window = window;
    BRN__TRY(copy_text(&events->arena, entity, &events->entity));
    BRN__TRY(copy_text(&events->arena, order, &events->order));
    for (int64_t k = 0; k < count; k++)
        BRN__TRY(copy_text(&events->arena, conditions[k], &events->conditions[k]));
    return BRN_OK;
}

brn_status brn__events_new(const char *const *conditions, int64_t count, const char *entity,
                           const char *order, int64_t window, brn__events **out)
{
    brn__events *events = brn__alloc_zero(1, sizeof *events);
    brn_status status =
        events ? fill(events, conditions, count, entity, order, window) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        *out = events;
        return BRN_OK;
    }
    *out = NULL;
    brn__events_free(events);
    return status;
}

void brn__events_free(brn__events *events)
{
    if (!events) return;
    brn__arena arena = events->arena;
    brn__arena_free(&arena);
    brn__free(events);
}
