/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "io/run_log.h"
#include "test.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *log_path(void)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", test_scratch_folder(), BRN__RUN_LOG_NAME);
    return path;
}

static brn__run_log *open_log(const char *path)
{
    brn__run_log *log;
    assert_ok(brn__run_log_open(path, BRN__RUN_LOG_BUSY, &log));
    return log;
}

static int64_t begin(brn__run_log *log, const char *folder, bool resumed, int kept)
{
    int64_t run = 0;
    assert_ok(brn__run_log_begin(log,
                                 &(brn__run_begin){.folder = folder,
                                                   .job = "image",
                                                   .architecture = "resnet18",
                                                   .library = "0.1.0",
                                                   .options = "{\"size\": 64}",
                                                   .data = "photos",
                                                   .data_sha256 = "ab",
                                                   .seed = UINT64_MAX,
                                                   .resumed = resumed,
                                                   .kept_epochs = kept},
                                 &run));
    return run;
}

static void add_epoch(brn__run_log *log, int64_t run, int epoch, double valid_loss)
{
    assert_ok(brn__run_log_epoch(log, run,
                                 &(brn__run_epoch){.epoch = epoch,
                                                   .stage = "head",
                                                   .train_loss = .5,
                                                   .valid_loss = valid_loss,
                                                   .seconds = 1.5,
                                                   .metrics = "{\"accuracy\": 0.75}",
                                                   .rates = "[0.1]"}));
}

/* ------------------------------------------------------------------ reading */

typedef struct seen {
    int runs, epochs;
    char text[4096];
} seen;

static brn_status see_run(void *context, const brn__run_row *row)
{
    seen *s = context;
    const size_t used = strlen(s->text);
    s->runs++;
    snprintf(s->text + used, sizeof s->text - used, "%s %s %s %s %s %s %llu %s %s %s %s %.2f %d;", row->folder,
             row->job, row->architecture, row->options, row->data, row->data_sha256,
             (unsigned long long)row->seed, brn__run_row_status(row), row->reason ? row->reason : "-",
             row->metrics ? row->metrics : "-", row->ended ? "ended" : "-", row->seconds, row->epochs);
    assert_int_equal(strlen(row->started), strlen("2026-01-31T12:00:00Z"));
    return BRN_OK;
}

static brn_status see_epoch(void *context, const brn__run_epoch *epoch)
{
    seen *s = context;
    const size_t used = strlen(s->text);
    s->epochs++;
    snprintf(s->text + used, sizeof s->text - used, "%d %s %g %g %g %s %s;", epoch->epoch, epoch->stage,
             epoch->train_loss, epoch->valid_loss, epoch->seconds, epoch->metrics, epoch->rates);
    return BRN_OK;
}

static void expect_runs(brn__run_log *log, const char *expected)
{
    seen s = {0};
    assert_ok(brn__run_log_runs(log, see_run, &s));
    assert_string_equal(s.text, expected);
}

static void expect_epochs(brn__run_log *log, int64_t run, const char *expected)
{
    seen s = {0};
    assert_ok(brn__run_log_epochs(log, run, see_epoch, &s));
    assert_string_equal(s.text, expected);
}

#define FACTS "image resnet18 {\"size\": 64} photos ab 18446744073709551615 "
#define EPOCH(number, loss) #number " head 0.5 " #loss " 1.5 {\"accuracy\": 0.75} [0.1];"

TEST(a_run_is_read_back_as_it_was_written)
{
    const char *path = log_path();
    brn__run_log *log = open_log(path);
    const int64_t run = begin(log, "image-1", false, 0);
    expect_runs(log, "image-1 " FACTS "running - - - nan 0;");
    add_epoch(log, run, 1, .25);
    add_epoch(log, run, 2, NAN);
    expect_epochs(log, run, EPOCH(1, 0.25) EPOCH(2, nan));
    assert_ok(brn__run_log_end(log, run,
                               &(brn__run_end){.status = "done", .metrics = "{}", .seconds = 3}));
    expect_runs(log, "image-1 " FACTS "done - {} ended 3.00 2;");
    brn__run_log_close(log);
    assert_ok(brn__run_log_open_to_read(path, 0, &log));
    expect_runs(log, "image-1 " FACTS "done - {} ended 3.00 2;");
    brn__run_log_close(log);
}

