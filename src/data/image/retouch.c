/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/retouch.h"

#include <math.h>
#include <stddef.h>

enum { RADIUS_MAX = 31 };

/* Weights at distance 0 .. radius: OpenCV has tables up to 7 pixels, and derives the deviation from the
 * count of pixels beyond. */
static void gaussian(int radius, float weights[RADIUS_MAX + 1])
{
    static const float tables[][4] = {{1},
                                      {0.5f, 0.25f},
                                      {0.375f, 0.25f, 0.0625f},
                                      {0.28125f, 0.21875f, 0.109375f, 0.03125f}};
    if (radius < 4) {
        for (int i = 0; i <= radius; i++) weights[i] = tables[radius][i];
        return;
    }
    double deviation = 0.3 * (radius - 1) + 0.8, sum = 0, value[RADIUS_MAX + 1];
    for (int i = 0; i <= radius; i++) {
        value[i] = exp(-0.5 * i * i / (deviation * deviation));
        sum += i ? 2 * value[i] : value[i];
    }
    for (int i = 0; i <= radius; i++) weights[i] = (float)(value[i] / sum);
}

/* out[i] = sum of weights[|k|] from[i + radius + k stride], `count` values. */
static void blur_line(const float *from, ptrdiff_t stride, int count, int radius,
                      const float *weights, float *out)
{
    const float *middle = from + radius * stride;
    for (int i = 0; i < count; i++) out[i] = weights[0] * middle[i];
    for (int k = 1; k <= radius; k++)
        for (int i = 0; i < count; i++)
            out[i] += weights[k] * (middle[i - k * stride] + middle[i + k * stride]);
}

void brn__blur(float *from, int size, int radius, float *row, float *out)
{
    const int side = size + 2 * radius;
    float weights[RADIUS_MAX + 1];
    gaussian(radius, weights);
    for (int channel = 0; channel < 3; channel++) {
        const float *plane = from + (size_t)channel * (size_t)side * (size_t)side;
        for (int y = 0; y < size; y++, out += size) {
            blur_line(plane + (size_t)y * (size_t)side, side, side, radius, weights, row);
            blur_line(row, 1, size, radius, weights, out);
        }
    }
}

/* [begin, end) clipped to the picture. */
static int clip(double at, int size)
{
    return at <= 0 ? 0 : at >= size ? size : (int)at;
}

void brn__cut_out(const brn__augment *drawn, const float black[3], int size, float *out)
{
    for (int hole = 0; hole < drawn->hole_count; hole++) {
        double half = drawn->hole_length / 2.0;
        double x = floor(drawn->hole_x[hole] * size), y = floor(drawn->hole_y[hole] * size);
        int left = clip(x - half, size), right = clip(x + half, size);
        int top = clip(y - half, size), bottom = clip(y + half, size);
        for (int channel = 0; channel < 3; channel++)
            for (int row = top; row < bottom; row++)
                for (int column = left; column < right; column++)
                    out[((size_t)channel * (size_t)size + (size_t)row) * (size_t)size +
                        (size_t)column] = black[channel];
    }
}

/* A side of a patch, and where it begins. */
static int place_side(double area, double position, int size, int *begin)
{
    int side = (int)nearbyint(sqrt(area));
    int room = size > side ? size - side : 0;
    *begin = (int)floor(position * (room + 1));
    return *begin + side < size ? *begin + side : size;
}

void brn__erase(const brn__augment *drawn, int size, float *out)
{
    brn__random random = brn__random_new(drawn->noise_key, 0, 0, 0);
    for (int i = 0; i < drawn->patch_count; i++) {
        double area = drawn->patch_area[i] * size * size;
        int top, left;
        int bottom = place_side(area * drawn->patch_aspect[i], drawn->patch_y[i], size, &top);
        int right = place_side(area / drawn->patch_aspect[i], drawn->patch_x[i], size, &left);
        for (int channel = 0; channel < 3; channel++)
            for (int y = top; y < bottom; y++)
                for (int x = left; x < right; x++)
                    out[((size_t)channel * (size_t)size + (size_t)y) * (size_t)size + (size_t)x] =
                        (float)brn__random_normal(&random);
    }
}
