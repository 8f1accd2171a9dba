/* SPDX-License-Identifier: Apache-2.0
 * The weights that a job needs: from the cache, else from the network, told by events. */
#include "base/alloc.h"
#include "jobs/image_job.h"

static int tell(const brn__image_pull *pull, brn_event event)
{
    return pull->on_event ? pull->on_event(pull->context, &event) : 0;
}

static int show_progress(void *context, const char *file, int64_t done, int64_t total)
{
    brn_event event = brn__event_of(BRN_EVENT_DOWNLOAD, file);
    event.batch = done;
    event.batches = total;
    return tell(context, event);
}

static void show_note(void *context, const char *sentence)
{
    tell(context, brn__event_of(BRN_EVENT_NOTE, sentence));
}

brn_status brn__image_weights_obtain(const char *architecture, const brn__image_pull *pull,
                                     char *out, size_t size)
{
    brn__image_pull own = *pull;
    brn_weights_pull_options options = brn_weights_pull_defaults();
    options.mirror = pull->mirror;
    options.offline = pull->offline;
    options.progress = show_progress;
    options.note = show_note;
    options.context = &own;
    return brn_weights_obtain(architecture, &options, out, size);
}
