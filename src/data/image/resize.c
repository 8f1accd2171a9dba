/* SPDX-License-Identifier: Apache-2.0
 * Output pixel i of n, from a line of `size` pixels, has its centre at c = (i + 0.5) * size / n and
 * is the weighted mean of the pixels within `support * stretch` of it, stretch = max(1, size / n):
 * where the line shrinks the filter widens, so that no frequency is left that the result can't
 * hold. The rounding of bounds, weights and sums is Pillow's (src/libImaging/Resample.c describes
 * the method), which makes the results equal to Pillow's, not only near. */
#include "data/image/resize.h"
#include "base/alloc.h"
#include "data/image/lanes.h"

#include <math.h>
#include <string.h>

enum { PRECISION = 32 - 8 - 2 }; /* bits of a weight; the sum of a pixel's terms stays in 32 bits */

static double triangle(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

static double cubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
    return 0;
}

static double box(double x)
{
    return x > -0.5 && x <= 0.5 ? 1 : 0;
}

static const struct filter {
    double (*weight)(double x);
    double support;
} filters[] = {
    [BRN__INTERPOLATION_BILINEAR] = {triangle, 1},
    [BRN__INTERPOLATION_BICUBIC] = {cubic, 2},
    [BRN__INTERPOLATION_BOX] = {box, 0.5},
};

/* Weights of `count` output pixels. */
typedef struct weights {
    int taps;        /* room for weights per output pixel */
    int *first;      /* (count): first input pixel */
    int *used;       /* (count): input pixels */
    int32_t *values; /* (count, taps) */
} weights;

static void weights_free(weights *w)
{
    brn__free(w->first);
    brn__free(w->used);
    brn__free(w->values);
}

/* Weights of the output pixels start .. start + count - 1 of n, from a line of `size` pixels. */
static brn_status weights_make(const struct filter *filter, int size, int n, int start, int count,
                               weights *out)
{
    double scale = (double)size / n, stretch = scale < 1 ? 1 : scale;
    double support = filter->support * stretch;
    weights w = {.taps = (int)ceil(support) * 2 + 1};
    w.first = brn__alloc_array((size_t)count, sizeof *w.first);
    w.used = brn__alloc_array((size_t)count, sizeof *w.used);
    w.values = brn__alloc_array((size_t)count, (size_t)w.taps * sizeof *w.values);
    double *exact = brn__alloc_array((size_t)w.taps, sizeof *exact);
    if (!w.first || !w.used || !w.values || !exact) {
        weights_free(&w);
        brn__free(exact);
        return BRN_ERROR_NO_MEMORY;
    }
    for (int i = 0; i < count; i++) {
        double centre = (start + i + 0.5) * scale, sum = 0;
        int first = (int)(centre - support + 0.5), end = (int)(centre + support + 0.5);
        if (first < 0) first = 0;
        if (end > size) end = size;
        int used = end - first;
        for (int k = 0; k < used; k++) {
            exact[k] = filter->weight((first + k - centre + 0.5) / stretch);
            sum += exact[k];
        }
        for (int k = 0; k < used; k++) {
            double value = (sum != 0 ? exact[k] / sum : exact[k]) * (1 << PRECISION);
            w.values[(size_t)i * (size_t)w.taps + (size_t)k] =
                (int32_t)(value + (value < 0 ? -0.5 : 0.5));
        }
        w.first[i] = first;
        w.used[i] = used;
    }
    brn__free(exact);
    *out = w;
    return BRN_OK;
}

