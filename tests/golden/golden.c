/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/golden.h"

#include "golden/generator.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *golden_open(const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(test_source_path(path), 0, &error);
    if (!root) fail_msg("%s:%d: %s", test_source_path(path), error.line, error.text);
    return root;
}

static const json_t *find(const json_t *root, const char *path)
{
    const json_t *at = root;
    while (at && *path) {
        size_t length = strcspn(path, "/");
        char key[256];
        if (length >= sizeof key) return NULL;
        memcpy(key, path, length);
        key[length] = 0;
        at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10))
                               : json_object_get(at, key);
        path += length + (path[length] == '/');
    }
    return at;
}

bool golden_has(const json_t *root, const char *path)
{
    return find(root, path) != NULL;
}

const json_t *golden_at(const json_t *root, const char *path)
{
    const json_t *found = find(root, path);
    if (!found) fail_msg("the golden file has no %s", path);
    return found;
}

double golden_number(const json_t *root, const char *path)
{
    const json_t *found = golden_at(root, path);
    if (!json_is_number(found)) fail_msg("%s is not a number", path);
    return json_number_value(found);
}

const char *golden_string(const json_t *root, const char *path)
{
    const json_t *found = golden_at(root, path);
    if (!json_is_string(found)) fail_msg("%s is not a string", path);
    return json_string_value(found);
}

static int64_t shape_count(const json_t *shape)
{
    int64_t count = 1;
    for (size_t i = 0; i < json_array_size(shape); i++)
        count *= json_integer_value(json_array_get(shape, i));
    return count;
}

int64_t golden_input_count(const json_t *root, const char *form)
{
    return shape_count(golden_at(golden_at(root, form), "input_shape"));
}

void golden_input(const json_t *root, const char *form, double *out)
{
    const char *stream = golden_string(golden_at(root, form), "input_stream");
    golden_uniform(stream, golden_input_count(root, form), out);
}

static double number_in(const json_t *summary, const char *key)
{
    return json_number_value(json_object_get(summary, key));
}

/* The errors but for `full`. */
static golden_error measure(const json_t *summary, const char *name, const double *values,
                            int64_t count)
{
    char stream[300];
    snprintf(stream, sizeof stream, "dot:%s", name);
    double *d = malloc((size_t)count * sizeof *d);
    if (!d) abort();
    golden_uniform(stream, count, d);
    double norm = 0, dot = 0, d_norm = 0;
    for (int64_t i = 0; i < count; i++) {
        norm += values[i] * values[i];
        dot += values[i] * d[i];
        d_norm += d[i] * d[i];
    }
    free(d);
    norm = sqrt(norm);
    double want = number_in(summary, "norm"), root_count = sqrt((double)count);
    const json_t *scale = json_object_get(summary, "scale");
    if (scale || want == 0)
        return (golden_error){.norm = scale ? norm / json_number_value(scale) : norm};
    golden_error out = {
        .norm = fabs(norm - want) / want,
        .dot = fabs(dot - number_in(summary, "dot")) / (3 * want * sqrt(d_norm) / root_count),
    };
    const json_t *samples = json_object_get(summary, "samples");
    for (int64_t k = 0; k < 8; k++) {
        double sample = json_number_value(json_array_get(samples, (size_t)k));
        double off = fabs(values[k * (count - 1) / 7] - sample);
        double error = off / (3 * fmax(want / root_count, fabs(sample)));
        if (!(error <= out.samples)) out.samples = error;
    }
    return out;
}

golden_error golden_compare(const json_t *summary, const char *name, const double *values,
                            int64_t count)
{
    int64_t expected = shape_count(json_object_get(summary, "shape"));
    if (!json_object_get(summary, "norm") || count < 1 || count != expected) {
        print_error("%s: %lld values, the golden tensor has %lld\n", name, (long long)count,
                    (long long)expected);
        return (golden_error){INFINITY, INFINITY, INFINITY, INFINITY};
    }
    golden_error e = measure(summary, name, values, count);
    if (isnan(e.norm)) e.norm = INFINITY;
    if (isnan(e.dot)) e.dot = INFINITY;
    if (isnan(e.samples)) e.samples = INFINITY;
    e.full = fmax(e.norm, fmax(e.dot, e.samples));
    return e;
}

double golden_check_summary(const json_t *summary, const char *name, const double *values,
                            int64_t count, double tolerance)
{
    const golden_error e = golden_compare(summary, name, values, count);
    if (!(e.full <= tolerance))
        print_error("%s: off by norm %.3g, dot %.3g, samples %.3g; tolerance %.3g\n", name, e.norm,
                    e.dot, e.samples, tolerance);
    return e.full;
}

double golden_check_array(const json_t *array, const char *name, const double *values,
                          int64_t count, double tolerance)
{
    if ((int64_t)json_array_size(array) != count) {
        print_error("%s: %lld values, the golden array has %zu\n", name, (long long)count,
                    json_array_size(array));
        return INFINITY;
    }
    double worst = 0;
    int64_t at = 0;
    for (int64_t i = 0; i < count; i++) {
        double want = json_number_value(json_array_get(array, (size_t)i));
        double error = fabs(values[i] - want) / fmax(1, fabs(want));
        if (isnan(error)) error = INFINITY;
        if (error > worst) worst = error, at = i;
    }
    if (worst > tolerance)
        print_error("%s[%lld]: %.17g, the golden value is %.17g\n", name, (long long)at, values[at],
                    json_number_value(json_array_get(array, (size_t)at)));
    return worst;
}

void golden_assert_summary(const json_t *root, const char *folder, const char *name,
                           const double *values, int64_t count, double tolerance, const char *file,
                           int line)
{
    const json_t *summary = json_object_get(golden_at(root, folder), name);
    if (!summary) print_error("the golden file has no %s/%s\n", folder, name);
    if (summary && golden_check_summary(summary, name, values, count, tolerance) <= tolerance)
        return;
    _fail(file, line);
}
