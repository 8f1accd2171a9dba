/* SPDX-License-Identifier: Apache-2.0
 * WebP by libwebp, lossy and lossless. A file is RIFF: chunks of a name, a length and bytes. Its
 * one picture is decoded at full size: libwebp's own scaling works on decoded pixels, so it would
 * save nothing that the resize does not do better. An animation is refused, not shown by its first
 * frame: nothing says that this frame is what the label means. */
#include "data/image/picture.h"
#include "base/alloc.h"

#include <stdbool.h>
#include <string.h>

#include <webp/decode.h>

enum {
    RIFF_HEADER = 12, /* "RIFF", length of what follows, "WEBP" */
    CHUNK_HEADER = 8,
    FORMAT_LOSSLESS = 2, /* of WebPBitstreamFeatures */
};

static uint32_t read_length(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static brn_status truncated(const char *name)
{
    return brn__fail(BRN_ERROR_INPUT, "%s: truncated WebP: its data end early", name);
}

static brn_status check_result(VP8StatusCode result, const char *name)
{
    switch (result) {
    case VP8_STATUS_OK: return BRN_OK;
    case VP8_STATUS_OUT_OF_MEMORY:
        return brn__fail(BRN_ERROR_NO_MEMORY, "%s: no memory to decode it", name);
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return truncated(name);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return brn__fail(BRN_ERROR_INPUT, "%s: a WebP of a kind that is not known", name);
    default: return brn__fail(BRN_ERROR_INPUT, "%s: damaged WebP", name);
    }
}

/* The file's own length, which may end before the bytes do, must be there. */
static brn_status check_length(const uint8_t *bytes, size_t length, const char *name)
{
    if (length < RIFF_HEADER || read_length(bytes + 4) > length - CHUNK_HEADER)
        return truncated(name);
    return BRN_OK;
}

/* Memory for the picture and for what libwebp keeps of all its pixels: four bytes of a lossless
 * one; of a lossy one its transparency, which may be stored as a lossless picture. */
static int64_t working_bytes(const WebPBitstreamFeatures *features)
{
    int64_t pixels = (int64_t)features->width * features->height;
    if (features->format == FORMAT_LOSSLESS) return 4 * pixels;
    return features->has_alpha ? 5 * pixels : 0;
}

static brn_status read_header(const uint8_t *bytes, size_t length, const char *name,
                              WebPBitstreamFeatures *features)
{
    BRN__TRY(check_length(bytes, length, name));
    BRN__TRY(check_result(WebPGetFeatures(bytes, length, features), name));
    if (features->has_animation)
        return brn__fail(BRN_ERROR_INPUT, "%s: an animated WebP; expected a still picture", name);
    return brn__picture_check_size(features->width, features->height, name);
}

/* EXIF orientation; 1 when there is none. The chunks were counted by check_length. */
static int find_orientation(const uint8_t *bytes)
{
    size_t end = (size_t)read_length(bytes + 4) + CHUNK_HEADER, at = RIFF_HEADER;
    while (at < end && end - at >= CHUNK_HEADER) {
        size_t length = read_length(bytes + at + 4);
        const uint8_t *chunk = bytes + at;
        at += CHUNK_HEADER;
        if (length > end - at) break;
        if (memcmp(chunk, "EXIF", 4) == 0) return brn__exif_orientation(chunk + 8, length);
        at += length + (length & 1);
    }
    return 1;
}

static brn_status webp_size(const uint8_t *bytes, size_t length, const char *name, int *width,
                            int *height)
{
    WebPBitstreamFeatures features;
    BRN__TRY(read_header(bytes, length, name, &features));
    bool turned = find_orientation(bytes) >= 5;
    *width = turned ? features.height : features.width;
    *height = turned ? features.width : features.height;
    return BRN_OK;
}

static brn_status decode_pixels(const uint8_t *bytes, size_t length, const char *name,
                                brn__picture *picture)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return brn__fail(BRN_ERROR_UNSUPPORTED, "libwebp is not the one this build was made for");
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = picture->pixels;
    config.output.u.RGBA.stride = picture->width * 3;
    config.output.u.RGBA.size = (size_t)picture->width * (size_t)picture->height * 3;
    VP8StatusCode result = WebPDecode(bytes, length, &config);
    WebPFreeDecBuffer(&config.output);
    return check_result(result, name);
}

static brn_status webp_decode(const uint8_t *bytes, size_t length, const char *name, int cover,
                              brn__picture *out)
{
    (void)cover;
    WebPBitstreamFeatures features;
    BRN__TRY(read_header(bytes, length, name, &features));
    int orientation = find_orientation(bytes);
    BRN__TRY(brn__picture_check_memory(features.width, features.height, orientation,
                                       working_bytes(&features), name));
    BRN__TRY(brn__picture_new(features.width, features.height, name, out));
    brn_status status = decode_pixels(bytes, length, name, out);
    if (status == BRN_OK) status = brn__picture_make_upright(out, orientation, name);
    if (status != BRN_OK) brn__picture_free(out);
    return status;
}

const brn__picture_format brn__picture_webp = {
    .signature = "RIFF????WEBP",
    .signature_bytes = 12,
    .size = webp_size,
    .decode = webp_decode,
};
