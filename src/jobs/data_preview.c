/* SPDX-License-Identifier: Apache-2.0
 * A contact sheet: rows of pictures, the plain view first, then what training sees. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "burnish/image_data.h"
#include "burnish/preview.h"
#include "burnish/runner.h"
#include "data/image/augment_words.h"
#include "data/image/transform.h"
#include "report/html.h"
#include "report/png_write.h"
#include "report/thumbnail.h"
#include "base/base64.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { GAP = 4, QUALITY = 85 };

typedef struct sheet {
    const brn_preview_options *options;
    const brn_image_data *data;
    brn__image_transform transform;
    bool is_page;
    float *view;        /* (3, S, S) */
    brn__picture tile;  /* S x S */
    brn__picture whole; /* of a PNG */
    brn__text page, row;
    int64_t rows, bad_count;
} sheet;

brn_preview_options brn_preview_defaults(void)
{
    return (brn_preview_options){.size = 224, .pictures = 8, .copies = 6, .seed = 42};
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length > tail && strcmp(text + length - tail, end) == 0;
}

static brn_status check_count(const char *name, int value, int low, int high)
{
    if (value >= low && value <= high) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "preview: %s %d; expected %d to %d", name, value, low, high);
}

static brn_status check_options(const brn_preview_options *o, sheet *s)
{
    if (!o->data) return brn__fail(BRN_ERROR_USAGE, "preview: no folder of pictures is named");
    s->is_page = o->out && ends_with(o->out, ".html");
    if (!o->out || (!s->is_page && !ends_with(o->out, ".png")))
        return brn__fail(BRN_ERROR_USAGE, "preview: out is \"%s\"; expected NAME.png or NAME.html",
                         o->out ? o->out : "");
    BRN__TRY(check_count("size", o->size, 16, 1024));
    BRN__TRY(check_count("pictures", o->pictures, 1, 200));
    BRN__TRY(check_count("copies", o->copies, 1, 50));
    s->options = o;
    s->transform = brn__image_transform_defaults(o->size);
    return brn__augment_parse(o->augment ? o->augment : "side-on", &s->transform.training);
}

/* ------------------------------------------------------------------ one view */

/* From normalised planes back to pixels. */
static void view_to_tile(sheet *s)
{
    const size_t plane = (size_t)s->options->size * (size_t)s->options->size;
    for (size_t i = 0; i < plane; i++)
        for (size_t channel = 0; channel < 3; channel++) {
            float v = s->view[channel * plane + i] * s->transform.deviation[channel] +
                      s->transform.mean[channel];
            s->tile.pixels[3 * i + channel] = (uint8_t)(fminf(fmaxf(v, 0), 1) * 255 + .5f);
        }
}

static void place_tile(sheet *s, int column)
{
    const int side = s->options->size, step = side + GAP;
    for (int y = 0; y < side; y++) {
        size_t row = (size_t)(s->rows * step + y) * (size_t)s->whole.width;
        memcpy(s->whole.pixels + 3 * (row + (size_t)(column * step)),
               s->tile.pixels + (size_t)y * (size_t)side * 3, (size_t)side * 3);
    }
}

static brn_status add_figure(sheet *s, const char *what)
{
    brn__text jpeg = {0};
    brn_status status = brn__jpeg_encode(&s->tile, QUALITY, &jpeg);
    if (status == BRN_OK) {
        brn__text_add(&s->row, "<figure><img src=\"data:image/jpeg;base64,");
        brn__base64_add(&s->row, jpeg.bytes, jpeg.length);
        brn__text_add(&s->row, "\" alt=\"\" title=\"");
        brn__html_escape(&s->row, what);
        brn__text_add(&s->row, "\"/><figcaption>");
        brn__html_escape(&s->row, what);
        brn__text_add(&s->row, "</figcaption></figure>\n");
    }
    brn__text_free(&jpeg);
    return status;
}

/* Column 0 is the plain view; column k what epoch k - 1 of a training sees. */
static brn_status add_view(sheet *s, int64_t item, int column)
{
    const uint64_t key = brn__philox_key(s->options->seed, "augment");
    brn__random random = brn__random_new(key, (uint32_t)(column - 1), (uint32_t)item, 0);
    brn__random again = random;
    BRN__TRY(brn__image_transform_read(&s->transform, brn_image_data_path(s->data, item),
                                       column > 0, &random, s->view));
    view_to_tile(s);
    if (!s->is_page) {
        place_tile(s, column);
        return BRN_OK;
    }
    brn__text what = {0};
    if (column == 0) {
        brn__text_add(&what, "plain");
    } else {
        const brn__augment drawn = brn__augment_draw(&s->transform.training, &again);
        brn__augment_tell(&drawn, &what);
    }
    brn_status status = brn__text_finish(&what);
    if (status == BRN_OK) status = add_figure(s, what.bytes);
    brn__text_free(&what);
    return status;
}

/* ------------------------------------------------------------------ the sheet */

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_bad_file(brn_status status)
{
    return status == BRN_ERROR_INPUT || status == BRN_ERROR_IO || status == BRN_ERROR_UNSUPPORTED;
}

/* A file that can't be read costs no row. */
/* What a picture shows, in words: its label, its tags, its numbers. */
static void add_truth(const brn_image_data *data, int64_t item, brn__text *out)
{
    const char *label = brn_image_data_class_name(data, brn_image_data_label(data, item));
    const float *target = brn_image_data_target(data, item);
    const bool numbers = brn_image_data_target_kind(data) == BRN_TARGET_NUMBERS;
    brn__text_add(out, label && !target ? label : "");
    for (int64_t k = 0; target && k < brn_image_data_target_width(data); k++) {
        const char *name = brn_image_data_target_name(data, k), *blank = out->length ? " " : "";
        if (numbers) brn__text_printf(out, "%s%s %.6g", blank, name, (double)target[k]);
        else if (target[k] > 0) brn__text_printf(out, "%s%s", blank, name);
    }
}

