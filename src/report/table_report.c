/* SPDX-License-Identifier: Apache-2.0 */
#include "report/table_report.h"
#include "base/files.h"

brn_status brn__table_report_make(const brn__table_report *report, brn__text *out)
{
    brn__html_begin(out, report->head.title);
    brn__run_page_head(out, &report->head);
    brn__run_page_curves(out, &report->curves);
    brn__table_report_answers(out, report);
    brn__table_report_importance(out, report);
    brn__table_report_dependence(out, report);
    brn__table_report_maps(out, report);
    brn__table_report_rows(out, report);
    brn__table_report_columns(out, report);
    brn__run_page_list(out, "configuration", "Configuration", &report->configuration);
    brn__run_page_list(out, "provenance", "Times, seeds and hashes", &report->provenance);
    brn__html_end(out, report->footer);
    return brn__text_finish(out);
}

brn_status brn__table_report_write(const char *path, const brn__table_report *report)
{
    brn__text text = {0};
    brn_status status = brn__table_report_make(report, &text);
    if (status == BRN_OK) status = brn__replace_file(path, text.bytes, text.length);
    brn__text_free(&text);
    return status;
}
