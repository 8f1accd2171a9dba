/* SPDX-License-Identifier: Apache-2.0
 *
 * Products of matrices of few rows, sums of rows and transposition. A tile of the result stays in registers. Each
 * element's sum is built in an order of its own that does not depend on the tile it falls into, so cutting the work
 * elsewhere changes no bit. */
#include "backends/cpu/simd/declare.h"

enum {
    TILE_ROWS = 4,
    TILE_VECTORS = LANES == 16 ? 4 : 2,
    SUM_VECTORS = 8,
    DOT_ROWS = LANES == 4 ? 2 : 4,
    DOT_COLUMNS = LANES / DOT_ROWS, /* a tile of dot products is one vector of sums */
};

#define UNROLLED _Pragma("GCC unroll 16")

/* Lanes of two vectors, cut into segments of `s`: the lower (add 0) or upper (add s / 2) half of each segment of the
 * first, then that of the second. */
#define PICK(l, s, add) ((l) % (s) < (s) / 2 ? (l) + (add) : LANES + (l) - (s) / 2 + (add))
#if LANES == 16
#define HALVES(s, add)                                                                                                 \
    {PICK(0, s, add),  PICK(1, s, add),  PICK(2, s, add),  PICK(3, s, add), PICK(4, s, add),  PICK(5, s, add),         \
     PICK(6, s, add),  PICK(7, s, add),  PICK(8, s, add),  PICK(9, s, add), PICK(10, s, add), PICK(11, s, add),        \
     PICK(12, s, add), PICK(13, s, add), PICK(14, s, add), PICK(15, s, add)}
#elif LANES == 8
#define HALVES(s, add)                                                                                                 \
    {PICK(0, s, add), PICK(1, s, add), PICK(2, s, add), PICK(3, s, add),                                               \
     PICK(4, s, add), PICK(5, s, add), PICK(6, s, add), PICK(7, s, add)}
#else
#define HALVES(s, add) {PICK(0, s, add), PICK(1, s, add), PICK(2, s, add), PICK(3, s, add)}
#endif
#define LOWER(a, b, s) __builtin_shuffle(a, b, (integers)HALVES(s, 0))
#define UPPER(a, b, s) __builtin_shuffle(a, b, (integers)HALVES(s, (s) / 2))

/* Lane l = the sum of v[l]'s lanes. */
INLINE vector sums_of(vector v[LANES])
{
#define FOLD(s)                                                                                                        \
    UNROLLED for (int i = 0; i < (s) / 2; i++) v[i] = LOWER(v[i], v[i + (s) / 2], s) + UPPER(v[i], v[i + (s) / 2], s);
#if LANES == 16
    FOLD(16)
#endif
#if LANES >= 8
    FOLD(8)
#endif
    FOLD(4)
    FOLD(2)
#undef FOLD
    return v[0];
}

INLINE void transpose_tile(vector v[LANES])
{
#define EXCHANGE(s)                                                                                                    \
    UNROLLED for (int i = 0; i < LANES; i++)                                                                           \
        if (!(i & (s) / 2)) {                                                                                          \
            vector lower = LOWER(v[i], v[i + (s) / 2], s), upper = UPPER(v[i], v[i + (s) / 2], s);                     \
            v[i] = lower, v[i + (s) / 2] = upper;                                                                      \
        }
#if LANES == 16
    EXCHANGE(16)
#endif
#if LANES >= 8
    EXCHANGE(8)
#endif
    EXCHANGE(4)
    EXCHANGE(2)
#undef EXCHANGE
}

static void transpose_part(int rows, int columns, const float *x, int64_t x_row, float *y, int64_t y_row)
{
    vector v[LANES] = {0};
    for (int i = 0; i < rows; i++) v[i] = load_part(x + i * x_row, columns);
    transpose_tile(v);
    for (int j = 0; j < columns; j++) store_part(y + j * y_row, v[j], rows);
}

/* All rows of a tile, not all columns. */
static void transpose_tall(int columns, const float *x, int64_t x_row, float *y, int64_t y_row)
{
    vector v[LANES];
    UNROLLED for (int i = 0; i < LANES; i++) v[i] = load_part(x + i * x_row, columns);
    transpose_tile(v);
    UNROLLED for (int j = 0; j < LANES - 1; j++)
        if (j < columns) store(y + j * y_row, v[j]);
}

