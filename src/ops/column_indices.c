/* SPDX-License-Identifier: Apache-2.0
 * column_indices: a column of a real matrix, or all of them, as indices. */
#include "ops/rules.h"

static brn_status infer_column_indices(brn_node *node)
{
    const brn__column_attributes *attributes = node->attributes;
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(brn__expect_rank(node, 0, "x", 2, 2));
    brn_shape x = brn__input_shape(node, 0);
    if (attributes->column == BRN__ALL_COLUMNS) {
        brn__set_output(node, 0, BRN_DTYPE_I64, x);
        return BRN_OK;
    }
    if (attributes->column < 0 || attributes->column >= x.dims[1])
        return brn__fail(BRN_ERROR_USAGE, "column_indices: there is no column %lld in x %s",
                         (long long)attributes->column, BRN__SHAPE(x));
    brn__set_output(node, 0, BRN_DTYPE_I64, brn_shape_of(1, x.dims));
    return BRN_OK;
}

static brn_status gradient_column_indices(brn__gradient *gradient)
{
    return brn__rule_refuse_output(gradient, 0, "indices");
}

static void describe_column_indices(const brn_node *node, brn__text *out)
{
    const brn__column_attributes *attributes = node->attributes;
    if (attributes->column == BRN__ALL_COLUMNS) brn__text_add(out, "all columns");
    else brn__text_printf(out, "column %lld", (long long)attributes->column);
}

const brn__op brn__op_column_indices = {.name = "column_indices",
                                        .id = BRN__OP_column_indices,
                                        .inputs_min = 1,
                                        .inputs_max = 1,
                                        .output_count = 1,
                                        .attributes_size = sizeof(brn__column_attributes),
                                        .infer = infer_column_indices,
                                        .gradient = gradient_column_indices,
                                        .describe = describe_column_indices};

brn_node *brn_column_indices(brn_node *x, int64_t column)
{
    brn__column_attributes attributes = {column == BRN__ALL_COLUMNS ? -1 : column};
    return brn__apply(&brn__op_column_indices, &attributes, &x, 1);
}

brn_node *brn_all_indices(brn_node *x)
{
    const brn__column_attributes attributes = {BRN__ALL_COLUMNS};
    return brn__apply(&brn__op_column_indices, &attributes, &x, 1);
}
