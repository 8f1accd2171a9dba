/* SPDX-License-Identifier: Apache-2.0
 * torch.save before 0.1.10: a tar archive of four members. `storages`: their number, for each one
 * (id, location, type), its elements as int64 and its bytes, then the list of views (id, root,
 * offset, elements). `tensors`: their number, for each one (id, storage, type), its dimensions as
 * int32 and 4 bytes that mean nothing, sizes, strides and offset as int64. `pickle`: the object,
 * with these ids as its persistent ids. `sys_info`: the byte order. */
#include "io/bytes.h"
#include "io/torch.h"
#include "tensor/tensor.h"

#include <string.h>

enum {
    BLOCK = 512,
    SIZE_AT = 124,
    CHECKSUM_AT = 148,
    TYPE_AT = 156,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
};

typedef enum part { SYS_INFO, PICKLE, STORAGES, TENSORS, PARTS } part;
static const char *const part_names[PARTS] = {"sys_info", "pickle", "storages", "tensors"};

typedef struct archive {
    struct {
        const unsigned char *bytes; /* NULL: not seen */
        size_t length;
    } parts[PARTS];
    brn__name_table ids; /* in decimal -> index in `objects` */
    brn__pickle_value **objects;
    int64_t count, capacity;
} archive;

static bool matches(const unsigned char *bytes, size_t length)
{
    return length >= BLOCK && memcmp(bytes + MAGIC_AT, "ustar", 5) == 0;
}

/* A field of octal digits that spaces or a zero end. */
static bool read_octal(const unsigned char *field, int width, int64_t *out)
{
    int i = 0;
    *out = 0;
    while (i < width && field[i] == ' ') i++;
    const int first = i;
    for (; i < width && field[i] >= '0' && field[i] <= '7'; i++) *out = *out * 8 + (field[i] - '0');
    return i > first && (i == width || field[i] == ' ' || field[i] == '\0');
}

static bool is_zero(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i]) return false;
    return true;
}

/* Checks a header; *length is that of the member behind it. */
static brn_status read_header(const unsigned char *header, size_t at, size_t left, size_t *length)
{
    int64_t stated, sum = 8 * ' ', size;
    for (int i = 0; i < BLOCK; i++)
        if (i < CHECKSUM_AT || i >= CHECKSUM_AT + 8) sum += header[i];
    if (!read_octal(header + CHECKSUM_AT, 8, &stated) || stated != sum)
        return brn__fail(BRN_ERROR_INPUT, "the header at byte %zu is damaged: its checksum", at);
    if (!read_octal(header + SIZE_AT, 12, &size))
        return brn__fail(BRN_ERROR_INPUT, "the header at byte %zu has no octal size", at);
    if ((uint64_t)size > left)
        return brn__fail(BRN_ERROR_INPUT, "member \"%s\" needs %lld bytes, %zu are left: the file "
                                          "is cut short",
                         BRN__QUOTE((const char *)header, strnlen((const char *)header, 100)),
                         (long long)size, left);
    *length = (size_t)size;
    return BRN_OK;
}

/* Python's tarfile puts times into such a record; a size or a path there would change the member. */
static brn_status check_extended(const unsigned char *bytes, size_t length)
{
    static const char *const keys[] = {" size=", " path=", " linkpath="};
    for (int i = 0; i < 3; i++)
        if (length && memmem(bytes, length, keys[i], strlen(keys[i])))
            return brn__fail(BRN_ERROR_UNSUPPORTED, "an extended header with \"%s\"", keys[i] + 1);
    return BRN_OK;
}

static brn_status add_member(archive *a, const unsigned char *header, size_t length)
{
    const char *name = (const char *)header;
    const size_t name_length = strnlen(name, 100);
    const unsigned char type = header[TYPE_AT];
    if (type == 'x' || type == 'g') return check_extended(header + BLOCK, length);
    if ((type != '0' && type != '\0') || header[PREFIX_AT]) return BRN_OK;
    for (int i = 0; i < PARTS; i++) {
        if (strlen(part_names[i]) != name_length || memcmp(name, part_names[i], name_length) != 0)
            continue;
        if (a->parts[i].bytes)
            return brn__fail(BRN_ERROR_INPUT, "two members are named \"%s\"", part_names[i]);
        a->parts[i].bytes = header + BLOCK;
        a->parts[i].length = length;
    }
    return BRN_OK;
}

