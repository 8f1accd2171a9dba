/* SPDX-License-Identifier: Apache-2.0
 * How many pictures there are by class, and files that could not be read. */
#include "report/image_report.h"
#include "report/svg.h"

static void class_counts(brn__text *out, const brn__image_report *r)
{
    brn__text_printf(out, "<div class=\"card\"><details%s><summary>%lld classes</summary><table><thead>"
                     "<tr><th>class</th><th class=\"number\">training</th><th class=\"number\">"
                     "validation</th></tr></thead><tbody>", r->class_count <= 25 ? " open=\"open\"" : "",
                     (long long)r->class_count);
    for (int64_t k = 0; k < r->class_count; k++) {
        brn__text_printf(out, "<tr><td>");
        if (r->class_count > BRN__SVG_NAMED_MAX)
            brn__text_printf(out, "<small>%lld</small> ", (long long)k + 1);
        brn__text_add(out, "<bdi>");
        brn__html_escape(out, r->classes[k]);
        brn__text_printf(out, "</bdi></td><td class=\"number\">%lld</td><td class=\"number\">%lld</td>"
                         "</tr>\n", (long long)r->train_counts[k], (long long)r->valid_counts[k]);
    }
    brn__text_add(out, "</tbody></table></details></div>\n");
}

static void bad_files(brn__text *out, const brn__image_report *r)
{
    brn__text_printf(out, "<div class=\"card\"><h3>%lld files could not be read and were left out</h3>"
                     "<table><thead><tr><th>file</th><th>reason</th></tr></thead><tbody>",
                     (long long)r->bad_count);
    int shown = r->bad.count < BRN__REPORT_LINES_MAX ? r->bad.count : BRN__REPORT_LINES_MAX;
    for (int i = 0; i < shown; i++) {
        brn__text_add(out, "<tr><td><bdi>");
        brn__html_escape(out, r->bad.pairs[i].name);
        brn__text_add(out, "</bdi></td><td>");
        brn__html_escape(out, r->bad.pairs[i].value);
        brn__text_add(out, "</td></tr>\n");
    }
    brn__text_add(out, "</tbody></table>");
    if (r->bad_count > shown)
        brn__text_printf(out, "<p class=\"note\">and %lld more</p>", (long long)(r->bad_count - shown));
    brn__text_add(out, "</div>\n");
}

void brn__image_report_data(brn__text *out, const brn__image_report *r)
{
    const bool counted = r->train_counts && r->valid_counts && r->class_count > 0;
    if (!counted && r->bad_count == 0) return;
    brn__html_section(out, "data", "Data",
                      r->bad_count == 0 ? "Every file that was used could be read." : NULL);
    brn__text_add(out, "<div class=\"columns\">");
    if (counted) class_counts(out, r);
    if (r->bad_count > 0) bad_files(out, r);
    brn__text_add(out, "</div>\n");
    brn__html_section_end(out);
}
