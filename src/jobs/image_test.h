/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BRN__JOBS_IMAGE_TEST_H
#define BRN__JOBS_IMAGE_TEST_H

#include "jobs/image_job.h"

/* test.csv: what the finished model of the run says of the test pictures, averaged over the options' tta
 * views; names are below the data's folder. Nothing where there are none. */
brn_status brn__image_test_write(const char *run, const brn_image_options *options, const brn_image_data *data,
                                 brn__progress *progress);

#endif
