/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256.h"
#include "base/alloc.h"
#include "base/files.h"

#include <openssl/evp.h>

struct brn__sha256 {
    EVP_MD_CTX *context;
};

static brn_status digest_failed(void)
{
    return brn__fail(BRN_ERROR_INTERNAL, "sha256: the digest library refused the call");
}

brn_status brn__sha256_new(brn__sha256 **out)
{
    brn__sha256 *digest = brn__alloc_zero(1, sizeof *digest);
    if (!digest) return BRN_ERROR_NO_MEMORY;
    digest->context = EVP_MD_CTX_new();
    if (!digest->context || EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1) {
        brn__sha256_free(digest);
        return digest_failed();
    }
    *out = digest;
    return BRN_OK;
}

brn_status brn__sha256_add(brn__sha256 *digest, const void *bytes, size_t length)
{
    return EVP_DigestUpdate(digest->context, bytes, length) == 1 ? BRN_OK : digest_failed();
}

brn_status brn__sha256_hex(brn__sha256 *digest, char out[65])
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_DigestFinal_ex(digest->context, raw, &length) != 1 || length != 32)
        return digest_failed();
    for (int i = 0; i < 32; i++) {
        out[2 * i] = "0123456789abcdef"[raw[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
    }
    out[64] = '\0';
    return BRN_OK;
}

void brn__sha256_free(brn__sha256 *digest)
{
    if (!digest) return;
    EVP_MD_CTX_free(digest->context);
    brn__free(digest);
}

brn_status brn__sha256_of(const void *bytes, size_t length, char out[65])
{
    brn__sha256 *digest;
    BRN__TRY(brn__sha256_new(&digest));
    brn_status status = brn__sha256_add(digest, bytes, length);
    if (status == BRN_OK) status = brn__sha256_hex(digest, out);
    brn__sha256_free(digest);
    return status;
}

brn_status brn__sha256_of_file(const char *path, char out[65])
{
    brn__mapping mapping;
    BRN__TRY(brn__map_file(path, &mapping));
    brn_status status = brn__sha256_of(mapping.bytes, mapping.length, out);
    brn__unmap_file(&mapping);
    return status;
}
