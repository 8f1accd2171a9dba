/* SPDX-License-Identifier: Apache-2.0
 * Chooses what goes where. Pictures that look alike are one group, which goes as a whole; its class is
 * that of its first picture. */
#include "data/image/split_folder.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/place.h"
#include "base/system.h"
#include "data/image/check.h"
#include "data/split.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct chooser {
    const char *folder;
    const brn_data_split_options *options;
    brn_image_data *data;
    int64_t count;
    int64_t *group_of; /* (count): the group's first item */
    int64_t *sizes;    /* (count): of the group that begins here */
    int64_t *members, *order; /* (count): room for the groups of one class */
    uint8_t *parts;    /* (count): a brn_split */
} chooser;

brn_data_split_options brn_data_split_defaults(void)
{
    return (brn_data_split_options){
        .valid = 0.2, .seed = 42, .together = true, .near_bits = BRN__FINGERPRINT_NEAR};
}

static brn_status check_options(const brn_data_split_options *o)
{
    if (!(o->valid >= 0 && o->test >= 0 && o->valid + o->test < 1 && o->valid + o->test > 0))
        return brn__fail(BRN_ERROR_USAGE,
                         "shares of %g to validate and %g to test; expected them to be more than 0 and "
                         "below 1 together",
                         o->valid, o->test);
    if (o->split == BRN_SPLIT_FASTAI07 && o->test > 0)
        return brn__fail(BRN_ERROR_USAGE, "fast.ai 0.7's split has no test set; expected test 0");
    if ((int)o->by < 0 || o->by > BRN_SPLIT_BY_MOVE)
        return brn__fail(BRN_ERROR_USAGE, "by %d; expected one of brn_data_split_by", (int)o->by);
    return BRN_OK;
}

/* ------------------------------------------------------------------ groups */

/* The folder of the class folders, which the first picture's path tells. */
static char *root_of(const brn_image_data *data)
{
    char *root = brn__strdup(brn_image_data_path(data, 0));
    for (int i = 0; root && i < 2; i++) *strrchr(root, '/') = '\0';
    return root;
}

/* Both lists are in the order of classes and names; the check's may hold more. */
static brn_status match_groups(chooser *c, const brn_data_check *check, size_t root)
{
    int64_t *item_of = brn__alloc_array((size_t)check->file_count, sizeof *item_of);
    int64_t *group_of = brn__alloc_array((size_t)check->file_count, sizeof *group_of);
    brn_status status = item_of && group_of ? brn__check_groups(check, group_of) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        for (int64_t i = 0, file = 0; i < c->count && file < check->file_count; file++) {
            const char *path = brn_image_data_path(c->data, i) + root + 1;
            item_of[file] = -1;
            if (strcmp(check->files[file].file->path, path) != 0) continue;
            item_of[file] = i;
            const int64_t first = item_of[group_of[file]];
            if (first < 0) item_of[group_of[file]] = i; /* its first is no item: this one is */
            c->group_of[i] = first < 0 ? i : first;
            i++;
        }
    }
    brn__free(item_of);
    brn__free(group_of);
    return status;
}

static brn_status find_groups(chooser *c)
{
    const brn_data_split_options *o = c->options;
    for (int64_t i = 0; i < c->count; i++) c->group_of[i] = i;
    if (o->together && o->split != BRN_SPLIT_FASTAI07) {
        const brn_data_check_options how = {.near_bits = o->near_bits,
                                            .threads = o->threads,
                                            .progress = o->progress,
                                            .context = o->context};
        brn_data_check *check = NULL;
        char *root = root_of(c->data);
        brn_status status = root ? brn__check_scan(root, &how, &check) : BRN_ERROR_NO_MEMORY;
        if (status == BRN_OK) status = match_groups(c, check, strlen(root));
        brn_data_check_close(check);
        brn__free(root);
        BRN__TRY(status);
    }
    for (int64_t i = 0; i < c->count; i++) c->sizes[c->group_of[i]]++;
    return BRN_OK;
}

/* ------------------------------------------------------------------ choosing */

/* Gives a part the smallest group that still trains, when it has got none. */
static bool force_one(chooser *c, int64_t count, brn_split part, int64_t got, int64_t wanted)
{
    int64_t best = -1, training = 0;
    if (got > 0 || wanted == 0) return true;
    for (int64_t i = 0; i < count; i++) {
        const int64_t group = c->members[c->order[i]];
        if (c->parts[group] != BRN_SPLIT_TRAIN) continue;
        training++;
        if (best < 0 || c->sizes[group] < c->sizes[best]) best = group;
    }
    if (training < 2) return false;
    c->parts[best] = (uint8_t)part;
    return true;
}