static brn_status add_row(sheet *s, int64_t item)
{
    s->row.length = 0;
    for (int column = 0; column <= s->options->copies; column++) {
        brn_status status = add_view(s, item, column);
        if (is_bad_file(status)) {
            s->bad_count++;
            return BRN_OK;
        }
        BRN__TRY(status);
    }
    s->rows++;
    if (!s->is_page) return BRN_OK;
    char id[32];
    const char *name = last_name(brn_image_data_path(s->data, item));
    snprintf(id, sizeof id, "picture-%lld", (long long)s->rows);
    brn__text shown = {0};
    add_truth(s->data, item, &shown);
    brn_status made = brn__text_finish(&shown);
    if (made == BRN_OK) brn__html_section(&s->page, id, name, shown.bytes);
    brn__text_free(&shown);
    BRN__TRY(made);
    brn__text_add(&s->page, "<div class=\"pictures\">\n");
    brn__text_add_bytes(&s->page, s->row.bytes, s->row.length);
    brn__text_add(&s->page, "</div>\n");
    brn__html_section_end(&s->page);
    return brn__text_finish(&s->page);
}

static brn_status add_rows(sheet *s)
{
    const int64_t count = brn_image_data_split_count(s->data, BRN_SPLIT_TRAIN);
    const int64_t first = brn_image_data_split_start(s->data, BRN_SPLIT_TRAIN);
    int64_t *items = brn__alloc_array((size_t)(count > 0 ? count : 1), sizeof *items);
    if (!items) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < count; i++) items[i] = first + i;
    brn__random random =
        brn__random_new(brn__philox_key(s->options->seed, "preview"), 0, 0, 0);
    brn__random_shuffle(&random, items, count);
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < count && s->rows < s->options->pictures; i++)
        status = add_row(s, items[i]);
    brn__free(items);
    if (status == BRN_OK && s->rows == 0)
        status = brn__fail(BRN_ERROR_INPUT, "%s: not one of %lld pictures can be read",
                           s->options->data, (long long)count);
    return status;
}

static brn_status make_page(sheet *s, const char *augment)
{
    brn__html_begin(&s->page, "What training sees");
    brn__text_add(&s->page, "<h1>What training sees</h1><p class=\"sub\">--augment ");
    brn__html_escape(&s->page, augment);
    brn__text_add(&s->page, "</p>\n");
    BRN__TRY(add_rows(s));
    char footer[128];
    snprintf(footer, sizeof footer, "seed %llu, %d pixels; copy k is epoch k of a training",
             (unsigned long long)s->options->seed, s->options->size);
    brn__html_end(&s->page, footer);
    return brn__text_finish(&s->page);
}

static brn_status make_png(sheet *s)
{
    const int step = s->options->size + GAP;
    const int64_t count = brn_image_data_split_count(s->data, BRN_SPLIT_TRAIN);
    int rows = s->options->pictures < count ? s->options->pictures : (int)count;
    BRN__TRY(brn__picture_new((s->options->copies + 1) * step - GAP, (rows ? rows : 1) * step - GAP,
                              "the sheet", &s->whole));
    memset(s->whole.pixels, 255, (size_t)s->whole.width * (size_t)s->whole.height * 3);
    BRN__TRY(add_rows(s));
    s->whole.height = (int)s->rows * step - GAP; /* bad files at the end leave rows over */
    return brn__png_encode(&s->whole, &s->page);
}

static brn_status make_sheet(sheet *s, const char *augment)
{
    const size_t side = (size_t)s->options->size;
    s->view = brn__alloc_array(3 * side * side, sizeof *s->view);
    if (!s->view) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(brn__picture_new(s->options->size, s->options->size, "a view", &s->tile));
    BRN__TRY(s->is_page ? make_page(s, augment) : make_png(s));
    return brn__replace_file(s->options->out, s->page.bytes, s->page.length);
}

static brn_status run(sheet *s, brn_preview_result *result)
{
    brn__text augment = {0};
    brn__augment_print(&s->transform.training, &augment);
    brn_status status = brn__text_finish(&augment);
    if (status == BRN_OK) status = make_sheet(s, augment.bytes);
    if (status == BRN_OK && result) {
        *result = (brn_preview_result){.pictures = s->rows, .bad_count = s->bad_count};
        snprintf(result->augment, sizeof result->augment, "%s", augment.bytes);
    }
    brn__text_free(&augment);
    return status;
}

brn_status brn_preview_write(const brn_preview_options *options, brn_preview_result *result)
{
    sheet s = {0};
    BRN__TRY(check_options(options, &s));
    const brn_image_data_options all = {.valid = 0, .seed = options->seed, .images = options->images};
    brn_image_data *data;
    BRN__TRY(brn_image_data_open(options->data, &all, &data));
    s.data = data;
    brn_status status = run(&s, result);
    brn__free(s.view);
    brn__picture_free(&s.tile);
    brn__picture_free(&s.whole);
    brn__text_free(&s.page);
    brn__text_free(&s.row);
    brn_image_data_close(data);
    return status;
}

brn_status brn_augment_words(char **out)
{
    brn__text text = {0};
    brn__augment_help(&text);
    brn_status status = brn__text_finish(&text);
    if (status != BRN_OK) brn__text_free(&text);
    *out = status == BRN_OK ? text.bytes : NULL;
    return status;
}
