/* SPDX-License-Identifier: Apache-2.0
 * torch's names in pickles, as data. Facts: torch/_utils.py and torch/serialization.py. */
#include "io/torch.h"
#include "base/alloc.h"
#include "io/bytes.h"
#include "tensor/tensor.h"

#include <string.h>

typedef enum object_type {
    ORDERED_DICT, /* classes and functions */
    SIZE,
    PARAMETER,
    REBUILD_TENSOR,
    REBUILD_TENSOR_V2,
    REBUILD_PARAMETER,
    STORAGE_TYPE, /* .object: the row of `globals` */
    TENSOR_TYPE,  /* the same; only the tar container has them */
    STORAGE,      /* .object: a brn__torch_storage */
    TENSOR,       /* .object: a view */
} object_type;

typedef struct view {
    const brn__torch_storage *storage;
    int64_t offset; /* elements */
    brn_shape shape;
    int64_t strides[BRN_RANK_MAX];
} view;

/* A view of an expanded tensor may hold more elements than its storage, up to this many. */
enum { EXPANDED_MAX = 1 << 20 };

/* The whole list of what a pickle may name. */
static const struct global_row {
    const char *module, *name;
    object_type type;
    brn_dtype dtype; /* of a STORAGE_TYPE or TENSOR_TYPE */
} globals[] = {
    {"collections", "OrderedDict", ORDERED_DICT, 0},
    {"torch", "Size", SIZE, 0},
    {"torch.nn.parameter", "Parameter", PARAMETER, 0},
    {"torch._utils", "_rebuild_tensor", REBUILD_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR_V2, 0},
    {"torch._utils", "_rebuild_parameter", REBUILD_PARAMETER, 0},
#define TYPE(name, dtype)                                                                          \
    {"torch", name "Storage", STORAGE_TYPE, dtype}, {"torch", name "Tensor", TENSOR_TYPE, dtype}
    TYPE("Float", BRN_DTYPE_F32),
    TYPE("Double", BRN_DTYPE_F64),
    TYPE("Half", BRN_DTYPE_F16),
    TYPE("BFloat16", BRN_DTYPE_BF16),
    TYPE("Long", BRN_DTYPE_I64),
    TYPE("Int", BRN_DTYPE_I32),
    TYPE("Short", BRN_DTYPE_I16),
    TYPE("Char", BRN_DTYPE_I8),
    TYPE("Byte", BRN_DTYPE_U8),
    TYPE("Bool", BRN_DTYPE_BOOL),
#undef TYPE
};

static bool is_object(const brn__pickle_value *value, object_type type)
{
    return value->kind == BRN__PICKLE_OBJECT && value->as.object.type == (int)type;
}

static brn_status new_object(brn__pickle_source *source, object_type type, const void *object,
                             brn__pickle_value **out)
{
    *out = brn__pickle_new(source, BRN__PICKLE_OBJECT);
    if (!*out) return BRN_ERROR_NO_MEMORY;
    (*out)->as.object.type = (int)type;
    (*out)->as.object.object = (void *)(uintptr_t)object;
    return BRN_OK;
}

static bool same(const char *text, size_t length, const char *expected)
{
    return strlen(expected) == length && memcmp(text, expected, length) == 0;
}

static brn_status find_global(brn__pickle_source *source, const char *module, size_t module_length,
                              const char *name, size_t name_length, brn__pickle_value **out)
{
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
        if (same(module, module_length, globals[i].module) &&
            same(name, name_length, globals[i].name))
            return new_object(source, globals[i].type, &globals[i], out);
    return brn__fail(BRN_ERROR_INPUT,
                     "%s.%s is no part of a weight file; nothing in a file is executed. Expected a "
                     "dict of tensors (save model.state_dict())",
                     BRN__QUOTE(module, module_length), BRN__QUOTE(name, name_length));
}

