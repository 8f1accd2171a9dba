/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/model_tensors.h"
#include "base/alloc.h"
#include "tensor/tensor.h"

#include <math.h>

void brn__model_tensors_list(const brn_parameters *parameters, brn__safetensors_item *items)
{
    const float *values = brn_parameters_values((brn_parameters *)(uintptr_t)parameters);
    for (int i = 0; i < brn_parameters_count(parameters); i++) {
        brn_parameter_info info = brn_parameters_info(parameters, i);
        items[i] = (brn__safetensors_item){.name = info.name,
                                           .dtype = BRN_DTYPE_F32,
                                           .shape = info.shape,
                                           .data = values + info.offset};
    }
}

brn_status brn__model_entry_load(const char *path, const brn__entry *entry,
                                 brn_parameters *parameters, int index)
{
    brn_parameter_info info = brn_parameters_info(parameters, index);
    if (!entry || entry->dtype != BRN_DTYPE_F32 || !brn_shape_equal(entry->shape, info.shape))
        return brn__fail(BRN_ERROR_INPUT, "%s: %s must be float32 %s", path, info.name,
                         BRN__SHAPE(info.shape));
    float *values = brn__alloc_array((size_t)info.count, sizeof *values);
    if (!values) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__state_read(entry, BRN_DTYPE_F32, values);
    for (int64_t i = 0; status == BRN_OK && i < info.count; i++)
        if (!isfinite(values[i]))
            status = brn__fail(BRN_ERROR_INPUT, "%s: element %lld of %s is not a finite number",
                               path, (long long)i, info.name);
    if (status == BRN_OK)
        status = brn_parameters_write(parameters, index, BRN_DTYPE_F32, values, info.count);
    brn__free(values);
    return status;
}

brn_status brn__model_tensor_load(const char *path, const brn__state *state,
                                  brn_parameters *parameters, int index)
{
    const char *name = brn_parameters_info(parameters, index).name;
    return brn__model_entry_load(path, brn__state_find(state, name), parameters, index);
}

brn_status brn__model_tensors_load(const char *path, const brn__state *state,
                                   brn_parameters *parameters)
{
    for (int i = 0; i < brn_parameters_count(parameters); i++)
        BRN__TRY(brn__model_tensor_load(path, state, parameters, i));
    return BRN_OK;
}
