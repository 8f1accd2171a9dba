/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/check.h"
#include "base/alloc.h"
#include "base/files.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

brn_data_check_options brn_data_check_defaults(void)
{
    return (brn_data_check_options){.min_side = 32, .near_bits = BRN__FINGERPRINT_NEAR};
}

const char *brn_data_finding_name(brn_data_finding_kind kind)
{
    static const char *const names[BRN_FINDING_KINDS] = {
        [BRN_FINDING_UNREADABLE] = "unreadable",
        [BRN_FINDING_NOT_A_PICTURE] = "not-a-picture",
        [BRN_FINDING_UNSUPPORTED] = "unsupported",
        [BRN_FINDING_TRUNCATED] = "truncated",
        [BRN_FINDING_CORRUPT] = "corrupt",
        [BRN_FINDING_WRONG_EXTENSION] = "wrong-extension",
        [BRN_FINDING_NO_EXTENSION] = "no-extension",
        [BRN_FINDING_TWO_LABELS] = "two-labels",
        [BRN_FINDING_LEAK] = "leak",
        [BRN_FINDING_DUPLICATE] = "duplicate",
        [BRN_FINDING_NEAR_DUPLICATE] = "near-duplicate",
        [BRN_FINDING_TINY] = "tiny",
        [BRN_FINDING_SIZE] = "size",
        [BRN_FINDING_ASPECT] = "aspect",
    };
    return (int)kind >= 0 && kind < BRN_FINDING_KINDS ? names[kind] : NULL;
}

static brn_status make_room(brn_data_check *check)
{
    if (check->count < check->capacity) return BRN_OK;
    const int64_t larger = check->capacity ? 2 * check->capacity : 64;
    brn_data_finding *findings =
        brn__realloc(check->findings, (size_t)larger * sizeof *findings);
    if (!findings) return BRN_ERROR_NO_MEMORY;
    check->findings = findings;
    int64_t *owners = brn__realloc(check->owners, (size_t)larger * sizeof *owners);
    if (!owners) return BRN_ERROR_NO_MEMORY;
    check->owners = owners;
    check->capacity = larger;
    return BRN_OK;
}

brn_status brn__check_add(brn_data_check *check, int64_t owner, brn_data_finding_kind kind,
                          int64_t partner, int distance, const char *format, ...)
{
    char reason[8192];
    va_list arguments;
    if (check->options.kinds && !(check->options.kinds >> kind & 1)) return BRN_OK;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    BRN__TRY(make_room(check));
    brn_data_finding finding = {.path = check->files[owner].file->path,
                                .kind = kind,
                                .partner = partner < 0 ? NULL : check->files[partner].file->path,
                                .distance = distance};
    finding.reason = brn__arena_strdup(&check->arena, reason);
    if (!finding.reason) return BRN_ERROR_NO_MEMORY;
    check->findings[check->count] = finding;
    check->owners[check->count++] = owner;
    return BRN_OK;
}

static brn_status tell_extension(brn_data_check *check, int64_t i)
{
    const brn__checked *file = &check->files[i];
    const char *extension = brn__extension(file->file->path), *name = file->type->name;
    if (!*extension)
        return brn__check_add(check, i, BRN_FINDING_NO_EXTENSION, -1, -1,
                              "a %s picture without an extension", name);
    if (brn__extension_fits(file->type, extension)) return BRN_OK;
    return brn__check_add(check, i, BRN_FINDING_WRONG_EXTENSION, -1, -1, "a %s picture named %s",
                          name, extension);
}

static brn_status tell_files(brn_data_check *check)
{
    for (int64_t i = 0; i < check->file_count; i++) {
        const brn__checked *file = &check->files[i];
        const bool beside = check->walk.folders > 0 && !strchr(file->file->path, '/');
        if (brn__is_readable(file)) BRN__TRY(tell_extension(check, i));
        else if (!(beside && file->failure == BRN_FINDING_NOT_A_PICTURE))
            BRN__TRY(brn__check_add(check, i, file->failure, -1, -1, "%s", file->reason));
    }
    return BRN_OK;
}

