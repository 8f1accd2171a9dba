/* SPDX-License-Identifier: Apache-2.0
 * A folder of classes on its way to train, valid and test: split_folder.c decides, split_files.c puts
 * the files there. */
#ifndef BRN__DATA_IMAGE_SPLIT_FOLDER_H
#define BRN__DATA_IMAGE_SPLIT_FOLDER_H

#include "burnish/data_split.h"

typedef struct brn__split_folder {
    const char *out;            /* the folder to make */
    const brn_image_data *data; /* all pictures */
    const uint8_t *parts;       /* (count): a brn_split */
    brn_data_split_by by;
} brn__split_folder;

/* Makes `out` with everything in it, or nothing. */
brn_status brn__split_files(const brn__split_folder *split);

#endif