TEST(a_resumed_run_goes_on_with_its_row)
{
    const char *path = log_path();
    brn__run_log *log = open_log(path);
    const int64_t run = begin(log, "image-1", false, 0);
    for (int epoch = 1; epoch <= 3; epoch++) add_epoch(log, run, epoch, .5);
    assert_ok(brn__run_log_end(log, run,
                               &(brn__run_end){.status = "interrupted", .reason = "why", .seconds = 3}));
    expect_runs(log, "image-1 " FACTS "interrupted why - ended 3.00 3;");
    assert_int_equal(begin(log, "image-1", true, 2), run);
    expect_runs(log, "image-1 " FACTS "running - - - 3.00 2;");
    add_epoch(log, run, 3, .125);
    add_epoch(log, run, 3, .25); /* replaced */
    expect_epochs(log, run, EPOCH(1, 0.5) EPOCH(2, 0.5) EPOCH(3, 0.25));
    assert_ok(brn__run_log_end(log, run, &(brn__run_end){.status = "done", .seconds = 4}));
    expect_runs(log, "image-1 " FACTS "done - - ended 7.00 3;");
    brn__run_log_close(log);
}

TEST(a_new_run_of_an_old_name_begins_anew)
{
    const char *path = log_path();
    brn__run_log *log = open_log(path);
    const int64_t old = begin(log, "image-1", false, 0), other = begin(log, "image-2", false, 0);
    add_epoch(log, old, 1, .5);
    add_epoch(log, other, 1, .5);
    const int64_t new = begin(log, "image-1", false, 0);
    expect_epochs(log, new, "");
    expect_epochs(log, other, EPOCH(1, 0.5));
    expect_runs(log, "image-2 " FACTS "running - - - nan 1;image-1 " FACTS "running - - - nan 0;");
    if (old != new) expect_epochs(log, old, "");
    brn__run_log_close(log);
}

TEST(an_epoch_of_no_run_is_refused)
{
    const char *path = log_path();
    brn__run_log *log = open_log(path);
    assert_fails(brn__run_log_epoch(log, 77, &(brn__run_epoch){.epoch = 1}), BRN_ERROR_IO,
                 "FOREIGN KEY");
    brn__run_log_close(log);
}

TEST(a_process_that_is_gone_is_told_from_one_that_runs)
{
    pid_t child = fork();
    if (child == 0) _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    char host[256];
    gethostname(host, sizeof host);
    brn__run_row row = {.status = "running", .host = host, .process = getpid()};
    assert_string_equal(brn__run_row_status(&row), "running");
    row.process = child;
    assert_string_equal(brn__run_row_status(&row), "broken off");
    row.host = "elsewhere";
    assert_string_equal(brn__run_row_status(&row), "running");
    row.status = "done";
    assert_string_equal(brn__run_row_status(&row), "done");
}

/* ------------------------------------------------------------------ several at once */

enum { WRITERS = 4, RUNS_EACH = 8, EPOCHS_EACH = 3 };

static int write_some(const char *path, int writer)
{
    brn__run_log *log;
    for (int i = 0; i < RUNS_EACH; i++) {
        char folder[32];
        int64_t run;
        snprintf(folder, sizeof folder, "w%d-%d", writer, i);
        if (brn__run_log_open(path, 20000, &log) != BRN_OK) return 1;
        const brn__run_begin facts = {.folder = folder, .job = "image"};
        if (brn__run_log_begin(log, &facts, &run) != BRN_OK) return 2;
        for (int e = 1; e <= EPOCHS_EACH; e++)
            if (brn__run_log_epoch(log, run, &(brn__run_epoch){.epoch = e}) != BRN_OK) return 3;
        if (brn__run_log_end(log, run, &(brn__run_end){.status = "done"}) != BRN_OK) return 4;
        brn__run_log_close(log);
    }
    return 0;
}

static brn_status count_run(void *context, const brn__run_row *row)
{
    seen *s = context;
    s->runs++;
    s->epochs += row->epochs;
    assert_string_equal(row->status, "done");
    return BRN_OK;
}

