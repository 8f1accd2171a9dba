/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/cpu/dnnl.h"
#include "base/alloc.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static dnnl_engine_t engine;
static dnnl_status_t engine_status;
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;

static void create_engine(void) { engine_status = dnnl_engine_create(&engine, dnnl_cpu, 0); }

brn_status brn__dnnl_engine(dnnl_engine_t *out)
{
    pthread_once(&engine_once, create_engine);
    BRN__TRY(brn__dnnl_check(engine_status, "dnnl_engine_create"));
    *out = engine;
    return BRN_OK;
}

brn_status brn__dnnl_check(dnnl_status_t status, const char *call)
{
    if (status == dnnl_success) return BRN_OK;
    int length = (int)strcspn(call, "(");
    if (status == dnnl_out_of_memory)
        return brn__fail(BRN_ERROR_NO_MEMORY, "oneDNN: %.*s: no memory", length, call);
    if (status == dnnl_unimplemented)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "oneDNN: %.*s: no implementation for this case", length, call);
    return brn__fail(BRN_ERROR_INTERNAL, "oneDNN: %.*s: status %d", length, call, (int)status);
}

brn_status brn__dnnl_call_new(brn__step *step, brn__dnnl_call **out)
{
    brn__dnnl_call *call = brn__alloc_zero(1, sizeof *call);
    if (!call) return BRN_ERROR_NO_MEMORY;
    dnnl_engine_t cpu;
    brn_status status = brn__dnnl_engine(&cpu);
    if (status == BRN_OK)
        status = brn__dnnl_check(dnnl_stream_create(&call->stream, cpu, dnnl_stream_default_flags),
                                 "dnnl_stream_create");
    if (status != BRN_OK) {
        brn__free(call);
        return status;
    }
    step->data = call;
    *out = call;
    return BRN_OK;
}

void brn__dnnl_release(brn__step *step)
{
    brn__dnnl_call *call = step->data;
    if (!call) return;
    for (int i = 0; i < call->argument_count; i++) dnnl_memory_destroy(call->arguments[i].memory);
    if (call->primitive) dnnl_primitive_destroy(call->primitive);
    if (call->descriptor) dnnl_primitive_desc_destroy(call->descriptor);
    for (int i = 0; i < call->owned_count; i++) dnnl_memory_desc_destroy(call->owned[i]);
    dnnl_stream_destroy(call->stream);
    brn__free(call);
    step->data = NULL;
}

static brn_status own(brn__dnnl_call *call, dnnl_memory_desc_t descriptor, const_dnnl_memory_desc_t *out)
{
    if (call->owned_count == BRN__DNNL_DESCRIPTORS_MAX) {
        dnnl_memory_desc_destroy(descriptor);
        return brn__fail(BRN_ERROR_INTERNAL, "oneDNN: more than %d descriptors in one call",
                         BRN__DNNL_DESCRIPTORS_MAX);
    }
    call->owned[call->owned_count++] = descriptor;
    *out = descriptor;
    return BRN_OK;
}

brn_status brn__dnnl_tagged_as(brn__dnnl_call *call, dnnl_data_type_t type, int rank, const int64_t *dims,
                               dnnl_format_tag_t tag, const_dnnl_memory_desc_t *out)
{
    dnnl_memory_desc_t descriptor;
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_tag(&descriptor, rank, dims, type, tag));
    return own(call, descriptor, out);
}

brn_status brn__dnnl_tagged(brn__dnnl_call *call, int rank, const int64_t *dims, dnnl_format_tag_t tag,
                            const_dnnl_memory_desc_t *out)
{
    return brn__dnnl_tagged_as(call, dnnl_f32, rank, dims, tag, out);
}

brn_status brn__dnnl_any(brn__dnnl_call *call, int rank, const int64_t *dims, const_dnnl_memory_desc_t *out)
{
    return brn__dnnl_tagged(call, rank, dims, dnnl_format_tag_any, out);
}

brn_status brn__dnnl_strided_as(brn__dnnl_call *call, dnnl_data_type_t type, int rank, const int64_t *dims,
                                const int64_t *strides, const_dnnl_memory_desc_t *out)
{
    dnnl_memory_desc_t descriptor;
    dnnl_dims_t sizes = {0}, steps = {0}; /* the call's arrays are always of 12 */
    memcpy(sizes, dims, (size_t)rank * sizeof *sizes);
    memcpy(steps, strides, (size_t)rank * sizeof *steps);
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_strides(&descriptor, rank, sizes, type, steps));
    return own(call, descriptor, out);
}

brn_status brn__dnnl_strided(brn__dnnl_call *call, int rank, const int64_t *dims, const int64_t *strides,
                             const_dnnl_memory_desc_t *out)
{
    return brn__dnnl_strided_as(call, dnnl_f32, rank, dims, strides, out);
}

static void row_major(int rank, const int64_t *dims, int64_t *strides)
{
    int64_t stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= dims[i];
    }
}

brn_status brn__dnnl_plain(brn__dnnl_call *call, int rank, const int64_t *dims, const_dnnl_memory_desc_t *out)
{
    int64_t strides[DNNL_MAX_NDIMS];
    row_major(rank, dims, strides);
    return brn__dnnl_strided(call, rank, dims, strides, out);
}

