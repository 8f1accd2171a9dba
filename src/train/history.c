/* SPDX-License-Identifier: Apache-2.0
 * history.csv. */
#include "base/files.h"
#include "train/callbacks.h"

#include <math.h>

/* A field; empty where there is no number. */
static void add_number(brn__text *text, double value)
{
    if (isnan(value)) brn__text_add(text, ",");
    else brn__text_printf(text, ",%.9g", value);
}

static brn__action write_row(void *state, brn__fit *fit)
{
    brn__history *history = state;
    brn__text *text = &history->text;
    if (text->length == 0) {
        brn__text_add(text, "stage,epoch,train_loss,valid_loss");
        for (int i = 0; i < fit->metric_count; i++)
            brn__text_printf(text, ",%s", fit->metrics[i].name);
        brn__text_add(text, ",learning_rate,seconds\n");
    }
    int groups = brn_graph_group_count(brn_node_graph(fit->options->network.loss));
    brn__text_printf(text, "%s,%d", history->stage ? history->stage : "",
                     history->epochs_before + fit->epoch + 1);
    add_number(text, fit->train_loss);
    add_number(text, fit->valid_loss);
    for (int i = 0; i < fit->metric_count; i++) add_number(text, fit->metrics[i].value);
    add_number(text, fit->settings.groups[groups > 0 ? groups - 1 : 0].learning_rate);
    add_number(text, fit->seconds);
    brn__text_add(text, "\n");
    brn_status status = brn__text_finish(text);
    if (status == BRN_OK) status = brn__replace_file(history->path, text->bytes, text->length);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

void brn__history_init(brn__history *history, const char *path)
{
    *history = (brn__history){.path = path};
    history->callback = (brn__callback){.name = "history",
                                        .order = BRN__ORDER_HISTORY,
                                        .on = {[BRN__AFTER_EPOCH] = write_row},
                                        .state = history};
}

void brn__history_deinit(brn__history *history) { brn__text_free(&history->text); }
