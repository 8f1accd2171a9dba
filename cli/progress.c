/* SPDX-License-Identifier: Apache-2.0
 * Events on the screen, in a log or as JSON. */
#include "progress.h"
#include "json.h"
#include "output.h"
#include "signals.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR_CELLS_MAX = 40, LINE_MAX_LENGTH = 256 };
static const double redraw_seconds = .1;

cli_progress cli_progress_of(const char *command)
{
    return (cli_progress){.command = command, .epoch = -1};
}

void cli_progress_clear(cli_progress *progress)
{
    if (progress->bar) cli_say("\r\033[K");
    progress->bar = false;
    cli_download_clear(&progress->download);
}

/* What the table shows: the accuracy of labels, else the first of all. */
static brn_metric metric(const brn_event *event)
{
    const brn_metric none = {"accuracy", NAN};
    for (int i = 0; i < event->metric_count; i++)
        if (!strcmp(event->metrics[i].name, none.name)) return event->metrics[i];
    return event->metric_count ? event->metrics[0] : none;
}

static const char *number_text(double value, char *out, size_t size)
{
    snprintf(out, size, isnan(value) ? "-" : "%.4f", value);
    return out;
}

static const char *time_text(double seconds, char *out, size_t size)
{
    long whole = (long)(seconds + .5);
    if (seconds < 10)
        snprintf(out, size, "%.1fs", seconds);
    else if (whole < 3600)
        snprintf(out, size, "%ld:%02ld", whole / 60, whole % 60);
    else
        snprintf(out, size, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    return out;
}

static int screen_columns(void)
{
    struct winsize window;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) return window.ws_col;
    return 80;
}

/* "epoch 2/4 [######------] 12/60  loss 0.4321  0:12 left", rewritten in place. */
static void draw_bar(cli_progress *progress, const brn_event *event)
{
    char line[LINE_MAX_LENGTH], cells[BAR_CELLS_MAX + 1], left[16], name[32];
    double now = cli_seconds();
    if (progress->epoch != event->epoch) {
        progress->epoch = event->epoch;
        progress->began = now;
        progress->began_at = event->batch;
    }
    bool last = event->batch == event->batches;
    if (!cli_is_terminal() || event->batches <= 0) return;
    if (now - progress->drawn < redraw_seconds && !last) return;
    progress->drawn = now;

    int columns = screen_columns(), width = columns - 56;
    if (width > BAR_CELLS_MAX) width = BAR_CELLS_MAX;
    if (width < 0) width = 0;
    int64_t done = width * event->batch / event->batches;
    for (int i = 0; i < width; i++) cells[i] = i < done ? '#' : '-';
    cells[width] = 0;
    int64_t timed = event->batch - progress->began_at;
    double each = timed > 0 ? (now - progress->began) / (double)timed : 0;
    time_text(each * (double)(event->batches - event->batch), left, sizeof left);
    if (event->epoch > 0)
        snprintf(name, sizeof name, "epoch %d/%d", event->epoch, event->epochs);
    else
        snprintf(name, sizeof name, "%.20s", event->stage ? event->stage : "");
    int used = snprintf(line, sizeof line, "%s [%s] %lld/%lld", name, cells,
                        (long long)event->batch, (long long)event->batches);
    if (!isnan(event->train_loss) && used > 0 && used < LINE_MAX_LENGTH)
        used += snprintf(line + used, sizeof line - (size_t)used, "  loss %.4f", event->train_loss);
    if (timed > 0 && used > 0 && used < LINE_MAX_LENGTH)
        snprintf(line + used, sizeof line - (size_t)used, "  %s left", left);
    cli_say("\r%.*s\033[K", columns > 1 ? columns - 1 : 1, line);
    progress->bar = true;
}

static void json_metrics(cli_json *json, const brn_event *event)
{
    cli_json_object(json, "metrics");
    for (int i = 0; i < event->metric_count; i++)
        cli_json_real(json, event->metrics[i].name, event->metrics[i].value);
    cli_json_close(json);
}

