/* SPDX-License-Identifier: Apache-2.0
 * Pictures made small enough to live inside a page. */
#ifndef BRN__REPORT_THUMBNAIL_H
#define BRN__REPORT_THUMBNAIL_H

#include "base/text.h"
#include "data/image/picture.h"

enum { BRN__THUMBNAIL_SIDE = 168, BRN__THUMBNAIL_QUALITY = 76 };

/* Adds "data:image/jpeg;base64,..." of the picture, its longer side at most BRN__THUMBNAIL_SIDE. Adds
 * nothing when the file can't be read: the status says why. */
brn_status brn__thumbnail_add(brn__text *out, const char *path);

/* The picture as the bytes of a JPEG. */
brn_status brn__jpeg_encode(const brn__picture *picture, int quality, brn__text *out);

#endif
