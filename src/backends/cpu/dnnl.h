/* SPDX-License-Identifier: Apache-2.0
 *
 * What our oneDNN kernels share: status, descriptors, and one primitive with its arguments bound to
 * a step's inputs, outputs and scratch. Layout descriptions of the cpu backend are
 * const_dnnl_memory_desc_t; they live as long as the step that made them.
 */
#ifndef BRN__BACKENDS_CPU_DNNL_H
#define BRN__BACKENDS_CPU_DNNL_H

#include "graph/backend.h"

#include <oneapi/dnnl/dnnl.h>

/* BRN_OK, or an error that names the call: unimplemented -> UNSUPPORTED, out of memory -> NO_MEMORY. */
brn_status brn__dnnl_check(dnnl_status_t status, const char *call);
#define BRN__DNNL_TRY(call) BRN__TRY(brn__dnnl_check((call), #call))

/* The process's CPU engine, made on first use. */
brn_status brn__dnnl_engine(dnnl_engine_t *out);

/* Where an argument of a primitive lives. */
typedef enum brn__dnnl_place { BRN__DNNL_INPUT, BRN__DNNL_OUTPUT, BRN__DNNL_SCRATCH } brn__dnnl_place;

enum { BRN__DNNL_ARGUMENTS_MAX = 8, BRN__DNNL_DESCRIPTORS_MAX = 12 };

/* A prepared primitive; step->data points to one. */
typedef struct brn__dnnl_call {
    dnnl_primitive_desc_t descriptor; /* owns the layouts it answers */
    dnnl_primitive_t primitive;
    dnnl_stream_t stream;
    struct {
        int name; /* DNNL_ARG_... */
        dnnl_memory_t memory;
        brn__dnnl_place place;
        int index;     /* of the step's inputs or outputs */
        size_t offset; /* bytes from its start */
    } arguments[BRN__DNNL_ARGUMENTS_MAX];
    int argument_count;
    dnnl_memory_desc_t owned[BRN__DNNL_DESCRIPTORS_MAX]; /* freed with the call */
    int owned_count;
    char implementation[48];
} brn__dnnl_call;

brn_status brn__dnnl_call_new(brn__step *step, brn__dnnl_call **out); /* becomes step->data */
void brn__dnnl_release(brn__step *step);

/* Descriptors owned by the call: with format `any`, a named format, row-major, or with strides. */
brn_status brn__dnnl_tagged(brn__dnnl_call *call, int rank, const int64_t *dims, dnnl_format_tag_t tag,
                            const_dnnl_memory_desc_t *out);
brn_status brn__dnnl_any(brn__dnnl_call *call, int rank, const int64_t *dims, const_dnnl_memory_desc_t *out);
brn_status brn__dnnl_plain(brn__dnnl_call *call, int rank, const int64_t *dims, const_dnnl_memory_desc_t *out);
brn_status brn__dnnl_strided(brn__dnnl_call *call, int rank, const int64_t *dims, const int64_t *strides,
                             const_dnnl_memory_desc_t *out);
/* The same in another element type. */
brn_status brn__dnnl_tagged_as(brn__dnnl_call *call, dnnl_data_type_t type, int rank, const int64_t *dims,
                               dnnl_format_tag_t tag, const_dnnl_memory_desc_t *out);
brn_status brn__dnnl_strided_as(brn__dnnl_call *call, dnnl_data_type_t type, int rank, const int64_t *dims,
                                const int64_t *strides, const_dnnl_memory_desc_t *out);
/* The layout's own description, or a row-major one for a canonical value of this shape. */
brn_status brn__dnnl_of_layout(brn__dnnl_call *call, const brn__layout *layout, brn_shape shape,
                               const_dnnl_memory_desc_t *out);

/* A descriptor as a layout: canonical when it is row-major, and not of bfloat16. */
brn__layout brn__dnnl_layout(const_dnnl_memory_desc_t descriptor);
bool brn__is_bf16(const brn__layout *layout);
/* The descriptor that the call's primitive wants for `what` (dnnl_query_src_md ...). */
const_dnnl_memory_desc_t brn__dnnl_query(const brn__dnnl_call *call, dnnl_query_t what, int index);

/* Binds an argument of the primitive. */
brn_status brn__dnnl_argument(brn__dnnl_call *call, int name, const_dnnl_memory_desc_t descriptor,
                              brn__dnnl_place place, int index);
/* Creates the primitive from call->descriptor; sets the step's scratch and implementation. */
brn_status brn__dnnl_finish(brn__step *step, brn__dnnl_call *call);
/* The kernels' run: points the arguments at the step's memory and executes. */
brn_status brn__dnnl_run(const brn__step *step, const brn__run *run);

/* Attributes with a user scratchpad. The caller destroys. */
brn_status brn__dnnl_attributes(dnnl_primitive_attr_t *out);

#endif
