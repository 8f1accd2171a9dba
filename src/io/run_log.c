/* SPDX-License-Identifier: Apache-2.0 */
#include "io/run_log.h"
#include "base/alloc.h"
#include "base/files.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HOST_BYTES = 256, APPLICATION = 0x42524e4c }; /* "BRNL": marks the file as ours */

typedef enum statement_id {
    FORGET,
    BEGIN_RUN,
    DROP_EPOCHS,
    ADD_EPOCH,
    END_RUN,
    RUNS,
    EPOCHS,
    STATEMENTS
} statement_id;

static const char *const statements[STATEMENTS] = {
    [FORGET] = "DELETE FROM run WHERE folder = ?1",
    [BEGIN_RUN] =
        "INSERT INTO run (folder, job, architecture, library, options, data, data_sha256, seed,"
        " process, host, started, status)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), 'running')"
        " ON CONFLICT (folder) DO UPDATE SET library = excluded.library, process = excluded.process,"
        " host = excluded.host, status = 'running', ended = NULL, reason = NULL RETURNING id",
    [DROP_EPOCHS] = "DELETE FROM epoch WHERE run = ?1 AND epoch > ?2",
    [ADD_EPOCH] = "INSERT INTO epoch (run, epoch, stage, train_loss, valid_loss, metrics, rates, seconds)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (run, epoch) DO UPDATE SET"
                  " stage = excluded.stage, train_loss = excluded.train_loss,"
                  " valid_loss = excluded.valid_loss, metrics = excluded.metrics,"
                  " rates = excluded.rates, seconds = excluded.seconds",
    [END_RUN] = "UPDATE run SET status = ?2, reason = ?3, metrics = ?4, model_sha256 = ?5,"
                " seconds = coalesce(seconds, 0) + ?6,"
                " ended = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE id = ?1",
    [RUNS] = "SELECT id, folder, job, architecture, library, options, data, data_sha256, seed, started,"
             " ended, status, reason, metrics, model_sha256, host, seconds, process,"
             " (SELECT count(*) FROM epoch WHERE run = run.id) FROM run ORDER BY id",
    [EPOCHS] = "SELECT epoch, stage, train_loss, valid_loss, seconds, metrics, rates FROM epoch"
               " WHERE run = ?1 ORDER BY epoch",
};

static const char schema[] =
    "CREATE TABLE run (id INTEGER PRIMARY KEY, folder TEXT NOT NULL UNIQUE, job TEXT NOT NULL,"
    " architecture TEXT, library TEXT, options TEXT, data TEXT, data_sha256 TEXT, seed INTEGER,"
    " started TEXT NOT NULL, ended TEXT, status TEXT NOT NULL, reason TEXT, metrics TEXT,"
    " model_sha256 TEXT, seconds REAL, process INTEGER, host TEXT) STRICT;"
    "CREATE TABLE epoch (run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    " epoch INTEGER NOT NULL, stage TEXT, train_loss REAL, valid_loss REAL, metrics TEXT, rates TEXT,"
    " seconds REAL, PRIMARY KEY (run, epoch)) STRICT, WITHOUT ROWID;";

struct brn__run_log {
    sqlite3 *database;
    sqlite3_stmt *prepared[STATEMENTS]; /* made when first used */
    int busy_milliseconds;
    char *path;
};

static brn_status fail(const brn__run_log *log, const char *what)
{
    const int code = sqlite3_errcode(log->database) & 0xff;
    brn_status status = BRN_ERROR_IO;
    if (code == SQLITE_NOMEM) status = BRN_ERROR_NO_MEMORY;
    if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) status = BRN_ERROR_INPUT;
    return brn__fail(status, "%s: %s: %s", log->path, what, sqlite3_errmsg(log->database));
}

static brn_status execute(brn__run_log *log, const char *text, const char *what)
{
    if (sqlite3_exec(log->database, text, NULL, NULL, NULL) == SQLITE_OK) return BRN_OK;
    return fail(log, what);
}

/* ------------------------------------------------------------------ opening */

