/* SPDX-License-Identifier: Apache-2.0
 * JPEG by libjpeg-turbo. Its errors leave by longjmp to a frame that holds nothing but the decoder,
 * whose memory jpeg_destroy_decompress frees. Scaled decoding drops the high DCT coefficients,
 * which is both an antialiased reduction and several times faster than decoding in full. */
#include "data/image/picture.h"
#include "base/alloc.h"

#include <limits.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

typedef struct jpeg_decoder {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    const char *name;
    brn_status status; /* what made it leave */
    uint8_t *row;      /* (W, 4) CMYK samples of one row; owned; NULL unless needed */
    int orientation;
} jpeg_decoder;

static void leave(jpeg_decoder *decoder, brn_status status)
{
    decoder->status = status;
    longjmp(decoder->escape, 1);
}

static void on_error(j_common_ptr info)
{
    jpeg_decoder *decoder = info->client_data;
    if (info->err->msg_code == JERR_OUT_OF_MEMORY)
        leave(decoder, brn__fail(BRN_ERROR_NO_MEMORY, "%s: no memory to decode it", decoder->name));
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    leave(decoder, brn__fail(BRN_ERROR_INPUT, "%s: damaged JPEG: %s", decoder->name, text));
}

/* Called for warnings (level -1) and trace output. Data that ends early would be filled with grey.
 */
static void on_message(j_common_ptr info, int level)
{
    if (level >= 0) return;
    jpeg_decoder *decoder = info->client_data;
    int code = info->err->msg_code;
    if (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)
        leave(decoder,
              brn__fail(BRN_ERROR_INPUT, "%s: truncated JPEG: its data end early", decoder->name));
    info->err->num_warnings++;
}

/* A small file can hold thousands of scans that each cost a pass over the whole picture. */
static void on_progress(j_common_ptr info)
{
    jpeg_decoder *decoder = info->client_data;
    if (decoder->info.input_scan_number > BRN__PICTURE_SCANS_MAX)
        leave(decoder, brn__fail(BRN_ERROR_INPUT, "%s: a JPEG of more than %d scans", decoder->name,
                                 BRN__PICTURE_SCANS_MAX));
}

static void decoder_init(jpeg_decoder *decoder, const char *name)
{
    memset(decoder, 0, sizeof *decoder);
    decoder->name = name;
    decoder->status = BRN_OK;
    decoder->info.err = jpeg_std_error(&decoder->errors);
    decoder->errors.error_exit = on_error;
    decoder->errors.emit_message = on_message;
    decoder->progress.progress_monitor = on_progress;
    decoder->info.client_data = decoder;
}

/* Reads up to the first scan. Runs under the decoder's setjmp. */
static void read_header(jpeg_decoder *decoder, const uint8_t *bytes, size_t length)
{
    struct jpeg_decompress_struct *info = &decoder->info;
    jpeg_create_decompress(info);
    info->client_data = decoder;
    info->progress = &decoder->progress;
    info->mem->max_memory_to_use = BRN__PICTURE_MEMORY_MAX;
    jpeg_save_markers(info, JPEG_APP0 + 1, 0xFFFF);
    jpeg_mem_src(info, bytes, (unsigned long)length);
    jpeg_read_header(info, TRUE);
    brn_status status =
        brn__picture_check_size(info->image_width, info->image_height, decoder->name);
    if (status != BRN_OK) leave(decoder, status);
    decoder->orientation = 1;
    for (jpeg_saved_marker_ptr m = info->marker_list; m; m = m->next)
        if (decoder->orientation == 1 && m->data_length > 6 && memcmp(m->data, "Exif\0", 6) == 0)
            decoder->orientation = brn__exif_orientation(m->data, m->data_length);
}

/* What libjpeg keeps of a picture that comes in several scans: all coefficients, two bytes each. */
static int64_t working_bytes(j_decompress_ptr info)
{
    if (!jpeg_has_multiple_scans(info)) return 0;
    int64_t coefficients = 0;
    for (int i = 0; i < info->num_components; i++) {
        const jpeg_component_info *component = &info->comp_info[i];
        coefficients += (int64_t)component->width_in_blocks * component->height_in_blocks * DCTSIZE2;
    }
    return 2 * coefficients;
}

