/* SPDX-License-Identifier: Apache-2.0
 * The transforms of Winograd's convolution and the products between them. Transforms go along columns first, into
 * memory of their own that stays in the first cache, then along rows. Even and odd parts of a polynomial are shared
 * by the points +p and -p. */
#include "backends/cpu/simd/winograd.h"
#include "backends/cpu/simd/blocked_target.h"

#include <string.h>

#define UNROLLED _Pragma("GCC unroll 16")

enum {
    TILE = BRN__WINOGRAD_TILE,
    SIDE = TILE + 2,
    POINTS = BRN__WINOGRAD_POINTS,
    COLUMNS = 2 * LANES, /* two vectors of a panel */
    ROWS = LANES == 16 ? 14 : 6, /* tiles at once: their sums fill the registers */
    CHAIN = 64, /* channels of x that are summed before the sum joins the others */
    HALF = BLOCK / 2, /* channels of x at once in the weight gradient */
};

/* The points, and the numbers made of them. */
#define A 0.6875f
#define B 1.5f
#define AA (A * A)
#define BB (B * B)

/* ---- one dimension ---- */

/* B^T: six values to six points. */
INLINE void input_line(const vector d[SIDE], vector v[SIDE])
{
    vector even_a = d[4] - splat(BB) * d[2], odd_a = d[3] - splat(BB) * d[1];
    vector even_b = d[4] - splat(AA) * d[2], odd_b = d[3] - splat(AA) * d[1];
    v[0] = d[4] - splat(AA + BB) * d[2] + splat(AA * BB) * d[0];
    v[1] = even_a + splat(A) * odd_a;
    v[2] = even_a - splat(A) * odd_a;
    v[3] = even_b + splat(B) * odd_b;
    v[4] = even_b - splat(B) * odd_b;
    v[5] = d[5] - splat(AA + BB) * d[3] + splat(AA * BB) * d[1];
}

/* A^T: six points to four values. */
INLINE void output_line(const vector m[SIDE], vector y[TILE])
{
    vector sum_a = m[1] + m[2], difference_a = m[1] - m[2];
    vector sum_b = m[3] + m[4], difference_b = m[3] - m[4];
    y[0] = m[0] + sum_a + sum_b;
    y[1] = splat(A) * difference_a + splat(B) * difference_b;
    y[2] = splat(AA) * sum_a + splat(BB) * sum_b;
    y[3] = m[5] + splat(A * AA) * difference_a + splat(B * BB) * difference_b;
}

/* A: four values to six points. */
INLINE void gradient_line(const vector y[TILE], vector m[SIDE])
{
    vector even_a = y[0] + splat(AA) * y[2], odd_a = splat(A) * y[1] + splat(A * AA) * y[3];
    vector even_b = y[0] + splat(BB) * y[2], odd_b = splat(B) * y[1] + splat(B * BB) * y[3];
    m[0] = y[0];
    m[1] = even_a + odd_a;
    m[2] = even_a - odd_a;
    m[3] = even_b + odd_b;
    m[4] = even_b - odd_b;
    m[5] = y[3];
}

/* 1 / (product of p - q): of 0, of +-a, of +-b. */
#define G_ZERO (1 / (AA * BB))
#define G_A (1 / (2 * AA * (AA - BB)))
#define G_B (1 / (2 * BB * (BB - AA)))

/* G: three weights to six points. */
INLINE void weight_line(const vector w[3], vector u[SIDE])
{
    vector even_a = splat(G_A) * w[0] + splat(G_A * AA) * w[2], even_b = splat(G_B) * w[0] + splat(G_B * BB) * w[2];
    u[0] = splat(G_ZERO) * w[0];
    u[1] = even_a + splat(G_A * A) * w[1];
    u[2] = even_a - splat(G_A * A) * w[1];
    u[3] = even_b + splat(G_B * B) * w[1];
    u[4] = even_b - splat(G_B * B) * w[1];
    u[5] = w[2];
}

/* G^T: six points to three weights. */
INLINE void weight_gradient_line(const vector s[SIDE], vector w[3])
{
    vector sum_a = s[1] + s[2], sum_b = s[3] + s[4];
    w[0] = splat(G_ZERO) * s[0] + splat(G_A) * sum_a + splat(G_B) * sum_b;
    w[1] = splat(G_A * A) * (s[1] - s[2]) + splat(G_B * B) * (s[3] - s[4]);
    w[2] = s[5] + splat(G_A * AA) * sum_a + splat(G_B * BB) * sum_b;
}