/* A tuple of integers of 0 or more, at most BRN_RANK_MAX. */
static brn_status read_dims(const brn__pickle_value *tuple, const char *what, int *rank,
                            int64_t dims[BRN_RANK_MAX])
{
    if (tuple->kind != BRN__PICKLE_TUPLE)
        return brn__fail(BRN_ERROR_INPUT, "the %s of a tensor is %s; expected a tuple", what,
                         brn__pickle_kind_text(tuple));
    if (tuple->as.list.count > BRN_RANK_MAX)
        return brn__fail(BRN_ERROR_INPUT, "a tensor of %zu dimensions; expected at most %d",
                         tuple->as.list.count, BRN_RANK_MAX);
    *rank = (int)tuple->as.list.count;
    for (int i = 0; i < *rank; i++) {
        const brn__pickle_value *dim = tuple->as.list.items[i];
        if (dim->kind != BRN__PICKLE_INTEGER || dim->as.integer < 0)
            return brn__fail(BRN_ERROR_INPUT,
                             "the %s of a tensor holds %s; expected integers of 0 "
                             "or more",
                             what,
                             dim->kind == BRN__PICKLE_INTEGER ? "a negative integer"
                                                              : brn__pickle_kind_text(dim));
        dims[i] = dim->as.integer;
    }
    return BRN_OK;
}

/* Every element of the view must lie in its storage. */
static brn_status check_view(const view *v)
{
    int64_t elements = brn_shape_elements(v->shape), last = v->offset;
    if (elements < 0)
        return brn__fail(BRN_ERROR_INPUT, "a tensor of shape %s: its size overflows",
                         BRN__SHAPE(v->shape));
    bool fits = v->offset <= v->storage->count;
    for (int i = 0; i < v->shape.rank && elements > 0 && fits; i++) {
        int64_t reach;
        fits = !__builtin_mul_overflow(v->shape.dims[i] - 1, v->strides[i], &reach) &&
               !__builtin_add_overflow(last, reach, &last);
    }
    if (!fits || (elements > 0 && last >= v->storage->count))
        return brn__fail(BRN_ERROR_INPUT,
                         "a tensor of shape %s at offset %lld with strides %s leaves its storage "
                         "\"%s\" of %lld elements",
                         BRN__SHAPE(v->shape), (long long)v->offset,
                         BRN__SHAPE(brn_shape_of(v->shape.rank, v->strides)),
                         BRN__QUOTE(v->storage->key, v->storage->key_length),
                         (long long)v->storage->count);
    if (elements > v->storage->count && elements > EXPANDED_MAX)
        return brn__fail(BRN_ERROR_INPUT,
                         "a tensor of shape %s over a storage of %lld elements is expanded too far",
                         BRN__SHAPE(v->shape), (long long)v->storage->count);
    return BRN_OK;
}

brn_status brn__torch_new_tensor(brn__torch_reader *reader, const brn__torch_storage *storage,
                                 int64_t offset, brn_shape shape, const int64_t *strides,
                                 brn__pickle_value **out)
{
    view *v = brn__arena_alloc(reader->source.arena, sizeof *v);
    if (!v) return BRN_ERROR_NO_MEMORY;
    v->storage = storage;
    v->offset = offset;
    v->shape = shape;
    memcpy(v->strides, strides, (size_t)shape.rank * sizeof *strides);
    BRN__TRY(check_view(v));
    return new_object(&reader->source, TENSOR, v, out);
}

/* (storage, offset, size, stride, ...) */
static brn_status rebuild_tensor(brn__pickle_source *source, const brn__pickle_value *arguments,
                                 size_t least, brn__pickle_value **out)
{
    brn__pickle_value *const *items = arguments->as.list.items;
    if (arguments->as.list.count < least || arguments->as.list.count > 7)
        return brn__fail(BRN_ERROR_INPUT, "a tensor from %zu arguments; expected %zu",
                         arguments->as.list.count, least);
    if (arguments->as.list.count == 7 &&
        (items[6]->kind != BRN__PICKLE_DICT || items[6]->as.list.count))
        return brn__fail(BRN_ERROR_UNSUPPORTED, "a tensor that is conjugated or negated when read");
    if (!is_object(items[0], STORAGE))
        return brn__fail(BRN_ERROR_INPUT, "a tensor over %s; expected a storage",
                         brn__pickle_kind_text(items[0]));
    if (items[1]->kind != BRN__PICKLE_INTEGER || items[1]->as.integer < 0)
        return brn__fail(BRN_ERROR_INPUT, "a tensor's offset is no integer of 0 or more");
    brn_shape shape;
    int64_t strides[BRN_RANK_MAX];
    int stride_rank;
    BRN__TRY(read_dims(items[2], "size", &shape.rank, shape.dims));
    BRN__TRY(read_dims(items[3], "stride", &stride_rank, strides));
    if (stride_rank != shape.rank)
        return brn__fail(BRN_ERROR_INPUT, "a tensor of %d dimensions with %d strides", shape.rank,
                         stride_rank);
    return brn__torch_new_tensor(source->context, items[0]->as.object.object,
                                 items[1]->as.integer, shape, strides, out);
}

