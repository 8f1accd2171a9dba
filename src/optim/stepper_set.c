/* SPDX-License-Identifier: Apache-2.0 */
#include "base/isa.h"
#include "optim/steppers.h"

#define X(name, word)                                                                              \
    extern const brn__stepper_set brn__stepper_set_f32_##word, brn__stepper_set_f64_##word;
BRN__ISA_LIST(X)
#undef X

const brn__stepper_set *brn__stepper_set_of(bool is_double)
{
    static const brn__stepper_set *const sets[BRN__ISA_COUNT][2] = {
#define X(name, word) {&brn__stepper_set_f32_##word, &brn__stepper_set_f64_##word},
        BRN__ISA_LIST(X)
#undef X
    };
    return sets[brn__isa_best()][is_double];
}