static brn_status read_number(brn__run_log *log, const char *text, int64_t *out)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(log->database, text, -1, &statement, NULL) != SQLITE_OK)
        return fail(log, "read the run log");
    const bool row = sqlite3_step(statement) == SQLITE_ROW;
    if (row) *out = sqlite3_column_int64(statement, 0);
    brn_status status = row ? BRN_OK : fail(log, "read the run log");
    sqlite3_finalize(statement);
    return status;
}

static brn_status check_schema(brn__run_log *log, int64_t *version)
{
    int64_t application, tables;
    BRN__TRY(read_number(log, "PRAGMA user_version", version));
    BRN__TRY(read_number(log, "PRAGMA application_id", &application));
    BRN__TRY(read_number(log, "SELECT count(*) FROM sqlite_master", &tables));
    if (tables > 0 && application != APPLICATION)
        return brn__fail(BRN_ERROR_INPUT, "%s: a database, and no run log", log->path);
    if (*version > BRN__RUN_LOG_SCHEMA)
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: a run log of schema %lld; this library knows up to %d", log->path,
                         (long long)*version, BRN__RUN_LOG_SCHEMA);
    return BRN_OK;
}

static brn_status make_schema(brn__run_log *log)
{
    char text[128];
    BRN__TRY(execute(log, schema, "make the run log"));
    snprintf(text, sizeof text, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION,
             BRN__RUN_LOG_SCHEMA);
    return execute(log, text, "make the run log");
}

