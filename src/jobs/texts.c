/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/texts.h"
#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

brn_status brn__texts_pack(const brn__slice *slices, int64_t count, brn__texts *out)
{
    int64_t length = 0;
    for (int64_t i = 0; i < count; i++) length += (int64_t)slices[i].length + 1;
    char *bytes = brn__alloc((size_t)length + 1);
    int64_t *ends = brn__alloc_array((size_t)count + 1, sizeof *ends), at = 0;
    *out = (brn__texts){count, bytes, ends};
    if (!bytes || !ends) {
        brn__texts_free(out);
        return BRN_ERROR_NO_MEMORY;
    }
    for (int64_t i = 0; i < count; i++) {
        if (slices[i].length) memcpy(bytes + at, slices[i].bytes, slices[i].length);
        at += (int64_t)slices[i].length;
        bytes[at++] = '\0';
        ends[i] = at;
    }
    return BRN_OK;
}

void brn__texts_free(brn__texts *packed)
{
    brn__free((void *)(uintptr_t)packed->bytes);
    brn__free((void *)(uintptr_t)packed->ends);
    *packed = (brn__texts){0};
}

brn_status brn__texts_list(const char *name, const brn__texts *texts, brn__arena *arena,
                           brn__safetensors_item *ends, brn__safetensors_item *bytes)
{
    int64_t length = texts->count ? texts->ends[texts->count - 1] : 0;
    ends->name = brn__arena_printf(arena, "%s.ends", name);
    bytes->name = brn__arena_printf(arena, "%s.bytes", name);
    if (!ends->name || !bytes->name) return BRN_ERROR_NO_MEMORY;
    ends->dtype = BRN_DTYPE_I64;
    ends->shape = brn_shape_of(1, &texts->count);
    ends->data = texts->ends;
    bytes->dtype = BRN_DTYPE_U8;
    bytes->shape = brn_shape_of(1, &length);
    bytes->data = texts->bytes;
    return BRN_OK;
}

brn_status brn__tensor_in_place(const char *path, const brn__state *state, const char *name,
                                brn_dtype dtype, int64_t count, const void **out)
{
    const brn__entry *entry = brn__state_find(state, name);
    size_t bytes = brn_dtype_bytes(dtype);
    if (!entry || entry->dtype != dtype || entry->shape.rank != 1 ||
        (count >= 0 && entry->shape.dims[0] != count))
        return brn__fail(BRN_ERROR_INPUT, "%s: %s must be %s of %lld elements", path, name,
                         brn_dtype_name(dtype), (long long)count);
    if (entry->shape.dims[0] > 1 &&
        (entry->strides[0] != 1 || (uintptr_t)entry->first % bytes != 0))
        return brn__fail(BRN_ERROR_INPUT, "%s: %s does not lie where it can be used", path, name);
    *out = entry->first;
    return BRN_OK;
}

static brn_status wrong(const char *path, const char *name)
{
    return brn__fail(BRN_ERROR_INPUT, "%s: %s: the ends of the texts do not fit them", path, name);
}

brn_status brn__texts_read(const char *path, const brn__state *state, const char *name,
                           int64_t count, brn__texts *out)
{
    char full[128];
    const void *at;
    snprintf(full, sizeof full, "%s.ends", name);
    BRN__TRY(brn__tensor_in_place(path, state, full, BRN_DTYPE_I64, count, &at));
    out->ends = at;
    out->count = brn__state_find(state, full)->shape.dims[0];
    snprintf(full, sizeof full, "%s.bytes", name);
    BRN__TRY(brn__tensor_in_place(path, state, full, BRN_DTYPE_U8, -1, &at));
    out->bytes = at;
    int64_t length = brn__state_find(state, full)->shape.dims[0], before = 0;
    for (int64_t i = 0; i < out->count; i++) {
        int64_t end = out->ends[i];
        if (end <= before || end > length || out->bytes[end - 1] != '\0') return wrong(path, name);
        if (memchr(out->bytes + before, 0, (size_t)(end - before - 1))) return wrong(path, name);
        before = end;
    }
    return before == length ? BRN_OK : wrong(path, name);
}

brn_status brn__texts_index(const char *path, const brn__texts *texts, brn__dictionary *out)
{
    for (int64_t i = 0; i < texts->count; i++) {
        const char *text = brn__text_at(texts, i);
        int32_t code;
        BRN__TRY(brn__dictionary_add(out, (brn__slice){text, strlen(text)}, false, &code));
        if (code != i)
            return brn__fail(BRN_ERROR_INPUT, "%s: the id \"%s\" is there twice", path, text);
    }
    return BRN_OK;
}
