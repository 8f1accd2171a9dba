/* SPDX-License-Identifier: Apache-2.0 */
#include "report/image_report.h"
#include "base/files.h"

#include <stddef.h>
#include <string.h>

static void head(brn__text *out, const brn__image_report *report)
{
    brn__text_add(out, "<header><h1>");
    brn__html_escape(out, report->title);
    brn__text_add(out, "</h1>");
    if (report->subtitle) {
        brn__text_add(out, "<p class=\"sub\">");
        brn__html_escape(out, report->subtitle);
        brn__text_add(out, "</p>");
    }
    if (report->remark) { /* before all else: it may say that the run did not end well */
        brn__text_add(out, "<p class=\"note\">");
        brn__html_escape(out, report->remark);
        brn__text_add(out, "</p>");
    }
    brn__text_add(out, "</header>\n<dl class=\"tiles\">");
    for (int i = 0; i < report->figures.count; i++) {
        brn__text_add(out, "<div><dt>");
        brn__html_escape(out, report->figures.pairs[i].name);
        brn__text_add(out, "</dt><dd>");
        brn__html_escape(out, report->figures.pairs[i].value);
        brn__text_add(out, "</dd></div>");
    }
    brn__text_add(out, "</dl>\n");
}

static void list(brn__text *out, const char *id, const char *heading, const brn__report_list *pairs)
{
    if (pairs->count == 0) return;
    brn__html_section(out, id, heading, NULL);
    brn__text_add(out, "<div class=\"card\">");
    brn__html_pairs(out, pairs->pairs, pairs->count);
    brn__text_add(out, "</div>");
    brn__html_section_end(out);
}

/* Whole documents, each with its own title. */
static void rate_plots(brn__text *out, const brn__image_report *report)
{
    if (report->rate_plot_count == 0) return;
    brn__html_section(out, "rates", "Rates found",
                      "The loss of a mock training whose rate grows: a good rate lies where it falls "
                      "steeply, well before its lowest point.");
    for (int i = 0; i < report->rate_plot_count; i++) {
        const char *svg = strstr(report->rate_plots[i], "<svg");
        if (!svg) continue;
        brn__text_add(out, "<div class=\"card\">");
        brn__text_add(out, svg);
        brn__text_add(out, "</div>");
    }
    brn__html_section_end(out);
}

brn_status brn__image_report_make(const brn__image_report *report, brn__text *out)
{
    brn__html_begin(out, report->title);
    head(out, report);
    brn__image_report_curves(out, report);
    rate_plots(out, report);
    brn__image_report_confusion(out, report);
    brn__image_report_pictures(out, "losses", "Top losses",
                               "The validation pictures that the model got most wrong.",
                               &report->top_losses);
    brn__image_report_pictures(out, "suspects", "Likely mislabelled",
                               "The model is as sure of another class as it is of that class's own "
                               "pictures. Look whether the label is right.",
                               &report->suspects);
    brn__image_report_pictures(out, "samples", "Sample predictions",
                               "Validation pictures taken at even distances.", &report->samples);
    brn__image_report_data(out, report);
    list(out, "configuration", "Configuration", &report->configuration);
    list(out, "provenance", "Times, seeds and hashes", &report->provenance);
    brn__html_end(out, report->footer);
    return brn__text_finish(out);
}

brn_status brn__image_report_write(const char *path, const brn__image_report *report)
{
    brn__text text = {0};
    brn_status status = brn__image_report_make(report, &text);
    if (status == BRN_OK) status = brn__replace_file(path, text.bytes, text.length);
    brn__text_free(&text);
    return status;
}