/* They make the database together, too. */
TEST(several_processes_write_at_once)
{
    const char *path = log_path();
    pid_t children[WRITERS];
    for (int w = 0; w < WRITERS; w++) {
        children[w] = fork();
        assert_true(children[w] >= 0);
        if (children[w] == 0) _exit(write_some(path, w));
    }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        assert_int_equal(waitpid(children[w], &status, 0), children[w]);
        assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
    }
    brn__run_log *log = open_log(path);
    seen s = {0};
    assert_ok(brn__run_log_runs(log, count_run, &s));
    assert_int_equal(s.runs, WRITERS * RUNS_EACH);
    assert_int_equal(s.epochs, WRITERS * RUNS_EACH * EPOCHS_EACH);
    brn__run_log_close(log);
}

TEST(a_log_that_another_holds_is_told_and_used_again_later)
{
    const char *path = log_path();
    brn__run_log *log;
    sqlite3 *other;
    assert_ok(brn__run_log_open(path, 20, &log));
    const int64_t run = begin(log, "image-1", false, 0);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_fails(brn__run_log_epoch(log, run, &(brn__run_epoch){.epoch = 1}), BRN_ERROR_IO,
                 "runs.sqlite: write the run log: database is locked");
    int64_t second;
    assert_fails(brn__run_log_begin(log, &(brn__run_begin){.folder = "b", .job = "image"}, &second),
                 BRN_ERROR_IO, "locked");
    seen s = {0};
    assert_ok(brn__run_log_runs(log, see_run, &s)); /* reading waits for nobody */
    assert_int_equal(s.runs, 1);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_ok(brn__run_log_epoch(log, run, &(brn__run_epoch){.epoch = 1}));
    sqlite3_close(other);
    brn__run_log_close(log);
}

TEST(a_log_that_another_is_making_is_waited_for_and_given_up)
{
    const char *path = log_path();
    brn__run_log *log;
    sqlite3 *other;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    assert_fails(brn__run_log_open(path, 300, &log), BRN_ERROR_IO, "database is locked");
    assert_null(log);
    sqlite3_close(other);
    brn__run_log_close(open_log(path));
}

/* ------------------------------------------------------------------ wrong files */

static void make_database(const char *path, const char *text)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

TEST(files_that_are_no_run_log_are_left_alone)
{
    const char *path = log_path();
    brn__run_log *log;
    char *text;
    static const char words[] = "these are words, and more of them than a header is long: it is no database at "
                                "all, as anyone can see who reads the first hundred bytes of it.";
    assert_ok(brn__replace_file(path, words, sizeof words - 1));
    assert_fails(brn__run_log_open(path, 20, &log), BRN_ERROR_INPUT, "not a database");
    assert_null(log);
    assert_ok(brn__read_file(path, 1000, &text, NULL));
    assert_string_equal(text, words);
    brn__free(text);
    assert_fails(brn__run_log_open_to_read(path, 20, &log), BRN_ERROR_INPUT, "not a database");
}

TEST(other_databases_are_left_alone)
{
    const char *path = log_path();
    brn__run_log *log;
    make_database(path, "CREATE TABLE mine (x); INSERT INTO mine VALUES (1)");
    assert_fails(brn__run_log_open(path, 20, &log), BRN_ERROR_INPUT, "a database, and no run log");
}

TEST(logs_of_a_later_library_are_left_alone)
{
    const char *path = log_path();
    brn__run_log *log = open_log(path);
    brn__run_log_close(log);
    make_database(path, "PRAGMA user_version = 2");
    assert_fails(brn__run_log_open(path, 20, &log), BRN_ERROR_INPUT,
                 "a run log of schema 2; this library knows up to 1");
    assert_fails(brn__run_log_open_to_read(path, 20, &log), BRN_ERROR_INPUT, "schema 2");
}

TEST(a_log_that_is_not_there_is_not_made_by_reading)
{
    const char *path = log_path();
    brn__run_log *log;
    assert_fails(brn__run_log_open_to_read(path, 20, &log), BRN_ERROR_INPUT, "no such run log");
    assert_false(brn__is_file(path));
    assert_fails(brn__run_log_open("/nonexistent/folder/runs.sqlite", 20, &log), BRN_ERROR_IO,
                 "unable to open");
}
