/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/dropouts.h"
#include "base/json.h"
#include "jobs/option_fields.h"

#include <stddef.h>

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    {"words", offsetof(brn_dropouts, words)},   {"input", offsetof(brn_dropouts, input)},
    {"weight", offsetof(brn_dropouts, weight)}, {"hidden", offsetof(brn_dropouts, hidden)},
    {"output", offsetof(brn_dropouts, output)}, {"head", offsetof(brn_dropouts, head)},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static double *value_of(const brn_dropouts *d, int i) { return (double *)((uintptr_t)d + fields[i].offset); }

brn_dropouts brn_dropouts_by_factor(void) { return (brn_dropouts){-1, -1, -1, -1, -1, -1}; }

double brn__dropout_or(double given, double otherwise) { return given < 0 ? otherwise : given; }

brn_status brn__dropouts_check(const brn_dropouts *d)
{
    for (int i = 0; i < FIELDS; i++)
        if (*value_of(d, i) != -1) BRN__TRY(brn__check_real("dropout", *value_of(d, i), 0, .999));
    return BRN_OK;
}

bool brn__dropouts_write(const brn_dropouts *d, json_t *object)
{
    bool given = false, good = true;
    for (int i = 0; i < FIELDS; i++) given = given || *value_of(d, i) >= 0;
    if (!given) return true;
    json_t *one = json_object();
    for (int i = 0; one && good && i < FIELDS; i++)
        good = brn__json_put(one, fields[i].name, json_real(*value_of(d, i)));
    return brn__json_put(object, "dropouts", brn__json_whole(good, one));
}

brn_status brn__dropouts_read(const json_t *object, brn_dropouts *out)
{
    const json_t *one = json_object_get(object, "dropouts");
    *out = brn_dropouts_by_factor();
    for (int i = 0; one && i < FIELDS; i++) {
        const json_t *value = json_object_get(one, fields[i].name);
        if (!json_is_number(value)) return brn__fail(BRN_ERROR_INPUT, "options: \"dropouts\": expected six numbers");
        *value_of(out, i) = json_number_value(value);
    }
    return BRN_OK;
}
