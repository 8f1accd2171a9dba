/* SPDX-License-Identifier: Apache-2.0 */
#include "train/monitor.h"
#include "base/status.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

/* Which way is better. A name that ends in "_" stands for all that begin with it. */
static const struct {
    const char *name;
    bool rises;
} directions[] = {
    {"valid_loss", false}, {"train_loss", false}, {"accuracy", true},   {"error_rate", false},
    {"top5", true},        {"f1", true},          {"f2", true},         {"map", true},
    {"auc", true},         {"rmse", false},       {"mse", false},       {"mae", false},
    {"exp_rmspe", false},  {"perplexity", false}, {"ndcg", true},       {"precision_at_", true},
    {"recall_at_", true},
};
enum { DIRECTIONS = sizeof directions / sizeof *directions };

static bool stands_for(const char *known, const char *name)
{
    const size_t length = strlen(known);
    if (known[length - 1] == '_') return strncmp(known, name, length) == 0;
    return strcmp(known, name) == 0;
}

brn_status brn__monitor_init(brn__monitor *monitor, const char *name, double min_delta)
{
    if (!(min_delta >= 0))
        return brn__fail(BRN_ERROR_USAGE, "monitor: a min_delta of %g; expected 0 or more", min_delta);
    *monitor = (brn__monitor){.name = name, .min_delta = min_delta};
    char names[512] = "";
    for (int i = 0; i < DIRECTIONS; i++) {
        if (stands_for(directions[i].name, name)) {
            monitor->rises = directions[i].rises;
            return BRN_OK;
        }
        strcat(names, i ? ", " : "");
        strcat(names, directions[i].name);
        if (directions[i].name[strlen(directions[i].name) - 1] == '_') strcat(names, "k");
    }
    return brn__fail(BRN_ERROR_USAGE, "monitor: \"%s\"; expected one of %s", name, names);
}

bool brn__monitor_improves(const brn__monitor *monitor, double value, double best)
{
    if (isnan(value)) return false;
    if (isnan(best)) return true;
    return monitor->rises ? value > best + monitor->min_delta : value < best - monitor->min_delta;
}

static bool is_train_loss(const brn__monitor *monitor)
{
    return strcmp(monitor->name, "train_loss") == 0;
}

brn_status brn__monitor_check(const brn__monitor *monitor, const brn__fit *fit, const char *who)
{
    if (fit->options->valid || is_train_loss(monitor)) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "%s: it watches %s, and there is nothing to validate on", who,
                     monitor->name);
}

static brn_status no_such_metric(const brn__monitor *monitor, const brn__fit *fit, const char *who)
{
    brn__text names = {0};
    brn__text_add(&names, "train_loss, valid_loss");
    for (int i = 0; i < fit->metric_count; i++)
        brn__text_printf(&names, ", %s", fit->metrics[i].name);
    brn_status status = brn__text_finish(&names);
    if (status == BRN_OK)
        status = brn__fail(BRN_ERROR_USAGE, "%s: it watches %s, which is not measured here; there are %s",
                           who, monitor->name, names.bytes);
    brn__text_free(&names);
    return status;
}

brn_status brn__monitor_read(const brn__monitor *monitor, const brn__fit *fit, const char *who,
                             double *out)
{
    *out = strcmp(monitor->name, "valid_loss") == 0 ? fit->valid_loss : fit->train_loss;
    if (strcmp(monitor->name, "valid_loss") == 0 || is_train_loss(monitor)) return BRN_OK;
    for (int i = 0; i < fit->metric_count; i++)
        if (strcmp(fit->metrics[i].name, monitor->name) == 0) {
            *out = fit->metrics[i].value;
            return BRN_OK;
        }
    return no_such_metric(monitor, fit, who);
}
