/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/cpu/spans.h"

#include "backends/cpu/simd/simd.h"

enum { UNIT_FLOATS = 1 << 16, ROW_UNITS = 64, ROWS_MIN = 64 };

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

brn__spans brn__spans_of(const brn__blocking *blocking)
{
    const brn__blocking *b = blocking;
    if (BRN__PERIOD % b->block == 0) {
        int64_t run = b->spatial * b->block, pieces = divide_up(run, UNIT_FLOATS);
        return (brn__spans){*b,           b->channel_blocks,
                            BRN__PERIOD,  run,
                            pieces,       run < UNIT_FLOATS ? run : UNIT_FLOATS,
                            b->n * pieces};
    }
    int64_t rows = b->n * b->spatial, per_unit = divide_up(rows, ROW_UNITS);
    if (per_unit < ROWS_MIN) per_unit = ROWS_MIN;
    int64_t pieces = divide_up(rows, per_unit);
    return (brn__spans){*b, 1, b->block, rows * b->block, pieces, per_unit * b->block, pieces};
}
