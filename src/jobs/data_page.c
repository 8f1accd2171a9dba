/* SPDX-License-Identifier: Apache-2.0
 * The page of a check: a section for each kind of finding, pairs side by side. */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/data_tools.h"
#include "burnish/version.h"
#include "report/html.h"
#include "report/thumbnail.h"

#include <inttypes.h>
#include <stdio.h>

enum { PICTURES_MAX = 300 };

typedef struct page {
    const brn_data_check *check;
    brn__text text;
    int pictures; /* shown */
} page;

static const char *note_of(brn_data_finding_kind kind)
{
    switch (kind) {
    case BRN_FINDING_TWO_LABELS:
        return "The same picture, or one that looks alike, stands under two labels. One is wrong, "
               "or both are true: look.";
    case BRN_FINDING_LEAK:
        return "What trains must not validate: accuracy on these pictures says nothing.";
    case BRN_FINDING_DUPLICATE: return "The same bytes as another file of the class.";
    case BRN_FINDING_NEAR_DUPLICATE:
        return "Scaled, recompressed or nearly the same: harmless in one split, but no news either.";
    case BRN_FINDING_SIZE:
    case BRN_FINDING_ASPECT: return "Often a logo, a banner or a screenshot among photos.";
    default: return NULL;
    }
}

static void show_file(page *p, const char *path, bool partner)
{
    brn__text *out = &p->text;
    char *whole = brn__path_join(brn_data_check_folder(p->check), path);
    brn__text_add(out, "<figure title=\"");
    brn__html_escape(out, path);
    brn__text_add(out, "\">");
    const size_t start = out->length;
    brn__text_add(out, "<img alt=\"\" src=\"");
    if (whole && brn__thumbnail_add(out, whole) == BRN_OK) {
        brn__text_add(out, "\"/>");
    } else if (!out->failed) {
        out->length = start;
        out->bytes[start] = '\0';
        brn__text_add(out, "<div class=\"missing\">cannot be shown</div>");
    }
    brn__text_add(out, partner ? "<figcaption><small>beside it: <bdi>" : "<figcaption><b><bdi>");
    brn__html_escape(out, path);
    brn__text_add(out, partner ? "</bdi></small></figcaption></figure>\n" : "</bdi></b>");
    brn__free(whole);
}

static void show_finding(page *p, const brn_data_finding *f)
{
    show_file(p, f->path, false);
    brn__html_escape(&p->text, f->reason);
    brn__text_add(&p->text, "</figcaption></figure>\n");
    if (f->partner) show_file(p, f->partner, true);
    p->pictures += f->partner ? 2 : 1;
}

static void list_finding(page *p, const brn_data_finding *f)
{
    const brn__html_pair pair = {f->path, f->reason};
    brn__html_pairs(&p->text, &pair, 1);
}

/* Findings past the limit of pictures are listed by name. */
static void show_kind(page *p, brn_data_finding_kind kind)
{
    const char *name = brn_data_finding_name(kind);
    if (brn_data_check_kind_count(p->check, kind) == 0) return;
    bool pictures = true;
    brn__html_section(&p->text, name, name, note_of(kind));
    brn__text_add(&p->text, "<div class=\"pictures\">");
    for (int64_t i = 0; i < brn_data_check_count(p->check); i++) {
        const brn_data_finding finding = brn_data_check_finding(p->check, i);
        if (finding.kind != kind) continue;
        if (pictures && p->pictures >= PICTURES_MAX) {
            pictures = false;
            brn__text_add(&p->text, "</div><div class=\"card\">");
        }
        if (pictures) show_finding(p, &finding);
        else list_finding(p, &finding);
    }
    brn__text_add(&p->text, "</div>\n");
    brn__html_section_end(&p->text);
}

static void tile(brn__text *out, const char *name, int64_t count)
{
    brn__text_printf(out, "<div><dt>%s</dt><dd>%" PRId64 "</dd></div>", name, count);
}

static void head(page *p)
{
    brn__text *out = &p->text;
    brn__text_add(out, "<header><h1>Data check</h1><p class=\"sub\">");
    brn__html_escape(out, brn_data_check_folder(p->check));
    brn__text_add(out, "</p></header>\n<dl class=\"tiles\">");
    tile(out, "files", brn_data_check_files(p->check));
    tile(out, "pictures", brn_data_check_pictures(p->check));
    for (int k = 0; k < BRN_FINDING_KINDS; k++) {
        const int64_t count = brn_data_check_kind_count(p->check, (brn_data_finding_kind)k);
        if (count) tile(out, brn_data_finding_name((brn_data_finding_kind)k), count);
    }
    brn__text_add(out, "</dl>\n");
    if (brn_data_check_count(p->check) == 0)
        brn__text_add(out, "<p class=\"note\">Nothing was found.</p>\n");
}

brn_status brn_data_check_page(const brn_data_check *check, const char *path)
{
    page p = {.check = check};
    char footer[64];
    brn__html_begin(&p.text, "Data check");
    head(&p);
    for (int k = 0; k < BRN_FINDING_KINDS; k++) show_kind(&p, (brn_data_finding_kind)k);
    snprintf(footer, sizeof footer, "burnish %s", brn_version());
    brn__html_end(&p.text, footer);
    brn_status status = brn__text_finish(&p.text);
    if (status == BRN_OK) status = brn__replace_file(path, p.text.bytes, p.text.length);
    brn__text_free(&p.text);
    return status;
}
