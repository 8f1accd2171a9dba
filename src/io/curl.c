/* SPDX-License-Identifier: Apache-2.0 */
#include "io/curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static brn__curl curl;
static bool loaded;

static void load(void)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    void *library = NULL;
    for (int i = 0; i < 2 && !library; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
#define X(member, function)                                                                        \
    {                                                                                              \
        void *symbol = dlsym(library, #function);                                                  \
        if (!symbol) return;                                                                       \
        memcpy(&curl.member, &symbol, sizeof symbol);                                              \
    }
    BRN__CURL_LIST(X)
#undef X
    loaded = curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

brn_status brn__curl_load(const brn__curl **out)
{
    pthread_once(&once, load);
    if (!loaded)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "libcurl.so.4 is not there, without which nothing "
                                                "is fetched (Debian package libcurl4)");
    *out = &curl;
    return BRN_OK;
}
