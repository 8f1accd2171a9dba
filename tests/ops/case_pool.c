/* SPDX-License-Identifier: Apache-2.0
 * pool2d and global_pool. Values are drawn at random, so maxima have no ties. */
#include "ops/cases.h"

typedef struct pool_case {
    int64_t n, c, h, w;
    brn_pool2d_options options;
} pool_case;

static brn_node *build_pool(case_builder *b, const void *argument)
{
    const pool_case *k = argument;
    return brn_pool2d(case_input(b, "x", DIMS(k->n, k->c, k->h, k->w)), &k->options);
}

typedef struct global_case {
    int64_t n, c, h, w;
    int kind; /* a brn_pool_kind, or -1: both */
} global_case;

static brn_node *build_global(case_builder *b, const void *argument)
{
    const global_case *k = argument;
    brn_node *x = case_input(b, "x", DIMS(k->n, k->c, k->h, k->w));
    return k->kind < 0 ? brn_concat_pool(x) : brn_global_pool(x, (brn_pool_kind)k->kind);
}

#define POOL(title, ...) {"pool2d", title, build_pool, &(const pool_case){__VA_ARGS__}}
#define GLOBAL(title, ...) {"global_pool", title, build_global, &(const global_case){__VA_ARGS__}}
#define MAX .kind = BRN_POOL_MAX
#define AVERAGE .kind = BRN_POOL_AVERAGE

static const op_case pool_cases[] = {
    POOL("max 2x2", 3, 3, 6, 6, {MAX, .kernel = {2, 2}}),
    POOL("max 2x2 of an odd picture", 1, 17, 7, 7, {MAX, .kernel = {2, 2}}),
    POOL("max 3x3, stride 2, padding 1", 1, 24, 7, 7,
         {MAX, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}}),
    POOL("max 3x3, stride 2, even", 1, 16, 8, 8,
         {MAX, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}}),
    POOL("max 3x3, stride 2, rounding up", 1, 5, 8, 8,
         {MAX, .kernel = {3, 3}, .stride = {2, 2}, .ceil = true}),
    POOL("max 3x3, overlapping", 1, 3, 5, 5, {MAX, .kernel = {3, 3}, .stride = {1, 1}}),
    POOL("max 3x2, unequal", 1, 5, 7, 6,
         {MAX, .kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0}}),
    POOL("max of one pixel", 3, 16, 1, 1, {MAX, .kernel = {1, 1}}),
    POOL("average 2x2", 3, 3, 6, 6, {AVERAGE, .kernel = {2, 2}}),
    POOL("average 2x2, 24 channels", 1, 24, 4, 4, {AVERAGE, .kernel = {2, 2}}),
    POOL("average 3x3, padding not counted", 1, 17, 7, 7,
         {AVERAGE, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}}),
    POOL("average 3x3, padding counted", 1, 5, 7, 7,
         {AVERAGE, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}, .count_padding = true}),
    POOL("average 3x3, rounding up", 1, 3, 8, 8,
         {AVERAGE, .kernel = {3, 3}, .stride = {2, 2}, .ceil = true}),
    POOL("average 3x3, rounding up, padding counted, nothing past it", 1, 16, 7, 7,
         {AVERAGE, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}, .count_padding = true,
          .ceil = true}),
    POOL("average 3x3, rounding up past the padding", 1, 16, 8, 8,
         {AVERAGE, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}, .ceil = true}),
    POOL("average 7x7 of everything", 3, 40, 7, 7, {AVERAGE, .kernel = {7, 7}}),
    GLOBAL("average", 3, 24, 3, 3, BRN_POOL_AVERAGE),
    GLOBAL("average of one pixel", 1, 17, 1, 1, BRN_POOL_AVERAGE),
    GLOBAL("maximum", 3, 16, 4, 3, BRN_POOL_MAX),
    GLOBAL("maximum, 3 channels", 1, 3, 7, 7, BRN_POOL_MAX),
    GLOBAL("both, 24 channels", 3, 24, 3, 3, -1),
    GLOBAL("both, 5 channels", 1, 5, 7, 7, -1),
    GLOBAL("both of one pixel", 3, 32, 1, 1, -1),
};
OP_CASES(pool_cases)