static void transpose_whole(const float *x, int64_t x_row, float *y, int64_t y_row)
{
    vector v[LANES];
    for (int i = 0; i < LANES; i++) v[i] = load(x + i * x_row);
    transpose_tile(v);
    for (int j = 0; j < LANES; j++) store(y + j * y_row, v[j]);
}

void BRN__SIMD(transpose)(int64_t rows, int64_t columns, const float *x, int64_t x_row, float *y, int64_t y_row)
{
    for (int64_t i = 0; i < rows; i += LANES)
        for (int64_t j = 0; j < columns; j += LANES) {
            const float *from = x + i * x_row + j;
            float *to = y + j * y_row + i;
            const int high = rows - i < LANES ? (int)(rows - i) : LANES;
            const int wide = columns - j < LANES ? (int)(columns - j) : LANES;
            if (high == LANES && wide == LANES) transpose_whole(from, x_row, to, y_row);
            else if (high == LANES) transpose_tall(wide, from, x_row, to, y_row);
            else transpose_part(high, wide, from, x_row, to, y_row);
        }
}

/* `rows` by `whole` vectors of C from (i, j) on, and behind them `part` lanes where there is a tail. */
INLINE void product_tile(const brn__small_product *p, int64_t i, int64_t j, const int rows, const int whole,
                         const bool tail, int part)
{
    vector sums[TILE_ROWS][TILE_VECTORS + 1];
    const float *a = p->a + i * p->a_row, *b = p->b + j;
    float *c = p->c + i * p->c_row + j;
    UNROLLED for (int r = 0; r < rows; r++)
    {
        UNROLLED for (int v = 0; v < whole; v++) sums[r][v] = p->adds ? load(c + r * p->c_row + v * LANES) : (vector){0};
        if (tail) sums[r][whole] = p->adds ? load_part(c + r * p->c_row + whole * LANES, part) : (vector){0};
    }
    for (int64_t k = 0; k < p->inner; k++, a += p->a_inner, b += p->b_row) {
        vector line[TILE_VECTORS + 1];
        UNROLLED for (int v = 0; v < whole; v++) line[v] = load(b + v * LANES);
        if (tail) line[whole] = load_part(b + whole * LANES, part);
        UNROLLED for (int r = 0; r < rows; r++)
        {
            const vector factor = splat(a[r * p->a_row]);
            UNROLLED for (int v = 0; v < whole + tail; v++) sums[r][v] += factor * line[v];
        }
    }
    UNROLLED for (int r = 0; r < rows; r++)
    {
        UNROLLED for (int v = 0; v < whole; v++) store(c + r * p->c_row + v * LANES, sums[r][v]);
        if (tail) store_part(c + r * p->c_row + whole * LANES, sums[r][whole], part);
    }
}

INLINE void product_rows(const brn__small_product *p, int64_t i, const int rows)
{
    int64_t j = 0;
    for (; j + TILE_VECTORS * LANES <= p->columns; j += TILE_VECTORS * LANES)
        product_tile(p, i, j, rows, TILE_VECTORS, false, 0);
    for (; j + LANES <= p->columns; j += LANES) product_tile(p, i, j, rows, 1, false, 0);
    if (j < p->columns) product_tile(p, i, j, rows, 0, true, (int)(p->columns - j));
}

void BRN__SIMD(small_product)(const brn__small_product *p)
{
    int64_t i = 0;
    for (; i + TILE_ROWS <= p->rows; i += TILE_ROWS) product_rows(p, i, TILE_ROWS);
    switch (p->rows - i) {
    case 3: product_rows(p, i, 3); break;
    case 2: product_rows(p, i, 2); break;
    case 1: product_rows(p, i, 1); break;
    default: break;
    }
}

INLINE void dot_step(const float *const *a, const float *const *b, int64_t k, int part, vector *sums)
{
    vector left[DOT_ROWS];
    UNROLLED for (int r = 0; r < DOT_ROWS; r++) left[r] = load_part(a[r] + k, part);
    UNROLLED for (int c = 0; c < DOT_COLUMNS; c++)
    {
        const vector right = load_part(b[c] + k, part);
        UNROLLED for (int r = 0; r < DOT_ROWS; r++) sums[r * DOT_COLUMNS + c] += left[r] * right;
    }
}