/* The smallest of 1, 1/2, 1/4, 1/8 whose shorter side is at least `cover`. */
static unsigned choose_reduction(const struct jpeg_decompress_struct *info, int cover)
{
    unsigned shorter =
        info->image_width < info->image_height ? info->image_width : info->image_height;
    unsigned reduction = 1;
    while (cover > 0 && reduction < 8 &&
           (shorter + 2 * reduction - 1) / (2 * reduction) >= (unsigned)cover)
        reduction *= 2;
    return reduction;
}

/* Adobe's programs store CMYK inverted, and say so by an APP14 marker. */
static void cmyk_to_rgb(const uint8_t *from, uint8_t *to, int width, bool inverted)
{
    unsigned flip = inverted ? 0 : 255;
    for (int x = 0; x < width; x++, from += 4, to += 3) {
        unsigned key = from[3] ^ flip;
        for (int channel = 0; channel < 3; channel++) {
            unsigned product = (from[channel] ^ flip) * key;
            to[channel] = (uint8_t)((product + 127) / 255);
        }
    }
}

/* Runs under the decoder's setjmp; `out` is filled in, also when it leaves early. */
static void decode_pixels(jpeg_decoder *decoder, int cover, brn__picture *out)
{
    struct jpeg_decompress_struct *info = &decoder->info;
    info->scale_num = 1;
    info->scale_denom = choose_reduction(info, cover);
    bool four = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
    info->out_color_space = four ? JCS_CMYK : JCS_RGB;
    jpeg_calc_output_dimensions(info);
    int width = (int)info->output_width;
    brn_status status =
        brn__picture_check_memory(width, info->output_height, decoder->orientation,
                                  working_bytes(info), decoder->name);
    if (status != BRN_OK) leave(decoder, status);
    status = brn__picture_new(width, (int)info->output_height, decoder->name, out);
    if (status != BRN_OK) leave(decoder, status);
    if (four && !(decoder->row = brn__alloc_array((size_t)width, 4)))
        leave(decoder, BRN_ERROR_NO_MEMORY);
    jpeg_start_decompress(info);
    while (info->output_scanline < info->output_height) {
        uint8_t *to = out->pixels + (size_t)info->output_scanline * (size_t)width * 3;
        JSAMPROW rows[8] = {four ? decoder->row : to};
        JDIMENSION wanted = 1;
        for (; !four && wanted < 8 && info->output_scanline + wanted < info->output_height;
             wanted++)
            rows[wanted] = to + (size_t)wanted * (size_t)width * 3;
        jpeg_read_scanlines(info, rows, wanted);
        if (four) cmyk_to_rgb(decoder->row, to, width, info->saw_Adobe_marker);
    }
    jpeg_finish_decompress(info);
}

static brn_status jpeg_size(const uint8_t *bytes, size_t length, const char *name, int *width,
                            int *height)
{
    jpeg_decoder decoder;
    decoder_init(&decoder, name);
    if (!setjmp(decoder.escape)) read_header(&decoder, bytes, length);
    brn_status status = decoder.status;
    if (status == BRN_OK) {
        bool turned = decoder.orientation >= 5;
        *width = (int)(turned ? decoder.info.image_height : decoder.info.image_width);
        *height = (int)(turned ? decoder.info.image_width : decoder.info.image_height);
    }
    jpeg_destroy_decompress(&decoder.info);
    return status;
}

static brn_status jpeg_decode(const uint8_t *bytes, size_t length, const char *name, int cover,
                              brn__picture *out)
{
    jpeg_decoder decoder;
    decoder_init(&decoder, name);
    if (!setjmp(decoder.escape)) {
        read_header(&decoder, bytes, length);
        decode_pixels(&decoder, cover, out);
    }
    brn_status status = decoder.status;
    jpeg_destroy_decompress(&decoder.info);
    brn__free(decoder.row);
    if (status == BRN_OK) status = brn__picture_make_upright(out, decoder.orientation, name);
    if (status != BRN_OK) brn__picture_free(out);
    return status;
}

const brn__picture_format brn__picture_jpeg = {
    .signature = "\xFF\xD8\xFF",
    .signature_bytes = 3,
    .size = jpeg_size,
    .decode = jpeg_decode,
};
