/* SPDX-License-Identifier: Apache-2.0 */
#include "report/image_report.h"
#include "base/files.h"

brn_status brn__image_report_make(const brn__image_report *report, brn__text *out)
{
    brn__html_begin(out, report->title);
    const brn__run_head head = {report->title, report->subtitle, report->remark, report->figures};
    const brn__run_curves curves = {report->history, report->curve, "pictures"};
    const brn__run_confusion confusion = {report->classes,  report->class_count,    report->confusion,
                                          report->confused, report->confused_count, "pictures"};
    brn__run_page_head(out, &head);
    brn__run_page_curves(out, &curves);
    brn__run_page_rates(out, report->rate_plots, report->rate_plot_count);
    brn__run_page_confusion(out, &confusion);
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
    brn__run_page_list(out, "configuration", "Configuration", &report->configuration);
    brn__run_page_list(out, "provenance", "Times, seeds and hashes", &report->provenance);
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
