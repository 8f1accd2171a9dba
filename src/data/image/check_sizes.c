/* SPDX-License-Identifier: Apache-2.0
 * Sizes that stand out: far from the median in octaves, measured against the spread of the rest. */
#include "base/alloc.h"
#include "data/image/check.h"

#include <math.h>
#include <stdlib.h>

enum { PICTURES_MIN = 20 }; /* fewer say nothing about what is usual */

/* A median absolute deviation of 1 is a standard deviation of 1.4826 in a normal distribution. */
static const double deviations = 4 * 1.4826;
static const double area_octaves = 2, aspect_octaves = 1; /* at least: 4 times the pixels, 2 the ratio */

typedef struct usual {
    double median, limit;
} usual;

static double area_of(const brn__checked *file)
{
    return log2((double)file->width * file->height);
}

static double aspect_of(const brn__checked *file)
{
    return log2((double)file->width / file->height);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int64_t count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static usual find_usual(const brn_data_check *check, double (*of)(const brn__checked *),
                        double least, double *scratch)
{
    int64_t count = 0;
    usual u;
    for (int64_t i = 0; i < check->file_count; i++)
        if (brn__is_readable(&check->files[i])) scratch[count++] = of(&check->files[i]);
    u.median = median(scratch, count);
    for (int64_t i = 0; i < count; i++) scratch[i] = fabs(scratch[i] - u.median);
    u.limit = fmax(least, deviations * median(scratch, count));
    return u;
}

static brn_status tell_file(brn_data_check *check, int64_t i, const usual *area,
                            const usual *aspect)
{
    const brn__checked *file = &check->files[i];
    const int shorter = file->width < file->height ? file->width : file->height;
    const double a = area_of(file) - area->median, b = aspect_of(file) - aspect->median;
    if (shorter < check->options.min_side)
        BRN__TRY(brn__check_add(check, i, BRN_FINDING_TINY, -1, -1,
                                "%d x %d pixels; expected %d a side", file->width, file->height,
                                check->options.min_side));
    if (fabs(a) > area->limit)
        BRN__TRY(brn__check_add(check, i, BRN_FINDING_SIZE, -1, -1,
                                "%d x %d pixels, %.3g times the median number", file->width,
                                file->height, exp2(a)));
    if (fabs(b) > aspect->limit)
        BRN__TRY(brn__check_add(check, i, BRN_FINDING_ASPECT, -1, -1,
                                "%d x %d pixels, %.3g times as wide for its height as the median",
                                file->width, file->height, exp2(b)));
    return BRN_OK;
}

brn_status brn__check_sizes(brn_data_check *check)
{
    usual area = {.limit = INFINITY}, aspect = area;
    if (check->picture_count >= PICTURES_MIN) {
        double *scratch = brn__alloc_array((size_t)check->picture_count, sizeof *scratch);
        if (!scratch) return BRN_ERROR_NO_MEMORY;
        area = find_usual(check, area_of, area_octaves, scratch);
        aspect = find_usual(check, aspect_of, aspect_octaves, scratch);
        brn__free(scratch);
    }
    for (int64_t i = 0; i < check->file_count; i++)
        if (brn__is_readable(&check->files[i])) BRN__TRY(tell_file(check, i, &area, &aspect));
    return BRN_OK;
}