/* ---- tiles ---- */

typedef struct place {
    int64_t picture, y, x; /* of the tile's first pixel */
} place;

INLINE place place_of(const brn__winograd_plane *p, int64_t tile)
{
    int64_t row = tile / p->wide;
    return (place){row / p->high, row % p->high * TILE - p->top, tile % p->wide * TILE - p->left};
}

INLINE place next_place(const brn__winograd_plane *p, place at)
{
    at.x += TILE;
    if (at.x < p->wide * TILE - p->left) return at;
    at.x = -p->left;
    at.y += TILE;
    if (at.y < p->high * TILE - p->top) return at;
    return (place){at.picture + 1, -p->top, -p->left};
}

INLINE bool inside(const brn__winograd_plane *p, place at, int side)
{
    return at.y >= 0 && at.x >= 0 && at.y + side <= p->h && at.x + side <= p->w;
}

/* The tile's pixels with zeros around the picture. */
INLINE void copy_edge(const brn__winograd_plane *p, const float *x, place at, const int side, float *to)
{
    const int64_t left = at.x < 0 ? -at.x : 0, right = at.x + side > p->w ? p->w - at.x : side;
    for (int64_t i = 0; i < side; i++) {
        const bool there = at.y + i >= 0 && at.y + i < p->h;
        const int64_t row = ((at.y + i) * p->w + at.x) * BLOCK;
        UNROLLED for (int j = 0; j < side; j++)
            UNROLLED for (int part = 0; part < PARTS; part++)
                store(to + (i * side + j) * BLOCK + part * LANES,
                      there && j >= left && j < right ? load(x + (row + j * BLOCK + part * LANES)) : splat(0));
    }
}

INLINE void input_tile(const float *x, int64_t row, float *points, int64_t step)
{
    vector half[SIDE][SIDE];
    UNROLLED for (int j = 0; j < SIDE; j++) {
        vector d[SIDE], v[SIDE];
        UNROLLED for (int i = 0; i < SIDE; i++) d[i] = load(x + i * row + j * BLOCK);
        input_line(d, v);
        UNROLLED for (int i = 0; i < SIDE; i++) half[i][j] = v[i];
    }
    UNROLLED for (int i = 0; i < SIDE; i++) {
        vector v[SIDE];
        input_line(half[i], v);
        UNROLLED for (int j = 0; j < SIDE; j++) store(points + (i * SIDE + j) * step, v[j]);
    }
}

INLINE void gradient_tile(const float *dy, int64_t row, float *points, int64_t step)
{
    vector half[SIDE][TILE];
    UNROLLED for (int j = 0; j < TILE; j++) {
        vector d[TILE], v[SIDE];
        UNROLLED for (int i = 0; i < TILE; i++) d[i] = load(dy + i * row + j * BLOCK);
        gradient_line(d, v);
        UNROLLED for (int i = 0; i < SIDE; i++) half[i][j] = v[i];
    }
    UNROLLED for (int i = 0; i < SIDE; i++) {
        vector v[SIDE];
        gradient_line(half[i], v);
        UNROLLED for (int j = 0; j < SIDE; j++) store(points + (i * SIDE + j) * step, v[j]);
    }
}

INLINE void read_tiles(const brn__winograd_plane *p, const float *x, int64_t first, int64_t count, float *points,
                       int64_t step, const int side)
{
    place at = place_of(p, first);
    for (int64_t t = 0; t < count; t++, at = next_place(p, at)) {
        float edge[SIDE * SIDE * BLOCK] __attribute__((aligned(64)));
        const float *from = x + at.picture * p->picture;
        int64_t row = p->w * BLOCK;
        if (inside(p, at, side)) {
            from += (at.y * p->w + at.x) * BLOCK;
        } else {
            copy_edge(p, from, at, side, edge);
            from = edge;
            row = side * BLOCK;
        }
        for (int part = 0; part < PARTS; part++) {
            float *to = points + t * BLOCK + part * LANES;
            if (side == SIDE) input_tile(from + part * LANES, row, to, step);
            else gradient_tile(from + part * LANES, row, to, step);
        }
    }
}

static void read_input(const brn__winograd_plane *p, const float *x, int64_t first, int64_t count, float *points,
                       int64_t step)
{
    read_tiles(p, x, first, count, points, step, SIDE);
}