/* Past the last row or column the last one stands again: what it gives is not stored. */
INLINE void dot_tile(const brn__small_product *p, int64_t i, int64_t j)
{
    const float *a[DOT_ROWS], *b[DOT_COLUMNS];
    vector sums[LANES] = {0};
    for (int r = 0; r < DOT_ROWS; r++) a[r] = p->a + (i + r < p->rows ? i + r : p->rows - 1) * p->a_row;
    for (int c = 0; c < DOT_COLUMNS; c++) b[c] = p->b + (j + c < p->columns ? j + c : p->columns - 1) * p->b_row;
    int64_t k = 0;
    for (; k + LANES <= p->inner; k += LANES) dot_step(a, b, k, LANES, sums);
    if (k < p->inner) dot_step(a, b, k, (int)(p->inner - k), sums);
    float lanes[LANES];
    store(lanes, sums_of(sums));
    for (int r = 0; r < DOT_ROWS && i + r < p->rows; r++)
        for (int c = 0; c < DOT_COLUMNS && j + c < p->columns; c++)
            p->c[(i + r) * p->c_row + j + c] = lanes[r * DOT_COLUMNS + c];
}

void BRN__SIMD(small_product_transposed)(const brn__small_product *p)
{
    for (int64_t i = 0; i < p->rows; i += DOT_ROWS)
        for (int64_t j = 0; j < p->columns; j += DOT_COLUMNS) dot_tile(p, i, j);
}

INLINE vector activated(brn_activation kind, vector x)
{
    return kind == BRN_ACTIVATION_RELU ? relu(x) : kind == BRN_ACTIVATION_RELU6 ? relu6(x) : x;
}

/* `whole` vectors of row r of y from column j on, and behind them `part` lanes where there is a tail. */
INLINE void sum_part(const brn__row_sums *s, int64_t r, int64_t j, const int whole, const bool tail, int part)
{
    vector sums[SUM_VECTORS], last = {0};
    float *y = s->y + r * s->y_row + j;
    const float *bias = s->bias ? s->bias + j : NULL;
    UNROLLED for (int v = 0; v < whole; v++)
    {
        sums[v] = bias ? load(bias + v * LANES) : (vector){0};
        if (s->adds) sums[v] += load(y + v * LANES);
    }
    if (tail && bias) last = load_part(bias + whole * LANES, part);
    if (tail && s->adds) last += load_part(y + whole * LANES, part);
    for (uint32_t i = s->begins[r]; i < s->begins[r + 1]; i++) {
        const float *x = s->x + s->which[i] * s->x_row + j;
        UNROLLED for (int v = 0; v < whole; v++) sums[v] += load(x + v * LANES);
        if (tail) last += load_part(x + whole * LANES, part);
    }
    UNROLLED for (int v = 0; v < whole; v++) store(y + v * LANES, activated(s->activation, sums[v]));
    if (tail) store_part(y + whole * LANES, activated(s->activation, last), part);
}

void BRN__SIMD(sum_rows)(const brn__row_sums *s)
{
    for (int64_t r = 0; r < s->rows; r++) {
        int64_t j = 0;
        for (; j + SUM_VECTORS * LANES <= s->columns; j += SUM_VECTORS * LANES) sum_part(s, r, j, SUM_VECTORS, false, 0);
        const int whole = (int)(s->columns - j) / LANES, part = (int)(s->columns - j) % LANES;
        switch (2 * whole + (part > 0)) {
#define TAIL(whole)                                                                                                    \
    case 2 * (whole): sum_part(s, r, j, whole, false, 0); break;                                                       \
    case 2 * (whole) + 1: sum_part(s, r, j, whole, true, part); break;
            TAIL(7)
            TAIL(6)
            TAIL(5)
            TAIL(4)
            TAIL(3)
            TAIL(2)
            TAIL(1)
        case 1: sum_part(s, r, j, 0, true, part); break;
        default: break;
        }
    }
}
