/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/image_end.h"
#include "base/files.h"
#include "base/status.h"
#include "jobs/image_page.h"

#include <stdio.h>
#include <string.h>

enum { TOP = 12 };

static bool has_file(const brn__image_training *t, const char *name)
{
    char path[sizeof t->run + 64];
    snprintf(path, sizeof path, "%s/%s", t->run, name);
    return brn__is_file(path);
}

/* The page without pictures: nobody waits for answers of a run that was broken off. */
static void write_report(brn__image_training *t, const char *what)
{
    char path[sizeof t->run + 64], remark[BRN__MESSAGE_BYTES + 512];
    snprintf(path, sizeof path, "%s/report.html", t->run);
    snprintf(remark, sizeof remark, "%s There are no pictures on this page; \"burnish image interpret\" "
             "makes it again with them from a model of the run.", what);
    brn__page given = {.run = t->run, .data_path = t->plan.options.data, .top = TOP, .data = t->data};
    given.report.remark = remark;
    if (brn__page_write(path, &given) == BRN_OK)
        snprintf(t->result.report, sizeof t->result.report, "%s", path);
}

static const char *epochs_word(int count) { return count == 1 ? "epoch" : "epochs"; }

static brn_status interrupted(brn__image_training *t)
{
    char what[256];
    const int epochs = t->epochs_done;
    BRN__TRY(brn__image_save_model(t, "model.safetensors")); /* keeps what there is */
    snprintf(what, sizeof what, "Interrupted after %d %s of %d.", epochs, epochs_word(epochs),
             t->progress.epochs);
    write_report(t, what);
    return brn__fail(BRN_ERROR_INTERRUPTED, "interrupted after %d %s; %s has the model as it was%s",
                     epochs, epochs_word(epochs), t->run,
                     has_file(t, "state.safetensors") ? " and the state to go on from" : "");
}

/* The network is spoilt, or close to it: only what was kept before is a model. */
static brn_status diverged(brn__image_training *t, const char *message)
{
    char what[BRN__MESSAGE_BYTES + 256], kept[256] = "no model was kept";
    const int epochs = t->epochs_done;
    if (brn__image_watch_end(t) == BRN_OK && brn__image_watch_has_best(t) &&
        brn__image_save_model(t, "model.safetensors") == BRN_OK)
        snprintf(kept, sizeof kept, "model.safetensors is that of epoch %d, the best",
                 brn__save_best_epoch(&t->watch.best));
    else if (has_file(t, "state.safetensors"))
        snprintf(kept, sizeof kept, "state.safetensors is the last good state");
    snprintf(what, sizeof what, "Stopped after %d %s of %d: %s.", epochs, epochs_word(epochs),
             t->progress.epochs, message);
    write_report(t, what);
    return brn__fail(BRN_ERROR_DIVERGED, "%s; in %s %s", message, t->run, kept);
}

brn_status brn__image_broken_off(brn__image_training *t, brn_status status)
{
    char message[BRN__MESSAGE_BYTES];
    snprintf(message, sizeof message, "%s", brn_error_message());
    t->progress.stopped = false; /* or nothing more could be told */
    if (status == BRN_ERROR_INTERRUPTED) return interrupted(t);
    if (status == BRN_ERROR_DIVERGED) return diverged(t, message);
    return status;
}
