/* SPDX-License-Identifier: Apache-2.0
 * Weight files inside zip archives. */
#include "base/alloc.h"
#include "base/sha256.h"
#include "io/registry.h"
#include "io/zip.h"

#include <string.h>

static brn_status check_member(const brn_weights_file *file, const unsigned char *bytes)
{
    char sha256[65];
    BRN__TRY(brn__sha256_of(bytes, (size_t)file->bytes, sha256));
    if (brn__weights_digest_fits(file, sha256)) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "the sha256 of its %s is %s; expected %s",
                     file->archive->member, sha256, file->sha256);
}

brn_status brn__weights_unpack(const brn_weights_file *file, const void *bytes, size_t length,
                               unsigned char **out)
{
    brn__arena arena = {0};
    brn__zip zip = {0};
    brn_status status = brn__zip_open(bytes, length, &arena, &zip);
    if (status == BRN_OK)
        status = brn__zip_unpack(&zip, file->archive->member, (size_t)file->bytes, out);
    if (status == BRN_OK && (status = check_member(file, *out)) != BRN_OK) brn__free(*out);
    brn__zip_close(&zip);
    brn__arena_free(&arena);
    return status;
}
