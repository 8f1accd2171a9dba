/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/text_paths.h"
#include "base/alloc.h"
#include "base/status.h"
#include "data/table/source.h"

brn_status brn__text_path_settle(brn__arena *arena, const char **path)
{
    char *whole = *path ? brn__source_absolute(*path) : NULL;
    if (!whole) return BRN_OK;
    *path = brn__arena_strdup(arena, whole);
    brn__free(whole);
    return *path ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

brn_status brn__text_paths_settle(brn__arena *arena, const char *const **paths, int64_t count)
{
    const char **settled = brn__arena_alloc(arena, (size_t)(count + 1) * sizeof *settled);
    if (!settled) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < count; i++) {
        settled[i] = (*paths)[i];
        BRN__TRY(brn__text_path_settle(arena, &settled[i]));
    }
    *paths = settled;
    return BRN_OK;
}
