/* SPDX-License-Identifier: Apache-2.0 */
#include "report/image_report.h"
#include "base/files.h"
#include "report/thumbnail.h"

#include <math.h>
#include <string.h>

static void picture_or_reason(brn__text *out, const brn__report_picture *picture)
{
    const size_t start = out->length;
    brn__text_add(out, "<img alt=\"\" src=\"");
    brn_status status = picture->path ? brn__thumbnail_add(out, picture->path) : BRN_ERROR_INPUT;
    if (status == BRN_OK) {
        brn__text_add(out, "\"/>");
        return;
    }
    if (status == BRN_ERROR_NO_MEMORY) out->failed = 1; /* no fault of the picture's */
    if (out->failed) return;
    out->length = start;
    out->bytes[start] = '\0';
    brn__text_add(out, "<div class=\"missing\">the picture could not be read</div>");
}

static void class_name(brn__text *out, const char *name)
{
    brn__text_add(out, "<bdi>");
    brn__html_escape(out, name);
    brn__text_add(out, "</bdi>");
}

static void caption(brn__text *out, const brn__report_picture *p)
{
    const bool right = strcmp(p->label, p->answer) == 0;
    brn__text_printf(out, "<figcaption><b class=\"%s\">", right ? "right" : "wrong");
    class_name(out, p->answer);
    brn__text_printf(out, " %.0f\xc2\xa0%%</b>", 100 * p->probability);
    brn__text_add(out, right ? "as labelled" : "labelled <bdi>");
    if (!right) {
        brn__html_escape(out, p->label);
        brn__text_printf(out, "</bdi> (%.1f\xc2\xa0%%)", 100 * p->label_probability);
    }
    brn__text_add(out, "<br/><small>");
    if (isfinite(p->loss)) brn__text_printf(out, "loss\xc2\xa0%.2f \xc2\xb7 ", p->loss);
    class_name(out, brn__path_name(p->name));
    brn__text_add(out, "</small></figcaption>");
}

void brn__image_report_pictures(brn__text *out, const char *id, const char *heading, const char *note,
                                const brn__report_pictures *pictures)
{
    if (pictures->count == 0) return;
    brn__html_section(out, id, heading, note);
    brn__text_add(out, "<div class=\"pictures\">");
    for (int i = 0; i < pictures->count && i < BRN__REPORT_PICTURES_MAX; i++) {
        brn__text_add(out, "<figure title=\"");
        brn__html_escape(out, pictures->items[i].name);
        brn__text_add(out, "\">");
        picture_or_reason(out, &pictures->items[i]);
        caption(out, &pictures->items[i]);
        brn__text_add(out, "</figure>\n");
    }
    brn__text_add(out, "</div>\n");
    brn__html_section_end(out);
}