/* OrderedDict(), or OrderedDict([[key, value], ...]) as Python 2 writes it. */
static brn_status new_dict(brn__pickle_source *source, const brn__pickle_value *arguments,
                           brn__pickle_value **out)
{
    *out = brn__pickle_new(source, BRN__PICKLE_DICT);
    if (!*out) return BRN_ERROR_NO_MEMORY;
    if (arguments->as.list.count == 0) return BRN_OK;
    const brn__pickle_value *pairs = arguments->as.list.items[0];
    if (arguments->as.list.count != 1 || pairs->kind != BRN__PICKLE_LIST)
        return brn__fail(BRN_ERROR_INPUT, "an OrderedDict of something else than a list of pairs");
    for (size_t i = 0; i < pairs->as.list.count; i++) {
        const brn__pickle_value *pair = pairs->as.list.items[i];
        if ((pair->kind != BRN__PICKLE_LIST && pair->kind != BRN__PICKLE_TUPLE) ||
            pair->as.list.count != 2 || pair->as.list.items[0]->kind != BRN__PICKLE_STRING)
            return brn__fail(BRN_ERROR_INPUT, "an OrderedDict with something else than a pair of a "
                                              "string and a value");
        BRN__TRY(brn__pickle_append(source, *out, pair->as.list.items[0]));
        BRN__TRY(brn__pickle_append(source, *out, pair->as.list.items[1]));
    }
    return BRN_OK;
}

/* Parameter(tensor, ...) is the tensor; Size(tuple) is the tuple. */
static brn_status first_argument(const brn__pickle_value *arguments, bool fits,
                                 brn__pickle_value **out)
{
    if (!fits) return brn__fail(BRN_ERROR_INPUT, "arguments of another type than expected");
    *out = arguments->as.list.items[0];
    return BRN_OK;
}

static brn_status reduce(brn__pickle_source *source, const brn__pickle_value *callable,
                         const brn__pickle_value *arguments, bool is_new, brn__pickle_value **out)
{
    const object_type type = (object_type)callable->as.object.type;
    const size_t count = arguments->as.list.count;
    const brn__pickle_value *first = count ? arguments->as.list.items[0] : NULL;
    if (is_new && type != PARAMETER)
        return brn__fail(BRN_ERROR_INPUT, "only a Parameter is built this way");
    switch (type) {
    case ORDERED_DICT: return new_dict(source, arguments, out);
    case SIZE:
        return first_argument(arguments, count == 1 && first->kind == BRN__PICKLE_TUPLE, out);
    case PARAMETER:
    case REBUILD_PARAMETER:
        return first_argument(arguments, count >= 1 && count <= 3 && is_object(first, TENSOR), out);
    case REBUILD_TENSOR: return rebuild_tensor(source, arguments, 4, out);
    case REBUILD_TENSOR_V2: return rebuild_tensor(source, arguments, 6, out);
    default: return brn__fail(BRN_ERROR_INPUT, "a storage or a tensor is nothing to be called");
    }
}

brn_status brn__torch_check_count(const brn__torch_storage *storage)
{
    int64_t bytes;
    if (storage->count < 0 ||
        __builtin_mul_overflow(storage->count, (int64_t)brn_dtype_bytes(storage->dtype), &bytes))
        return brn__fail(BRN_ERROR_INPUT, "storage \"%s\" of %lld elements",
                         BRN__QUOTE(storage->key, storage->key_length), (long long)storage->count);
    return BRN_OK;
}

static bool type_of(const brn__pickle_value *value, object_type type, brn_dtype *out)
{
    if (!is_object(value, type)) return false;
    const struct global_row *row = value->as.object.object;
    *out = row->dtype;
    return true;
}

bool brn__torch_storage_type(const brn__pickle_value *value, brn_dtype *out)
{
    return type_of(value, STORAGE_TYPE, out);
}

bool brn__torch_tensor_type(const brn__pickle_value *value, brn_dtype *out)
{
    return type_of(value, TENSOR_TYPE, out);
}

brn_status brn__torch_new_storage(brn__torch_reader *reader, const brn__torch_storage *storage,
                                  brn__pickle_value **out)
{
    return new_object(&reader->source, STORAGE, storage, out);
}

const brn__torch_storage *brn__torch_storage_of(const brn__pickle_value *value)
{
    return is_object(value, STORAGE) ? value->as.object.object : NULL;
}

