/* SPDX-License-Identifier: Apache-2.0 */
#include "report/ratings_report.h"
#include "base/files.h"

#include <math.h>
#include <stdio.h>

/* ------------------------------------------------------------------ tables */

static void head_cells(brn__text *out, const char *const *names, int count)
{
    brn__text_add(out, "<div class=\"scroll\"><table class=\"numbers\"><thead><tr>");
    for (int i = 0; i < count; i++) {
        brn__text_add(out, i ? "<th class=\"number\">" : "<th>");
        brn__html_escape(out, names[i]);
        brn__text_add(out, "</th>");
    }
    brn__text_add(out, "</tr></thead><tbody>");
}

static void number_cell(brn__text *out, double value, const char *format)
{
    char text[48];
    snprintf(text, sizeof text, isfinite(value) ? format : "\xe2\x80\x93", value);
    brn__text_printf(out, "<td class=\"number\">%s</td>", text);
}

static void name_cell(brn__text *out, const char *name)
{
    brn__text_add(out, "<td><bdi>");
    brn__html_escape(out, name);
    brn__text_add(out, "</bdi></td>");
}

static void metrics(brn__text *out, const brn__ratings_report *r)
{
    const char *names[1 + BRN__REPORT_CONTENDERS] = {"on what validates"};
    if (r->metric_count == 0) return;
    for (int c = 0; c < BRN__REPORT_CONTENDERS; c++) names[1 + c] = r->contenders[c];
    brn__html_section(out, "metrics", "How good it is", r->metrics_note);
    brn__text_add(out, "<div class=\"card\">");
    head_cells(out, names, 1 + BRN__REPORT_CONTENDERS);
    for (int i = 0; i < r->metric_count; i++) {
        brn__text_add(out, "<tr>");
        name_cell(out, r->metrics[i].name);
        for (int c = 0; c < BRN__REPORT_CONTENDERS; c++)
            number_cell(out, r->metrics[i].values[c], "%.4f");
        brn__text_add(out, "</tr>\n");
    }
    brn__text_add(out, "</tbody></table></div></div>\n");
    brn__html_section_end(out);
}

static void bias_card(brn__text *out, const char *heading, const brn__report_biases *biases)
{
    static const char *const names[] = {"", "bias", "mean", "ratings"};
    if (biases->count == 0) return;
    brn__text_printf(out, "<div class=\"card\"><h3>%s</h3>", heading);
    head_cells(out, names, 4);
    for (int i = 0; i < biases->count; i++) {
        const brn__report_bias *b = &biases->items[i];
        brn__text_add(out, "<tr>");
        name_cell(out, b->name);
        number_cell(out, b->bias, "%+.3f");
        number_cell(out, b->mean, "%.2f");
        brn__text_printf(out, "<td class=\"number\">%lld</td></tr>\n", (long long)b->count);
    }
    brn__text_add(out, "</tbody></table></div></div>\n");
}

static void biases(brn__text *out, const brn__ratings_report *r)
{
    if (r->best_items.count + r->kind_users.count == 0) return;
    brn__html_section(out, "biases", "Given who rates them",
                      "An item's bias is how much it is liked beyond what its raters' own biases and tastes explain: "
                      "a better order than that of mean ratings, which few kind raters can lift.");
    brn__text_add(out, "<div class=\"columns\">");
    bias_card(out, "Items that are liked most", &r->best_items);
    bias_card(out, "Items that are liked least", &r->worst_items);
    bias_card(out, "Kindest users", &r->kind_users);
    bias_card(out, "Strictest users", &r->strict_users);
    brn__text_add(out, "</div>\n");
    brn__html_section_end(out);
}

/* ------------------------------------------------------------------ pictures */

static void distribution(brn__text *out, const brn__ratings_report *r)
{
    if (r->rating_count == 0) return;
    const brn__svg_bars bars = {.title = "Share of ratings",
                                .names = r->rating_names,
                                .values = r->rating_shares,
                                .count = r->rating_count,
                                .percent = true};
    brn__html_section(out, "distribution", "Ratings", "How often each rating was given in training.");
    brn__text_add(out, "<div class=\"card\">");
    brn__svg_bars_draw(out, &bars);
    brn__text_add(out, "</div>\n");
    brn__html_section_end(out);
}

static void map(brn__text *out, const brn__ratings_report *r)
{
    if (!r->map || r->map->count == 0) return;
    brn__html_section(out, "map", "Map of items",
                      "The two directions in which the vectors of the most rated items differ most (principal "
                      "components). Items that stand together are rated alike; point at a dot to read its name.");
    brn__text_add(out, "<div class=\"card\">");
    brn__svg_map_draw(out, r->map);
    brn__text_add(out, "</div>\n");
    brn__html_section_end(out);
}

brn_status brn__ratings_report_make(const brn__ratings_report *r, brn__text *out)
{
    brn__html_begin(out, r->head.title);
    brn__run_page_head(out, &r->head);
    brn__run_page_curves(out, &r->curves);
    metrics(out, r);
    distribution(out, r);
    biases(out, r);
    map(out, r);
    brn__run_page_list(out, "configuration", "Configuration", &r->configuration);
    brn__run_page_list(out, "provenance", "Times, seeds and hashes", &r->provenance);
    brn__html_end(out, r->footer);
    return brn__text_finish(out);
}

brn_status brn__ratings_report_write(const char *path, const brn__ratings_report *report)
{
    brn__text text = {0};
    brn_status status = brn__ratings_report_make(report, &text);
    if (status == BRN_OK) status = brn__replace_file(path, text.bytes, text.length);
    brn__text_free(&text);
    return status;
}
