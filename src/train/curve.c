/* SPDX-License-Identifier: Apache-2.0 */
#include "train/curve.h"
#include "base/alloc.h"
#include "base/files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIT_POINTS = 2000, EPOCH_POINTS_MAX = 100, EPOCH_POINTS_MIN = 4, FILE_MAX = 64 << 20 };

static void add_number(brn__text *text, double value)
{
    if (isfinite(value)) brn__text_printf(text, ",%.6g", value);
    else brn__text_add(text, ",");
}

/* The file beside history.csv. */
static char *path_of(const brn__curve *curve)
{
    const char *history = curve->history->path;
    brn__text path = {0};
    brn__text_add_bytes(&path, history, (size_t)(brn__path_name(history) - history));
    brn__text_add(&path, "curve.csv");
    if (brn__text_finish(&path) == BRN_OK) return path.bytes;
    brn__text_free(&path);
    return NULL;
}

static int group_count(const brn__fit *fit)
{
    int groups = brn_graph_group_count(brn_node_graph(fit->options->network.loss));
    return groups < BRN_GROUPS_MAX ? groups : BRN_GROUPS_MAX;
}

/* Takes over the rows that a resumed run keeps: those before `epoch`. */
static void keep_rows(brn__curve *curve, const char *text, double epoch)
{
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        bool kept = curve->text.length == 0 || (comma && strtod(comma + 1, NULL) < epoch);
        if (kept) brn__text_add_bytes(&curve->text, text, (size_t)(end - text) + 1);
    }
}

static brn_status start(brn__curve *curve, const brn__fit *fit, double epoch)
{
    char *path = path_of(curve), *text = NULL;
    if (!path) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__read_file_if_there(path, FILE_MAX, &text, NULL);
    brn__free(path);
    if (status == BRN_OK && text) keep_rows(curve, text, epoch);
    brn__free(text);
    if (curve->text.length > 0 || status != BRN_OK) return status;
    brn__text_add(&curve->text, "stage,epoch,train_loss,momentum");
    for (int g = 0; g < group_count(fit); g++) brn__text_printf(&curve->text, ",rate_%d", g);
    brn__text_add(&curve->text, "\n");
    return brn__text_finish(&curve->text);
}

static brn__action after_batch(void *state, brn__fit *fit)
{
    brn__curve *curve = state;
    const brn__history *history = curve->history;
    int points = FIT_POINTS / (fit->options->epochs > 0 ? fit->options->epochs : 1);
    if (points > EPOCH_POINTS_MAX) points = EPOCH_POINTS_MAX;
    if (points < EPOCH_POINTS_MIN) points = EPOCH_POINTS_MIN;
    const int64_t stride = fit->batches > points ? (fit->batches + points - 1) / points : 1;
    if (fit->batch % stride != 0 && fit->batch < fit->batches) return BRN__GO_ON;
    const double part = fit->batches > 0 ? (double)fit->batch / (double)fit->batches : 1;
    const int groups = group_count(fit);
    char epoch[32];
    snprintf(epoch, sizeof epoch, "%.6g", history->epochs_before + fit->epoch + fmin(part, 1));
    if (curve->text.length == 0) {
        brn_status status = start(curve, fit, strtod(epoch, NULL));
        if (status != BRN_OK) return brn__fit_fail(fit, status);
    }
    brn__text_printf(&curve->text, "%s,%s", history->stage ? history->stage : "", epoch);
    add_number(&curve->text, fit->train_loss);
    add_number(&curve->text, fit->settings.groups[groups > 0 ? groups - 1 : 0].momentum);
    for (int g = 0; g < groups; g++) {
        bool learns = fit->options->learning_groups >> g & 1;
        add_number(&curve->text, learns ? fit->settings.groups[g].learning_rate : NAN);
    }
    brn__text_add(&curve->text, "\n");
    return BRN__GO_ON;
}

brn_status brn__curve_write(const brn__curve *curve)
{
    if (curve->text.length == 0) return BRN_OK;
    BRN__TRY(brn__text_finish(&curve->text));
    char *path = path_of(curve);
    if (!path) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__replace_file(path, curve->text.bytes, curve->text.length);
    brn__free(path);
    return status;
}

static brn__action after_epoch(void *state, brn__fit *fit)
{
    brn_status status = brn__curve_write(state);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

void brn__curve_init(brn__curve *curve, const brn__history *history)
{
    *curve = (brn__curve){.history = history};
    curve->callback = (brn__callback){.name = "curve",
                                      .order = BRN__ORDER_HISTORY,
                                      .on = {[BRN__AFTER_BATCH] = after_batch,
                                             [BRN__AFTER_EPOCH] = after_epoch},
                                      .state = curve};
}

void brn__curve_deinit(brn__curve *curve) { brn__text_free(&curve->text); }
