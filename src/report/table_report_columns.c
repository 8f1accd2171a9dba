/* SPDX-License-Identifier: Apache-2.0
 * What the network makes of the columns: how they were understood, what they matter, how answers move with
 * them, and maps of what it has learned of their values. */
#include "base/alloc.h"
#include "report/svg.h"
#include "report/table_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ how they were understood */

void brn__table_report_columns(brn__text *out, const brn__table_report *r)
{
    if (r->column_count == 0) return;
    brn__html_section(out, "columns", "Columns", "What the network sees of the table.");
    brn__text_add(out, "<div class=\"card\"><div class=\"scroll\"><table><thead><tr><th>column</th><th>seen as</th>"
                       "<th>what was learned of it</th></tr></thead><tbody>");
    for (int i = 0; i < r->column_count; i++) {
        const char *const cells[] = {r->columns[i].name, r->columns[i].use, r->columns[i].facts};
        brn__text_add(out, "<tr>");
        for (int c = 0; c < 3; c++) {
            brn__text_add(out, c == 1 ? "<td class=\"word\"><bdi>" : "<td><bdi>");
            brn__html_escape(out, cells[c]);
            brn__text_add(out, "</bdi></td>");
        }
        brn__text_add(out, "</tr>\n");
    }
    brn__text_add(out, "</tbody></table></div>");
    if (r->unused) {
        brn__text_add(out, "<p class=\"note\">Not used: ");
        brn__html_escape(out, r->unused);
        brn__text_add(out, "</p>");
    }
    brn__text_add(out, "</div>\n");
    brn__html_section_end(out);
}

/* ------------------------------------------------------------------ what they matter */

static int longest(const char *const *names, int count)
{
    size_t most = 6;
    for (int i = 0; i < count; i++)
        if (strlen(names[i]) > most) most = strlen(names[i]);
    return most > 26 ? 26 : (int)most;
}

void brn__table_report_importance(brn__text *out, const brn__table_report *r)
{
    char heading[128];
    const int count = r->importance_count < BRN__REPORT_IMPORTANCE_MAX ? r->importance_count : BRN__REPORT_IMPORTANCE_MAX;
    if (count == 0) return;
    brn__html_section(out, "importance", "Which columns matter",
                      "How much worse the answers to validation rows get when a column's values change places among "
                      "the rows, so that it says nothing any more; mean, and one deviation of the tries. "
                      "Columns that say the same share their importance.");
    snprintf(heading, sizeof heading, "Growth of the %s", r->importance_of);
    const brn__svg_bars bars = {.title = heading,
                                .names = r->importance_names,
                                .values = r->importance,
                                .deviations = r->importance_deviations,
                                .letters = longest(r->importance_names, count),
                                .count = count};
    brn__text_add(out, "<div class=\"card\"><h3>");
    brn__html_escape(out, heading);
    brn__text_add(out, "</h3>");
    brn__svg_bars_draw(out, &bars);
    if (count < r->importance_count)
        brn__text_printf(out, "<p class=\"note\">and %d more columns</p>", r->importance_count - count);
    brn__text_add(out, "</div>\n");
    brn__html_section_end(out);
}

/* ------------------------------------------------------------------ how answers move */

/* Answers of class k, or the numbers, out of rows of `width`. */
static double *take_class(const brn__report_dependence *d, int64_t k)
{
    double *values = brn__alloc_array((size_t)d->count + 1, sizeof *values);
    for (int64_t i = 0; values && i < d->count; i++) values[i] = d->answers[i * d->width + k];
    return values;
}

static double spread(const brn__report_dependence *d, int64_t k)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < d->count; i++) {
        low = fmin(low, d->answers[i * d->width + k]);
        high = fmax(high, d->answers[i * d->width + k]);
    }
    return d->count ? high - low : 0;
}

/* The second of two classes, else the one whose probability moves most. */
static int64_t shown_class(const brn__report_dependence *d)
{
    int64_t shown = 0;
    if (d->width == 2) return 1;
    for (int64_t k = 1; k < d->width; k++)
        if (spread(d, k) > spread(d, shown)) shown = k;
    return shown;
}

