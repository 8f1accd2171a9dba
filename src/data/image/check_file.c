/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "base/threads.h"
#include "data/image/check.h"

#include <string.h>

typedef struct file_job {
    const brn_data_check *check;
    brn__checked *file;
} file_job;

/* Keeps the message of this thread, without the name of the file, which stands beside it. */
static void keep_failure(brn__checked *out, brn_data_finding_kind kind)
{
    const char *message = brn_error_message(), *path = out->file->path, *named = NULL;
    if ((named = strstr(message, path)) && strncmp(named + strlen(path), ": ", 2) == 0)
        message = named + strlen(path) + 2;
    out->failure = kind;
    out->reason = brn__strdup(message);
    if (!out->reason) out->status = BRN_ERROR_NO_MEMORY;
}

static void keep_reason(brn__checked *out, brn_data_finding_kind kind, const char *reason)
{
    out->failure = kind;
    out->reason = brn__strdup(reason);
    if (!out->reason) out->status = BRN_ERROR_NO_MEMORY;
}

static void refuse_foreign(brn__checked *out, const uint8_t *bytes, size_t length)
{
    static const char ending[] = " picture";
    const char *kind = brn__foreign_kind(bytes, length);
    if (!length) keep_reason(out, BRN_FINDING_NOT_A_PICTURE, "it is empty");
    else if (!kind) keep_reason(out, BRN_FINDING_NOT_A_PICTURE, "no picture of a known format");
    else {
        const size_t letters = strlen(kind), end = sizeof ending - 1;
        const bool picture = letters > end && strcmp(kind + letters - end, ending) == 0;
        keep_reason(out, picture ? BRN_FINDING_UNSUPPORTED : BRN_FINDING_NOT_A_PICTURE, kind);
    }
}

static void look_inside(brn__checked *out, const uint8_t *bytes, size_t length)
{
    brn__picture picture;
    out->type = brn__picture_type_of(bytes, length);
    if (!out->type) {
        refuse_foreign(out, bytes, length);
        return;
    }
    const char *name = out->file->path;
    brn_status status = brn__picture_size(bytes, length, name, &out->width, &out->height);
    if (status == BRN_OK)
        status = brn__picture_decode(bytes, length, name, BRN__FINGERPRINT_COVER, &picture);
    if (status == BRN_OK) {
        status = brn__fingerprint_make(bytes, length, &picture, &out->print);
        brn__picture_free(&picture);
    }
    if (status == BRN_ERROR_NO_MEMORY) out->status = status;
    else if (status == BRN_ERROR_UNSUPPORTED) keep_failure(out, BRN_FINDING_UNSUPPORTED);
    else if (status != BRN_OK)
        keep_failure(out, out->type->ends_early(bytes, length) ? BRN_FINDING_TRUNCATED
                                                               : BRN_FINDING_CORRUPT);
}

void brn__check_file(const brn_data_check *check, brn__checked *out)
{
    char *bytes = NULL, *path = brn__path_join(check->folder, out->file->path);
    size_t length;
    out->failure = BRN_FINDING_KINDS;
    out->status = path ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (!path) return;
    brn_status status = brn__is_file(path)
                            ? brn__read_file(path, BRN__PICTURE_FILE_MAX, &bytes, &length)
                            : brn__fail(BRN_ERROR_IO, "not a file, or a link to nothing");
    brn__free(path);
    if (status == BRN_ERROR_NO_MEMORY) out->status = status;
    else if (status != BRN_OK) keep_failure(out, BRN_FINDING_UNREADABLE);
    else look_inside(out, (const uint8_t *)bytes, length);
    brn__free(bytes);
}

static void run_file(void *argument)
{
    const file_job *job = argument;
    brn__check_file(job->check, job->file);
}

/* The queue is short, so that what is submitted tells how far the work is. */
static brn_status run_all(brn_data_check *check, file_job *jobs, brn__pool *pool)
{
    const brn_data_check_options *o = &check->options;
    for (int64_t i = 0; i < check->file_count; i++) {
        jobs[i] = (file_job){.check = check, .file = &check->files[i]};
        brn__pool_submit(pool, run_file, &jobs[i]);
        if (o->progress && o->progress(o->context, i + 1, check->file_count))
            return brn__fail(BRN_ERROR_INTERRUPTED, "stopped after %lld of %lld files",
                             (long long)(i + 1), (long long)check->file_count);
    }
    brn__pool_wait(pool);
    for (int64_t i = 0; i < check->file_count; i++) {
        if (check->files[i].status == BRN_ERROR_NO_MEMORY)
            return brn__fail(BRN_ERROR_NO_MEMORY, "%s: no memory to look at it",
                             check->files[i].file->path);
        check->picture_count += brn__is_readable(&check->files[i]);
    }
    return BRN_OK;
}

brn_status brn__check_files(brn_data_check *check)
{
    const int threads = check->options.threads ? check->options.threads : brn__processor_count();
    check->file_count = check->walk.count;
    check->files = brn__alloc_zero((size_t)check->file_count, sizeof *check->files);
    file_job *jobs = brn__alloc_array((size_t)check->file_count, sizeof *jobs);
    brn__pool *pool = NULL;
    brn_status status = check->files && jobs ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; status == BRN_OK && i < check->file_count; i++) {
        check->files[i].file = &check->walk.files[i];
        check->files[i].failure = BRN_FINDING_UNREADABLE;
    }
    if (status == BRN_OK) status = brn__pool_new(threads, 2 * threads, &pool);
    if (status == BRN_OK) status = run_all(check, jobs, pool);
    brn__pool_free(pool); /* waits for what still runs */
    brn__free(jobs);
    return status;
}