typedef struct ordered {
    brn_data_finding finding;
    int64_t owner;
} ordered;

static int by_file_and_kind(const void *a, const void *b)
{
    const ordered *x = a, *y = b;
    if (x->owner != y->owner) return x->owner < y->owner ? -1 : 1;
    return (int)x->finding.kind - (int)y->finding.kind;
}

static brn_status put_in_order(brn_data_check *check)
{
    ordered *all = brn__alloc_array((size_t)check->count, sizeof *all);
    if (!all) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < check->count; i++)
        all[i] = (ordered){.finding = check->findings[i], .owner = check->owners[i]};
    if (check->count) qsort(all, (size_t)check->count, sizeof *all, by_file_and_kind);
    for (int64_t i = 0; i < check->count; i++) {
        check->findings[i] = all[i].finding;
        check->owners[i] = all[i].owner;
    }
    brn__free(all);
    return BRN_OK;
}

static brn_status read_all(brn_data_check *check)
{
    BRN__TRY(brn__walk_folder(check->folder, &check->walk));
    if (check->walk.count == 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: no files; expected a folder of pictures",
                         check->folder);
    return brn__check_files(check);
}

static brn_status compare_all(brn_data_check *check)
{
    BRN__TRY(tell_files(check));
    BRN__TRY(brn__check_pairs(check));
    BRN__TRY(brn__check_sizes(check));
    return put_in_order(check);
}

brn_status brn__check_scan(const char *folder, const brn_data_check_options *options,
                           brn_data_check **out)
{
    *out = NULL;
    if (options->near_bits < -1 || options->near_bits > 16)
        return brn__fail(BRN_ERROR_USAGE, "near_bits %d; expected -1 to 16", options->near_bits);
    if (options->min_side < 0 || options->threads < 0 || options->threads > 1024)
        return brn__fail(BRN_ERROR_USAGE, "min_side %d, threads %d; expected 0 or more, and 0 to 1024",
                         options->min_side, options->threads);
    brn_data_check *check = brn__alloc_zero(1, sizeof *check);
    if (!check) return BRN_ERROR_NO_MEMORY;
    check->options = *options;
    check->folder = brn__strdup(folder);
    brn_status status = check->folder ? read_all(check) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) *out = check;
    else brn_data_check_close(check);
    return status;
}

brn_status brn_data_check_open(const char *folder, const brn_data_check_options *options,
                               brn_data_check **out)
{
    BRN__TRY(brn__check_scan(folder, options, out));
    brn_status status = compare_all(*out);
    if (status == BRN_OK) return BRN_OK;
    brn_data_check_close(*out);
    *out = NULL;
    return status;
}

void brn_data_check_close(brn_data_check *check)
{
    if (!check) return;
    for (int64_t i = 0; check->files && i < check->file_count; i++) brn__free(check->files[i].reason);
    brn__free(check->files);
    brn__free(check->findings);
    brn__free(check->owners);
    brn__walk_free(&check->walk);
    brn__arena_free(&check->arena);
    brn__free(check->folder);
    brn__free(check);
}

const char *brn_data_check_folder(const brn_data_check *check) { return check->folder; }
int64_t brn_data_check_files(const brn_data_check *check) { return check->file_count; }
int64_t brn_data_check_pictures(const brn_data_check *check) { return check->picture_count; }
int64_t brn_data_check_count(const brn_data_check *check) { return check->count; }

brn_data_finding brn_data_check_finding(const brn_data_check *check, int64_t number)
{
    return check->findings[number];
}

int64_t brn_data_check_kind_count(const brn_data_check *check, brn_data_finding_kind kind)
{
    int64_t count = 0;
    for (int64_t i = 0; i < check->count; i++) count += check->findings[i].kind == kind;
    return count;
}
