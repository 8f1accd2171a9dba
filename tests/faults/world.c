/* SPDX-License-Identifier: Apache-2.0
 * Pictures, weight files and a finished run for the scenarios. */
#include "base/files.h"
#include "burnish/image.h"
#include "walk.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jpeglib.h>
#include <png.h>

enum { SIDE = 24, TRAIN = 4, VALID = 2 };

static void paint(uint8_t *pixels, int label, int number)
{
    uint32_t state = (uint32_t)(label * 97 + number * 13 + 1);
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        state = state * 1664525u + 1013904223u;
        int line = label ? i / 3 % SIDE : i / 3 / SIDE;
        pixels[i] = (uint8_t)((line / 4 % 2) * 160 + (state >> 26));
    }
}

static bool write_png(const char *path, const uint8_t *pixels)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = PNG_FORMAT_RGB};
    return png_image_write_to_file(&image, path, 0, pixels, 0, NULL) != 0;
}

static bool write_jpeg(const char *path, uint8_t *pixels, bool progressive)
{
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    FILE *file = fopen(path, "wb");
    if (!file) return false;
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    jpeg_stdio_dest(&info, file);
    info.image_width = info.image_height = SIDE;
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    if (progressive) jpeg_simple_progression(&info);
    jpeg_start_compress(&info, TRUE);
    for (int y = 0; y < SIDE; y++) {
        JSAMPROW row = pixels + y * SIDE * 3;
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    return fclose(file) == 0;
}

static brn_status make_picture(const char *folder, int label, int number)
{
    static const char *const endings[] = {"png", "jpg", "jpeg"};
    uint8_t pixels[SIDE * SIDE * 3];
    char path[600];
    int kind = number % 3;
    paint(pixels, label, number);
    snprintf(path, sizeof path, "%s/%d.%s", folder, number, endings[kind]);
    bool made = kind ? write_jpeg(path, pixels, kind == 2) : write_png(path, pixels);
    return made ? BRN_OK : BRN_ERROR_IO;
}

static brn_status make_pictures(const world *w)
{
    static const char *const splits[] = {"train", "valid"}, *const classes[] = {"lying", "upright"};
    for (int i = 0; i < 4; i++) {
        char folder[512];
        snprintf(folder, sizeof folder, "%s/%s/%s", w->pictures, splits[i / 2], classes[i % 2]);
        brn_status status = brn__make_folders(folder);
        for (int k = 0; status == BRN_OK && k < (i / 2 ? VALID : TRAIN); k++)
            status = make_picture(folder, i % 2, k + 10 * (i / 2));
        if (status != BRN_OK) return status;
    }
    return BRN_OK;
}

brn_image_options world_options(const world *w, const char *run)
{
    brn_image_options o = brn_image_defaults();
    o.data = w->pictures;
    o.out = run;
    o.architecture = "resnet20_cifar";
    o.pretrained = false;
    o.recipe = BRN_RECIPE_SCRATCH;
    o.freeze_epochs = 0;
    o.epochs = 1;
    o.batch_size = 4;
    o.size = 32;
    o.tta = 0;
    o.threads = 1;
    o.loaders = 0;
    o.checkpoint_seconds = 0;
    return o;
}

static brn_status make_table(const world *w)
{
    static const char text[] = "name,when,\"how much\",sold\n"
                               "ann,2015-07-31,1.5,yes\n\"bob, \"\"the\"\" second\",2015-08-01,,no\n"
                               "ann,2015-08-02,-3e2,yes\n";
    char path[400];
    snprintf(path, sizeof path, "%s/table.csv", w->folder);
    return brn__replace_file(path, text, sizeof text - 1);
}

static brn_status make_ratings(const world *w)
{
    static const char text[] = "user,item,rating,title\nann,x,5,One\nann,y,1,Two\nbob,x,4,One\nbob,\"z \"\"q\"\"\",2,\n"
                               "eve,y,3,Two\neve,x,5,One\nann,x,4,One\ndan,y,2,Two\n";
    char path[400];
    snprintf(path, sizeof path, "%s/ratings.csv", w->folder);
    return brn__replace_file(path, text, sizeof text - 1);
}

/* A run with everything a run has. */
static brn_status make_run(const world *w)
{
    const brn_image_options o = world_options(w, w->run);
    return brn_image_train(&o, NULL);
}

static int stop_in_second_epoch(void *context, const brn_event *event)
{
    (void)context;
    return event->kind == BRN_EVENT_EPOCH && event->epoch == 1;
}

/* A run to go on with. */
static brn_status make_stopped(const world *w)
{
    brn_image_options o = world_options(w, w->stopped);
    o.epochs = 2;
    o.on_event = stop_in_second_epoch;
    brn_status status = brn_image_train(&o, NULL);
    return status == BRN_ERROR_INTERRUPTED ? BRN_OK : BRN_ERROR_INTERNAL;
}

void world_name(world *w, const char *folder)
{
    const char *source = getenv("BURNISH_SOURCE");
    snprintf(w->folder, sizeof w->folder, "%s", folder);
    snprintf(w->pictures, sizeof w->pictures, "%s/pictures", folder);
    snprintf(w->run, sizeof w->run, "%s/run", folder);
    snprintf(w->stopped, sizeof w->stopped, "%s/stopped", folder);
    snprintf(w->cache, sizeof w->cache, "%s/cache", folder);
    snprintf(w->out, sizeof w->out, "%s/out", folder);
    snprintf(w->weights, sizeof w->weights, "%.200s/tests/golden/containers", source ? source : ".");
    setenv("BURNISH_CACHE", w->cache, 1);
}

brn_status world_make(world *w, const char *folder)
{
    world_name(w, folder);
    brn_status status = make_pictures(w);
    if (status == BRN_OK) status = make_table(w);
    if (status == BRN_OK) status = make_ratings(w);
    if (status == BRN_OK) status = make_run(w);
    return status == BRN_OK ? make_stopped(w) : status;
}

/* By the C library alone, as nothing of it is under test. */
static bool copy_file(const char *folder, const char *name, const char *to)
{
    char path[800], bytes[65536];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *from = fopen(path, "rb");
    snprintf(path, sizeof path, "%s/%s", to, name);
    FILE *copy = from ? fopen(path, "wb") : NULL;
    for (size_t got; copy && (got = fread(bytes, 1, sizeof bytes, from)) > 0;)
        fwrite(bytes, 1, got, copy);
    if (from) fclose(from);
    return copy && fclose(copy) == 0;
}

bool world_copy(const char *folder, const char *to)
{
    DIR *all = opendir(folder);
    bool good = all && mkdir(to, 0777) == 0;
    for (struct dirent *entry; good && (entry = readdir(all));)
        if (entry->d_name[0] != '.') good = copy_file(folder, entry->d_name, to);
    if (all) closedir(all);
    return good;
}
