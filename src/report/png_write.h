/* SPDX-License-Identifier: Apache-2.0
 * A picture as the bytes of a PNG. */
#ifndef BRN__REPORT_PNG_WRITE_H
#define BRN__REPORT_PNG_WRITE_H

#include "base/text.h"
#include "data/image/picture.h"

/* 8-bit RGB. Adds to `out`. */
brn_status brn__png_encode(const brn__picture *picture, brn__text *out);

#endif
