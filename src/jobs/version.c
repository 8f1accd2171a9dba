/* SPDX-License-Identifier: Apache-2.0
 * What this build is. */
#include "burnish/version.h"
#include "backends/backend_list.h"
#include "base/isa.h"
#include "base/threads.h"

#include <dnnl.h>
#include <stdio.h>

const char *brn_version(void) { return BRN_VERSION; }

const char *brn_instruction_set(void)
{
    return brn__isa_name(brn__isa_best());
}

const char *brn_backend_name(int index)
{
    static const char *const names[] = {
#define X(name) #name,
        BRN__BACKEND_LIST(X)
#undef X
    };
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}

const char *brn_onednn_version(void)
{
    static _Thread_local char text[32];
    const dnnl_version_t *version = dnnl_version();
    snprintf(text, sizeof text, "%d.%d.%d", version->major, version->minor, version->patch);
    return text;
}

int brn_processors(void) { return brn__processor_count(); }
