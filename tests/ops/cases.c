/* SPDX-License-Identifier: Apache-2.0
 * What cases are built with. */
#include "ops/cases.h"
#include "test.h"

static op_case all_cases[512];
static int case_count;

void op_cases_register(const op_case *cases, size_t count)
{
    for (size_t i = 0; i < count && case_count < 512; i++) all_cases[case_count++] = cases[i];
}

const op_case *op_cases_all(int *count)
{
    *count = case_count;
    return all_cases;
}

static brn_node *add_tensor(case_builder *builder, brn_node *node, const char *name,
                            case_tensor tensor)
{
    assert_true(builder->tensor_count < CASE_TENSORS_MAX);
    tensor.node = node;
    tensor.name = name;
    builder->tensors[builder->tensor_count++] = tensor;
    return node;
}

brn_node *case_input(case_builder *builder, const char *name, const int64_t *dims, int rank)
{
    return add_tensor(builder, brn_input(builder->graph, name, BRN_DTYPE_F32, dims, rank), name,
                      (case_tensor){.low = -1, .high = 1});
}

brn_node *case_parameter(case_builder *builder, const char *name, const int64_t *dims, int rank)
{
    return add_tensor(builder,
                      brn_parameter(builder->graph, name, dims, rank, BRN_PARAMETER_WEIGHT,
                                    (brn_init){BRN_INIT_ZEROS, 0}),
                      name, (case_tensor){.parameter = true, .low = -1, .high = 1});
}

brn_node *case_buffer(case_builder *builder, const char *name, double low, double high,
                      const int64_t *dims, int rank)
{
    return add_tensor(builder,
                      brn_parameter(builder->graph, name, dims, rank, BRN_PARAMETER_BUFFER,
                                    (brn_init){BRN_INIT_ZEROS, 0}),
                      name,
                      (case_tensor){.parameter = true, .fixed = true, .low = low, .high = high});
}

brn_node *case_indices(case_builder *builder, const char *name, int64_t limit, const int64_t *dims,
                       int rank)
{
    return add_tensor(builder, brn_input(builder->graph, name, BRN_DTYPE_I64, dims, rank), name,
                      (case_tensor){.indices = true, .fixed = true, .limit = limit});
}

void case_range(case_builder *builder, double low, double high, double gap)
{
    case_tensor *tensor = &builder->tensors[builder->tensor_count - 1];
    tensor->low = low;
    tensor->high = high;
    tensor->gap = gap;
}

void case_fix(case_builder *builder)
{
    builder->tensors[builder->tensor_count - 1].fixed = true;
}

brn_node *case_apply(const brn__op *op, const void *attributes, brn_node **inputs, int count)
{
    return brn__apply(op, attributes, inputs, count);
}
