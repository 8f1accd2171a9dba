/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/cpu/post_ops.h"

static brn_status append(dnnl_post_ops_t list, const_dnnl_memory_desc_t residual, brn_activation activation)
{
    if (residual) BRN__DNNL_TRY(dnnl_post_ops_append_binary(list, dnnl_binary_add, residual));
    switch (activation) {
    case BRN_ACTIVATION_NONE: return BRN_OK;
    case BRN_ACTIVATION_RELU:
        BRN__DNNL_TRY(dnnl_post_ops_append_eltwise(list, dnnl_eltwise_relu, 0, 0));
        return BRN_OK;
    case BRN_ACTIVATION_RELU6:
        BRN__DNNL_TRY(dnnl_post_ops_append_eltwise(list, dnnl_eltwise_clip, 0, 6));
        return BRN_OK;
    default: return brn__fail(BRN_ERROR_UNSUPPORTED, "cpu: activation %d can't be fused", (int)activation);
    }
}

brn_status brn__dnnl_post_ops(const_dnnl_memory_desc_t residual, brn_activation activation,
                              dnnl_primitive_attr_t *out)
{
    dnnl_primitive_attr_t attributes;
    dnnl_post_ops_t list;
    BRN__TRY(brn__dnnl_attributes(&attributes));
    brn_status status = brn__dnnl_check(dnnl_post_ops_create(&list), "dnnl_post_ops_create");
    if (status == BRN_OK) {
        status = append(list, residual, activation);
        if (status == BRN_OK)
            status = brn__dnnl_check(dnnl_primitive_attr_set_post_ops(attributes, list),
                                     "dnnl_primitive_attr_set_post_ops");
        dnnl_post_ops_destroy(list);
    }
    if (status != BRN_OK) dnnl_primitive_attr_destroy(attributes);
    else *out = attributes;
    return status;
}