/* Members, then at least two blocks of zeros and nothing else. */
static brn_status read_members(archive *a, const unsigned char *bytes, size_t length)
{
    size_t at = 0, size;
    if (length % BLOCK)
        return brn__fail(BRN_ERROR_INPUT, "%zu bytes; expected whole blocks of %d: the file is cut "
                                          "short",
                         length, BLOCK);
    while (at < length && !is_zero(bytes + at, BLOCK)) {
        BRN__TRY(read_header(bytes + at, at, length - at - BLOCK, &size));
        BRN__TRY(add_member(a, bytes + at, size));
        at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
    }
    if (length - at < 2 * BLOCK)
        return brn__fail(BRN_ERROR_INPUT, "two blocks of zeros are missing at its end: the file is "
                                          "cut short");
    if (!is_zero(bytes + at, length - at))
        return brn__fail(BRN_ERROR_INPUT, "something stands behind its end at byte %zu", at);
    for (int i = 0; i < PARTS; i++)
        if (!a->parts[i].bytes)
            return brn__fail(BRN_ERROR_INPUT, "no member \"%s\"; expected a file of torch.save",
                             part_names[i]);
    return BRN_OK;
}

static void enter(brn__torch_reader *reader, part member)
{
    const archive *a = reader->container;
    reader->source = (brn__pickle_source){.bytes = a->parts[member].bytes,
                                          .length = a->parts[member].length};
}

static brn_status leave(const brn__torch_reader *reader)
{
    const size_t left = reader->source.length - reader->source.position;
    return left ? brn__fail(BRN_ERROR_INPUT, "%zu bytes behind its end", left) : BRN_OK;
}

/* The next `count` bytes of the member. */
static brn_status take(brn__torch_reader *reader, size_t count, const unsigned char **out)
{
    brn__pickle_source *source = &reader->source;
    if (count > source->length - source->position)
        return brn__fail(BRN_ERROR_INPUT, "%zu bytes wanted, %zu left: the file is cut short",
                         count, source->length - source->position);
    *out = source->bytes + source->position;
    source->position += count;
    return BRN_OK;
}

static brn_status take_integer(brn__torch_reader *reader, int64_t *out)
{
    const unsigned char *bytes;
    BRN__TRY(take(reader, 8, &bytes));
    *out = (int64_t)brn__read_u64(bytes);
    return BRN_OK;
}

/* How many items follow. */
static brn_status take_count(brn__torch_reader *reader, int64_t *out)
{
    const brn__pickle_value *count;
    BRN__TRY(brn__torch_unpickle(reader, &count));
    if (count->kind != BRN__PICKLE_INTEGER || count->as.integer < 0 ||
        count->as.integer > BRN__STATE_ENTRIES_MAX)
        return brn__fail(BRN_ERROR_INPUT, "the number of items is no integer from 0 to %d",
                         BRN__STATE_ENTRIES_MAX);
    *out = count->as.integer;
    return BRN_OK;
}

/* A tuple of `count` values whose first ones are `integers` integers. */
static brn_status check_tuple(const brn__pickle_value *tuple, size_t count, size_t integers,
                              const char *what)
{
    bool fits = tuple->kind == BRN__PICKLE_TUPLE && tuple->as.list.count == count;
    for (size_t i = 0; fits && i < integers; i++)
        fits = tuple->as.list.items[i]->kind == BRN__PICKLE_INTEGER;
    return fits ? BRN_OK : brn__fail(BRN_ERROR_INPUT, "an item is no %s", what);
}

/* The text by which an id is found: an integer, or its digits as Python 3 wrote them. */
static brn_status id_text(const brn__torch_reader *reader, const brn__pickle_value *id,
                          const char **text, size_t *length)
{
    if (id->kind == BRN__PICKLE_STRING) {
        *text = id->as.string.bytes;
        *length = id->as.string.length;
        return BRN_OK;
    }
    if (id->kind != BRN__PICKLE_INTEGER)
        return brn__fail(BRN_ERROR_INPUT, "a persistent id is %s; expected an integer",
                         brn__pickle_kind_text(id));
    *text = brn__arena_printf(&reader->state->arena, "%lld", (long long)id->as.integer);
    if (!*text) return BRN_ERROR_NO_MEMORY;
    *length = strlen(*text);
    return BRN_OK;
}

