/* SPDX-License-Identifier: Apache-2.0
 * Copies a value from one layout to another (step->out[0] is given before prepare). Equal layouts
 * are a plain copy, of any element type. */
#include "backends/cpu/cpu.h"
#include "backends/cpu/dnnl.h"
#include "backends/cpu/kernels.h"

#include <string.h>

static brn_status describe(brn__dnnl_call *call, const brn__layout *layout, const brn__layout *other,
                           const_dnnl_memory_desc_t *out)
{
    if (layout->description) {
        *out = layout->description;
        return BRN_OK;
    }
    /* The canonical side takes its dimensions from the other: grouped weights have five there. */
    int rank = 0;
    dnnl_dims_t *dims;
    dnnl_memory_desc_query(other->description, dnnl_query_ndims_s32, &rank);
    dnnl_memory_desc_query(other->description, dnnl_query_dims, &dims);
    return brn__dnnl_plain(call, rank, *dims, out);
}

static brn_status prepare_primitive(brn__step *step)
{
    brn__dnnl_call *call;
    dnnl_engine_t cpu;
    dnnl_primitive_attr_t attr;
    const_dnnl_memory_desc_t from, to;
    BRN__TRY(brn__dnnl_engine(&cpu));
    BRN__TRY(brn__dnnl_call_new(step, &call));
    BRN__TRY(describe(call, &step->in[0], &step->out[0], &from));
    BRN__TRY(describe(call, &step->out[0], &step->in[0], &to));
    BRN__TRY(brn__dnnl_attributes(&attr));
    brn_status status = brn__dnnl_check(dnnl_reorder_primitive_desc_create(&call->descriptor, from, cpu, to, cpu, attr),
                                        "dnnl_reorder_primitive_desc_create");
    dnnl_primitive_attr_destroy(attr);
    BRN__TRY(status);
    step->out[0].bytes = dnnl_memory_desc_get_size(to);
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_FROM, from, BRN__DNNL_INPUT, 0));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_TO, to, BRN__DNNL_OUTPUT, 0));
    return brn__dnnl_finish(step, call);
}

static brn_status prepare(brn__step *step)
{
    if (brn__cpu_same_layout(&step->in[0], &step->out[0])) {
        step->implementation = "copy";
        return BRN_OK;
    }
    brn_status status = prepare_primitive(step);
    if (status != BRN_OK) brn__dnnl_release(step);
    return status;
}

static brn_status run(const brn__step *step, const brn__run *counters)
{
    if (step->data) return brn__dnnl_run(step, counters);
    memcpy(step->outputs[0], step->inputs[0], step->out[0].bytes);
    return BRN_OK;
}

const brn__kernel brn__cpu_reorder = {prepare, run, brn__dnnl_release};
