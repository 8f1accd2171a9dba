/* SPDX-License-Identifier: Apache-2.0
 * Finding a backend by name. */
#include "backends/backend_list.h"

#include <string.h>

const brn__backend *brn__backend_find(const char *name)
{
    static const brn__backend *const backends[] = {
#define X(name) &brn__backend_##name,
        BRN__BACKEND_LIST(X)
#undef X
    };
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++)
        if (!strcmp(backends[i]->name, name)) return backends[i];
    return NULL;
}