static inline uint8_t clip(int32_t sum)
{
    sum >>= PRECISION;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* One row of the horizontal pass. The fourth lane is another byte: unused. */
BRN__CLONES
static void resize_row(const uint8_t *from, const weights *w, int count, uint8_t *to)
{
    for (int i = 0; i < count; i++, to += 3) {
        const int32_t *values = w->values + (size_t)i * (size_t)w->taps;
        const uint8_t *pixel = from + (size_t)w->first[i] * 3;
        const int32_t half = 1 << (PRECISION - 1);
        brn__integers4 sum = {half, half, half, half};
        int used = w->used[i];
        for (int k = 0; k < used; k++, pixel += 3) sum += brn__load_pixel(pixel) * values[k];
        for (int channel = 0; channel < 3; channel++) to[channel] = clip(sum[channel]);
    }
}

/* One row of the vertical pass: the weighted sum of `used` rows that lie `stride` bytes apart. */
BRN__CLONES
static void resize_column(const uint8_t *from, size_t stride, const int32_t *values, int used,
                          int32_t *restrict sums, size_t bytes, uint8_t *restrict to)
{
    for (size_t i = 0; i < bytes; i++) sums[i] = 1 << (PRECISION - 1);
    for (int k = 0; k < used; k++) {
        const uint8_t *row = from + (size_t)k * stride;
        int32_t value = values[k];
        for (size_t i = 0; i < bytes; i++) sums[i] += row[i] * value;
    }
    for (size_t i = 0; i < bytes; i++) to[i] = clip(sums[i]);
}

/* Columns left .. left + width - 1 of the picture resized to `n` columns; rows as they are. */
static brn_status resize_across(const brn__picture *picture, const struct filter *filter, int n,
                                int left, int width, int top, int height, brn__picture *out)
{
    BRN__TRY(brn__picture_new(width, height, "resize", out));
    size_t stride = (size_t)picture->width * 3;
    const uint8_t *from = picture->pixels + (size_t)top * stride;
    if (n == picture->width) {
        for (int y = 0; y < height; y++)
            memcpy(out->pixels + (size_t)y * (size_t)width * 3,
                   from + (size_t)y * stride + (size_t)left * 3, (size_t)width * 3);
        return BRN_OK;
    }
    weights w;
    brn_status status = weights_make(filter, picture->width, n, left, width, &w);
    if (status != BRN_OK) {
        brn__picture_free(out);
        return status;
    }
    for (int y = 0; y < height; y++)
        resize_row(from + (size_t)y * stride, &w, width,
                   out->pixels + (size_t)y * (size_t)width * 3);
    weights_free(&w);
    return BRN_OK;
}

brn_status brn__picture_resize(const brn__picture *picture, int width, int height,
                               brn__rectangle part, brn__interpolation interpolation,
                               brn__picture *out)
{
    *out = (brn__picture){0};
    if (part.left < 0 || part.top < 0 || part.width < 1 || part.height < 1 ||
        part.left > width - part.width || part.top > height - part.height)
        return brn__fail(BRN_ERROR_USAGE, "resize: part %d x %d at (%d, %d) is not in %d x %d",
                         part.width, part.height, part.left, part.top, width, height);
    const struct filter *filter = &filters[interpolation];
    if (height == picture->height)
        return resize_across(picture, filter, width, part.left, part.width, part.top, part.height,
                             out);

    weights w;
    BRN__TRY(weights_make(filter, picture->height, height, part.top, part.height, &w));
    int first = w.first[0], last = part.height - 1, end = w.first[last] + w.used[last];
    brn__picture across = {0};
    brn_status status =
        resize_across(picture, filter, width, part.left, part.width, first, end - first, &across);
    size_t stride = (size_t)part.width * 3;
    int32_t *sums = status == BRN_OK ? brn__alloc_array(stride, sizeof *sums) : NULL;
    if (status == BRN_OK && !sums) status = BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = brn__picture_new(part.width, part.height, "resize", out);
    for (int y = 0; status == BRN_OK && y < part.height; y++)
        resize_column(across.pixels + (size_t)(w.first[y] - first) * stride, stride,
                      w.values + (size_t)y * (size_t)w.taps, w.used[y], sums, stride,
                      out->pixels + (size_t)y * stride);
    brn__picture_free(&across);
    brn__free(sums);
    weights_free(&w);
    return status;
}
