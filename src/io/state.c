/* SPDX-License-Identifier: Apache-2.0
 * The part of reading weight files that all containers share. */
#include "io/state.h"
#include "base/alloc.h"
#include "io/bytes.h"
#include "io/container.h"
#include "tensor/tensor.h"

#include <string.h>

static const brn__container *const containers[] = {
#define X(name) &brn__container_##name,
    BRN__CONTAINER_LIST(X)
#undef X
};

void brn__row_major_strides(brn_shape shape, int64_t strides[BRN_RANK_MAX])
{
    uint64_t stride = 1; /* wraps, without harm, where another dimension is 0 */
    for (int i = shape.rank - 1; i >= 0; i--) {
        strides[i] = (int64_t)stride;
        stride *= shape.dims[i] ? (uint64_t)shape.dims[i] : 1;
    }
}

brn_status brn__state_add(brn__state *state, const brn__entry *entry, const char *name,
                          size_t name_length)
{
    if (state->count == BRN__STATE_ENTRIES_MAX)
        return brn__fail(BRN_ERROR_INPUT, "more than %d tensors", BRN__STATE_ENTRIES_MAX);
    if (name_length == 0 || name_length > BRN__STATE_NAME_BYTES_MAX)
        return brn__fail(BRN_ERROR_INPUT, "a tensor's name has %zu bytes; expected 1 to %d",
                         name_length, BRN__STATE_NAME_BYTES_MAX);
    for (size_t i = 0; i < name_length; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7F)
            return brn__fail(BRN_ERROR_INPUT, "tensor name \"%s\" holds a control character",
                             BRN__QUOTE(name, name_length));
    if (state->count == state->capacity) {
        int64_t capacity = state->capacity ? 2 * state->capacity : 64;
        brn__entry *entries =
            brn__realloc(state->entries, (size_t)capacity * sizeof *state->entries);
        if (!entries) return BRN_ERROR_NO_MEMORY;
        state->entries = entries;
        state->capacity = capacity;
    }
    char *copy = brn__arena_alloc(&state->arena, name_length + 1);
    if (!copy) return BRN_ERROR_NO_MEMORY;
    memcpy(copy, name, name_length);
    brn__entry *added = &state->entries[state->count++];
    *added = *entry;
    added->name = copy;
    return BRN_OK;
}

brn_status brn__state_add_metadata(brn__state *state, const char *key, const char *value)
{
    if (state->metadata_count == state->metadata_capacity) {
        int64_t capacity = state->metadata_capacity ? 2 * state->metadata_capacity : 16;
        brn__metadata_pair *pairs =
            brn__realloc(state->metadata, (size_t)capacity * sizeof *state->metadata);
        if (!pairs) return BRN_ERROR_NO_MEMORY;
        state->metadata = pairs;
        state->metadata_capacity = capacity;
    }
    brn__metadata_pair pair = {brn__arena_strdup(&state->arena, key),
                               brn__arena_strdup(&state->arena, value)};
    if (!pair.key || !pair.value) return BRN_ERROR_NO_MEMORY;
    state->metadata[state->metadata_count++] = pair;
    return BRN_OK;
}

/* torch.nn.DataParallel puts "module." before every name. */
static void drop_common_prefix(brn__state *state)
{
    static const char prefix[] = "module.";
    const size_t length = sizeof prefix - 1;
    for (int64_t i = 0; i < state->count; i++) {
        const char *name = state->entries[i].name;
        if (strncmp(name, prefix, length) != 0 || !name[length]) return;
    }
    for (int64_t i = 0; i < state->count; i++) state->entries[i].name += length;
}

static brn_status index_names(brn__state *state)
{
    for (int64_t i = 0; i < state->count; i++) {
        const char *name = state->entries[i].name;
        bool added;
        BRN__TRY(brn__name_table_add(&state->names, name, strlen(name), i, &added));
        if (!added) return brn__fail(BRN_ERROR_INPUT, "two tensors are named \"%s\"", name);
    }
    return BRN_OK;
}

static brn_status read_container(brn__state *state)
{
    for (size_t i = 0; i < sizeof containers / sizeof *containers && !state->container; i++)
        if (containers[i]->matches(state->bytes, state->length)) state->container = containers[i];
    if (!state->container)
        return brn__fail(BRN_ERROR_INPUT,
                         "not a known weight file (%zu bytes); expected a safetensors file or a "
                         "file of torch.save (zip, legacy or tar)",
                         state->length);
    brn_status status = state->container->read(state);
    if (status != BRN_OK) return brn__fail_within(status, "%s file", state->container->name);
    drop_common_prefix(state);
    return index_names(state);
}

static brn_status open_state(const char *name, brn__state *state, brn__state **out)
{
    brn_status status = read_container(state);
    if (status != BRN_OK) {
        brn__state_close(state);
        return brn__fail_within(status, "%s", name);
    }
    *out = state;
    return BRN_OK;
}

brn_status brn__state_open(const char *path, brn__state **out)
{
    brn__state *state = brn__alloc_zero(1, sizeof *state);
    if (!state) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__map_file(path, &state->mapping);
    if (status != BRN_OK) {
        brn__state_close(state);
        return status;
    }
    state->bytes = state->mapping.bytes;
    state->length = state->mapping.length;
    return open_state(path, state, out);
}