static brn_status find_object(brn__torch_reader *reader, const brn__pickle_value *id,
                              brn__pickle_value **out)
{
    const archive *a = reader->container;
    const char *text;
    size_t length;
    BRN__TRY(id_text(reader, id, &text, &length));
    int64_t index = brn__name_table_find(&a->ids, text, length);
    if (index < 0)
        return brn__fail(BRN_ERROR_INPUT, "persistent id \"%s\" is no storage's and no tensor's",
                         BRN__QUOTE(text, length));
    *out = a->objects[index];
    return BRN_OK;
}

static brn_status add_object(brn__torch_reader *reader, const char *id, size_t length,
                             brn__pickle_value *object)
{
    archive *a = reader->container;
    brn__arena *arena = &reader->state->arena;
    bool added;
    if (a->count == a->capacity) {
        int64_t capacity = a->capacity ? 2 * a->capacity : 64;
        brn__pickle_value **objects = brn__arena_alloc(arena, (size_t)capacity * sizeof *objects);
        if (!objects) return BRN_ERROR_NO_MEMORY;
        if (a->count) memcpy(objects, a->objects, (size_t)a->count * sizeof *objects);
        a->objects = objects;
        a->capacity = capacity;
    }
    BRN__TRY(brn__name_table_add(&a->ids, id, length, a->count, &added));
    if (!added)
        return brn__fail(BRN_ERROR_INPUT, "two items have the id \"%s\"", BRN__QUOTE(id, length));
    a->objects[a->count++] = object;
    return BRN_OK;
}

static brn_status add_storage(brn__torch_reader *reader, const brn__torch_storage *storage)
{
    brn__pickle_value *object;
    const brn__torch_storage *kept =
        brn__arena_copy(&reader->state->arena, storage, sizeof *storage);
    if (!kept) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(brn__torch_new_storage(reader, kept, &object));
    return add_object(reader, kept->key, kept->key_length, object);
}

static brn_status read_storage(brn__torch_reader *reader)
{
    const brn__pickle_value *item;
    brn__torch_storage storage = {0};
    BRN__TRY(brn__torch_unpickle(reader, &item));
    BRN__TRY(check_tuple(item, 3, 1, "(id, location, type) of a storage"));
    BRN__TRY(id_text(reader, item->as.list.items[0], &storage.key, &storage.key_length));
    if (!brn__torch_storage_type(item->as.list.items[2], &storage.dtype))
        return brn__fail(BRN_ERROR_INPUT, "storage \"%s\" has a type that is no storage type",
                         BRN__QUOTE(storage.key, storage.key_length));
    BRN__TRY(take_integer(reader, &storage.count));
    BRN__TRY(brn__torch_check_count(&storage));
    BRN__TRY(take(reader, (size_t)storage.count * brn_dtype_bytes(storage.dtype), &storage.bytes));
    return add_storage(reader, &storage);
}

/* (id, root, offset, elements): a storage within another. */
static brn_status read_storage_view(brn__torch_reader *reader, const brn__pickle_value *item)
{
    brn__pickle_value *object;
    BRN__TRY(check_tuple(item, 4, 4, "(id, root, offset, elements) of integers"));
    BRN__TRY(find_object(reader, item->as.list.items[1], &object));
    brn__torch_storage within = *brn__torch_storage_of(object);
    const int64_t offset = item->as.list.items[2]->as.integer;
    const int64_t count = item->as.list.items[3]->as.integer;
    if (offset < 0 || count < 0 || offset > within.count || count > within.count - offset)
        return brn__fail(BRN_ERROR_INPUT,
                         "a view of %lld elements at %lld leaves its storage \"%s\" of %lld",
                         (long long)count, (long long)offset,
                         BRN__QUOTE(within.key, within.key_length), (long long)within.count);
    within.bytes += (size_t)offset * brn_dtype_bytes(within.dtype);
    within.count = count;
    BRN__TRY(id_text(reader, item->as.list.items[0], &within.key, &within.key_length));
    return add_storage(reader, &within);
}

static brn_status read_storages(brn__torch_reader *reader)
{
    int64_t count;
    const brn__pickle_value *views;
    enter(reader, STORAGES);
    BRN__TRY(take_count(reader, &count));
    for (int64_t i = 0; i < count; i++) BRN__TRY(read_storage(reader));
    BRN__TRY(brn__torch_unpickle(reader, &views));
    if (views->kind != BRN__PICKLE_LIST)
        return brn__fail(BRN_ERROR_INPUT, "the views are %s; expected a list",
                         brn__pickle_kind_text(views));
    for (size_t i = 0; i < views->as.list.count; i++)
        BRN__TRY(read_storage_view(reader, views->as.list.items[i]));
    return leave(reader);
}

