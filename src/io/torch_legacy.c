/* SPDX-License-Identifier: Apache-2.0
 * torch.save from 0.1.10 to 1.5: pickles one after the other (magic number, protocol 1001, system
 * information, the object, the list of storage keys), then for each key in that order its number of
 * elements as int64 and its bytes. A storage's length is the file's, never a view's. */
#include "io/bytes.h"
#include "io/torch.h"
#include "tensor/tensor.h"

#include <string.h>

enum { PROTOCOL = 1001, COUNT_BYTES = 8 };

/* LONG1 of ten bytes 0x1950A86A20F9469CFC6C, STOP: behind PROTO and, from protocol 4 on, FRAME. */
static const unsigned char magic[] = {0x8A, 10,   0x6C, 0xFC, 0x9C, 0x46, 0xF9,
                                      0x20, 0x6A, 0xA8, 0x50, 0x19, '.'};
enum { PROTO_BYTES = 2, FRAME_BYTES = 9 };

typedef struct storages {
    brn__name_table names; /* key -> index in `all` */
    brn__torch_storage **all;
    int64_t count, capacity;
} storages;

/* Of the pickle of the magic number; 0 when it is none. */
static size_t magic_length(const unsigned char *bytes, size_t length)
{
    if (length < PROTO_BYTES + sizeof magic || bytes[0] != 0x80) return 0;
    const size_t at = PROTO_BYTES + (bytes[1] >= 4 ? FRAME_BYTES : 0);
    if (bytes[1] < 2 || bytes[1] > 5 || length < at + sizeof magic) return 0;
    return memcmp(bytes + at, magic, sizeof magic) == 0 ? at + sizeof magic : 0;
}

static bool matches(const unsigned char *bytes, size_t length)
{
    return magic_length(bytes, length) > 0;
}

static brn_status add_storage(brn__torch_reader *reader, const brn__torch_storage *wanted,
                              const brn__torch_storage **out)
{
    storages *s = reader->container;
    brn__arena *arena = &reader->state->arena;
    if (s->count == s->capacity) {
        int64_t capacity = s->capacity ? 2 * s->capacity : 64;
        brn__torch_storage **all = brn__arena_alloc(arena, (size_t)capacity * sizeof *all);
        if (!all) return BRN_ERROR_NO_MEMORY;
        if (s->count) memcpy(all, s->all, (size_t)s->count * sizeof *all);
        s->all = all;
        s->capacity = capacity;
    }
    brn__torch_storage *storage = brn__arena_copy(arena, wanted, sizeof *wanted);
    if (!storage) return BRN_ERROR_NO_MEMORY;
    bool added;
    BRN__TRY(brn__name_table_add(&s->names, storage->key, storage->key_length, s->count, &added));
    s->all[s->count++] = storage;
    *out = storage;
    return BRN_OK;
}

static brn_status find_storage(brn__torch_reader *reader, const brn__torch_storage *wanted,
                               const brn__torch_storage **out)
{
    const storages *s = reader->container;
    int64_t index = brn__name_table_find(&s->names, wanted->key, wanted->key_length);
    if (index < 0) return add_storage(reader, wanted, out);
    const brn__torch_storage *known = s->all[index];
    if (known->dtype != wanted->dtype || known->count != wanted->count)
        return brn__fail(BRN_ERROR_INPUT, "storage \"%s\" is both %lld of %s and %lld of %s",
                         BRN__QUOTE(known->key, known->key_length), (long long)known->count,
                         brn_dtype_name(known->dtype), (long long)wanted->count,
                         brn_dtype_name(wanted->dtype));
    *out = known;
    return BRN_OK;
}

static brn_status check_system(const brn__pickle_value *protocol, const brn__pickle_value *system)
{
    if (protocol->kind != BRN__PICKLE_INTEGER || protocol->as.integer != PROTOCOL)
        return brn__fail(BRN_ERROR_INPUT, "a protocol other than %d", PROTOCOL);
    return brn__torch_check_system(system);
}

/* Takes the elements of one storage from the file at `*position`. */
static brn_status read_storage(brn__torch_reader *reader, brn__torch_storage *storage,
                               size_t *position)
{
    const brn__state *state = reader->state;
    const char *key = BRN__QUOTE(storage->key, storage->key_length);
    if (storage->bytes) return brn__fail(BRN_ERROR_INPUT, "storage \"%s\" is listed twice", key);
    if (state->length - *position < COUNT_BYTES)
        return brn__fail(BRN_ERROR_INPUT, "storage \"%s\": the file is cut short", key);
    int64_t count = (int64_t)brn__read_u64(state->bytes + *position);
    *position += COUNT_BYTES;
    if (count != storage->count)
        return brn__fail(BRN_ERROR_INPUT, "storage \"%s\" has %lld elements; expected %lld", key,
                         (long long)count, (long long)storage->count);
    size_t bytes = (size_t)count * brn_dtype_bytes(storage->dtype);
    if (bytes > state->length - *position)
        return brn__fail(BRN_ERROR_INPUT,
                         "storage \"%s\" needs %zu bytes, %zu are left: the file is cut short", key,
                         bytes, state->length - *position);
    storage->bytes = state->bytes + *position;
    *position += bytes;
    return BRN_OK;
}

static brn_status read_storages(brn__torch_reader *reader, const brn__pickle_value *keys)
{
    storages *s = reader->container;
    size_t position = reader->source.position;
    if (keys->kind != BRN__PICKLE_LIST || (int64_t)keys->as.list.count != s->count)
        return brn__fail(BRN_ERROR_INPUT, "the storage keys are no list of %lld",
                         (long long)s->count);
    for (size_t i = 0; i < keys->as.list.count; i++) {
        const brn__pickle_value *key = keys->as.list.items[i];
        int64_t index =
            key->kind != BRN__PICKLE_STRING
                ? -1
                : brn__name_table_find(&s->names, key->as.string.bytes, key->as.string.length);
        if (index < 0)
            return brn__fail(BRN_ERROR_INPUT, "storage key %zu is none that a tensor uses", i);
        BRN__TRY(read_storage(reader, s->all[index], &position));
    }
    if (position != reader->state->length)
        return brn__fail(BRN_ERROR_INPUT, "%zu bytes behind the last storage",
                         reader->state->length - position);
    return BRN_OK;
}

static brn_status read_stream(brn__torch_reader *reader)
{
    const brn__pickle_value *protocol, *system, *root, *keys;
    const brn__state *state = reader->state;
    reader->source = (brn__pickle_source){.bytes = state->bytes,
                                          .length = state->length,
                                          .position = magic_length(state->bytes, state->length)};
    BRN__TRY(brn__torch_unpickle(reader, &protocol));
    BRN__TRY(brn__torch_unpickle(reader, &system));
    BRN__TRY(check_system(protocol, system));
    BRN__TRY(brn__torch_unpickle(reader, &root));
    BRN__TRY(brn__torch_unpickle(reader, &keys));
    BRN__TRY(read_storages(reader, keys));
    return brn__torch_add_entries(reader, root);
}

static brn_status read(brn__state *state)
{
    storages s = {0};
    brn__torch_reader reader = {.state = state, .find_storage = find_storage, .container = &s};
    brn_status status = read_stream(&reader);
    brn__name_table_free(&s.names);
    return status;
}

const brn__container brn__container_torch_legacy = {
    .name = "PyTorch legacy", .matches = matches, .read = read};