static void read_gradient(const brn__winograd_plane *p, const float *dy, int64_t first, int64_t count, float *points,
                          int64_t step)
{
    read_tiles(p, dy, first, count, points, step, TILE);
}

INLINE void output_tile(const float *points, int64_t step, vector y[TILE][TILE])
{
    vector half[TILE][SIDE];
    UNROLLED for (int j = 0; j < SIDE; j++) {
        vector m[SIDE], v[TILE];
        UNROLLED for (int i = 0; i < SIDE; i++) m[i] = load(points + (i * SIDE + j) * step);
        output_line(m, v);
        UNROLLED for (int i = 0; i < TILE; i++) half[i][j] = v[i];
    }
    UNROLLED for (int i = 0; i < TILE; i++) output_line(half[i], y[i]);
}

static void write(const brn__winograd_plane *p, const float *points, int64_t step, int64_t first, int64_t count,
                  const float *bias, const float *residual, brn_activation activation, float *y)
{
    place at = place_of(p, first);
    for (int64_t t = 0; t < count; t++, at = next_place(p, at)) {
        int64_t picture = at.picture * p->picture;
        target to = {bias, residual ? residual + picture : NULL, activation, y + picture};
        bool whole = inside(p, at, TILE);
        int64_t high = p->h - at.y < TILE ? p->h - at.y : TILE, wide = p->w - at.x < TILE ? p->w - at.x : TILE;
        for (int part = 0; part < PARTS; part++) {
            vector v[TILE][TILE];
            output_tile(points + t * BLOCK + part * LANES, step, v);
            int64_t pixel = at.y * p->w + at.x;
            if (whole) {
                UNROLLED for (int i = 0; i < TILE; i++)
                    UNROLLED for (int j = 0; j < TILE; j++) put(&to, pixel + i * p->w + j, part, v[i][j]);
            } else {
                for (int64_t i = 0; i < high; i++)
                    for (int64_t j = 0; j < wide; j++) put(&to, pixel + i * p->w + j, part, v[i][j]);
            }
        }
    }
}

/* ---- products ---- */

/* `rows` tiles from `tile` on by `vectors` vectors of a panel. Channels are summed CHAIN at a time and these sums then
 * added up: errors grow with the length of a chain. */
INLINE void multiply_tile(const brn__winograd_product *p, int64_t tile, const int rows, const int vectors)
{
    const float *u = p->u, *v = p->v + tile * BLOCK;
    for (int64_t first = 0; first < p->blocks; first += CHAIN / BLOCK) {
        vector sums[ROWS][2] = {0};
        int64_t end = first + CHAIN / BLOCK < p->blocks ? first + CHAIN / BLOCK : p->blocks;
        for (int64_t block = first; block < end; block++, v += p->tiles * BLOCK) {
            _Pragma("GCC unroll 4") for (int k = 0; k < BLOCK; k++, u += vectors * LANES) {
                vector weight[2];
                UNROLLED for (int j = 0; j < vectors; j++) weight[j] = load(u + j * LANES);
                UNROLLED for (int r = 0; r < rows; r++) {
                    vector factor = splat(v[r * BLOCK + k]);
                    UNROLLED for (int j = 0; j < vectors; j++) sums[r][j] += factor * weight[j];
                }
            }
        }
        UNROLLED for (int r = 0; r < rows; r++)
            UNROLLED for (int j = 0; j < vectors; j++) {
                float *to = p->out + j / PARTS * p->tiles * BLOCK + (tile + r) * BLOCK + j % PARTS * LANES;
                store(to, first ? load(to) + sums[r][j] : sums[r][j]);
            }
    }
}

#if LANES == 16
#define ROWS_LIST(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#else
#define ROWS_LIST(X) X(1) X(2) X(3) X(4) X(5) X(6)
#endif

#define X(rows)                                                                                                        \
    static void multiply_##rows(const brn__winograd_product *p, int64_t tile)                                          \
    {                                                                                                                  \
        if (p->columns == COLUMNS) multiply_tile(p, tile, rows, 2);                                                    \
        else multiply_tile(p, tile, rows, 1);                                                                          \
    }
ROWS_LIST(X)
#undef X