static void draw_numbers(brn__text *out, const brn__table_report *r, const brn__report_dependence *d)
{
    double *values[BRN__SVG_SERIES_MAX] = {0};
    brn__svg_plot plot = {.title = d->column, .x_label = d->column, .real_x = true};
    const bool all = d->width > 2 && d->width <= BRN__SVG_SERIES_MAX;
    const int64_t first = all ? 0 : shown_class(d), count = all ? d->width : 1;
    for (int64_t k = 0; k < count; k++) {
        values[k] = take_class(d, first + k);
        if (!values[k]) {
            out->failed = 1;
            break;
        }
        plot.series[plot.series_count++] =
            (brn__svg_series){.name = r->class_count ? r->classes[first + k] : r->target,
                              .x = d->at,
                              .y = values[k],
                              .count = d->count,
                              .dots = d->count <= 30};
    }
    brn__svg_lines(out, &plot);
    for (int64_t k = 0; k < count; k++) brn__free(values[k]);
}

static void draw_categories(brn__text *out, const brn__report_dependence *d)
{
    double *values = take_class(d, shown_class(d));
    const int count = d->count < BRN__REPORT_VALUES_MAX ? (int)d->count : BRN__REPORT_VALUES_MAX;
    brn__svg_bars bars = {.title = d->column,
                          .names = d->values,
                          .values = values,
                          .dots = true,
                          .letters = longest(d->values, count),
                          .count = count};
    if (values) brn__svg_bars_draw(out, &bars);
    else out->failed = 1;
    brn__free(values);
    if (d->count > count)
        brn__text_printf(out, "<p class=\"note\">and %lld more values</p>", (long long)(d->count - count));
}

static void dependence_card(brn__text *out, const brn__table_report *r, const brn__report_dependence *d)
{
    brn__text_add(out, "<div class=\"card\"><h3>");
    brn__html_escape(out, d->column);
    if (r->class_count > 2 && (d->category || d->width > BRN__SVG_SERIES_MAX)) {
        brn__text_add(out, ": probability of ");
        brn__html_escape(out, r->classes[shown_class(d)]);
    }
    brn__text_add(out, "</h3>");
    if (d->category) draw_categories(out, d);
    else draw_numbers(out, r, d);
    brn__text_add(out, "</div>\n");
}

void brn__table_report_dependence(brn__text *out, const brn__table_report *r)
{
    char note[512];
    if (r->dependence_count == 0) return;
    if (r->class_count > 0)
        snprintf(note, sizeof note, "The mean probability of %.80s when a column has the same value in all rows.",
                 r->class_count == 2 ? r->classes[1] : "a class");
    else
        snprintf(note, sizeof note, "The mean answer (%.80s) when a column has the same value in all rows.", r->target);
    brn__html_section(out, "dependence", "How answers move with a column", note);
    brn__text_add(out, "<div class=\"columns\">");
    for (int i = 0; i < r->dependence_count; i++) dependence_card(out, r, &r->dependence[i]);
    brn__text_add(out, "</div>\n");
    brn__html_section_end(out);
}

/* ------------------------------------------------------------------ maps */

void brn__table_report_maps(brn__text *out, const brn__table_report *r)
{
    if (r->map_count == 0) return;
    brn__html_section(out, "maps", "What was learned of categories",
                      "The learned vectors of a column's values along the two directions in which they differ most. "
                      "Values that lie close together have like effects, whatever their names; the signs of the "
                      "directions mean nothing.");
    for (int i = 0; i < r->map_count; i++) {
        const char *title = strstr(r->maps[i], "<title>"), *end = title ? strstr(title, "</title>") : NULL;
        brn__text_add(out, "<div class=\"card\"><h3>");
        if (end) brn__text_add_bytes(out, title + 7, (size_t)(end - title) - 7);
        brn__text_add(out, "</h3>");
        brn__text_add(out, r->maps[i]);
        brn__text_add(out, "</div>\n");
    }
    brn__html_section_end(out);
}
