/* SPDX-License-Identifier: Apache-2.0
 * The public face of io/state.h: a brn_state_file is a brn__state. */
#include "burnish/state_file.h"
#include "io/state.h"

static const brn__state *state_of(const brn_state_file *file)
{
    return (const brn__state *)file;
}

brn_status brn_state_file_open(const char *path, brn_state_file **out)
{
    return brn__state_open(path, (brn__state **)out);
}

void brn_state_file_close(brn_state_file *file)
{
    brn__state_close((brn__state *)file);
}

const char *brn_state_file_kind(const brn_state_file *file)
{
    return brn__state_kind(state_of(file));
}

int64_t brn_state_file_count(const brn_state_file *file)
{
    return brn__state_count(state_of(file));
}

brn_state_tensor brn_state_file_tensor(const brn_state_file *file, int64_t index)
{
    if (index < 0 || index >= brn_state_file_count(file)) return (brn_state_tensor){0};
    const brn__entry *entry = brn__state_entry(state_of(file), index);
    return (brn_state_tensor){.name = entry->name, .dtype = entry->dtype, .shape = entry->shape};
}

int64_t brn_state_file_find(const brn_state_file *file, const char *name)
{
    const brn__entry *entry = brn__state_find(state_of(file), name);
    return entry ? entry - brn__state_entry(state_of(file), 0) : -1;
}

brn_status brn_state_file_read(const brn_state_file *file, int64_t index, brn_dtype dtype,
                               brn_tensor **out)
{
    if (index < 0 || index >= brn_state_file_count(file))
        return brn__fail(BRN_ERROR_USAGE, "tensor %lld of a file of %lld", (long long)index,
                         (long long)brn_state_file_count(file));
    if ((unsigned)dtype >= BRN_DTYPE_COUNT)
        return brn__fail(BRN_ERROR_USAGE, "element type %d is not known", (int)dtype);
    const brn__entry *entry = brn__state_entry(state_of(file), index);
    brn_tensor *tensor;
    BRN__TRY(brn_tensor_new(dtype, entry->shape, &tensor));
    brn_status status = brn__state_read(entry, dtype, brn_tensor_data(tensor));
    if (status != BRN_OK) {
        brn_tensor_free(tensor);
        return status;
    }
    *out = tensor;
    return BRN_OK;
}

const char *brn_state_file_metadata(const brn_state_file *file, const char *key)
{
    return brn__state_metadata(state_of(file), key);
}

const char *brn_state_file_metadata_key(const brn_state_file *file, int64_t index)
{
    return brn__state_metadata_key(state_of(file), index);
}