static brn_status choose_of_class(chooser *c, int64_t label)
{
    int64_t groups = 0, files = 0, valid = 0, test = 0;
    for (int64_t i = 0; i < c->count; i++) {
        if (brn_image_data_label(c->data, i) != label) continue;
        files++;
        if (c->group_of[i] == i) c->members[groups++] = i;
    }
    int64_t want_valid = brn__split_share(c->options->valid, files);
    int64_t want_test = brn__split_share(c->options->test, files);
    while (want_valid + want_test > files - 1) { /* one trains */
        if (want_test > 1) want_test--;
        else want_valid--;
    }
    brn__split_order(c->options->seed, label, c->order, groups);
    for (int64_t i = 0; i < groups; i++) {
        const int64_t group = c->members[c->order[i]], size = c->sizes[group];
        if (valid + size <= want_valid) c->parts[group] = BRN_SPLIT_VALID, valid += size;
        else if (test + size <= want_test) c->parts[group] = BRN_SPLIT_TEST, test += size;
        else c->parts[group] = BRN_SPLIT_TRAIN;
    }
    const int parts = 1 + (c->options->valid > 0) + (c->options->test > 0);
    if (!force_one(c, groups, BRN_SPLIT_VALID, valid, c->options->valid > 0) ||
        !force_one(c, groups, BRN_SPLIT_TEST, test, c->options->test > 0))
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: class \"%s\" has %lld files that do not look alike; expected one for each "
                         "of %d parts",
                         c->folder, brn_image_data_class_name(c->data, label), (long long)groups,
                         parts);
    return BRN_OK;
}

static brn_status choose_fastai(chooser *c)
{
    int64_t valid = 0;
    BRN__TRY(brn_fastai07_cv_items(c->count, 0, c->options->valid, c->options->seed, c->order, &valid));
    for (int64_t i = 0; i < valid; i++) c->parts[c->order[i]] = BRN_SPLIT_VALID;
    return BRN_OK;
}

static brn_status choose(chooser *c)
{
    if (c->options->split == BRN_SPLIT_FASTAI07) return choose_fastai(c);
    for (int64_t k = 0; k < brn_image_data_class_count(c->data); k++)
        BRN__TRY(choose_of_class(c, k));
    for (int64_t i = 0; i < c->count; i++) c->parts[i] = c->parts[c->group_of[i]];
    return BRN_OK;
}

/* ------------------------------------------------------------------ the whole */

/* Lists everything under one split: what is not split yet. */
static brn_status list_all(chooser *c)
{
    const brn_image_data_options all = {.seed = c->options->seed};
    if (!brn__is_folder(c->folder))
        return brn__fail(BRN_ERROR_INPUT, "%s: expected a folder of class folders", c->folder);
    BRN__TRY(brn_image_data_open(c->folder, &all, &c->data));
    c->count = brn_image_data_count(c->data);
    if (brn_image_data_split_count(c->data, BRN_SPLIT_VALID) > 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: is split already; expected class folders", c->folder);
    return BRN_OK;
}

static brn_status name_out(const chooser *c, char *out, size_t size)
{
    struct stat info;
    bool within;
    size_t length = strlen(c->folder);
    while (length > 1 && c->folder[length - 1] == '/') length--;
    const int put = c->options->out ? snprintf(out, size, "%s", c->options->out)
                                    : snprintf(out, size, "%.*s-split", (int)length, c->folder);
    if (put < 0 || (size_t)put >= size)
        return brn__fail(BRN_ERROR_INPUT, "%s: a path that is too long", c->folder);
    for (length = (size_t)put; length > 1 && out[length - 1] == '/';) out[--length] = '\0';
    if (brn__system_stat_link(out, &info) == 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: is there already; expected a folder to make", out);
    BRN__TRY(brn__lies_within(out, c->folder, &within));
    if (within)
        return brn__fail(BRN_ERROR_INPUT, "%s: lies within %s; expected a folder outside of it", out,
                         c->folder);
    return BRN_OK;
}

static brn_status split(chooser *c, brn_data_split_result *result)
{
    BRN__TRY(list_all(c));
    BRN__TRY(name_out(c, result->out, sizeof result->out));
    const size_t count = (size_t)c->count;
    c->group_of = brn__alloc_array(count, sizeof *c->group_of);
    c->sizes = brn__alloc_zero(count, sizeof *c->sizes);
    c->members = brn__alloc_array(count, sizeof *c->members);
    c->order = brn__alloc_array(count, sizeof *c->order);
    c->parts = brn__alloc_zero(count, sizeof *c->parts);
    if (!c->group_of || !c->sizes || !c->members || !c->order || !c->parts)
        return BRN_ERROR_NO_MEMORY;
    BRN__TRY(find_groups(c));
    BRN__TRY(choose(c));
    const brn__split_folder folder = {
        .out = result->out, .data = c->data, .parts = c->parts, .by = c->options->by};
    BRN__TRY(brn__split_files(&folder));
    for (int64_t i = 0; i < c->count; i++) {
        result->train += c->parts[i] == BRN_SPLIT_TRAIN;
        result->valid += c->parts[i] == BRN_SPLIT_VALID;
        result->test += c->parts[i] == BRN_SPLIT_TEST;
        result->grouped += c->sizes[c->group_of[i]] > 1;
    }
    return BRN_OK;
}

brn_status brn_data_split_folder(const char *folder, const brn_data_split_options *options,
                                 brn_data_split_result *result)
{
    chooser c = {.folder = folder, .options = options};
    *result = (brn_data_split_result){0};
    BRN__TRY(check_options(options));
    brn_status status = split(&c, result);
    brn_image_data_close(c.data);
    brn__free(c.group_of);
    brn__free(c.sizes);
    brn__free(c.members);
    brn__free(c.order);
    brn__free(c.parts);
    return status;
}
