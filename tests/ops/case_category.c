/* SPDX-License-Identifier: Apache-2.0
 * category_linear: numbers of columns, categories, widths and outputs that fill no vector, tile or chunk. */
#include "ops/cases.h"

enum { COLUMNS_MAX = 3 };

typedef struct category_case {
    int64_t batch, outputs;
    brn__category_linear_attributes attributes;
    bool bias;
    bool fixed_tables, fixed_weight; /* no gradient is asked for */
} category_case;

/* Column 0 of x is none of them; codes are drawn between whole numbers, so that they are rounded. */
static brn_node *build_category(case_builder *b, const void *argument)
{
    static const char *const names[] = {"codes 0", "codes 1", "codes 2"};
    const category_case *k = argument;
    const brn__category_linear_attributes *a = &k->attributes;
    int64_t elements = 0, inputs = 0, dense = 0;
    brn_node *parts[COLUMNS_MAX + 1] = {case_input(b, "other", DIMS(k->batch, 1))};
    case_fix(b);
    for (int i = 0; i < a->count; i++) {
        parts[a->columns[i].column] = case_input(b, names[i], DIMS(k->batch, 1));
        case_range(b, -.49, (double)a->columns[i].rows - .51, 0);
        case_fix(b);
        elements += a->columns[i].rows * a->columns[i].width;
        inputs += a->columns[i].width;
    }
    for (int i = 0; i < a->run_count; i++) dense += a->runs[i].width;
    brn_node *x = brn_concat(parts, a->count + 1, 1);
    brn_node *tables = case_parameter(b, "tables", DIMS(elements));
    if (k->fixed_tables) case_fix(b);
    brn_node *weight = case_parameter(b, "weight", DIMS(k->outputs, inputs + dense));
    if (k->fixed_weight) case_fix(b);
    brn_node *numbers = dense ? case_input(b, "dense", DIMS(k->batch, dense)) : NULL;
    brn_node *bias = k->bias ? case_parameter(b, "bias", DIMS(k->outputs)) : NULL;
    return case_apply(&brn__op_category_linear, a, (brn_node *[]){x, tables, weight, numbers, bias}, 5);
}

static const brn__category_column single[] = {{1, 4, 3, 0}};
static const brn__category_column constant[] = {{1, 1, 1, 0}};
static const brn__category_column wide[] = {{1, 43, 13, 0}};
static const brn__category_column two[] = {{1, 1, 2, 2}, {2, 5, 3, 4}};    /* the first two are dense */
static const brn__category_column turned[] = {{3, 17, 8, 0}, {1, 3, 3, 10}, {2, 9, 5, 13}};
static const brn__dense_run first[] = {{0, 2}};
static const brn__dense_run between[] = {{8, 2}, {18, 7}};
static const brn__dense_run behind[] = {{3, 17}};

#define CATEGORY(title, ...) {"category_linear", title, build_category, &(const category_case){__VA_ARGS__}}
#define GRADIENT(title, ...) {"category_linear_grad", title, build_category, &(const category_case){__VA_ARGS__}}

static const op_case category_cases[] = {
    CATEGORY("one column", 3, 5, {1, 0, single, NULL}),
    CATEGORY("one row", 1, 7, {1, 0, single, NULL}, true),
    CATEGORY("one category of width 1", 3, 1, {1, 0, constant, NULL}),
    CATEGORY("more categories than rows", 9, 24, {1, 0, wide, NULL}),
    CATEGORY("numbers before", 5, 17, {2, 1, two, first}, true),
    CATEGORY("numbers between and behind", 33, 40, {3, 2, turned, between}, true),
    CATEGORY("one row with numbers", 1, 33, {3, 2, turned, between}),
    CATEGORY("many numbers behind", 6, 16, {1, 1, single, behind}),
    CATEGORY("relu", 7, 20, {3, 2, turned, between, BRN_ACTIVATION_RELU}, true),
    CATEGORY("relu6", 7, 20, {2, 1, two, first, BRN_ACTIVATION_RELU6}, true),
    CATEGORY("more than a chunk of outputs", 17, 203, {3, 2, turned, between}, true),
    CATEGORY("an odd number of cache lines", 12, 256, {2, 1, two, first}),
    GRADIENT("tables alone", 9, 21, {3, 2, turned, between}, false, false, true),
    GRADIENT("weight alone", 9, 21, {3, 2, turned, between}, false, true, false),
    GRADIENT("numbers alone", 9, 21, {3, 2, turned, between}, false, true, true),
};
OP_CASES(category_cases)