/* Who comes first makes the tables; IMMEDIATE lets others wait for it. */
static brn_status need_schema(brn__run_log *log)
{
    int64_t version;
    BRN__TRY(check_schema(log, &version));
    if (version == BRN__RUN_LOG_SCHEMA) return BRN_OK;
    BRN__TRY(execute(log, "BEGIN IMMEDIATE", "write the run log"));
    brn_status status = check_schema(log, &version);
    if (status == BRN_OK && version == 0) status = make_schema(log);
    if (status == BRN_OK) status = execute(log, "COMMIT", "write the run log");
    if (status != BRN_OK) sqlite3_exec(log->database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* Switching to WAL may fail at once where other statements wait; so the waiting is done here. */
static brn_status use_wal(brn__run_log *log)
{
    enum { PAUSE = 10 }; /* milliseconds */
    for (int waited = 0;; waited += PAUSE) {
        if (sqlite3_exec(log->database, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) == SQLITE_OK)
            return BRN_OK;
        const int code = sqlite3_errcode(log->database) & 0xff;
        if ((code != SQLITE_BUSY && code != SQLITE_LOCKED) || waited >= log->busy_milliseconds)
            return fail(log, "write the run log");
        nanosleep(&(struct timespec){.tv_nsec = PAUSE * 1000000}, NULL);
    }
}

static brn_status open_database(brn__run_log *log, bool writes)
{
    const int flags = writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
    if (sqlite3_open_v2(log->path, &log->database, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return log->database ? fail(log, "open the run log") : BRN_ERROR_NO_MEMORY;
    int64_t version;
    if (writes) BRN__TRY(use_wal(log));
    sqlite3_busy_timeout(log->database, log->busy_milliseconds);
    if (!writes) {
        BRN__TRY(check_schema(log, &version));
        return version > 0 ? BRN_OK : brn__fail(BRN_ERROR_INPUT, "%s: an empty run log", log->path);
    }
    BRN__TRY(execute(log, "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL", "open the run log"));
    return need_schema(log);
}

static brn_status open_log(const char *path, int busy_milliseconds, bool writes, brn__run_log **out)
{
    *out = NULL;
    brn__run_log *log = brn__alloc_zero(1, sizeof *log);
    if (!log) return BRN_ERROR_NO_MEMORY;
    log->busy_milliseconds = busy_milliseconds;
    log->path = brn__strdup(path);
    brn_status status = log->path ? open_database(log, writes) : BRN_ERROR_NO_MEMORY;
    if (status != BRN_OK) {
        brn__run_log_close(log);
        return status;
    }
    *out = log;
    return BRN_OK;
}

brn_status brn__run_log_open(const char *path, int busy_milliseconds, brn__run_log **out)
{
    return open_log(path, busy_milliseconds, true, out);
}

brn_status brn__run_log_open_to_read(const char *path, int busy_milliseconds, brn__run_log **out)
{
    *out = NULL;
    if (!brn__is_file(path)) return brn__fail(BRN_ERROR_INPUT, "%s: no such run log", path);
    return open_log(path, busy_milliseconds, false, out);
}

void brn__run_log_close(brn__run_log *log)
{
    if (!log) return;
    for (int i = 0; i < STATEMENTS; i++) sqlite3_finalize(log->prepared[i]);
    sqlite3_close(log->database);
    brn__free(log->path);
    brn__free(log);
}

/* ------------------------------------------------------------------ statements */

static brn_status prepared(brn__run_log *log, statement_id id, sqlite3_stmt **out)
{
    if (!log->prepared[id] && sqlite3_prepare_v3(log->database, statements[id], -1,
                                                 SQLITE_PREPARE_PERSISTENT, &log->prepared[id], NULL))
        return fail(log, "use the run log");
    *out = log->prepared[id];
    return BRN_OK;
}

static void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC); /* NULL binds NULL */
}

static void bind_real(sqlite3_stmt *statement, int place, double value)
{
    if (isnan(value)) sqlite3_bind_null(statement, place);
    else sqlite3_bind_double(statement, place, value);
}

/* Runs to the end; `out` (may be NULL) gets the first column of a row. */
static brn_status finish(brn__run_log *log, sqlite3_stmt *statement, int64_t *out)
{
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        if (out) *out = sqlite3_column_int64(statement, 0);
    brn_status status = code == SQLITE_DONE ? BRN_OK : fail(log, "write the run log");
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status;
}

/* ------------------------------------------------------------------ writing */

static void host_name(char out[HOST_BYTES])
{
    if (gethostname(out, HOST_BYTES) != 0) out[0] = '\0';
    out[HOST_BYTES - 1] = '\0';
}

static brn_status insert_run(brn__run_log *log, const brn__run_begin *begin, int64_t *run)
{
    sqlite3_stmt *statement;
    char host[HOST_BYTES];
    host_name(host);
    BRN__TRY(prepared(log, BEGIN_RUN, &statement));
    const char *const texts[] = {begin->folder,  begin->job,  begin->architecture, begin->library,
                                 begin->options, begin->data, begin->data_sha256};
    for (int i = 0; i < 7; i++) bind_text(statement, i + 1, texts[i]);
    sqlite3_bind_int64(statement, 8, (int64_t)begin->seed);
    sqlite3_bind_int64(statement, 9, getpid());
    bind_text(statement, 10, host);
    return finish(log, statement, run);
}

static brn_status begin_run(brn__run_log *log, const brn__run_begin *begin, int64_t *run)
{
    sqlite3_stmt *statement;
    if (!begin->resumed) {
        BRN__TRY(prepared(log, FORGET, &statement));
        bind_text(statement, 1, begin->folder);
        BRN__TRY(finish(log, statement, NULL));
    }
    BRN__TRY(insert_run(log, begin, run));
    BRN__TRY(prepared(log, DROP_EPOCHS, &statement));
    sqlite3_bind_int64(statement, 1, *run);
    sqlite3_bind_int(statement, 2, begin->resumed ? begin->kept_epochs : 0);
    return finish(log, statement, NULL);
}

brn_status brn__run_log_begin(brn__run_log *log, const brn__run_begin *begin, int64_t *run)
{
    BRN__TRY(execute(log, "BEGIN IMMEDIATE", "write the run log"));
    brn_status status = begin_run(log, begin, run);
    if (status == BRN_OK) status = execute(log, "COMMIT", "write the run log");
    if (status != BRN_OK) sqlite3_exec(log->database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

brn_status brn__run_log_epoch(brn__run_log *log, int64_t run, const brn__run_epoch *epoch)
{
    sqlite3_stmt *statement;
    BRN__TRY(prepared(log, ADD_EPOCH, &statement));
    sqlite3_bind_int64(statement, 1, run);
    sqlite3_bind_int(statement, 2, epoch->epoch);
    bind_text(statement, 3, epoch->stage);
    bind_real(statement, 4, epoch->train_loss);
    bind_real(statement, 5, epoch->valid_loss);
    bind_text(statement, 6, epoch->metrics);
    bind_text(statement, 7, epoch->rates);
    bind_real(statement, 8, epoch->seconds);
    return finish(log, statement, NULL);
}

brn_status brn__run_log_end(brn__run_log *log, int64_t run, const brn__run_end *end)
{
    sqlite3_stmt *statement;
    BRN__TRY(prepared(log, END_RUN, &statement));
    sqlite3_bind_int64(statement, 1, run);
    bind_text(statement, 2, end->status);
    bind_text(statement, 3, end->reason);
    bind_text(statement, 4, end->metrics);
    bind_text(statement, 5, end->model_sha256);
    bind_real(statement, 6, isnan(end->seconds) ? 0 : end->seconds);
    return finish(log, statement, NULL);
}

/* ------------------------------------------------------------------ reading */

static const char *text_at(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

static double real_at(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? NAN
                                                                 : sqlite3_column_double(statement, column);
}

static brn__run_row row_of(sqlite3_stmt *s)
{
    return (brn__run_row){.id = sqlite3_column_int64(s, 0),
                          .folder = text_at(s, 1),
                          .job = text_at(s, 2),
                          .architecture = text_at(s, 3),
                          .library = text_at(s, 4),
                          .options = text_at(s, 5),
                          .data = text_at(s, 6),
                          .data_sha256 = text_at(s, 7),
                          .seed = (uint64_t)sqlite3_column_int64(s, 8),
                          .started = text_at(s, 9),
                          .ended = text_at(s, 10),
                          .status = text_at(s, 11),
                          .reason = text_at(s, 12),
                          .metrics = text_at(s, 13),
                          .model_sha256 = text_at(s, 14),
                          .host = text_at(s, 15),
                          .seconds = real_at(s, 16),
                          .process = sqlite3_column_int64(s, 17),
                          .epochs = sqlite3_column_int(s, 18)};
}

brn_status brn__run_log_runs(brn__run_log *log, brn_status (*sink)(void *context, const brn__run_row *row),
                             void *context)
{
    sqlite3_stmt *statement;
    int code = SQLITE_DONE;
    BRN__TRY(prepared(log, RUNS, &statement));
    brn_status status = BRN_OK;
    while (status == BRN_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const brn__run_row row = row_of(statement);
        status = sink(context, &row);
    }
    if (status == BRN_OK && code != SQLITE_DONE) status = fail(log, "read the run log");
    sqlite3_reset(statement);
    return status;
}

brn_status brn__run_log_epochs(brn__run_log *log, int64_t run,
                               brn_status (*sink)(void *context, const brn__run_epoch *epoch),
                               void *context)
{
    sqlite3_stmt *s;
    int code = SQLITE_DONE;
    BRN__TRY(prepared(log, EPOCHS, &s));
    sqlite3_bind_int64(s, 1, run);
    brn_status status = BRN_OK;
    while (status == BRN_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
        const brn__run_epoch epoch = {.epoch = sqlite3_column_int(s, 0),
                                      .stage = text_at(s, 1),
                                      .train_loss = real_at(s, 2),
                                      .valid_loss = real_at(s, 3),
                                      .seconds = real_at(s, 4),
                                      .metrics = text_at(s, 5),
                                      .rates = text_at(s, 6)};
        status = sink(context, &epoch);
    }
    if (status == BRN_OK && code != SQLITE_DONE) status = fail(log, "read the run log");
    sqlite3_reset(s);
    return status;
}

const char *brn__run_row_status(const brn__run_row *row)
{
    char host[HOST_BYTES];
    if (!row->status) return "unknown";
    if (strcmp(row->status, "running") != 0) return row->status;
    host_name(host);
    if (!row->host || strcmp(row->host, host) != 0 || row->process <= 0) return row->status;
    return kill((pid_t)row->process, 0) != 0 && errno == ESRCH ? "broken off" : row->status;
}
