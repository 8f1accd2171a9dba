/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/op_list.h"

const brn__op *const brn__op_table[BRN__OP_COUNT] = {
#define X(name) [BRN__OP_##name] = &brn__op_##name,
    BRN__OP_LIST(X)
#undef X
};