brn_status brn__torch_check_system(const brn__pickle_value *system)
{
    const brn__pickle_value *little = brn__pickle_get(system, "little_endian");
    if (!little || little->kind != BRN__PICKLE_BOOL)
        return brn__fail(BRN_ERROR_INPUT, "no \"little_endian\" in the system information");
    if (!little->as.integer)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "big-endian numbers; expected little-endian");
    return BRN_OK;
}

/* ('storage', type, key, location, count[, view metadata]) */
static brn_status find_persistent(brn__pickle_source *source, const brn__pickle_value *id,
                                  brn__pickle_value **out)
{
    brn__torch_reader *reader = source->context;
    if (reader->find_object) return reader->find_object(reader, id, out);
    const size_t count = id->kind == BRN__PICKLE_TUPLE ? id->as.list.count : 0;
    brn__pickle_value *const *items = id->as.list.items;
    if (count < 5 || count > 6 || !brn__pickle_is_string(items[0], "storage") ||
        !is_object(items[1], STORAGE_TYPE) || items[2]->kind != BRN__PICKLE_STRING ||
        items[3]->kind != BRN__PICKLE_STRING || items[4]->kind != BRN__PICKLE_INTEGER)
        return brn__fail(BRN_ERROR_INPUT, "a persistent id that is no (\"storage\", type, key, "
                                          "location, count)");
    if (count == 6 && items[5]->kind != BRN__PICKLE_NONE)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "storage \"%s\" is a view of another storage",
                         BRN__QUOTE(items[2]->as.string.bytes, items[2]->as.string.length));
    const struct global_row *row = items[1]->as.object.object;
    brn__torch_storage wanted = {.key = items[2]->as.string.bytes,
                                 .key_length = items[2]->as.string.length,
                                 .dtype = row->dtype,
                                 .count = items[4]->as.integer};
    BRN__TRY(brn__torch_check_count(&wanted));
    const brn__torch_storage *storage;
    BRN__TRY(reader->find_storage(reader, &wanted, &storage));
    return new_object(source, STORAGE, storage, out);
}

static const brn__pickle_rules rules = {
    .global = find_global, .reduce = reduce, .persistent = find_persistent};

brn_status brn__torch_unpickle(brn__torch_reader *reader, const brn__pickle_value **out)
{
    reader->source.arena = &reader->state->arena;
    reader->source.rules = &rules;
    reader->source.context = reader;
    return brn__pickle_read(&reader->source, out);
}

static brn_status add_tensor(brn__state *state, const brn__pickle_value *key,
                             const brn__pickle_value *value)
{
    const view *v = value->as.object.object;
    if (key->kind != BRN__PICKLE_STRING)
        return brn__fail(BRN_ERROR_INPUT, "a tensor is named by %s; expected a string",
                         brn__pickle_kind_text(key));
    brn__entry entry = {.dtype = v->storage->dtype, .shape = v->shape};
    memcpy(entry.strides, v->strides, sizeof entry.strides);
    entry.first = v->storage->bytes + (size_t)v->offset * brn_dtype_bytes(entry.dtype);
    return brn__state_add(state, &entry, key->as.string.bytes, key->as.string.length);
}

brn_status brn__torch_add_entries(brn__torch_reader *reader, const brn__pickle_value *root)
{
    static const char *const inner_keys[] = {"state_dict", "model", "model_state_dict", "net"};
    if (root->kind != BRN__PICKLE_DICT)
        return brn__fail(BRN_ERROR_INPUT, "it holds %s; expected a dict of tensors",
                         is_object(root, TENSOR) ? "a single tensor" : brn__pickle_kind_text(root));
    for (size_t i = 0; i < sizeof inner_keys / sizeof *inner_keys; i++) {
        const brn__pickle_value *inner = brn__pickle_get(root, inner_keys[i]);
        if (inner && inner->kind == BRN__PICKLE_DICT) {
            root = inner;
            break;
        }
    }
    for (size_t i = 0; i < root->as.list.count; i += 2)
        if (is_object(root->as.list.items[i + 1], TENSOR))
            BRN__TRY(add_tensor(reader->state, root->as.list.items[i], root->as.list.items[i + 1]));
    if (reader->state->count == 0)
        return brn__fail(BRN_ERROR_INPUT, "its dict of %zu values holds no tensor",
                         root->as.list.count / 2);
    return BRN_OK;
}
