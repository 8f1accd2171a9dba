/* SPDX-License-Identifier: Apache-2.0
 * history.csv. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "train/callbacks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 << 20 };

/* A field; empty where there is no number. */
static void add_number(brn__text *text, double value)
{
    if (isnan(value)) brn__text_add(text, ",");
    else brn__text_printf(text, ",%.9g", value);
}

/* Takes over the rows that a resumed run keeps: the head, and those before `epoch`. */
static void keep_rows(brn__text *text, const char *rows, int epoch)
{
    for (const char *end; (end = strchr(rows, '\n')); rows = end + 1) {
        const char *comma = memchr(rows, ',', (size_t)(end - rows));
        if (text->length == 0 || (comma && strtol(comma + 1, NULL, 10) < epoch))
            brn__text_add_bytes(text, rows, (size_t)(end - rows) + 1);
    }
}

static brn_status start(brn__history *history, const brn__fit *fit)
{
    brn__text *text = &history->text;
    char *rows = NULL;
    BRN__TRY(brn__read_file_if_there(history->path, FILE_MAX, &rows, NULL));
    if (rows) keep_rows(text, rows, history->epochs_before + fit->epoch + 1);
    brn__free(rows);
    if (text->length > 0) return BRN_OK;
    brn__text_add(text, "stage,epoch,train_loss,valid_loss");
    for (int i = 0; i < fit->metric_count; i++)
        brn__text_printf(text, ",%s", fit->metrics[i].name);
    brn__text_add(text, ",learning_rate,seconds\n");
    return BRN_OK;
}

static brn__action write_row(void *state, brn__fit *fit)
{
    brn__history *history = state;
    brn__text *text = &history->text;
    brn_status status = text->length == 0 ? start(history, fit) : BRN_OK;
    if (status != BRN_OK) return brn__fit_fail(fit, status);
    int groups = brn_graph_group_count(brn_node_graph(fit->options->network.loss));
    brn__text_printf(text, "%s,%d", history->stage ? history->stage : "",
                     history->epochs_before + fit->epoch + 1);
    add_number(text, fit->train_loss);
    add_number(text, fit->valid_loss);
    for (int i = 0; i < fit->metric_count; i++) add_number(text, fit->metrics[i].value);
    add_number(text, fit->settings.groups[groups > 0 ? groups - 1 : 0].learning_rate);
    add_number(text, fit->seconds);
    brn__text_add(text, "\n");
    status = brn__text_finish(text);
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
