/* SPDX-License-Identifier: Apache-2.0
 *
 * From nothing to a data set: pictures are downloaded, checked and split. */
#ifndef BURNISH_DATA_TOOLS_H
#define BURNISH_DATA_TOOLS_H

#include "burnish/data_check.h"
#include "burnish/data_split.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes all findings of a check as one HTML page, each with its picture and its partner beside it
 * (the first 300 pictures; then names only). The files must still be where the check found them. The
 * page appears whole or not at all. */
BRN_API brn_status brn_data_check_page(const brn_data_check *check, const char *path);

#ifdef __cplusplus
}
#endif
#endif