static void show_start(cli_progress *progress, const brn_event *event)
{
    char run[4096];
    if (cli_is_json()) {
        cli_json json = cli_json_event("start");
        cli_json_text(&json, "command", progress->command);
        cli_json_text(&json, "run", event->text);
        cli_json_whole(&json, "epochs", event->epochs);
        cli_json_end(&json);
    } else if (event->text && *event->text)
        cli_say("run: %s\n", cli_visible(event->text, run, sizeof run));
}

static void show_epoch(cli_progress *progress, const brn_event *event)
{
    if (cli_is_json()) {
        cli_json json = cli_json_event("epoch");
        cli_json_whole(&json, "epoch", event->epoch);
        cli_json_whole(&json, "epochs", event->epochs);
        cli_json_text(&json, "stage", event->stage);
        cli_json_real(&json, "train_loss", event->train_loss);
        cli_json_real(&json, "valid_loss", event->valid_loss);
        cli_json_real(&json, "learning_rate", event->learning_rate);
        json_metrics(&json, event);
        cli_json_real(&json, "seconds", event->seconds);
        cli_json_end(&json);
        return;
    }
    char train[32], valid[32], accuracy[32], time[32];
    cli_progress_clear(progress);
    if (!progress->header)
        cli_say("%5s  %10s  %10s  %8s  %7s  %s\n", "epoch", "train_loss", "valid_loss", metric(event).name,
                "time", "stage");
    progress->header = true;
    cli_say("%5d  %10s  %10s  %8s  %7s  %s\n", event->epoch,
            number_text(event->train_loss, train, sizeof train),
            number_text(event->valid_loss, valid, sizeof valid),
            number_text(metric(event).value, accuracy, sizeof accuracy),
            time_text(event->seconds, time, sizeof time), event->stage ? event->stage : "");
}

static void show_done(cli_progress *progress, const brn_event *event)
{
    if (cli_is_json()) {
        cli_json json = cli_json_event("done");
        json_metrics(&json, event);
        cli_json_text(&json, "run", event->text);
        cli_json_text(&json, "report", event->report);
        cli_json_real(&json, "seconds", event->seconds);
        cli_json_end(&json);
        return;
    }
    char value[32], run[4096], time[32];
    cli_progress_clear(progress);
    for (int i = 0; i < event->metric_count; i++)
        cli_print("%s %s\n", event->metrics[i].name,
                  number_text(event->metrics[i].value, value, sizeof value));
    if (event->text && *event->text)
        cli_print("run %s\n", cli_visible(event->text, run, sizeof run));
    if (event->report) cli_say("report %s\n", cli_visible(event->report, run, sizeof run));
    cli_say("time %s\n", time_text(event->seconds, time, sizeof time));
}

int cli_progress_event(void *context, const brn_event *event)
{
    cli_progress *progress = context;
    switch (event->kind) {
    case BRN_EVENT_START: show_start(progress, event); break;
    case BRN_EVENT_STAGE: break; /* the table has it as a column */
    case BRN_EVENT_BATCH: draw_bar(progress, event); break;
    case BRN_EVENT_EPOCH: show_epoch(progress, event); break;
    case BRN_EVENT_WARNING:
        cli_progress_clear(progress);
        cli_warn("%s", event->text);
        break;
    case BRN_EVENT_PLAN:
        cli_progress_clear(progress);
        fprintf(stderr, "%s", event->text);
        break;
    case BRN_EVENT_DONE: show_done(progress, event); break;
    case BRN_EVENT_NOTE:
        cli_progress_clear(progress);
        cli_note("%s", event->text);
        break;
    case BRN_EVENT_DOWNLOAD:
        cli_download_show(&progress->download, event->text, event->batch, event->batches);
        break;
    }
    return cli_signal();
}