/* `rank` integers of 0 or more. */
static brn_status take_dims(brn__torch_reader *reader, const char *what, int rank, int64_t *dims)
{
    for (int i = 0; i < rank; i++) {
        BRN__TRY(take_integer(reader, &dims[i]));
        if (dims[i] < 0)
            return brn__fail(BRN_ERROR_INPUT, "the %s of a tensor holds a negative integer", what);
    }
    return BRN_OK;
}

static brn_status read_tensor(brn__torch_reader *reader)
{
    const brn__pickle_value *item;
    const unsigned char *rank;
    brn__pickle_value *object;
    brn_shape shape = {0};
    brn_dtype dtype;
    int64_t strides[BRN_RANK_MAX], offset;
    const char *id;
    size_t length;
    BRN__TRY(brn__torch_unpickle(reader, &item));
    BRN__TRY(check_tuple(item, 3, 2, "(id, storage, type) of a tensor"));
    BRN__TRY(id_text(reader, item->as.list.items[0], &id, &length));
    BRN__TRY(find_object(reader, item->as.list.items[1], &object));
    const brn__torch_storage *storage = brn__torch_storage_of(object);
    if (!storage || !brn__torch_tensor_type(item->as.list.items[2], &dtype) ||
        dtype != storage->dtype)
        return brn__fail(BRN_ERROR_INPUT, "tensor \"%s\" is not of its storage's type",
                         BRN__QUOTE(id, length));
    BRN__TRY(take(reader, 8, &rank));
    if (brn__read_u32(rank) > BRN_RANK_MAX)
        return brn__fail(BRN_ERROR_INPUT, "a tensor of %u dimensions; expected at most %d",
                         (unsigned)brn__read_u32(rank), BRN_RANK_MAX);
    shape.rank = (int)brn__read_u32(rank);
    BRN__TRY(take_dims(reader, "size", shape.rank, shape.dims));
    BRN__TRY(take_dims(reader, "stride", shape.rank, strides));
    BRN__TRY(take_integer(reader, &offset));
    if (offset < 0)
        return brn__fail(BRN_ERROR_INPUT, "a tensor's offset is no integer of 0 or more");
    BRN__TRY(brn__torch_new_tensor(reader, storage, offset, shape, strides, &object));
    return add_object(reader, id, length, object);
}

static brn_status read_tensors(brn__torch_reader *reader)
{
    int64_t count;
    enter(reader, TENSORS);
    BRN__TRY(take_count(reader, &count));
    for (int64_t i = 0; i < count; i++) BRN__TRY(read_tensor(reader));
    return leave(reader);
}

static brn_status within(brn_status status, part member)
{
    if (status == BRN_OK || status == BRN_ERROR_NO_MEMORY) return status;
    return brn__fail_within(status, "%s", part_names[member]);
}

static brn_status read_plain(brn__torch_reader *reader, part member,
                             const brn__pickle_value **out)
{
    enter(reader, member);
    BRN__TRY(brn__torch_unpickle(reader, out));
    return leave(reader);
}

static brn_status read_archive(brn__torch_reader *reader)
{
    const brn__pickle_value *system, *root;
    BRN__TRY(read_members(reader->container, reader->state->bytes, reader->state->length));
    BRN__TRY(within(read_plain(reader, SYS_INFO, &system), SYS_INFO));
    BRN__TRY(within(brn__torch_check_system(system), SYS_INFO));
    BRN__TRY(within(read_storages(reader), STORAGES));
    BRN__TRY(within(read_tensors(reader), TENSORS));
    BRN__TRY(within(read_plain(reader, PICKLE, &root), PICKLE));
    return brn__torch_add_entries(reader, root);
}

static brn_status read(brn__state *state)
{
    archive a = {0};
    brn__torch_reader reader = {.state = state, .find_object = find_object, .container = &a};
    brn_status status = read_archive(&reader);
    brn__name_table_free(&a.ids);
    return status;
}

const brn__container brn__container_torch_tar = {
    .name = "PyTorch tar", .matches = matches, .read = read};
