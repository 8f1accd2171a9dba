/* SPDX-License-Identifier: Apache-2.0
 * What a person decided about pictures, after looking at them: tables whose column "file" names some. */
#ifndef BRN__DATA_IMAGE_AMEND_H
#define BRN__DATA_IMAGE_AMEND_H

#include "burnish/image_data.h"

typedef enum brn__amendment {
    BRN__AMEND_EXCLUDE, /* these are left out, wherever they train, validate or test */
    BRN__AMEND_RELABEL, /* their label is that of the column "suggested" */
} brn__amendment;

/* Files are named by their path, or below `root`; the split of all others stays. BRN_ERROR_INPUT names the
 * line for a file that is none of the data's, or a label that is none of their classes; BRN_ERROR_USAGE for
 * new labels of data without labels. *count: pictures that were changed. */
brn_status brn__image_data_amend(brn_image_data *data, const char *root, const char *table,
                                 brn__amendment what, int64_t *count);

#endif
