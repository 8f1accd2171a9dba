/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/cpu/pairing.h"

static int64_t dimension(brn_shape shape, int rank, int place)
{
    int at = place - (rank - shape.rank);
    return at < 0 ? 1 : shape.dims[at];
}

static void set_strides(int rank, const int64_t *dims, int64_t *strides)
{
    int64_t step = 1;
    for (int i = rank - 1; i >= 0; i--)
        if (strides[i]) strides[i] = step, step *= dims[i];
}

brn__pairing brn__pair(brn_shape a, brn_shape b, brn_shape y)
{
    brn__pairing reversed = {0}, p = {0};
    for (int i = y.rank - 1; i >= 0; i--) {
        if (y.dims[i] == 1) continue;
        int64_t in_a = dimension(a, y.rank, i) != 1, in_b = dimension(b, y.rank, i) != 1;
        int last = reversed.rank - 1;
        if (last >= 0 && reversed.a[last] == in_a && reversed.b[last] == in_b) {
            reversed.dims[last] *= y.dims[i];
            continue;
        }
        last = reversed.rank++;
        reversed.dims[last] = y.dims[i], reversed.a[last] = in_a, reversed.b[last] = in_b;
    }
    if (reversed.rank == 0) reversed = (brn__pairing){1, {1}, {1}, {1}};
    p.rank = reversed.rank;
    for (int i = 0; i < p.rank; i++) {
        int from = p.rank - 1 - i;
        p.dims[i] = reversed.dims[from], p.a[i] = reversed.a[from], p.b[i] = reversed.b[from];
    }
    set_strides(p.rank, p.dims, p.a);
    set_strides(p.rank, p.dims, p.b);
    return p;
}

int64_t brn__pairing_runs(const brn__pairing *pairing)
{
    int64_t runs = 1;
    for (int i = 0; i < pairing->rank - 1; i++) runs *= pairing->dims[i];
    return runs;
}

void brn__pairing_at(const brn__pairing *pairing, int64_t run, int64_t *at_a, int64_t *at_b)
{
    *at_a = *at_b = 0;
    for (int i = pairing->rank - 2; i >= 0; i--) {
        int64_t index = run % pairing->dims[i];
        run /= pairing->dims[i];
        *at_a += index * pairing->a[i], *at_b += index * pairing->b[i];
    }
}
