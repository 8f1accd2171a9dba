/* SPDX-License-Identifier: Apache-2.0
 * How good the answers are: confusion, or answers over truths, and the worst rows. */
#include "report/svg.h"
#include "report/table_report.h"

#include <math.h>

/* ------------------------------------------------------------------ numbers */

static void range_of(const double *values, int64_t count, double *low, double *high)
{
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        *low = fmin(*low, values[i]);
        *high = fmax(*high, values[i]);
    }
}

/* Each dot is a row; on the line answer and truth are the same. */
static void scatter(brn__text *out, const brn__table_report *r)
{
    double ends[2] = {INFINITY, -INFINITY};
    range_of(r->truths, r->answer_count, &ends[0], &ends[1]);
    brn__svg_plot plot = {.title = "Answers over truths", .x_label = r->target, .real_x = true};
    plot.series[plot.series_count++] = (brn__svg_series){
        .name = "answer", .x = r->truths, .y = r->answers, .count = r->answer_count, .cloud = true};
    plot.series[plot.series_count++] =
        (brn__svg_series){.name = "as it should be", .x = ends, .y = ends, .count = 2};
    brn__text_add(out, "<div class=\"card\"><h3>Answer over truth</h3>");
    brn__svg_lines(out, &plot);
    brn__text_add(out, "</div>\n");
}

/* How many errors have which size, up to three times their root mean square. */
static void errors(brn__text *out, const brn__table_report *r)
{
    enum { BINS = 41 };
    double counts[BINS] = {0}, at[BINS], squares = 0;
    for (int64_t i = 0; i < r->answer_count; i++)
        squares += (r->answers[i] - r->truths[i]) * (r->answers[i] - r->truths[i]);
    const double reach = 3 * sqrt(squares / (double)r->answer_count);
    if (!(reach > 0) || !isfinite(reach)) return;
    for (int i = 0; i < BINS; i++) at[i] = reach * (2. * i / (BINS - 1) - 1);
    for (int64_t i = 0; i < r->answer_count; i++) {
        const double place = ((r->answers[i] - r->truths[i]) / reach + 1) / 2 * (BINS - 1);
        if (place >= 0 && place <= BINS - 1) counts[(int)lround(place)]++;
    }
    brn__svg_plot plot = {.title = "Errors", .x_label = "answer - truth", .from_zero = true, .real_x = true};
    plot.series[plot.series_count++] = (brn__svg_series){.name = "rows", .x = at, .y = counts, .count = BINS};
    brn__text_add(out, "<div class=\"card\"><h3>Rows by the size of the error</h3>");
    brn__svg_lines(out, &plot);
    brn__text_add(out, "</div>\n");
}

void brn__table_report_answers(brn__text *out, const brn__table_report *r)
{
    if (r->class_count > 0) {
        brn__run_page_confusion(out, &r->confusion);
        return;
    }
    if (r->answer_count == 0) return;
    brn__html_section(out, "answers", "Answers", "The validation rows: what was answered, and what is true.");
    brn__text_add(out, "<div class=\"columns\">");
    scatter(out, r);
    errors(out, r);
    brn__text_add(out, "</div>\n");
    brn__html_section_end(out);
}

/* ------------------------------------------------------------------ rows */

static void cell(brn__text *out, const char *text)
{
    brn__text_add(out, "<td>");
    brn__html_escape(out, *text ? text : "\xe2\x80\x93");
    brn__text_add(out, "</td>");
}

void brn__table_report_rows(brn__text *out, const brn__table_report *r)
{
    if (r->row_count == 0) return;
    brn__html_section(out, "rows", "Worst rows",
                      r->shown_count ? "The validation rows that the network got most wrong, with the columns that "
                                       "matter most to it. Look whether they are right."
                                     : "The validation rows that the network got most wrong.");
    brn__text_add(out, "<div class=\"card\"><div class=\"scroll\"><table class=\"numbers\"><thead><tr>"
                       "<th>row</th><th>truth</th><th>answer</th>");
    for (int i = 0; i < r->shown_count; i++) {
        brn__text_add(out, "<th>");
        brn__html_escape(out, r->shown[i]);
        brn__text_add(out, "</th>");
    }
    brn__text_add(out, "</tr></thead><tbody>");
    for (int i = 0; i < r->row_count; i++) {
        brn__text_printf(out, "<tr><td>%lld</td>", r->rows[i].row);
        cell(out, r->rows[i].truth);
        cell(out, r->rows[i].answer);
        for (int c = 0; c < r->shown_count; c++) cell(out, r->rows[i].values[c]);
        brn__text_add(out, "</tr>\n");
    }
    brn__text_add(out, "</tbody></table></div></div>\n");
    brn__html_section_end(out);
}
