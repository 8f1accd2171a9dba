/* SPDX-License-Identifier: Apache-2.0
 * Loss, metrics, rates and momentum over the epochs, and the epochs as a table. */
#include "report/run_page.h"
#include "report/svg.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double LOG_FROM = 30; /* rates further apart than this are drawn on a logarithmic axis */

static const double *column(const brn__run_table *table, const char *name)
{
    return table && table->rows > 0 ? brn__run_table_column(table, name) : NULL;
}

static void add(brn__svg_plot *plot, const char *name, const brn__run_table *table, const char *y,
                bool dots)
{
    const double *epoch = column(table, "epoch"), *values = column(table, y);
    if (!epoch || !values || plot->series_count == BRN__SVG_SERIES_MAX) return;
    plot->series[plot->series_count++] = (brn__svg_series){
        .name = name, .x = epoch, .y = values, .count = table->rows, .dots = dots};
}

static void card(brn__text *out, const brn__svg_plot *plot)
{
    if (plot->series_count == 0) return;
    brn__text_add(out, "<div class=\"card\"><h3>");
    brn__html_escape(out, plot->title);
    brn__text_add(out, "</h3>");
    brn__svg_lines(out, plot);
    brn__text_add(out, "</div>\n");
}

static void losses(brn__text *out, const brn__run_curves *report)
{
    brn__svg_plot plot = {.title = "Loss", .x_label = "epoch"};
    if (column(report->curve, "train_loss"))
        add(&plot, "training, smoothed", report->curve, "train_loss", false);
    else
        add(&plot, "training", report->history, "train_loss", true);
    add(&plot, "validation", report->history, "valid_loss", true);
    card(out, &plot);
}

/* Every column of the history that is none of the loop's own. */
static void metrics(brn__text *out, const brn__run_curves *report)
{
    static const char *const others[] = {"epoch", "train_loss", "valid_loss", "learning_rate",
                                         "seconds", "error_rate"};
    char title[128];
    snprintf(title, sizeof title, "Metrics on the validation %s", report->items);
    brn__svg_plot plot = {.title = title, .x_label = "epoch"};
    for (int c = 0; report->history && c < report->history->columns; c++) {
        const char *name = report->history->names[c];
        bool other = false;
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            other = other || strcmp(name, others[i]) == 0;
        if (!other) add(&plot, name, report->history, name, true);
    }
    if (plot.series_count == 1) { /* it has no legend */
        snprintf(title, sizeof title, "%.64s on the validation %s", plot.series[0].name, report->items);
        title[0] = (char)toupper((unsigned char)title[0]);
    }
    card(out, &plot);
}

static double highest(const double *values, int64_t count)
{
    double most = -INFINITY;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(values[i])) most = fmax(most, values[i]);
    return most;
}

/* One line per layer group; groups whose rates are the same share one. */
static void rates(brn__text *out, const brn__run_curves *report)
{
    brn__svg_plot plot = {.title = "Learning rate", .x_label = "epoch"};
    char names[BRN__SVG_SERIES_MAX][32], title[64];
    const brn__run_table *curve = report->curve;
    double low = INFINITY, high = -INFINITY;
    for (int g = 0; curve && g < BRN__SVG_SERIES_MAX; g++) {
        char name[32];
        snprintf(name, sizeof name, "rate_%d", g);
        const double *values = column(curve, name);
        if (!values) break;
        double most = highest(values, curve->rows);
        if (!(most > 0)) continue;
        low = fmin(low, most), high = fmax(high, most);
        snprintf(names[plot.series_count], sizeof names[0], "group %d", g + 1);
        add(&plot, names[plot.series_count], curve, name, false);
    }
    if (plot.series_count == 0) add(&plot, "rate", report->history, "learning_rate", true);
    plot.log_y = high > LOG_FROM * low;
    snprintf(title, sizeof title, "Learning rate%s",
             plot.series_count > 1 ? " by layer group" : "");
    plot.title = title;
    card(out, &plot);
}

static void momentum(brn__text *out, const brn__run_curves *report)
{
    brn__svg_plot plot = {.title = "Momentum", .x_label = "epoch"};
    add(&plot, "momentum", report->curve, "momentum", false);
    card(out, &plot);
}

/* ------------------------------------------------------------------ the table */

static void cell(brn__text *out, const double *values, int64_t row, const char *format)
{
    brn__text_add(out, "<td class=\"number\">");
    if (values && isfinite(values[row])) {
        char text[48];
        snprintf(text, sizeof text, format, values[row]);
        brn__text_add(out, text);
    } else {
        brn__text_add(out, values && isnan(values[row]) ? "\xe2\x80\x93" : "not finite");
    }
    brn__text_add(out, "</td>");
}

static void table(brn__text *out, const brn__run_table *history)
{
    static const struct {
        const char *name, *heading, *format;
    } columns[] = {{"train_loss", "train", "%.4f"},
                   {"valid_loss", "valid", "%.4f"},
                   {"accuracy", "accuracy", "%.4f"},
                   {"seconds", "s", "%.1f"}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    brn__text_printf(out, "<div class=\"card\"><details%s><summary>%lld epoch%s as numbers</summary>"
                     "<div class=\"scroll\"><table class=\"numbers\"><thead><tr><th>epoch</th>", history->rows <= 12 ? " open=\"open\"" : "",
                     (long long)history->rows, history->rows == 1 ? "" : "s");
    for (int c = 0; c < COLUMNS; c++)
        if (column(history, columns[c].name))
            brn__text_printf(out, "<th class=\"number\">%s</th>", columns[c].heading);
    brn__text_add(out, "</tr></thead><tbody>");
    const double *epoch = column(history, "epoch");
    for (int64_t row = 0; row < history->rows; row++) {
        brn__text_printf(out, "<tr><td>%.0f <small>", epoch ? epoch[row] : (double)row + 1);
        brn__html_escape(out, history->words[row]);
        brn__text_add(out, "</small></td>");
        for (int c = 0; c < COLUMNS; c++) {
            const double *values = column(history, columns[c].name);
            if (values) cell(out, values, row, columns[c].format);
        }
        brn__text_add(out, "</tr>\n");
    }
    brn__text_add(out, "</tbody></table></div></details></div>\n");
}

void brn__run_page_curves(brn__text *out, const brn__run_curves *report)
{
    const bool none = !report->history || report->history->rows == 0;
    brn__html_section(out, "training", "Training",
                      none ? "No epoch has been finished, or history.csv is not there." : NULL);
    if (!none || (report->curve && report->curve->rows > 0)) {
        brn__text_add(out, "<div class=\"columns\">");
        losses(out, report);
        metrics(out, report);
        rates(out, report);
        momentum(out, report);
        brn__text_add(out, "</div>\n");
    }
    if (!none) table(out, report->history);
    brn__html_section_end(out);
}
