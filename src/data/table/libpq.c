/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/libpq.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static brn__libpq libpq;
static bool loaded;

static void load(void)
{
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
#define X(member, function)                                                                        \
    {                                                                                              \
        void *symbol = dlsym(library, #function);                                                  \
        if (!symbol) return;                                                                       \
        memcpy(&libpq.member, &symbol, sizeof symbol);                                             \
    }
    BRN__LIBPQ_LIST(X)
#undef X
    loaded = true;
}

brn_status brn__libpq_load(const brn__libpq **out)
{
    pthread_once(&once, load);
    if (!loaded)
        return brn__fail(BRN_ERROR_UNSUPPORTED,
                         "libpq.so.5 is not there, without which no PostgreSQL server is asked "
                         "(Debian package libpq5)");
    *out = &libpq;
    return BRN_OK;
}
