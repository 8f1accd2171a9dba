/* SPDX-License-Identifier: Apache-2.0
 * Reports of table runs: at the end of a training, and again later about any table. */
#include "base/alloc.h"
#include "base/files.h"
#include "jobs/table_page.h"

#include <stdio.h>
#include <string.h>

brn_table_report_options brn_table_report_defaults(void)
{
    return (brn_table_report_options){.interpret = brn_table_interpret_defaults()};
}

/* The folder of a run that was named by folder or by its model file. brn__free. */
static char *folder_of(const char *run)
{
    if (brn__is_folder(run)) return brn__strdup(run);
    const size_t length = (size_t)(brn__path_name(run) - run);
    brn__text folder = {0};
    if (length > 1) brn__text_add_bytes(&folder, run, length - 1);
    else brn__text_add(&folder, length ? "/" : ".");
    return brn__text_finish(&folder) == BRN_OK ? folder.bytes : NULL;
}

/* The run's own table may be gone; that is no reason to show nothing. */
static bool is_bearable(const char *data, brn_status status)
{
    return !data && (status == BRN_ERROR_INPUT || status == BRN_ERROR_IO);
}

static brn_status report_on(brn_table_model *model, const char *folder, const char *data,
                            const brn_table_report_options *o, brn_table_interpretation *found, const char *path)
{
    char remark[BRN__MESSAGE_BYTES + 64];
    brn__table_page page = {.run = folder, .model = model, .found = found};
    const brn_status status = brn_table_interpret(model, data, &o->interpret, found);
    if (is_bearable(data, status)) {
        snprintf(remark, sizeof remark, "There are no rows to show: %s.", brn_error_message());
        page.found = NULL;
        page.remark = remark;
    } else {
        BRN__TRY(status);
    }
    return brn__table_page_write(path, &page);
}

static brn_status report_to(brn_table_model *model, const char *run, const char *data,
                            const brn_table_report_options *o, brn_table_interpretation *out, char *path, size_t size)
{
    brn_table_interpretation found = {0};
    char *folder = folder_of(run), *target = NULL;
    if (folder) target = o->out ? brn__strdup(o->out) : brn__path_join(folder, "report.html");
    brn_status status = target ? report_on(model, folder, data, o, &found, target) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK && path) snprintf(path, size, "%s", target);
    if (status == BRN_OK && out) *out = found;
    else brn_table_interpretation_free(&found);
    brn__free(target);
    brn__free(folder);
    return status;
}

brn_status brn_table_report(const char *run, const char *data, const brn_table_report_options *options,
                            brn_table_interpretation *out, char *path, unsigned long size)
{
    if (out) *out = (brn_table_interpretation){0};
    brn_table_model *model;
    BRN__TRY(brn_table_model_open(run, options->threads, &model));
    brn_status status = report_to(model, run, data, options, out, path, size);
    brn_table_model_close(model);
    return status;
}

brn_status brn__table_train_report(const char *run, const char *data, const brn_table_join *joins,
                                   brn__progress *progress, int threads, char *path, size_t size)
{
    brn_table_report_options options = brn_table_report_defaults();
    options.interpret.on_event = progress->on_event;
    options.interpret.context = progress->context;
    brn_table_model *model;
    BRN__TRY(brn_table_model_open(run, threads, &model));
    model->options.data = data;
    model->options.joins = joins;
    brn_status status = report_to(model, run, NULL, &options, NULL, path, size);
    brn_table_model_close(model);
    return status;
}