brn_status brn__dnnl_of_layout(brn__dnnl_call *call, const brn__layout *layout, brn_shape shape,
                               const_dnnl_memory_desc_t *out)
{
    if (!layout->description) return brn__dnnl_plain(call, shape.rank, shape.dims, out);
    *out = layout->description;
    return BRN_OK;
}

static bool holds_bf16(const_dnnl_memory_desc_t descriptor)
{
    dnnl_data_type_t type = dnnl_f32;
    dnnl_memory_desc_query(descriptor, dnnl_query_data_type, &type);
    return type == dnnl_bf16;
}

bool brn__is_bf16(const brn__layout *layout) { return layout->description && holds_bf16(layout->description); }

/* Row-major float32 (or whole numbers) without padding: dimensions of size 1 may have any stride. */
static bool is_row_major(const_dnnl_memory_desc_t descriptor)
{
    int rank = 0, blocks = 0;
    if (holds_bf16(descriptor)) return false;
    dnnl_memory_desc_query(descriptor, dnnl_query_ndims_s32, &rank);
    dnnl_memory_desc_query(descriptor, dnnl_query_inner_nblks_s32, &blocks);
    if (blocks) return false;
    dnnl_dims_t *dims, *padded, *strides;
    int64_t expected[DNNL_MAX_NDIMS];
    dnnl_memory_desc_query(descriptor, dnnl_query_dims, &dims);
    dnnl_memory_desc_query(descriptor, dnnl_query_padded_dims, &padded);
    dnnl_memory_desc_query(descriptor, dnnl_query_strides, &strides);
    row_major(rank, *dims, expected);
    for (int i = 0; i < rank; i++)
        if ((*dims)[i] != (*padded)[i] || ((*dims)[i] > 1 && (*strides)[i] != expected[i])) return false;
    return true;
}

brn__layout brn__dnnl_layout(const_dnnl_memory_desc_t descriptor)
{
    size_t bytes = dnnl_memory_desc_get_size(descriptor);
    return (brn__layout){is_row_major(descriptor) ? NULL : descriptor, bytes};
}

const_dnnl_memory_desc_t brn__dnnl_query(const brn__dnnl_call *call, dnnl_query_t what, int index)
{
    return dnnl_primitive_desc_query_md(call->descriptor, what, index);
}

brn_status brn__dnnl_argument(brn__dnnl_call *call, int name, const_dnnl_memory_desc_t descriptor,
                              brn__dnnl_place place, int index)
{
    dnnl_engine_t cpu;
    BRN__TRY(brn__dnnl_engine(&cpu));
    dnnl_memory_t memory;
    BRN__DNNL_TRY(dnnl_memory_create(&memory, descriptor, cpu, DNNL_MEMORY_NONE));
    int i = call->argument_count++;
    call->arguments[i].name = name;
    call->arguments[i].memory = memory;
    call->arguments[i].place = place;
    call->arguments[i].index = index;
    return BRN_OK;
}

brn_status brn__dnnl_finish(brn__step *step, brn__dnnl_call *call)
{
    BRN__DNNL_TRY(dnnl_primitive_create(&call->primitive, call->descriptor));
    const_dnnl_memory_desc_t scratch = brn__dnnl_query(call, dnnl_query_scratchpad_md, 0);
    step->scratch_bytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
    if (step->scratch_bytes)
        BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_SCRATCHPAD, scratch, BRN__DNNL_SCRATCH, 0));
    const char *name = NULL;
    dnnl_primitive_desc_query(call->descriptor, dnnl_query_impl_info_str, 0, &name);
    snprintf(call->implementation, sizeof call->implementation, "dnnl:%s", name ? name : "?");
    step->implementation = call->implementation;
    return BRN_OK;
}

brn_status brn__dnnl_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    brn__dnnl_call *call = step->data;
    dnnl_exec_arg_t arguments[BRN__DNNL_ARGUMENTS_MAX];
    for (int i = 0; i < call->argument_count; i++) {
        char *base = call->arguments[i].place == BRN__DNNL_INPUT    ? step->inputs[call->arguments[i].index]
                     : call->arguments[i].place == BRN__DNNL_OUTPUT ? step->outputs[call->arguments[i].index]
                                                                    : step->scratch;
        BRN__DNNL_TRY(dnnl_memory_set_data_handle(call->arguments[i].memory, base + call->arguments[i].offset));
        arguments[i] = (dnnl_exec_arg_t){call->arguments[i].name, call->arguments[i].memory};
    }
    BRN__DNNL_TRY(dnnl_primitive_execute(call->primitive, call->stream, call->argument_count, arguments));
    BRN__DNNL_TRY(dnnl_stream_wait(call->stream));
    return BRN_OK;
}

brn_status brn__dnnl_attributes(dnnl_primitive_attr_t *out)
{
    BRN__DNNL_TRY(dnnl_primitive_attr_create(out));
    brn_status status = brn__dnnl_check(dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user),
                                        "dnnl_primitive_attr_set_scratchpad_mode");
    if (status != BRN_OK) dnnl_primitive_attr_destroy(*out);
    return status;
}