/* Groups of tiles as equal as can be. */
static void multiply(const brn__winograd_product *p)
{
    int64_t groups = (p->tiles + ROWS - 1) / ROWS;
    for (int64_t g = 0; g < groups; g++) {
        int64_t tile = p->tiles * g / groups;
        switch (p->tiles * (g + 1) / groups - tile) {
#define X(rows) case rows: multiply_##rows(p, tile); break;
            ROWS_LIST(X)
#undef X
        default: break;
        }
    }
}

/* Half a block of x's channels by `vectors` vectors of y's. */
INLINE void correlate_tile(const brn__winograd_product *p, const float *v, float *out, const int vectors)
{
    vector sums[HALF][2] = {0};
    const float *u = p->u;
    for (int64_t t = 0; t < p->tiles; t++, v += BLOCK, u += BLOCK) {
        vector gradient[2];
        UNROLLED for (int j = 0; j < vectors; j++)
            gradient[j] = load(u + j / PARTS * p->tiles * BLOCK + j % PARTS * LANES);
        UNROLLED for (int c = 0; c < HALF; c++) {
            vector factor = splat(v[c]);
            UNROLLED for (int j = 0; j < vectors; j++) sums[c][j] += factor * gradient[j];
        }
    }
    UNROLLED for (int c = 0; c < HALF; c++)
        UNROLLED for (int j = 0; j < vectors; j++) {
            float *to = out + (c * vectors + j) * LANES;
            store(to, p->adds ? load(to) + sums[c][j] : sums[c][j]);
        }
}

static void correlate(const brn__winograd_product *p)
{
    for (int64_t i = 0; i < p->blocks * 2; i++) {
        const float *v = p->v + i / 2 * p->tiles * BLOCK + i % 2 * HALF;
        float *out = p->out + i * HALF * p->columns;
        if (p->columns == COLUMNS) correlate_tile(p, v, out, 2);
        else correlate_tile(p, v, out, 1);
    }
}

/* ---- weights ---- */

INLINE void spread_weight(const float *w, float *points, int64_t step, const bool around)
{
    vector half[SIDE][3];
    UNROLLED for (int j = 0; j < 3; j++) {
        vector g[3], u[SIDE];
        UNROLLED for (int i = 0; i < 3; i++) g[i] = load(w + (i * 3 + j) * BLOCK);
        weight_line(g, u);
        UNROLLED for (int i = 0; i < SIDE; i++) half[i][j] = u[i];
    }
    UNROLLED for (int i = 0; i < SIDE; i++) {
        vector u[SIDE];
        weight_line(half[i], u);
        UNROLLED for (int j = 0; j < SIDE; j++) {
            float *to = points + (i * SIDE + j) * step;
            if (around) store_around(to, u[j]);
            else store(to, u[j]);
        }
    }
}

static void spread_weights(int64_t rows, const float *w, float *points, int64_t row, int64_t step)
{
    const bool around = aligned(points) && row % LANES == 0 && step % LANES == 0;
    for (int64_t r = 0; r < rows; r++, w += 9 * BLOCK, points += row)
        UNROLLED for (int part = 0; part < PARTS; part++) {
            if (around) spread_weight(w + part * LANES, points + part * LANES, step, true);
            else spread_weight(w + part * LANES, points + part * LANES, step, false);
        }
}

static void spread_end(void) { stream_end(); }

static void gather_weight(const float *points, int64_t step, float *dw)
{
    for (int part = 0; part < PARTS; part++) {
        vector half[3][SIDE];
        UNROLLED for (int j = 0; j < SIDE; j++) {
            vector s[SIDE], w[3];
            UNROLLED for (int i = 0; i < SIDE; i++) s[i] = load(points + (i * SIDE + j) * step + part * LANES);
            weight_gradient_line(s, w);
            UNROLLED for (int i = 0; i < 3; i++) half[i][j] = w[i];
        }
        UNROLLED for (int i = 0; i < 3; i++) {
            vector w[3];
            weight_gradient_line(half[i], w);
            UNROLLED for (int j = 0; j < 3; j++) store(dw + (i * 3 + j) * BLOCK + part * LANES, w[j]);
        }
    }
}

#define QUOTE(isa) QUOTE2(isa)
#define QUOTE2(isa) "simd:" #isa ":winograd"

extern const brn__winograd BRN__SIMD(winograd);
const brn__winograd BRN__SIMD(winograd) = {QUOTE(BRN__ISA), BLOCK,    COLUMNS,        read_input, read_gradient, write,
                                           multiply,        correlate, spread_weights, spread_end, gather_weight};
