/* SPDX-License-Identifier: Apache-2.0
 * burnish bench profile MODEL: where the time of a step goes, beside what the machine can do. */
#include "bench.h"
#include "commands.h"
#include "json.h"
#include "output.h"

#include "burnish/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void defaults(cli_value *values)
{
    cli_bench_defaults(values);
    values[CLI_MODE] = (cli_value){.set = true, .text = "train"};
}

/* Steps of one op and implementation together; without a name. */
typedef struct kind {
    brn_profile_step sum;
    double least; /* seconds at the peaks */
    int steps;
} kind;

static int compare_kinds(const void *a, const void *b)
{
    double x = ((const kind *)a)->sum.seconds, y = ((const kind *)b)->sum.seconds;
    return (x < y) - (x > y);
}

/* kinds[profile->count] is room enough. Returns how many, the longest first. */
static int gather(const brn_profile *profile, kind *kinds)
{
    int count = 0;
    for (int i = 0; i < profile->count; i++) {
        const brn_profile_step *step = &profile->steps[i];
        int k = 0;
        while (k < count &&
               (strcmp(kinds[k].sum.op, step->op) || strcmp(kinds[k].sum.implementation, step->implementation)))
            k++;
        if (k == count) kinds[count++] = (kind){.sum = {.op = step->op, .implementation = step->implementation}};
        kinds[k].steps++;
        kinds[k].least += step->roof * step->seconds;
        kinds[k].sum.seconds += step->seconds;
        kinds[k].sum.share += step->share;
        kinds[k].sum.flops += step->flops;
        kinds[k].sum.bytes += step->bytes;
    }
    for (int k = 0; k < count; k++) {
        kinds[k].sum.roof = kinds[k].least / kinds[k].sum.seconds;
        kinds[k].sum.compute_bound =
            kinds[k].sum.flops / profile->peak.flops_per_second > kinds[k].sum.bytes / profile->peak.bytes_per_second;
    }
    qsort(kinds, (size_t)count, sizeof *kinds, compare_kinds);
    return count;
}

static void row_as_json(const char *event, const brn_profile_step *step, int steps)
{
    cli_json json = cli_json_event(event);
    cli_json_text(&json, "op", step->op);
    if (step->name) cli_json_text(&json, "name", step->name);
    else cli_json_whole(&json, "steps", steps);
    cli_json_text(&json, "implementation", step->implementation);
    cli_json_real(&json, "seconds", step->seconds);
    cli_json_real(&json, "share", step->share);
    cli_json_real(&json, "flops", step->flops);
    cli_json_real(&json, "bytes", step->bytes);
    cli_json_real(&json, "roof", step->roof);
    cli_json_text(&json, "bound", step->compute_bound ? "compute" : "memory");
    cli_json_end(&json);
}

static void row_as_text(const brn_profile_step *step, int steps)
{
    char count[24] = "", name[96], shown[96];
    cli_visible(step->name ? step->name : "", name, sizeof name);
    if (!step->name) snprintf(count, sizeof count, "%d of them", steps);
    snprintf(shown, sizeof shown, "%s%s", name, count);
    cli_print("%9.3f %5.1f%% %9.3f %9.2f %8.1f %7.1f %5.0f%% %-7s  %-18s %-30s %s\n", step->seconds * 1e3,
              step->share * 100, step->flops * 1e-9, step->bytes * 1e-6, step->flops / step->seconds * 1e-9,
              step->bytes / step->seconds * 1e-9, step->roof * 100, step->compute_bound ? "compute" : "memory",
              step->op, step->implementation, shown);
}

static void show(const brn_profile *profile, const kind *kinds, int count)
{
    if (cli_is_json()) {
        cli_json json = cli_json_event("peak");
        cli_json_real(&json, "flops_per_second", profile->peak.flops_per_second);
        cli_json_real(&json, "bytes_per_second", profile->peak.bytes_per_second);
        cli_json_end(&json);
        for (int i = 0; i < profile->count; i++) row_as_json("step", &profile->steps[i], 1);
        for (int k = 0; k < count; k++) row_as_json("kind", &kinds[k].sum, kinds[k].steps);
        return;
    }
    const char *head = "       ms   share     GFLOP        MB   GFLOP/s    GB/s  roof bound    op                 "
                       "implementation                 step\n";
    cli_print("this machine: %.0f GFLOP/s in a matrix product, %.1f GB/s in adding arrays\n\n%s",
              profile->peak.flops_per_second * 1e-9, profile->peak.bytes_per_second * 1e-9, head);
    for (int i = 0; i < profile->count; i++) row_as_text(&profile->steps[i], 1);
    cli_print("\nby kind, the longest first\n%s", head);
    for (int k = 0; k < count; k++) row_as_text(&kinds[k].sum, kinds[k].steps);
}

static void conclude(const brn_image_bench_options *options, const brn_profile *profile, double fastest)
{
    const char *mode = options->training ? "train" : "infer", *precision = brn_precision_name(options->precision);
    double flops = 0, least = 0;
    for (int i = 0; i < profile->count; i++) {
        flops += profile->steps[i].flops;
        least += profile->steps[i].roof * profile->steps[i].seconds;
    }
    if (cli_is_json()) {
        cli_json json = cli_json_event("done");
        cli_bench_json(&json, options);
        cli_json_whole(&json, "rounds", options->rounds);
        cli_json_real(&json, "step_seconds", fastest);
        cli_json_real(&json, "seconds", profile->seconds);
        cli_json_real(&json, "flops", flops);
        cli_json_real(&json, "roof", least / profile->seconds);
        cli_json_end(&json);
    } else if (cli_is_quiet())
        cli_print("%.3f\n", least / profile->seconds);
    else
        cli_print("\n%s %s in %s: %.3f ms in %d steps (a whole step took %.3f ms), %.1f GFLOP, %.0f%% of what the "
                  "peaks allow\n",
                  options->architecture, mode, precision, profile->seconds * 1e3, profile->count, fastest * 1e3,
                  flops * 1e-9, least / profile->seconds * 100);
}

static int run(const cli_call *call)
{
    brn_image_bench_options options;
    int code = cli_bench_take(call, !strcmp(call->values[CLI_MODE].text, "train"), &options);
    if (code != CLI_DONE) return code;
    const int rounds = options.rounds;
    brn_profile profile = {0};
    double *seconds = calloc((size_t)rounds, sizeof *seconds);
    if (!seconds) return cli_fail(CLI_NO_ROOM, "no memory for %d rounds", rounds);
    code = cli_fail_status(brn_image_profile(&options, seconds, &profile));
    kind *kinds = code == CLI_DONE ? calloc((size_t)profile.count + 1, sizeof *kinds) : NULL;
    if (code == CLI_DONE && !kinds) code = cli_fail(CLI_NO_ROOM, "no memory for %d steps", profile.count);
    if (code == CLI_DONE) {
        double fastest = seconds[0];
        for (int i = 1; i < rounds; i++) fastest = seconds[i] < fastest ? seconds[i] : fastest;
        int count = gather(&profile, kinds);
        if (!cli_is_quiet() || cli_is_json()) show(&profile, kinds, count);
        conclude(&options, &profile, fastest);
    }
    free(kinds);
    brn_profile_free(&profile);
    free(seconds);
    return code;
}

const cli_command cli_command_bench_profile = {
    .noun = "bench",
    .verb = "profile",
    .arguments = "MODEL",
    .summary = "Where the time of a step goes, beside this machine's peaks",
    .inputs_min = 1,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_MODE, CLI_BENCH_OPTIONS, CLI_ACTIVATION_CHECKPOINTING, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
