/* SPDX-License-Identifier: Apache-2.0
 * Runs as the log and as their folders tell them. Nothing is trained here. */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/runs.h"
#include "io/run_log.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char folder[512];

static void write_file(const char *run, const char *name, const char *text)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, run);
    assert_ok(brn__make_folders(path));
    snprintf(path, sizeof path, "%s/%s/%s", folder, run, name);
    assert_ok(brn__replace_file(path, text, strlen(text)));
}

static void write_run(const char *run, const char *rate)
{
    char config[512];
    snprintf(config, sizeof config,
             "{\"job\": \"image\", \"library\": \"0.1.0\", \"options\": {\"data\": \"photos\", \"architecture\": "
             "\"resnet18\", \"epochs\": 2, \"freeze_epochs\": 1, \"learning_rate\": %s, \"freeze\": false, "
             "\"group_learning_rates\": [0.1, 0.2]}}",
             rate);
    write_file(run, "config.json", config);
    write_file(run, "history.csv",
               "stage,epoch,train_loss,valid_loss,accuracy,error_rate,learning_rate,seconds\n"
               "head,1,0.5,0.4,0.75,0.25,0.1,2\n"
               "all layers,2,0.25,,,,0.1,3\n"
               "all layers,3,0.125,0.3,0.875,0.125,0.1,4\n");
}

static void log_run(const char *name, const char *status, int epochs)
{
    char path[1024];
    brn__run_log *log;
    int64_t run;
    snprintf(path, sizeof path, "%s/" BRN__RUN_LOG_NAME, folder);
    assert_ok(brn__run_log_open(path, 100, &log));
    assert_ok(brn__run_log_begin(log, &(brn__run_begin){.folder = name,
                                                        .job = "image",
                                                        .architecture = "vgg16",
                                                        .options = "{\"learning_rate\": 0.5, \"tta\": 4}",
                                                        .data = "photos",
                                                        .data_sha256 = "cd"}, &run));
    for (int e = 1; e <= epochs; e++)
        assert_ok(brn__run_log_epoch(log, run, &(brn__run_epoch){.epoch = e,
                                                                 .stage = "head",
                                                                 .train_loss = 1. / e,
                                                                 .valid_loss = NAN,
                                                                 .seconds = 1,
                                                                 .metrics = "{\"accuracy\": 0.5, \"map\": null}"}));
    const brn__run_end end = {.status = status,
                              .reason = "why",
                              .metrics = strcmp(status, "done") == 0 ? "{\"accuracy\": 0.9}" : NULL,
                              .seconds = 7};
    if (status) assert_ok(brn__run_log_end(log, run, &end));
    brn__run_log_close(log);
}

static void fresh_folder(void) { snprintf(folder, sizeof folder, "%s", test_scratch_folder()); }

TEST(a_run_folder_alone_tells_of_its_run)
{
    fresh_folder();
    write_run("b", "0.001");
    write_file("not-a-run", "history.csv", "x\n");
    brn_runs *runs;
    assert_ok(brn_runs_list(folder, &runs));
    assert_null(brn_runs_warning(runs));
    assert_int_equal(brn_runs_count(runs), 1);
    const brn_run_record *run = brn_runs_at(runs, 0);
    assert_null(brn_runs_at(runs, 1));
    assert_string_equal(run->name, "b");
    assert_true(run->present && !run->logged);
    assert_string_equal(run->job, "image");
    assert_string_equal(run->architecture, "resnet18");
    assert_string_equal(run->data, "photos");
    assert_string_equal(run->status, "broken off"); /* it has no model */
    assert_int_equal(run->epochs, 3);
    assert_close(run->seconds, 9, 0);
    assert_string_equal(run->curve[0].stage, "head");
    assert_int_equal(run->curve[2].epoch, 3);
    assert_close(run->curve[2].valid_loss, .3, 1e-12);
    assert_true(isnan(run->curve[1].valid_loss));
    assert_int_equal(run->curve[0].metric_count, 2);
    assert_close(brn_run_metric(run, "accuracy"), .875, 0); /* of the last epoch */
    assert_true(isnan(brn_run_metric(run, "learning_rate")));
    assert_string_equal(brn_run_option_value(run, "learning_rate"), "0.001");
    assert_string_equal(brn_run_option_value(run, "freeze"), "false");
    assert_string_equal(brn_run_option_value(run, "group_learning_rates"), "[0.1,0.2]");
    assert_null(brn_run_option_value(run, "tta"));
    brn_runs_free(runs);
}