brn_status brn__state_open_bytes(const char *name, const void *bytes, size_t length,
                                 brn__state **out)
{
    brn__state *state = brn__alloc_zero(1, sizeof *state);
    if (!state) return BRN_ERROR_NO_MEMORY;
    state->bytes = bytes;
    state->length = length;
    return open_state(name, state, out);
}

void brn__state_close(brn__state *state)
{
    if (!state) return;
    brn__name_table_free(&state->names);
    brn__free(state->entries);
    brn__free(state->metadata);
    brn__arena_free(&state->arena);
    brn__unmap_file(&state->mapping);
    brn__free(state);
}

const char *brn__state_kind(const brn__state *state)
{
    return state->container->name;
}

int64_t brn__state_count(const brn__state *state)
{
    return state->count;
}

const brn__entry *brn__state_entry(const brn__state *state, int64_t index)
{
    return &state->entries[index];
}

const brn__entry *brn__state_find(const brn__state *state, const char *name)
{
    int64_t index = brn__name_table_find(&state->names, name, strlen(name));
    return index < 0 ? NULL : &state->entries[index];
}

const char *brn__state_metadata(const brn__state *state, const char *key)
{
    for (int64_t i = 0; i < state->metadata_count; i++)
        if (strcmp(state->metadata[i].key, key) == 0) return state->metadata[i].value;
    return NULL;
}

const char *brn__state_metadata_key(const brn__state *state, int64_t index)
{
    return index >= 0 && index < state->metadata_count ? state->metadata[index].key : NULL;
}

static bool is_row_major(const brn__entry *entry)
{
    int64_t strides[BRN_RANK_MAX];
    brn__row_major_strides(entry->shape, strides);
    for (int i = 0; i < entry->shape.rank; i++)
        if (entry->shape.dims[i] != 1 && entry->strides[i] != strides[i]) return false;
    return true;
}

enum { GATHER_BYTES = 4096 };

/* Elements on their way to `target`. They go through an aligned buffer: files align nothing, and
 * conversion is cheaper in long runs than in a kernel's rows of three. */
typedef struct gathering {
    _Alignas(16) unsigned char buffer[GATHER_BYTES];
    brn_dtype from, to;
    unsigned char *target;
    int64_t held, room; /* elements in the buffer */
} gathering;

static void flush(gathering *g)
{
    brn__convert(g->from, g->buffer, g->to, g->target, g->held);
    g->target += (size_t)g->held * brn_dtype_bytes(g->to);
    g->held = 0;
}

/* Copies of a constant size compile to single moves. */
static void copy_strided(unsigned char *target, const unsigned char *source, int64_t stride,
                         int64_t count, size_t size)
{
#define COPY(bytes)                                                                                \
    for (int64_t i = 0; i < count; i++)                                                            \
    memcpy(target + (size_t)i * (bytes), source + (size_t)(i * stride) * (bytes), (bytes))
    if (stride == 1)
        memcpy(target, source, (size_t)count * size);
    else if (size == 1)
        COPY(1);
    else if (size == 2)
        COPY(2);
    else if (size == 4)
        COPY(4);
    else
        COPY(8);
#undef COPY
}

/* Takes `count` elements, `stride` apart. */
static void gather(gathering *g, const unsigned char *source, int64_t stride, int64_t count)
{
    const size_t size = brn_dtype_bytes(g->from);
    for (int64_t done = 0; done < count;) {
        const int64_t left = count - done, space = g->room - g->held;
        const int64_t part = left < space ? left : space;
        copy_strided(g->buffer + (size_t)g->held * size, source + (size_t)(done * stride) * size,
                     stride, part, size);
        g->held += part;
        done += part;
        if (g->held == g->room) flush(g);
    }
}

/* One run along the last dimension for each index of the others. */
static void gather_rows(gathering *g, const brn__entry *entry)
{
    const brn_shape shape = entry->shape;
    const int last = shape.rank - 1;
    const int64_t rows = brn_shape_elements(shape) / shape.dims[last];
    int64_t index[BRN_RANK_MAX] = {0}, offset = 0;
    for (int64_t row = 0; row < rows; row++) {
        gather(g, (const unsigned char *)entry->first + (size_t)offset * brn_dtype_bytes(g->from),
               entry->strides[last], shape.dims[last]);
        for (int i = last - 1; i >= 0; i--) {
            if (index[i] + 1 < shape.dims[i]) {
                index[i]++;
                offset += entry->strides[i];
                break;
            }
            offset -= index[i] * entry->strides[i];
            index[i] = 0;
        }
    }
}

brn_status brn__state_read(const brn__entry *entry, brn_dtype to, void *out)
{
    const int64_t elements = brn_shape_elements(entry->shape);
    if ((unsigned)to >= BRN_DTYPE_COUNT)
        return brn__fail(BRN_ERROR_USAGE, "%s: element type %d is not known", entry->name, (int)to);
    if (elements == 0) return BRN_OK;
    const bool row_major = is_row_major(entry);
    if (row_major && to == entry->dtype) {
        memcpy(out, entry->first, (size_t)elements * brn_dtype_bytes(to));
        return BRN_OK;
    }
    gathering g;
    g.from = entry->dtype;
    g.to = to;
    g.target = out;
    g.held = 0;
    g.room = (int64_t)(GATHER_BYTES / brn_dtype_bytes(g.from));
    if (row_major)
        gather(&g, entry->first, 1, elements);
    else
        gather_rows(&g, entry);
    flush(&g);
    return BRN_OK;
}
