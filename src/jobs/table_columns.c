/* SPDX-License-Identifier: Apache-2.0
 * What a training learned of the columns, in words. */
#include "jobs/table_page.h"

#include <string.h>

enum { VALUES_SHOWN = 8 };

static brn_status category_facts(const brn_table_model *model, int64_t index, brn__arena *arena,
                                 brn__report_column *out)
{
    const brn__category_column *c = &model->preparation->categories[index];
    const brn_table_embedding e = brn_table_model_embedding(model, index);
    brn__text text = {0};
    brn__text_printf(&text, "%lld value%s", (long long)c->count, c->count == 1 ? "" : "s");
    for (int64_t i = 0; i < c->count && i < VALUES_SHOWN; i++)
        brn__text_printf(&text, "%s%.60s", i ? ", " : ": ", c->values[i]);
    brn__text_printf(&text, "%s; %lld number%s each", c->count > VALUES_SHOWN ? " ..." : "", (long long)e.width,
                     e.width == 1 ? "" : "s");
    brn_status status = brn__text_finish(&text);
    if (status == BRN_OK)
        *out = (brn__report_column){.name = c->name,
                                    .use = "category",
                                    .facts = brn__arena_strdup(arena, text.bytes)};
    brn__text_free(&text);
    return status == BRN_OK && !out->facts ? BRN_ERROR_NO_MEMORY : status;
}

static bool has_indicator(const brn__preparation *p, const char *name)
{
    for (int64_t i = 0; i < p->category_count; i++)
        if (p->categories[i].source && strcmp(p->categories[i].source, name) == 0) return true;
    return false;
}

static brn_status number_facts(const brn__preparation *p, int64_t index, brn__arena *arena, brn__report_column *out)
{
    const brn__number_column *n = &p->numbers[index];
    *out = (brn__report_column){
        .name = n->name,
        .use = "number",
        .facts = brn__arena_printf(arena, "mean %.5g, deviation %.5g; gaps become the median, %.5g%s", n->mean,
                                   n->deviation, n->fill,
                                   has_indicator(p, n->name) ? ", and the network is told where they were" : "")};
    return out->facts ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

brn_status brn__table_column_facts(const brn_table_model *model, brn__arena *arena, brn__report_column **out,
                                   int *count)
{
    const brn__preparation *p = model->preparation;
    const size_t most = (size_t)(p->category_count + p->number_count + p->date_count);
    brn__report_column *columns = brn__arena_alloc(arena, (most + 1) * sizeof *columns);
    *count = 0;
    *out = columns;
    if (!columns) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < p->date_count; i++)
        columns[(*count)++] = (brn__report_column){
            p->dates[i].name, "date", p->dates[i].time ? "its parts and those of the time of day are columns of their own"
                                                       : "its parts are columns of their own"};
    for (int64_t i = 0; i < p->category_count; i++)
        if (!p->categories[i].source) BRN__TRY(category_facts(model, i, arena, &columns[(*count)++]));
    for (int64_t i = 0; i < p->number_count; i++) BRN__TRY(number_facts(p, i, arena, &columns[(*count)++]));
    return BRN_OK;
}
