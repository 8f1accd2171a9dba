/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/ratings_job.h"

brn_status brn__ratings_page_write(const char *path, const brn__ratings_page *page)
{
    (void)path, (void)page;
    return BRN_OK;
}