TEST(the_log_comes_first_and_folders_it_does_not_know_after_it)
{
    fresh_folder();
    write_run("a", "0.001");
    write_run("z", "0.002");
    log_run("z", "done", 3);
    log_run("gone", "diverged", 2);
    brn_runs *runs;
    char given[600];
    snprintf(given, sizeof given, "%s//", folder);
    assert_ok(brn_runs_list(given, &runs));
    assert_int_equal(brn_runs_count(runs), 3);
    const brn_run_record *z = brn_runs_at(runs, 0), *gone = brn_runs_at(runs, 1), *a = brn_runs_at(runs, 2);
    assert_string_equal(z->name, "z");
    assert_true(z->logged && z->present);
    assert_string_equal(z->architecture, "vgg16"); /* as the log has it */
    assert_close(brn_run_metric(z, "accuracy"), .9, 0);
    assert_int_equal(z->epochs, 3);
    assert_close(z->curve[1].train_loss, .5, 0);
    assert_string_equal(gone->name, "gone");
    assert_true(gone->logged && !gone->present);
    assert_string_equal(gone->status, "diverged");
    assert_string_equal(gone->reason, "why");
    assert_close(gone->seconds, 7, 0);
    assert_close(brn_run_metric(gone, "accuracy"), .5, 0);
    assert_true(isnan(brn_run_metric(gone, "map")));
    assert_string_equal(a->name, "a");
    assert_false(a->logged);
    brn_runs_free(runs);
}

TEST(a_log_that_missed_epochs_is_filled_from_the_folder)
{
    fresh_folder();
    write_run("a", "0.001");
    log_run("a", "done", 1);
    brn_runs *runs;
    assert_ok(brn_runs_list(folder, &runs));
    assert_int_equal(brn_runs_count(runs), 1);
    assert_int_equal(brn_runs_at(runs, 0)->epochs, 3);
    assert_close(brn_runs_at(runs, 0)->curve[2].train_loss, .125, 0);
    brn_runs_free(runs);
}

TEST(a_log_that_cannot_be_read_is_a_warning)
{
    fresh_folder();
    write_run("a", "0.001");
    write_file(".", BRN__RUN_LOG_NAME, "these are words, and no database, in more than sixteen bytes");
    brn_runs *runs;
    assert_ok(brn_runs_list(folder, &runs));
    assert_int_equal(brn_runs_count(runs), 1);
    assert_non_null(strstr(brn_runs_warning(runs), "not a database"));
    brn_runs_free(runs);
}

TEST(damaged_files_tell_nothing_and_hide_no_run)
{
    static const char *const configs[] = {"", "{", "[]", "{\"options\": 3}", "{\"options\": {\"data\": 7}}",
                                          "{\"job\": [], \"options\": {\"epochs\": \"x\"}}"};
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        fresh_folder();
        write_file("a", "config.json", configs[i]);
        write_file("a", "history.csv", i % 2 ? "stage" : "stage,epoch\nhead,1e300\nhead");
        write_file("a", "model.safetensors", "no model");
        brn_runs *runs;
        assert_ok(brn_runs_list(folder, &runs));
        assert_int_equal(brn_runs_count(runs), 1);
        assert_null(brn_runs_at(runs, 0)->job);
        brn_runs_free(runs);
    }
}

TEST(runs_are_opened_by_their_paths)
{
    fresh_folder();
    write_run("a", "0.001");
    log_run("gone", "done", 2);
    char a[600], gone[600], nothing[600];
    snprintf(a, sizeof a, "%s/a/", folder);
    snprintf(gone, sizeof gone, "%s/gone", folder);
    snprintf(nothing, sizeof nothing, "%s/nothing", folder);
    brn_runs *runs;
    assert_ok(brn_runs_open((const char *[]){gone, a, a}, 3, &runs));
    assert_int_equal(brn_runs_count(runs), 3);
    assert_string_equal(brn_runs_at(runs, 0)->name, "gone");
    assert_string_equal(brn_runs_at(runs, 1)->name, "a");
    brn_runs_free(runs);
    assert_fails(brn_runs_open((const char *[]){a, nothing}, 2, &runs), BRN_ERROR_INPUT, "nothing: no run");
    assert_null(runs);
    assert_fails(brn_runs_list(nothing, &runs), BRN_ERROR_INPUT, "no such folder");
}

TEST(runs_are_read_or_memory_is_told_to_be_short)
{
    fresh_folder();
    write_run("a", "0.001");
    log_run("b", "done", 2);
    brn_runs *runs;
    brn_status status = BRN_ERROR_NO_MEMORY;
    int n = 1;
    for (; status != BRN_OK && n < 10000; n++) {
        brn__alloc_fail_after((uint64_t)n, 0);
        status = brn_runs_list(folder, &runs);
        brn__alloc_fail_after(0, 0);
        if (status != BRN_OK) assert_int_equal(status, BRN_ERROR_NO_MEMORY);
        else if (brn_runs_count(runs) != 2) status = BRN_ERROR_NO_MEMORY, brn_runs_free(runs);
    }
    if (n <= 20 || status != BRN_OK) fail_msg("ended after %d faults with %s", n, brn_error_message());
    brn_runs_free(runs);
}
