/* SPDX-License-Identifier: Apache-2.0
 * What pages of runs have in common, whatever the job. */
#include "report/run_page.h"

#include <stddef.h>
#include <string.h>

void brn__run_page_head(brn__text *out, const brn__run_head *report)
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

void brn__run_page_list(brn__text *out, const char *id, const char *heading, const brn__report_list *pairs)
{
    if (pairs->count == 0) return;
    brn__html_section(out, id, heading, NULL);
    brn__text_add(out, "<div class=\"card\">");
    brn__html_pairs(out, pairs->pairs, pairs->count);
    brn__text_add(out, "</div>");
    brn__html_section_end(out);
}

/* Whole documents, each with its own title. */
void brn__run_page_rates(brn__text *out, const char *const *plots, int count)
{
    if (count == 0) return;
    brn__html_section(out, "rates", "Rates found",
                      "The loss of a mock training whose rate grows: a good rate lies where it falls "
                      "steeply, well before its lowest point.");
    for (int i = 0; i < count; i++) {
        const char *svg = strstr(plots[i], "<svg");
        if (!svg) continue;
        brn__text_add(out, "<div class=\"card\">");
        brn__text_add(out, svg);
        brn__text_add(out, "</div>");
    }
    brn__html_section_end(out);
}
