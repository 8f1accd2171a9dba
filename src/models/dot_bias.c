/* SPDX-License-Identifier: Apache-2.0 */
#include "models/dot_bias.h"
#include "graph/graph.h"

static const double FASTAI2_DEVIATION = .01, COURSE_BOUND = .05;

/* Rows of the table `name`.weight (rows, width) for these codes: (N, width). */
static brn_node *look_up(brn_node *codes, const char *name, int64_t rows, int64_t width,
                         brn__dot_bias_form form)
{
    brn_graph *graph = brn_node_graph(codes);
    brn_init init = {.kind = BRN_INIT_NORMAL_WITHIN_2, .a = FASTAI2_DEVIATION};
    if (form == BRN__DOT_BIAS_COURSE)
        init = (brn_init){.kind = BRN_INIT_UNIFORM, .a = COURSE_BOUND};
    brn_scope_push(graph, "%s", name);
    brn_node *table = brn_parameter(graph, "weight", (int64_t[]){rows, width}, 2,
                                    BRN_PARAMETER_WEIGHT, init);
    brn_scope_pop(graph);
    return brn_embedding(table, codes);
}

static brn_node *check(brn_node *x, const brn__dot_bias_options *o)
{
    if (o->users < 1 || o->items < 1 || o->factors < 1)
        return brn__graph_fail(
            brn_node_graph(x),
            brn__fail(BRN_ERROR_INPUT,
                      "dot_bias: %lld users, %lld items, %lld factors; expected 1 or more of each",
                      (long long)o->users, (long long)o->items, (long long)o->factors));
    if (o->has_range && !(o->low < o->high))
        return brn__graph_fail(brn_node_graph(x),
                               brn__fail(BRN_ERROR_INPUT, "dot_bias: the range %g to %g is empty",
                                         o->low, o->high));
    return x;
}

brn_node *brn__dot_bias(brn_node *x, const brn__dot_bias_options *o, int64_t item_column)
{
    if (brn__is_poison(x)) return x;
    x = check(x, o);
    if (brn__is_poison(x)) return x;
    brn_node *user = brn_column_indices(x, 0), *item = brn_column_indices(x, item_column);
    brn_node *u = look_up(user, "u_weight", o->users, o->factors, o->form);
    brn_node *i = look_up(item, "i_weight", o->items, o->factors, o->form);
    brn_node *u_bias = look_up(user, "u_bias", o->users, 1, o->form);
    brn_node *i_bias = look_up(item, "i_bias", o->items, 1, o->form);
    brn_node *dot = brn_reduce(brn_mul(u, i), BRN_REDUCE_SUM, 1u << 1, true); /* (N, 1) */
    brn_node *y = brn_add(brn_add(dot, u_bias), i_bias);
    if (!o->has_range) return y;
    return brn_scale(brn_sigmoid(y), o->high - o->low, o->low);
}
