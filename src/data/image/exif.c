/* SPDX-License-Identifier: Apache-2.0
 * EXIF orientation: cameras store the sensor's rows and say in tag 0x0112 how the picture was held.
 * (CIPA DC-008, 4.6.4.) Only this tag of the first directory is read. */
#include "data/image/picture.h"
#include "base/alloc.h"

#include <stdbool.h>
#include <string.h>

static uint32_t read_integer(const uint8_t *bytes, int count, bool little_endian)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++) value = value << 8 | bytes[little_endian ? count - 1 - i : i];
    return value;
}

int brn__exif_orientation(const uint8_t *bytes, size_t length)
{
    bool headed = length >= 6 && memcmp(bytes, "Exif\0\0", 6) == 0;
    const uint8_t *tiff = headed ? bytes + 6 : bytes;
    size_t room = headed ? length - 6 : length;
    if (room < 8) return 1;
    if (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0) return 1;
    bool little_endian = tiff[0] == 'I';
    size_t directory = read_integer(tiff + 4, 4, little_endian);
    if (directory > room || room - directory < 2) return 1;
    size_t entries = read_integer(tiff + directory, 2, little_endian);
    for (size_t i = 0; i < entries; i++) {
        size_t at = directory + 2 + 12 * i;
        if (at > room || room - at < 12) return 1;
        if (read_integer(tiff + at, 2, little_endian) != 0x0112) continue;
        uint32_t value = read_integer(tiff + at + 8, 2, little_endian);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

/* Orientations 5 to 8 are the transposes of 1 (0,0 stays), 4, 3 and 2 in their mirrored forms;
 * below, `turned` swaps the axes and the two flags say from which side the stored axes are read. */
brn_status brn__picture_make_upright(brn__picture *picture, int orientation, const char *name)
{
    if (orientation <= 1 || orientation > 8) return BRN_OK;
    bool turned = orientation >= 5;
    bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int width = picture->width, height = picture->height;
    brn__picture upright;
    BRN__TRY(brn__picture_new(turned ? height : width, turned ? width : height, name, &upright));
    uint8_t *to = upright.pixels;
    for (int y = 0; y < upright.height; y++) {
        for (int x = 0; x < upright.width; x++, to += 3) {
            int column = turned ? y : x, row = turned ? x : y; /* in the stored picture */
            if (from_right) column = width - 1 - column;
            if (from_bottom) row = height - 1 - row;
            memcpy(to, picture->pixels + ((size_t)row * (size_t)width + (size_t)column) * 3, 3);
        }
    }
    brn__picture_free(picture);
    *picture = upright;
    return BRN_OK;
}
