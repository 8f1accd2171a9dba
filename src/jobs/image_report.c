/* SPDX-License-Identifier: Apache-2.0
 * Reports: at the end of a training, and again later about any data. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "jobs/image_page.h"

#include <stdio.h>
#include <string.h>

enum { TRAIN_TOP = 12 };
static const char NO_PICTURES[] =
    "Pictures and their mistakes are shown of runs with one label a picture; this one has tags or numbers.";

/* ------------------------------------------------------------------ at the end of a training */

static brn_status train_report(brn__image_training *t, const char *path)
{
    const int64_t classes = brn_image_data_class_count(t->data);
    brn__page given = {.run = t->run, .data_path = t->plan.options.data, .top = TRAIN_TOP, .data = t->data};
    if (t->result.valid_count == 0) {
        given.report.remark = "There are no pictures to validate on, so none are shown.";
        return brn__page_write(path, &given);
    }
    if (t->result.target != BRN_TARGET_LABEL) {
        given.report.remark = NO_PICTURES;
        return brn__page_write(path, &given);
    }
    brn_image_interpretation found = {0};
    brn_image_model model = {.network = t->network, /* borrowed: nothing of it is freed here */
                             .transform = t->transform,
                             .class_count = classes,
                             .seed = t->plan.options.seed,
                             .valid_share = t->plan.options.valid};
    brn_image_interpret_options options = brn_image_interpret_defaults();
    options.batch_size = t->plan.options.batch_size;
    const size_t size = (size_t)t->transform.size;
    model.input = brn__alloc_aligned(3 * size * size * sizeof *model.input);
    model.classes = brn__alloc_array((size_t)classes, sizeof *model.classes);
    brn_status status = model.input && model.classes ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t k = 0; status == BRN_OK && k < classes; k++)
        model.classes[k] = (char *)brn_image_data_class_name(t->data, k);
    if (status == BRN_OK)
        status = brn__image_interpret_data(&model, t->data, &options, &t->progress, &found);
    given.found = &found;
    if (status == BRN_OK) status = brn__page_write(path, &given);
    brn_image_interpretation_free(&found);
    brn__free(model.classes);
    brn__free_aligned(model.input);
    return status;
}

void brn__image_train_report(brn__image_training *t)
{
    char path[sizeof t->run + 32];
    snprintf(path, sizeof path, "%s/report.html", t->run);
    t->progress.stage = "report";
    brn_status status = train_report(t, path);
    if (status == BRN_OK) {
        snprintf(t->result.report, sizeof t->result.report, "%s", path);
    } else if (status != BRN_ERROR_INTERRUPTED) {
        char message[BRN__MESSAGE_BYTES + 64];
        snprintf(message, sizeof message, "no report.html was made: %s", brn_error_message());
        status = brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_WARNING, message));
        (void)status; /* there is nothing left to stop */
    }
}

/* ------------------------------------------------------------------ later */

brn_image_report_options brn_image_report_defaults(void)
{
    return (brn_image_report_options){.interpret = brn_image_interpret_defaults(), .top = 12};
}

static brn_status interpret_run(const char *run, const char *data,
                                const brn_image_interpret_options *options,
                                brn_image_interpretation *out)
{
    brn_image_model *model;
    BRN__TRY(brn_image_model_open(run, options->threads, &model));
    brn_status status = brn_image_interpret(model, data, options, out);
    brn_image_model_close(model);
    return status;
}

/* The folder of a run that was named by folder or by its model file. brn__free. */
static char *folder_of(const char *run, brn__path_kind kind)
{
    if (kind == BRN__PATH_FOLDER) return brn__strdup(run);
    brn__text folder = {0};
    size_t length = (size_t)(brn__path_name(run) - run);
    if (length > 1) brn__text_add_bytes(&folder, run, length - 1);
    else brn__text_add(&folder, length ? "/" : ".");
    return brn__text_finish(&folder) == BRN_OK ? folder.bytes : NULL;
}

/* Of tags or numbers: what there is to see is written all the same. */
static brn_status report_without_pictures(brn__page *p, const char *path)
{
    char message[BRN__MESSAGE_BYTES];
    snprintf(message, sizeof message, "%s", brn_error_message());
    p->found = NULL;
    p->data = NULL;
    p->report.remark = NO_PICTURES;
    BRN__TRY(brn__page_write(path, p));
    return brn__fail(BRN_ERROR_UNSUPPORTED, "%s (%s has its curves, without pictures)", message, path);
}

static brn_status report_on(brn__page *p, const char *run, const char *data,
                            const brn_image_report_options *o, brn_image_interpretation *found,
                            const char *path)
{
    brn__config_facts config;
    BRN__TRY(brn__config_facts_read(p->run, &config));
    const char *used = data ? data : config.data;
    brn__path_kind kind = BRN__PATH_FOLDER;
    brn_status status = !data && used ? brn__path_examine(used, &kind) : BRN_OK;
    if (status != BRN_OK) {
        brn__config_facts_free(&config);
        return status;
    }
    if (!used || (kind != BRN__PATH_FOLDER && kind != BRN__PATH_FILE)) {
        p->report.remark = "The folder that the run was trained on is not there (it may be a path from "
                           "another folder), so there are no pictures.";
    } else {
        status = interpret_run(run, used, &o->interpret, found);
        p->found = found;
        p->data = found->data;
        p->data_path = used;
    }
    if (status == BRN_ERROR_UNSUPPORTED) status = report_without_pictures(p, path);
    else if (status == BRN_OK) status = brn__page_write(path, p);
    brn__config_facts_free(&config);
    return status;
}

brn_status brn_image_report(const char *run, const char *data, const brn_image_report_options *options,
                            brn_image_interpretation *out, char *path, unsigned long size)
{
    brn_image_interpretation found = {0};
    if (out) *out = found;
    if (options->top < 1 || options->top > BRN__REPORT_PICTURES_MAX)
        return brn__fail(BRN_ERROR_USAGE, "top: %d; expected 1 to %d", options->top,
                         BRN__REPORT_PICTURES_MAX);
    brn__path_kind kind;
    BRN__TRY(brn__path_examine(run, &kind));
    if (kind != BRN__PATH_FOLDER && kind != BRN__PATH_FILE)
        return brn__fail(BRN_ERROR_INPUT, "%s: expected a run folder or its model.safetensors", run);
    char *folder = folder_of(run, kind);
    char *target = folder ? options->out ? brn__strdup(options->out) : brn__path_join(folder, "report.html")
                          : NULL;
    brn__page given = {.run = folder, .top = options->top};
    brn_status status = target ? report_on(&given, run, data, options, &found, target)
                               : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK && path) snprintf(path, size, "%s", target);
    if (status == BRN_OK && out) *out = found;
    else brn_image_interpretation_free(&found);
    brn__free(target);
    brn__free(folder);
    return status;
}
