/* SPDX-License-Identifier: Apache-2.0
 * The memory of an average of weights. */
#include "train/averages.h"
#include "base/alloc.h"
#include "base/status.h"

#include <limits.h>
#include <string.h>

static bool is_double(const brn__average *average)
{
    return brn_parameters_dtype(average->parameters) == BRN_DTYPE_F64;
}

static size_t store_bytes(const brn__average *average)
{
    return (size_t)average->elements * brn_dtype_bytes(brn_parameters_dtype(average->parameters));
}

brn_status brn__average_init(brn__average *average, brn_parameters *parameters, const char *name)
{
    *average = (brn__average){.parameters = parameters,
                              .elements = brn_parameters_elements(parameters)};
    if (average->elements >= INT_MAX)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "%s: %lld parameters are too many to be averaged", name,
                         (long long)average->elements);
    average->memory = brn__alloc_zero((size_t)average->elements + 1, sizeof *average->memory);
    if (!average->memory) return BRN_ERROR_NO_MEMORY;
    average->callback = (brn__callback){.name = name,
                                        .order = BRN__ORDER_METRICS,
                                        .state = average,
                                        .memory = average->memory,
                                        .memory_count = (int)average->elements + 1};
    return BRN_OK;
}

void brn__average_deinit(brn__average *average)
{
    brn__free(average->memory);
    *average = (brn__average){0};
}

int64_t brn__average_count(const brn__average *average)
{
    return average->memory ? (int64_t)average->memory[0] : 0;
}

void brn__average_move(brn__average *average, double share)
{
    double *to = average->memory + 1;
    const void *values = brn_parameters_values(average->parameters);
    const int64_t count = average->elements;
    if (is_double(average)) {
        const double *from = values;
        for (int64_t i = 0; i < count; i++) to[i] += share * (from[i] - to[i]);
    } else {
        const float *from = values;
        for (int64_t i = 0; i < count; i++) to[i] += share * ((double)from[i] - to[i]);
    }
    average->memory[0]++;
}

brn_status brn__average_apply(const brn__average *average, void *saved)
{
    if (brn__average_count(average) == 0)
        return brn__fail(BRN_ERROR_USAGE, "%s: nothing has been averaged yet",
                         average->callback.name ? average->callback.name : "average");
    void *values = brn_parameters_values(average->parameters);
    if (saved) memcpy(saved, values, store_bytes(average));
    const double *from = average->memory + 1;
    for (int64_t i = 0; i < average->elements; i++)
        if (is_double(average)) ((double *)values)[i] = from[i];
        else ((float *)values)[i] = (float)from[i];
    brn_parameters_touch(average->parameters, 0, average->elements);
    return BRN_OK;
}

void brn__average_undo(const brn__average *average, const void *saved)
{
    memcpy(brn_parameters_values(average->parameters), saved, store_bytes(average));
    brn_parameters_touch(average->parameters, 0, average->elements);
}
