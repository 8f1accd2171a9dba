/* SPDX-License-Identifier: Apache-2.0
 * libpng's errors leave by longjmp to a frame that holds nothing but the encoder. */
#include "report/png_write.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>

typedef struct png_encoder {
    png_structp png;
    png_infop info;
    brn__text *out;
    char message[128];
} png_encoder;

static void on_error(png_structp png, png_const_charp message)
{
    png_encoder *encoder = png_get_error_ptr(png);
    snprintf(encoder->message, sizeof encoder->message, "%s", message);
    longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

static void on_bytes(png_structp png, png_bytep bytes, png_size_t length)
{
    png_encoder *encoder = png_get_io_ptr(png);
    brn__text_add_bytes(encoder->out, (const char *)bytes, length);
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* Runs under the encoder's setjmp. */
static void encode(png_encoder *encoder, const brn__picture *picture)
{
    png_set_write_fn(encoder->png, encoder, on_bytes, on_flush);
    png_set_IHDR(encoder->png, encoder->info, (png_uint_32)picture->width,
                 (png_uint_32)picture->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(encoder->png, encoder->info);
    for (int y = 0; y < picture->height; y++)
        png_write_row(encoder->png,
                      picture->pixels + (size_t)y * (size_t)picture->width * 3);
    png_write_end(encoder->png, encoder->info);
}

brn_status brn__png_encode(const brn__picture *picture, brn__text *out)
{
    png_encoder encoder = {.out = out, .message = "no memory"};
    encoder.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &encoder, on_error, on_warning);
    if (encoder.png) encoder.info = png_create_info_struct(encoder.png);
    if (!encoder.info || setjmp(png_jmpbuf(encoder.png)) != 0) {
        if (encoder.png) png_destroy_write_struct(&encoder.png, &encoder.info);
        return brn__fail(BRN_ERROR_NO_MEMORY, "encode a picture of %d x %d: %s", picture->width,
                         picture->height, encoder.message);
    }
    encode(&encoder, picture);
    png_destroy_write_struct(&encoder.png, &encoder.info);
    return brn__text_finish(out);
}
