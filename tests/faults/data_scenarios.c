/* SPDX-License-Identifier: Apache-2.0 */
#include "data_scenarios.h"
#include "base/files.h"
#include "burnish/data_check.h"
#include "burnish/predictions.h"
#include "burnish/ratings.h"
#include "burnish/runs.h"
#include "burnish/table_interpret.h"

#include <stdio.h>
#include <string.h>

brn_status scenario_table(const world *w, outcome *out)
{
    char path[400];
    brn_table *table;
    brn_table_options options = brn_table_defaults();
    options.threads = 1;
    snprintf(path, sizeof path, "%s/table.csv", w->folder);
    brn_status status = brn_table_open(path, &options, &table);
    if (status != BRN_OK) return status;
    for (int64_t i = 0; status == BRN_OK && i < brn_table_column_count(table); i++) {
        brn_column_summary summary;
        status = brn_table_summarise(table, i, &summary);
        if (status != BRN_OK) break;
        outcome_add(out, summary.name, strlen(summary.name));
        outcome_add(out, &summary.missing, sizeof summary.missing);
        outcome_add(out, &summary.distinct, sizeof summary.distinct);
        for (int64_t k = 0; k < summary.top_count; k++)
            outcome_add(out, summary.top[k].text, strlen(summary.top[k].text));
    }
    brn_table_close(table);
    return status;
}

static int count_warnings(void *context, const brn_event *event)
{
    outcome *out = context;
    out->told += event->kind == BRN_EVENT_WARNING;
    return 0;
}

static brn_status report_again(const char *run, outcome *out)
{
    char path[800];
    brn_table_report_options options = brn_table_report_defaults();
    brn_table_interpretation found;
    options.threads = 1;
    options.interpret.repeats = 1;
    options.interpret.sample = options.interpret.points = 2;
    brn_status status = brn_table_report(run, NULL, &options, &found, path, sizeof path);
    if (status != BRN_OK) return status;
    out->told += found.count == 0; /* a table that can't be read makes a page without rows */
    for (int64_t i = 0; i < found.importance_count; i++)
        outcome_add(out, &found.importance[i].mean, sizeof found.importance[i].mean);
    for (int64_t i = 0; i < found.worst_count; i++) outcome_add(out, &found.worst[i].loss, sizeof found.worst[i].loss);
    brn_table_interpretation_free(&found);
    return BRN_OK;
}

/* Training, which makes a report, and another report of its run, on a table of 12 rows. */
brn_status scenario_table_report(const world *w, outcome *out)
{
    char data[400], run[400];
    const char text[] = "w,x,d,y\na,1.5,2015-01-01,1\nb,2.5,2015-02-01,2\nc,3,2015-03-01,3\na,,2015-04-01,1\n"
                        "b,2,2015-05-01,2\nc,1,2015-06-01,3\na,4,2015-07-01,1\nb,5.5,2015-08-01,2\nc,6,2015-09-01,3\n"
                        "a,7,2015-10-01,1\nb,8.5,2015-11-01,2\nc,9,2015-12-01,3.5\n";
    brn_table_train_options o = brn_table_train_defaults();
    snprintf(data, sizeof data, "%s/rows.csv", w->out);
    snprintf(run, sizeof run, "%s/run", w->out);
    brn_status status = brn__replace_file(data, text, sizeof text - 1);
    if (status != BRN_OK) return status;
    o.data = data;
    o.target = "y";
    o.out = run;
    o.threads = o.epochs = o.hidden_count = 1;
    o.hidden[0] = 2;
    o.batch_size = 4;
    o.checkpoint_seconds = 0;
    o.on_event = count_warnings;
    o.context = out;
    status = brn_table_train(&o, NULL);
    return status == BRN_OK ? report_again(run, out) : status;
}

