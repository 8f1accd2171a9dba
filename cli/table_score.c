/* SPDX-License-Identifier: Apache-2.0 */
#include "table_score.h"
#include "output.h"

#include "burnish/events.h"

#include <math.h>

enum { METRICS = 6 };

static void list(const brn_table_score *s, brn_metric *out)
{
    const brn_metric metrics[METRICS] = {{"accuracy", s->accuracy},   {"error_rate", s->error_rate},
                                         {"rmse", s->rmse},           {"mae", s->mae},
                                         {"exp_rmspe", s->exp_rmspe}, {"valid_loss", s->loss}};
    for (int i = 0; i < METRICS; i++) out[i] = metrics[i];
}

void cli_table_score_print(const brn_table_score *score)
{
    brn_metric metrics[METRICS];
    list(score, metrics);
    for (int i = 0; i < METRICS; i++)
        if (!isnan(metrics[i].value)) cli_print("%s %.4f\n", metrics[i].name, metrics[i].value);
}

void cli_table_score_json(cli_json *json, const brn_table_score *score)
{
    brn_metric metrics[METRICS];
    list(score, metrics);
    cli_json_object(json, "metrics");
    for (int i = 0; i < METRICS; i++)
        if (!isnan(metrics[i].value)) cli_json_real(json, metrics[i].name, metrics[i].value);
    cli_json_close(json);
}
