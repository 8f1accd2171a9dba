/* SPDX-License-Identifier: Apache-2.0
 * The ratings of a run in a file that is mapped: nothing of it need be in memory at once. Files are
 * not trusted: codes, numbers and texts are checked when it is opened. */
#include "base/alloc.h"
#include "jobs/ratings_job.h"

#include <math.h>
#include <string.h>

static const char KIND[] = "{\"format\":1,\"kind\":\"ratings\"}";
enum { COLUMNS = 5, ITEMS_MAX = COLUMNS + 6 };

static brn__safetensors_item column(const char *name, brn_dtype dtype, int64_t count,
                                    const void *data)
{
    return (brn__safetensors_item){
        .name = name, .dtype = dtype, .shape = brn_shape_of(1, &count), .data = data};
}

/* The wide types first, so that each lies in its alignment. */
static brn_status list_items(const brn__ratings *r, const brn__texts texts[3], brn__arena *arena,
                             brn__safetensors_item *items, int64_t *count)
{
    static const char *const names[] = {"user_ids", "item_ids", "titles"};
    int64_t n = 0;
    if (r->times) items[n++] = column("times", BRN_DTYPE_F64, r->count, r->times);
    brn__safetensors_item bytes[3];
    for (int i = 0; i < 3; i++)
        BRN__TRY(brn__texts_list(names[i], &texts[i], arena, &items[n++], &bytes[i]));
    items[n++] = column("users", BRN_DTYPE_I32, r->count, r->users);
    items[n++] = column("items", BRN_DTYPE_I32, r->count, r->items);
    items[n++] = column("values", BRN_DTYPE_F32, r->count, r->values);
    items[n++] = column("valid", BRN_DTYPE_U8, r->count, r->valid);
    for (int i = 0; i < 3; i++) items[n++] = bytes[i];
    *count = n;
    return BRN_OK;
}

brn_status brn__ratings_store_write(const char *path, const brn__ratings *r,
                                    const brn__texts *titles)
{
    brn__safetensors_item items[ITEMS_MAX];
    brn__texts texts[3] = {{0}, {0}, *titles};
    brn__arena arena = {0};
    int64_t count;
    const brn__safetensors_pair pair = {"burnish", KIND};
    brn_status status = brn__texts_pack(r->user_ids.words, r->user_ids.count, &texts[0]);
    if (status == BRN_OK) status = brn__texts_pack(r->item_ids.words, r->item_ids.count, &texts[1]);
    if (status == BRN_OK) status = list_items(r, texts, &arena, items, &count);
    if (status == BRN_OK) status = brn__safetensors_write(path, items, count, &pair, 1);
    brn__texts_free(&texts[0]);
    brn__texts_free(&texts[1]);
    brn__arena_free(&arena);
    return status;
}

/* ------------------------------------------------------------------ reading */

static brn_status check_rows(const char *path, const brn__ratings *r)
{
    for (int64_t row = 0; row < r->count; row++)
        if (r->users[row] < 1 || r->users[row] > r->user_ids.count || r->items[row] < 1 ||
            r->items[row] > r->item_ids.count || !isfinite(r->values[row]) || r->valid[row] > 1)
            return brn__fail(BRN_ERROR_INPUT, "%s: rating %lld is none", path, (long long)row + 1);
    return BRN_OK;
}

static brn_status read_columns(const char *path, brn__ratings_store *s)
{
    brn__ratings *r = &s->ratings;
    const void *users, *items, *values, *times = NULL, *valid;
    const brn__entry *entry = brn__state_find(s->state, "users");
    r->borrowed = true;
    r->count = entry && entry->shape.rank == 1 ? entry->shape.dims[0] : 0;
    BRN__TRY(brn__tensor_in_place(path, s->state, "users", BRN_DTYPE_I32, r->count, &users));
    BRN__TRY(brn__tensor_in_place(path, s->state, "items", BRN_DTYPE_I32, r->count, &items));
    BRN__TRY(brn__tensor_in_place(path, s->state, "values", BRN_DTYPE_F32, r->count, &values));
    BRN__TRY(brn__tensor_in_place(path, s->state, "valid", BRN_DTYPE_U8, r->count, &valid));
    if (brn__state_find(s->state, "times"))
        BRN__TRY(brn__tensor_in_place(path, s->state, "times", BRN_DTYPE_F64, r->count, &times));
    r->users = (int32_t *)(uintptr_t)users; /* nobody writes to what is borrowed */
    r->items = (int32_t *)(uintptr_t)items;
    r->values = (float *)(uintptr_t)values;
    r->times = (double *)(uintptr_t)times;
    r->valid = (uint8_t *)(uintptr_t)valid;
    return BRN_OK;
}

static brn_status read_texts(const char *path, brn__ratings_store *s)
{
    BRN__TRY(brn__texts_read(path, s->state, "user_ids", -1, &s->user_ids));
    BRN__TRY(brn__texts_read(path, s->state, "item_ids", -1, &s->item_ids));
    BRN__TRY(brn__texts_read(path, s->state, "titles", -1, &s->titles));
    if (s->titles.count && s->titles.count != s->item_ids.count)
        return brn__fail(BRN_ERROR_INPUT, "%s: %lld titles of %lld items", path,
                         (long long)s->titles.count, (long long)s->item_ids.count);
    if (s->user_ids.count >= BRN__RATINGS_CODES_MAX || s->item_ids.count >= BRN__RATINGS_CODES_MAX)
        return brn__fail(BRN_ERROR_INPUT, "%s: too many ids", path);
    BRN__TRY(brn__texts_index(path, &s->user_ids, &s->ratings.user_ids));
    return brn__texts_index(path, &s->item_ids, &s->ratings.item_ids);
}

brn_status brn__ratings_store_open(const char *path, brn__ratings_store *out)
{
    *out = (brn__ratings_store){.ratings = {.borrowed = true}};
    BRN__TRY(brn__state_open(path, &out->state));
    brn_status status = BRN_OK;
    const char *kind = brn__state_metadata(out->state, "burnish");
    if (!kind || strcmp(kind, KIND) != 0)
        status = brn__fail(BRN_ERROR_INPUT, "%s: not the ratings of a run", path);
    if (status == BRN_OK) status = read_columns(path, out);
    if (status == BRN_OK) status = read_texts(path, out);
    if (status == BRN_OK) status = check_rows(path, &out->ratings);
    if (status != BRN_OK) brn__ratings_store_close(out);
    return status;
}

void brn__ratings_store_close(brn__ratings_store *store)
{
    brn__ratings_free(&store->ratings);
    brn__state_close(store->state);
    *store = (brn__ratings_store){0};
}
