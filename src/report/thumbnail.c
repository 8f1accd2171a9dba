/* SPDX-License-Identifier: Apache-2.0
 * libjpeg's errors leave by longjmp to a frame that holds nothing but the encoder. */
#include "report/thumbnail.h"
#include "base/base64.h"
#include "data/image/resize.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

typedef struct jpeg_encoder {
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr target;
    jmp_buf escape;
    brn__text *out;
    uint8_t part[4096];
} jpeg_encoder;

static void on_error(j_common_ptr info)
{
    jpeg_encoder *encoder = info->client_data;
    longjmp(encoder->escape, 1);
}

static void on_message(j_common_ptr info, int level)
{
    (void)info;
    (void)level;
}

static void start_part(j_compress_ptr info)
{
    jpeg_encoder *encoder = info->client_data;
    encoder->target.next_output_byte = encoder->part;
    encoder->target.free_in_buffer = sizeof encoder->part;
}

static boolean part_full(j_compress_ptr info)
{
    jpeg_encoder *encoder = info->client_data;
    brn__text_add_bytes(encoder->out, (const char *)encoder->part, sizeof encoder->part);
    start_part(info);
    return TRUE;
}

static void last_part(j_compress_ptr info)
{
    jpeg_encoder *encoder = info->client_data;
    brn__text_add_bytes(encoder->out, (const char *)encoder->part,
                        sizeof encoder->part - encoder->target.free_in_buffer);
}

/* Runs under the encoder's setjmp. */
static void encode(jpeg_encoder *encoder, const brn__picture *picture, int quality)
{
    struct jpeg_compress_struct *info = &encoder->info;
    jpeg_create_compress(info);
    info->client_data = encoder;
    info->dest = &encoder->target;
    info->image_width = (JDIMENSION)picture->width;
    info->image_height = (JDIMENSION)picture->height;
    info->input_components = 3;
    info->in_color_space = JCS_RGB;
    jpeg_set_defaults(info);
    jpeg_set_quality(info, quality, TRUE);
    info->optimize_coding = TRUE;
    jpeg_start_compress(info, TRUE);
    while (info->next_scanline < info->image_height) {
        JSAMPROW row = picture->pixels + (size_t)info->next_scanline * (size_t)picture->width * 3;
        jpeg_write_scanlines(info, &row, 1);
    }
    jpeg_finish_compress(info);
}

brn_status brn__jpeg_encode(const brn__picture *picture, int quality, brn__text *out)
{
    jpeg_encoder encoder;
    memset(&encoder, 0, sizeof encoder);
    encoder.out = out;
    encoder.info.err = jpeg_std_error(&encoder.errors);
    encoder.info.client_data = &encoder;
    encoder.errors.error_exit = on_error;
    encoder.errors.emit_message = on_message;
    encoder.target.init_destination = start_part;
    encoder.target.empty_output_buffer = part_full;
    encoder.target.term_destination = last_part;
    if (setjmp(encoder.escape) != 0) {
        char text[JMSG_LENGTH_MAX];
        encoder.errors.format_message((j_common_ptr)&encoder.info, text);
        jpeg_destroy_compress(&encoder.info);
        return brn__fail(BRN_ERROR_NO_MEMORY, "encode a picture of %d x %d: %s", picture->width,
                         picture->height, text);
    }
    encode(&encoder, picture, quality);
    jpeg_destroy_compress(&encoder.info);
    return brn__text_finish(out);
}

/* The picture with its longer side at most `side`. */
static brn_status shrink(brn__picture *picture, int side)
{
    const int longer = picture->width > picture->height ? picture->width : picture->height;
    if (longer <= side) return BRN_OK;
    int width = (int)((int64_t)picture->width * side / longer);
    int height = (int)((int64_t)picture->height * side / longer);
    width = width ? width : 1;
    height = height ? height : 1;
    brn__picture small;
    const brn__rectangle all = {.width = width, .height = height};
    BRN__TRY(brn__picture_resize(picture, width, height, all, BRN__INTERPOLATION_BILINEAR, &small));
    brn__picture_free(picture);
    *picture = small;
    return BRN_OK;
}

brn_status brn__thumbnail_add(brn__text *out, const char *path)
{
    brn__picture picture;
    brn__text jpeg = {0};
    BRN__TRY(brn__picture_read(path, BRN__THUMBNAIL_SIDE, &picture));
    brn_status status = shrink(&picture, BRN__THUMBNAIL_SIDE);
    if (status == BRN_OK) status = brn__jpeg_encode(&picture, BRN__THUMBNAIL_QUALITY, &jpeg);
    if (status == BRN_OK) {
        brn__text_add(out, "data:image/jpeg;base64,");
        brn__base64_add(out, jpeg.bytes, jpeg.length);
    }
    brn__text_free(&jpeg);
    brn__picture_free(&picture);
    return status;
}
