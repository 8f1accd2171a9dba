/* SPDX-License-Identifier: Apache-2.0
 * PNG by libpng: palette, grey, 16 bits and transparency all become 8-bit RGB; gamma and colour
 * profiles are left alone, as Pillow does. Errors leave by longjmp, as in jpeg.c. */
#include "data/image/picture.h"
#include "base/alloc.h"

#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#include <png.h>

enum { CHUNK_BYTES_MAX = 8 << 20 };

typedef struct png_decoder {
    const uint8_t *bytes;
    size_t length, position;
    const char *name;
    bool no_memory; /* an allocation of libpng's failed: what it then complains of is no damage */
    brn_status status;
    jmp_buf escape;
    png_structp png;
    png_infop info;
    png_bytep *rows; /* (H) pointers into the picture; owned */
    int orientation; /* of an eXIf chunk ahead of the pixels; 1 without one */
} png_decoder;

static void leave(png_decoder *decoder, brn_status status)
{
    decoder->status = status;
    longjmp(decoder->escape, 1);
}

static void on_error(png_structp png, png_const_charp text)
{
    png_decoder *decoder = png_get_error_ptr(png);
    if (decoder->no_memory) leave(decoder, BRN_ERROR_NO_MEMORY);
    leave(decoder, brn__fail(BRN_ERROR_INPUT, "%s: damaged PNG: %s", decoder->name, text));
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static void on_read(png_structp png, png_bytep to, size_t count)
{
    png_decoder *decoder = png_get_io_ptr(png);
    if (count > decoder->length - decoder->position)
        leave(decoder,
              brn__fail(BRN_ERROR_INPUT, "%s: truncated PNG: its data end early", decoder->name));
    memcpy(to, decoder->bytes + decoder->position, count);
    decoder->position += count;
}

/* libpng only warns of a chunk that is longer than its limit and asks for the memory all the same.
 */
static png_voidp on_alloc(png_structp png, png_alloc_size_t bytes)
{
    if (bytes > 2 * CHUNK_BYTES_MAX) return NULL;
    png_decoder *decoder = png_get_mem_ptr(png);
    void *pointer = brn__alloc(bytes);
    if (!pointer) decoder->no_memory = true;
    return pointer;
}

static void on_free(png_structp png, png_voidp pointer)
{
    (void)png;
    brn__free(pointer);
}

/* Reads up to the first pixel. Runs under the decoder's setjmp. */
static void read_header(png_decoder *decoder)
{
    decoder->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, decoder, on_error, on_warning,
                                            decoder, on_alloc, on_free);
    if (!decoder->png) leave(decoder, BRN_ERROR_NO_MEMORY);
    decoder->info = png_create_info_struct(decoder->png);
    if (!decoder->info) leave(decoder, BRN_ERROR_NO_MEMORY);
    png_set_user_limits(decoder->png, 0x7FFFFFFF, 0x7FFFFFFF); /* ours give the better message */
    png_set_chunk_malloc_max(decoder->png, CHUNK_BYTES_MAX);
    png_set_chunk_cache_max(decoder->png, 64);
    png_set_keep_unknown_chunks(decoder->png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_read_fn(decoder->png, decoder, on_read);
    png_read_info(decoder->png, decoder->info);
    brn_status status =
        brn__picture_check_size(png_get_image_width(decoder->png, decoder->info),
                                png_get_image_height(decoder->png, decoder->info), decoder->name);
    if (status != BRN_OK) leave(decoder, status);
    png_bytep exif;
    png_uint_32 exif_bytes;
    decoder->orientation = 1;
    if (png_get_eXIf_1(decoder->png, decoder->info, &exif_bytes, &exif))
        decoder->orientation = brn__exif_orientation(exif, exif_bytes);
}

/* Runs under the decoder's setjmp; `out` is filled in, also when it leaves early. */
static void decode_pixels(png_decoder *decoder, brn__picture *out)
{
    png_structp png = decoder->png;
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, decoder->info);
    int width = (int)png_get_image_width(png, decoder->info);
    int height = (int)png_get_image_height(png, decoder->info);
    size_t row_bytes = (size_t)width * 3;
    if (png_get_rowbytes(png, decoder->info) != row_bytes)
        leave(decoder, brn__fail(BRN_ERROR_INTERNAL, "%s: unexpected PNG row size", decoder->name));
    brn_status status =
        brn__picture_check_memory(width, height, decoder->orientation, 0, decoder->name);
    if (status != BRN_OK) leave(decoder, status);
    status = brn__picture_new(width, height, decoder->name, out);
    if (status != BRN_OK) leave(decoder, status);
    decoder->rows = brn__alloc_array((size_t)height, sizeof *decoder->rows);
    if (!decoder->rows) leave(decoder, BRN_ERROR_NO_MEMORY);
    for (int y = 0; y < height; y++) decoder->rows[y] = out->pixels + (size_t)y * row_bytes;
    png_read_image(png, decoder->rows);
    png_read_end(png, NULL);
}

static void decoder_deinit(png_decoder *decoder)
{
    if (decoder->png) png_destroy_read_struct(&decoder->png, &decoder->info, NULL);
    brn__free(decoder->rows);
}

static brn_status png_size(const uint8_t *bytes, size_t length, const char *name, int *width,
                           int *height)
{
    png_decoder decoder = {.bytes = bytes, .length = length, .name = name};
    if (!setjmp(decoder.escape)) {
        read_header(&decoder);
        bool turned = decoder.orientation >= 5;
        int stored_width = (int)png_get_image_width(decoder.png, decoder.info);
        int stored_height = (int)png_get_image_height(decoder.png, decoder.info);
        *width = turned ? stored_height : stored_width;
        *height = turned ? stored_width : stored_height;
    }
    decoder_deinit(&decoder);
    return decoder.status;
}

static brn_status png_decode(const uint8_t *bytes, size_t length, const char *name, int cover,
                             brn__picture *out)
{
    (void)cover; /* PNG has no cheap smaller form */
    png_decoder decoder = {.bytes = bytes, .length = length, .name = name};
    if (!setjmp(decoder.escape)) {
        read_header(&decoder);
        decode_pixels(&decoder, out);
    }
    decoder_deinit(&decoder);
    brn_status status = decoder.status;
    if (status == BRN_OK) status = brn__picture_make_upright(out, decoder.orientation, name);
    if (status != BRN_OK) brn__picture_free(out);
    return status;
}

const brn__picture_format brn__picture_png = {
    .signature = "\x89PNG\r\n\x1A\n",
    .signature_bytes = 8,
    .size = png_size,
    .decode = png_decode,
};
