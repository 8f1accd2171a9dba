/* SPDX-License-Identifier: Apache-2.0 */
#include "model_open.h"
#include "output.h"
#include "precision.h"
#include "progress.h"

int cli_model_open(const cli_call *call, const char *name, brn_image_model **out)
{
    const cli_value *v = call->values;
    cli_progress progress = cli_progress_of(name);
    const brn_image_open_options options = {
        .threads = (int)v[CLI_THREADS].whole,
        .precision = cli_precision(v),
        .offline = v[CLI_OFFLINE].flag,
        .mirror = v[CLI_MIRROR].set ? v[CLI_MIRROR].text : NULL,
        .on_event = cli_progress_event,
        .context = &progress,
    };
    brn_status status = brn_image_model_open_with(call->inputs[0], &options, out);
    cli_progress_clear(&progress);
    return cli_fail_status(status);
}
