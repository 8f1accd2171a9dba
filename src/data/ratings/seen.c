/* SPDX-License-Identifier: Apache-2.0 */
#include "data/ratings/seen.h"
#include "base/alloc.h"

#include <string.h>

/* A counting sort: stable. */
static void count_sort(const int32_t *codes, int64_t count, int64_t groups, int64_t *starts,
                       int64_t *rows)
{
    memset(starts, 0, (size_t)(groups + 1) * sizeof *starts);
    for (int64_t row = 0; row < count; row++) starts[codes[row] + 1]++;
    for (int64_t k = 0; k < groups; k++) starts[k + 1] += starts[k];
    for (int64_t row = 0; row < count; row++) rows[starts[codes[row]]++] = row;
    memmove(starts + 1, starts, (size_t)groups * sizeof *starts); /* each is at its group's end */
    starts[0] = 0;
}

brn_status brn__group_rows(const int32_t *codes, int64_t count, int64_t groups, brn__grouping *out)
{
    *out = (brn__grouping){.groups = groups};
    out->starts = brn__alloc_array((size_t)groups + 1, sizeof *out->starts);
    out->rows = brn__alloc_array((size_t)count + 1, sizeof *out->rows);
    if (out->starts && out->rows) {
        count_sort(codes, count, groups, out->starts, out->rows);
        return BRN_OK;
    }
    brn__grouping_free(out);
    return BRN_ERROR_NO_MEMORY;
}

void brn__grouping_free(brn__grouping *grouping)
{
    brn__free(grouping->starts);
    brn__free(grouping->rows);
    *grouping = (brn__grouping){0};
}

static bool belongs(const brn__ratings *r, brn__seen_rows which, int64_t row)
{
    return which == BRN__SEEN_ALL || (which == BRN__SEEN_VALID) == (r->valid[row] != 0);
}

/* Going through the rows item by item leaves each user's items in ascending order. */
static void fill(const brn__ratings *r, brn__seen_rows which, const brn__grouping *by_item,
                 int64_t users, int64_t *starts, int32_t *items)
{
    memset(starts, 0, (size_t)(users + 1) * sizeof *starts);
    for (int64_t row = 0; row < r->count; row++)
        starts[r->users[row] + 1] += belongs(r, which, row);
    for (int64_t k = 0; k < users; k++) starts[k + 1] += starts[k];
    for (int64_t i = 0; i < r->count; i++) {
        int64_t row = by_item->rows[i];
        if (belongs(r, which, row)) items[starts[r->users[row]]++] = r->items[row];
    }
    memmove(starts + 1, starts, (size_t)users * sizeof *starts);
    starts[0] = 0;
}

brn_status brn__seen_build(const brn__ratings *r, brn__seen_rows which, brn__seen *out)
{
    brn__grouping by_item;
    int64_t users = r->user_ids.count + 1;
    *out = (brn__seen){.users = users};
    BRN__TRY(brn__group_rows(r->items, r->count, r->item_ids.count + 1, &by_item));
    int64_t *starts = brn__alloc_array((size_t)users + 1, sizeof *starts);
    int32_t *items = brn__alloc_array((size_t)r->count + 1, sizeof *items);
    out->starts = starts;
    out->items = items;
    if (starts && items) fill(r, which, &by_item, users, starts, items);
    brn__grouping_free(&by_item);
    if (starts && items) return BRN_OK;
    brn__seen_free(out);
    return BRN_ERROR_NO_MEMORY;
}

void brn__seen_free(brn__seen *seen)
{
    if (!seen->borrowed) {
        brn__free((void *)(uintptr_t)seen->starts);
        brn__free((void *)(uintptr_t)seen->items);
    }
    *seen = (brn__seen){0};
}

bool brn__seen_has(const brn__seen *seen, int64_t user, int32_t item)
{
    int64_t count, low = 0;
    const int32_t *items = brn__seen_of(seen, user, &count);
    for (int64_t high = count; low < high;) {
        int64_t middle = low + (high - low) / 2;
        if (items[middle] < item) low = middle + 1;
        else high = middle;
    }
    return low < count && items[low] == item;
}
