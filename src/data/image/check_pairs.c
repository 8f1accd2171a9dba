/* SPDX-License-Identifier: Apache-2.0
 * Pairs of pictures that are the same or alike. Each picture looks for its nearest match of three
 * sorts; of several as near the first counts. */
#include "base/alloc.h"
#include "base/threads.h"
#include "data/image/check.h"

#include <limits.h>
#include <string.h>

typedef struct match {
    int64_t other;
    int distance; /* of brn__fingerprint_distance */
} match;

typedef struct matches {
    match label; /* under another label, before or after */
    match split; /* in another split, before */
    match twin;  /* of the same label and split, before */
} matches;

typedef struct row_job {
    const brn_data_check *check;
    const int64_t *pictures; /* (count): the files that are pictures */
    const uint64_t *hashes;  /* (count): theirs, close together, as nearly all pairs end here */
    int64_t count, first, end;
    matches *found;          /* (count) */
} row_job;

static bool differs(const char *a, const char *b)
{
    return a && b && strcmp(a, b) != 0;
}

static void keep_nearer(match *best, int64_t other, int distance)
{
    if (distance < best->distance) *best = (match){.other = other, .distance = distance};
}

static void search_row(const row_job *job, int64_t row)
{
    const brn__checked *files = job->check->files;
    const int64_t me = job->pictures[row];
    const brn__walk_file *mine = files[me].file;
    const match none = {.other = -1, .distance = INT_MAX};
    const int near_bits = job->check->options.near_bits > 0 ? job->check->options.near_bits : 0;
    matches found = {none, none, none};
    for (int64_t i = 0; i < job->count; i++) {
        if (__builtin_popcountll(job->hashes[row] ^ job->hashes[i]) > near_bits || i == row) continue;
        const int64_t other = job->pictures[i];
        const int distance = brn__fingerprint_distance(&files[me].print, &files[other].print,
                                                       job->check->options.near_bits);
        if (distance == INT_MAX) continue;
        const brn__walk_file *its = files[other].file;
        const bool label = differs(mine->label, its->label), split = differs(mine->split, its->split);
        if (label) keep_nearer(&found.label, other, distance);
        if (split && other < me) keep_nearer(&found.split, other, distance);
        if (!label && !split && other < me) keep_nearer(&found.twin, other, distance);
    }
    job->found[row] = found;
}

static void run_rows(void *argument)
{
    const row_job *job = argument;
    for (int64_t row = job->first; row < job->end; row++) search_row(job, row);
}

static brn_status search_all(const brn_data_check *check, const row_job *common)
{
    enum { PIECES = 64 };
    const int threads = check->options.threads ? check->options.threads : brn__processor_count();
    row_job jobs[PIECES];
    brn__pool *pool;
    BRN__TRY(brn__pool_new(threads, PIECES, &pool));
    for (int i = 0; i < PIECES; i++) {
        jobs[i] = *common;
        jobs[i].first = common->count * i / PIECES;
        jobs[i].end = common->count * (i + 1) / PIECES;
        brn__pool_submit(pool, run_rows, &jobs[i]);
    }
    brn__pool_wait(pool);
    brn__pool_free(pool);
    return BRN_OK;
}

/* "the same bytes as b.jpg", "looks like b.jpg (3 of 64 bits differ)" and what that means. */
static brn_status tell(brn_data_check *check, int64_t me, const match *found,
                       brn_data_finding_kind kind, const char *meaning, const char *name)
{
    if (found->other < 0) return BRN_OK;
    const char *other = check->files[found->other].file->path;
    const char *open = meaning ? ", " : "", *what = meaning ? meaning : "", *which = name ? name : "";
    if (found->distance < 0)
        return brn__check_add(check, me, kind, found->other, 0, "the same bytes as %s%s%s%s", other,
                              open, what, which);
    return brn__check_add(check, me, kind, found->other, found->distance,
                          "looks like %s (%d of 64 bits differ)%s%s%s", other, found->distance, open,
                          what, which);
}

static brn_status tell_row(brn_data_check *check, int64_t me, const matches *found)
{
    const brn__checked *files = check->files;
    const char *label = found->label.other < 0 ? NULL : files[found->label.other].file->label;
    const char *split = found->split.other < 0 ? NULL : files[found->split.other].file->split;
    BRN__TRY(tell(check, me, &found->label, BRN_FINDING_TWO_LABELS, "which is labelled ", label));
    BRN__TRY(tell(check, me, &found->split, BRN_FINDING_LEAK, "which is in ", split));
    const bool same = found->twin.distance < 0;
    return tell(check, me, &found->twin, same ? BRN_FINDING_DUPLICATE : BRN_FINDING_NEAR_DUPLICATE,
                NULL, NULL);
}

/* The files that are pictures, and their hashes; both brn__free. */
static brn_status list_pictures(const brn_data_check *check, int64_t **pictures, uint64_t **hashes)
{
    int64_t count = 0;
    *pictures = brn__alloc_array((size_t)check->picture_count, sizeof **pictures);
    *hashes = brn__alloc_array((size_t)check->picture_count, sizeof **hashes);
    if (!*pictures || !*hashes) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < check->file_count; i++) {
        if (!brn__is_readable(&check->files[i])) continue;
        (*hashes)[count] = check->files[i].print.hash;
        (*pictures)[count++] = i;
    }
    return BRN_OK;
}

brn_status brn__check_pairs(brn_data_check *check)
{
    int64_t *pictures;
    uint64_t *hashes;
    matches *found = brn__alloc_array((size_t)check->picture_count, sizeof *found);
    brn_status status = list_pictures(check, &pictures, &hashes);
    if (!found) status = BRN_ERROR_NO_MEMORY;
    const row_job common = {.check = check,
                            .pictures = pictures,
                            .hashes = hashes,
                            .count = check->picture_count,
                            .found = found};
    if (status == BRN_OK) status = search_all(check, &common);
    for (int64_t i = 0; status == BRN_OK && i < check->picture_count; i++)
        status = tell_row(check, pictures[i], &found[i]);
    brn__free(pictures);
    brn__free(hashes);
    brn__free(found);
    return status;
}

/* The first of a group, by the way of the firsts before it, which is made shorter. */
static int64_t first_of(int64_t *group_of, int64_t file)
{
    while (group_of[file] != file) file = group_of[file] = group_of[group_of[file]];
    return file;
}

static void join(int64_t *group_of, int64_t file, int64_t other)
{
    const int64_t a = first_of(group_of, file), b = first_of(group_of, other);
    group_of[a > b ? a : b] = a < b ? a : b;
}

brn_status brn__check_groups(const brn_data_check *check, int64_t *group_of)
{
    const int near_bits = check->options.near_bits > 0 ? check->options.near_bits : 0;
    int64_t *pictures;
    uint64_t *hashes;
    brn_status status = list_pictures(check, &pictures, &hashes);
    for (int64_t i = 0; i < check->file_count; i++) group_of[i] = i;
    for (int64_t i = 0; status == BRN_OK && i < check->picture_count; i++)
        for (int64_t j = 0; j < i; j++) {
            if (__builtin_popcountll(hashes[i] ^ hashes[j]) > near_bits) continue;
            if (brn__fingerprint_distance(&check->files[pictures[i]].print,
                                          &check->files[pictures[j]].print,
                                          check->options.near_bits) != INT_MAX)
                join(group_of, pictures[i], pictures[j]);
        }
    for (int64_t i = 0; i < check->file_count; i++) group_of[i] = first_of(group_of, i);
    brn__free(pictures);
    brn__free(hashes);
    return status;
}