static brn_status ask_all(const world *w, brn_image_model *model, const brn_image_files *files, outcome *out)
{
    enum { MANY = 64 };
    float p[2 * MANY];
    bool ok[MANY];
    char path[400];
    brn_image_predict_options options = brn_image_predict_defaults();
    options.tta = 1;
    if (files->count > MANY) return BRN_ERROR_INTERNAL;
    brn_status status = brn_image_predict_list(model, files->paths, files->count, &options, p, ok);
    if (status != BRN_OK) return status;
    for (int64_t i = 0; i < files->count; i++) out->told += !ok[i];
    const brn_image_predictions found = {
        .model = model, .paths = files->paths, .count = files->count, .probabilities = p, .ok = ok};
    snprintf(path, sizeof path, "%s/predictions.csv", w->out);
    status = brn_image_predictions_csv(&found, true, path);
    return status == BRN_OK ? outcome_add_file(out, path) : status;
}

brn_status scenario_answers(const world *w, outcome *out)
{
    const char *input = w->pictures;
    brn_image_files files = {0};
    brn_image_model *model = NULL;
    brn_status status = brn_image_files_find(&input, 1, &files);
    if (status == BRN_OK) status = brn_image_model_open(w->run, 1, &model);
    if (status == BRN_OK) status = ask_all(w, model, &files, out);
    brn_image_model_close(model);
    brn_image_files_free(&files);
    return status;
}

brn_status scenario_runs(const world *w, outcome *out)
{
    brn_runs *runs;
    brn_status status = brn_runs_list(w->folder, &runs);
    if (status != BRN_OK) return status;
    for (int64_t i = 0; i < brn_runs_count(runs); i++) {
        double accuracy = brn_run_metric(brn_runs_at(runs, i), "accuracy");
        outcome_add(out, &accuracy, sizeof accuracy);
    }
    out->told += brn_runs_warning(runs) != NULL;
    brn_runs_free(runs);
    return BRN_OK;
}

brn_status scenario_check(const world *w, outcome *out)
{
    brn_data_check *check;
    brn_data_check_options options = brn_data_check_defaults();
    options.threads = 1;
    brn_status status = brn_data_check_open(w->pictures, &options, &check);
    if (status != BRN_OK) return status;
    for (int64_t i = 0; i < brn_data_check_count(check); i++) {
        brn_data_finding finding = brn_data_check_finding(check, i);
        outcome_add(out, finding.path, strlen(finding.path));
        outcome_add(out, &finding.kind, sizeof finding.kind);
    }
    out->told += (int)brn_data_check_kind_count(check, BRN_FINDING_UNREADABLE);
    brn_data_check_close(check);
    return BRN_OK;
}

/* ------------------------------------------------------------------ ratings */

static brn_status use_ratings(const char *run, outcome *out)
{
    brn_ratings_model *model;
    brn_ratings_item best[4];
    brn_ratings_folding folding;
    brn_ratings_score score;
    float vector[8];
    int64_t count = 0, item = 1;
    double five = 5;
    brn_status status = brn_ratings_model_open(run, 1, &model);
    if (status != BRN_OK) return status;
    status = brn_ratings_recommend(model, 1, NULL, 4, best, &count);
    if (status == BRN_OK) status = brn_ratings_fold_user(model, 1, &item, &five, vector);
    if (status == BRN_OK) status = brn_ratings_evaluate(model, NULL, &score);
    if (status == BRN_OK) status = brn_ratings_evaluate_folding(model, &folding);
    outcome_add(out, best, (size_t)count * sizeof *best);
    brn_ratings_model_close(model);
    return status;
}

brn_status scenario_ratings(const world *w, outcome *out)
{
    char data[400], run[400];
    brn_ratings_options o = brn_ratings_defaults();
    snprintf(data, sizeof data, "%s/ratings.csv", w->folder);
    snprintf(run, sizeof run, "%s/ratings", w->out);
    o.data = o.titles = data;
    o.out = run;
    o.factors = 3;
    o.epochs = 1;
    o.threads = 1;
    o.split = BRN_RATINGS_SPLIT_LAST;
    o.on_event = count_warnings;
    o.context = out;
    brn_status status = brn_ratings_train(&o, NULL);
    return status == BRN_OK ? use_ratings(run, out) : status;
}
