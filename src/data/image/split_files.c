/* SPDX-License-Identifier: Apache-2.0
 * Everything is put into a folder of another name beside `out`, which gets its own at the end. What
 * fails is taken back: links and copies of ours go, moved files return. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/place.h"
#include "base/system.h"
#include "base/text.h"
#include "data/image/split_folder.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const part_names[] = {"train", "valid", "test"};

typedef struct placing {
    const brn__split_folder *split;
    char folder[4160]; /* out.tmp-PID */
    int64_t placed;    /* items that are there */
} placing;

/* "valid/CLASS/name", brn__free. */
static char *place_of(const placing *p, int64_t item)
{
    const brn__split_folder *s = p->split;
    const char *label = brn_image_data_class_name(s->data, brn_image_data_label(s->data, item));
    brn__text path = {0};
    brn__text_printf(&path, "%s/%s/%s", part_names[s->parts[item]], label,
                     brn__path_name(brn_image_data_path(s->data, item)));
    if (brn__text_finish(&path) == BRN_OK) return path.bytes;
    brn__text_free(&path);
    return NULL;
}

/* Before the first file is moved: so that a power cut leaves a list of what belongs where. */
static brn_status write_list(const placing *p)
{
    const brn__split_folder *s = p->split;
    brn__text text = {0};
    brn_status status = BRN_OK;
    brn__text_add(&text, "path,split,label,from\n");
    for (int64_t i = 0; status == BRN_OK && i < brn_image_data_count(s->data); i++) {
        char *place = place_of(p, i);
        if (!place) status = BRN_ERROR_NO_MEMORY;
        else brn__text_csv(&text, place);
        brn__text_printf(&text, ",%s,", part_names[s->parts[i]]);
        brn__text_csv(&text, brn_image_data_class_name(s->data, brn_image_data_label(s->data, i)));
        brn__text_add(&text, ",");
        brn__text_csv(&text, brn_image_data_path(s->data, i));
        brn__text_add(&text, "\n");
        brn__free(place);
    }
    char *path = brn__path_join(p->folder, "split.csv");
    if (status == BRN_OK) status = path ? brn__text_finish(&text) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = brn__replace_file(path, text.bytes, text.length);
    brn__free(path);
    brn__text_free(&text);
    return status;
}

static brn_status place(const placing *p, int64_t item, bool back)
{
    const char *from = brn_image_data_path(p->split->data, item);
    char *name = place_of(p, item);
    char *to = name ? brn__path_join(p->folder, name) : NULL;
    brn_status status = to ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK && !back) status = brn__make_folder_of(to);
    if (status == BRN_OK && back) {
        if (p->split->by == BRN_SPLIT_BY_MOVE) status = brn__place_move(to, from);
        else brn__system_unlink(to);
    } else if (status == BRN_OK) {
        switch (p->split->by) {
        case BRN_SPLIT_BY_LINK: status = brn__place_link(from, to); break;
        case BRN_SPLIT_BY_COPY: status = brn__place_copy(from, to); break;
        case BRN_SPLIT_BY_MOVE: status = brn__place_move(from, to); break;
        }
    }
    brn__free(name);
    brn__free(to);
    return status;
}

/* Removes the folders that are empty: all, unless a file could not return. */
static void remove_folders(const placing *p)
{
    const brn_image_data *data = p->split->data;
    char path[8300];
    for (int part = 0; part < 3; part++) {
        for (int64_t k = 0; k < brn_image_data_class_count(data); k++) {
            snprintf(path, sizeof path, "%s/%s/%s", p->folder, part_names[part],
                     brn_image_data_class_name(data, k));
            rmdir(path);
        }
        snprintf(path, sizeof path, "%s/%s", p->folder, part_names[part]);
        rmdir(path);
    }
    snprintf(path, sizeof path, "%s/split.csv", p->folder);
    brn__system_unlink(path);
    rmdir(p->folder);
}

static brn_status take_back(placing *p, brn_status why)
{
    char message[BRN__MESSAGE_BYTES];
    snprintf(message, sizeof message, "%s", brn_error_message());
    bool all = true;
    while (p->placed > 0) all = place(p, --p->placed, true) == BRN_OK && all;
    if (all) remove_folders(p);
    if (all) return brn__fail_again(why, message);
    return brn__fail(why, "%s. Some files could not be moved back: %s/split.csv says where they were",
                     message, p->folder);
}

brn_status brn__split_files(const brn__split_folder *split)
{
    placing p = {.split = split};
    const int64_t count = brn_image_data_count(split->data);
    snprintf(p.folder, sizeof p.folder, "%s.tmp-%ld", split->out, (long)getpid());
    BRN__TRY(brn__make_folder_of(p.folder));
    BRN__TRY(brn__make_folders(p.folder));
    brn_status status = write_list(&p);
    while (status == BRN_OK && p.placed < count) {
        status = place(&p, p.placed, false);
        p.placed += status == BRN_OK;
    }
    if (status == BRN_OK) status = brn__place_move(p.folder, split->out);
    return status == BRN_OK ? BRN_OK : take_back(&p, status);
}
