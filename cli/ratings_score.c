/* SPDX-License-Identifier: Apache-2.0 */
#include "ratings_score.h"
#include "output.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { ROWS = 8, ERRORS = 3 };

/* The names in JSON and on the screen; k stands for the place that counts. */
static const char *const names[ROWS] = {"rmse",      "mse",       "mae",      "precision_at_k",
                                        "recall_at_k", "ndcg_at_k", "mrr_at_k", "coverage_at_k"};
static const char *const words[ROWS] = {"rmse",   "mse",     "mae",    "precision",
                                        "recall", "ndcg",    "mrr",    "coverage"};

static double value_at(const brn_ratings_score *s, int contender, int row)
{
    const brn_ratings_errors *e = &s->errors[contender];
    const brn_ratings_ranks *r = &s->ranks[contender];
    const double values[ROWS] = {e->rmse,   e->mse,  e->mae, r->precision,
                                 r->recall, r->ndcg, r->mrr, r->coverage};
    return values[row];
}

static void print_row(const brn_ratings_score *s, int row)
{
    char name[32];
    if (isnan(value_at(s, BRN_RATINGS_MODEL, row))) return;
    snprintf(name, sizeof name, row < ERRORS ? "%s" : "%s@%d", words[row], s->rank_at);
    cli_print("%-14s", name);
    for (int c = 0; c < BRN_RATINGS_CONTENDERS; c++) {
        double value = value_at(s, c, row);
        if (isnan(value)) cli_print("  %10s", "-");
        else cli_print("  %10.4f", value);
    }
    cli_print("\n");
}

void cli_ratings_score_print(const brn_ratings_score *s)
{
    cli_print("%-14s", "");
    for (int c = 0; c < BRN_RATINGS_CONTENDERS; c++)
        cli_print("  %10s", brn_ratings_contender_name(c));
    cli_print("\n");
    for (int row = 0; row < ROWS; row++) print_row(s, row);
    if (s->ranked && isnan(s->relevant))
        cli_say("%" PRId64 " clicks; items ranked for %" PRId64 " users\n", s->count, s->ranked);
    else if (s->ranked)
        cli_say("%" PRId64 " ratings; items ranked for %" PRId64
                " users, relevant from a rating of %.4g on\n",
                s->count, s->ranked, s->relevant);
}

static void write_members(cli_json *json, const brn_ratings_score *s, int contender)
{
    for (int row = 0; row < ROWS; row++) {
        double value = value_at(s, contender, row);
        if (!isnan(value)) cli_json_real(json, names[row], value);
    }
}

void cli_ratings_score_json(cli_json *json, const brn_ratings_score *s)
{
    cli_json_object(json, "metrics");
    write_members(json, s, BRN_RATINGS_MODEL);
    cli_json_close(json);
    cli_json_object(json, "baselines");
    for (int c = BRN_RATINGS_MODEL + 1; c < BRN_RATINGS_CONTENDERS; c++) {
        cli_json_object(json, brn_ratings_contender_name(c));
        write_members(json, s, c);
        cli_json_close(json);
    }
    cli_json_close(json);
    cli_json_whole(json, "count", s->count);
    cli_json_whole(json, "ranked", s->ranked);
    cli_json_whole(json, "k", s->rank_at);
}
