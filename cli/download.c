/* SPDX-License-Identifier: Apache-2.0 */
#include "download.h"
#include "json.h"
#include "output.h"

static const double mebibyte = 1 << 20, redraw_seconds = .1, event_seconds = 1;

static void draw(cli_download *d, const char *file, int64_t done, int64_t total, double now)
{
    double seconds = now - d->began;
    double rate = seconds > 0 ? (double)(done - d->began_at) / mebibyte / seconds : 0;
    if (total > 0)
        cli_say("\r%s  %.1f of %.1f MiB  %.1f MiB/s\033[K", file, (double)done / mebibyte,
                (double)total / mebibyte, rate);
    else
        cli_say("\r%s  %.1f MiB  %.1f MiB/s\033[K", file, (double)done / mebibyte, rate);
    d->line = true;
}

void cli_download_show(cli_download *d, const char *file, int64_t done, int64_t total)
{
    double now = cli_seconds();
    if (d->began == 0) d->began = now, d->began_at = done;
    if (cli_is_json() && total > 0 && now - d->shown >= event_seconds) {
        cli_json json = cli_json_event("download");
        cli_json_text(&json, "file", file);
        cli_json_whole(&json, "bytes", done);
        cli_json_whole(&json, "total", total);
        cli_json_end(&json);
        d->shown = now;
    } else if (cli_is_terminal() && now - d->shown >= redraw_seconds) {
        draw(d, file, done, total, now);
        d->shown = now;
    }
}

void cli_download_clear(cli_download *d)
{
    if (d->line) cli_say("\r\033[K");
    d->line = false;
}
