/* SPDX-License-Identifier: Apache-2.0
 * The network of a ratings job, and what it is trained to do. */
#include "jobs/ratings_job.h"
#include "models/dot_bias.h"
#include "models/table_net.h"

#include <string.h>

static const double COURSE_NEURAL_BOUND = .01;

/* Weights, gradients and two moments are four times as much: refused before memory runs out. */
brn_status brn__ratings_check_size(const brn_ratings_options *o, int64_t users, int64_t items)
{
    const double most = 0x1p29;
    int64_t user_width = o->factors, item_width = o->factors;
    if (o->network == BRN_RATINGS_NEURAL && o->form == BRN_RATINGS_FORM_FASTAI2) {
        user_width = brn__embedding_width(BRN__TABLE_FASTAI2, users + 1);
        item_width = brn__embedding_width(BRN__TABLE_FASTAI2, items + 1);
    }
    double total = (double)(users + 1) * (double)(user_width + 1) +
                   (double)(items + 1) * (double)(item_width + 1);
    if (total <= most) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: the vectors of %lld users and %lld items would have %.3g numbers; at most "
                     "%.3g are possible: choose fewer factors",
                     o->data, (long long)users, (long long)items, total, most);
}

/* ------------------------------------------------------------------ scores */

static brn_node *dot_score(const brn_ratings_options *o, const brn__ratings_network *n,
                           brn_node *pairs)
{
    const brn__dot_bias_options options = {.form = o->form == BRN_RATINGS_FORM_COURSE
                                                       ? BRN__DOT_BIAS_COURSE
                                                       : BRN__DOT_BIAS_FASTAI2,
                                           .users = n->users,
                                           .items = n->items,
                                           .factors = o->factors,
                                           .has_range = n->has_range,
                                           .low = n->low,
                                           .high = n->high};
    return brn__dot_bias(pairs, &options, 1);
}

/* 0.7's EmbeddingNet ends half a star past the lowest and highest rating; the range is ours here. */
static brn_node *neural_score(const brn_ratings_options *o, const brn__ratings_network *n)
{
    const int64_t cardinalities[] = {n->users, n->items}, widths[] = {o->factors, o->factors};
    const brn_init course_init = {.kind = BRN_INIT_UNIFORM, .a = COURSE_NEURAL_BOUND};
    bool course = o->form == BRN_RATINGS_FORM_COURSE;
    brn__table_net_options net = brn__table_net_defaults(BRN__TABLE_FASTAI2);
    net.category_count = 2;
    net.cardinalities = cardinalities;
    net.widths = course ? widths : NULL;
    net.embedding_init = course ? &course_init : NULL;
    net.norm_hidden = !course;
    net.hidden_count = o->hidden_count;
    memcpy(net.hidden, o->hidden, sizeof net.hidden);
    memcpy(net.dropout, o->dropout, sizeof net.dropout);
    net.embedding_dropout = o->embedding_dropout;
    net.has_range = n->has_range;
    net.low = n->low;
    net.high = n->high;
    brn_node *codes = n->width == 2 ? n->ends.input : brn_slice(n->ends.input, 1, 0, 2);
    return brn__table_net(codes, &net);
}

/* ------------------------------------------------------------------ what is learned */

static brn_node *as_row(brn_node *column)
{
    return brn_reshape(column, (int64_t[]){0}, 1);
}

/* Both pairs of a row (user, item, user, other) are looked up at once, so that the gradient of a table
 * lists its rows: the lazy form needs that. */
static void build_pairs(const brn_ratings_options *o, brn__ratings_network *n)
{
    brn__network *ends = &n->ends;
    brn_node *pairs = brn_reshape(ends->input, (int64_t[]){-1, 2}, 2); /* (2 N, 2) */
    brn_node *sides = brn_reshape(dot_score(o, n, pairs), (int64_t[]){-1, 2}, 2); /* (N, 2) */
    n->score = brn_slice(sides, 1, 0, 1);
    brn_node *other = brn_slice(sides, 1, 1, 2);
    ends->output = brn_add(n->score, brn_scale(other, -1, 0)); /* what validation counts */
    ends->loss = brn_loss(as_row(ends->output), ends->target, BRN_LOSS_BCE_WITH_LOGITS);
}

static void build_scores(const brn_ratings_options *o, brn__ratings_network *n)
{
    brn__network *ends = &n->ends;
    brn_node *y = n->is_dot ? dot_score(o, n, ends->input) : neural_score(o, n);
    ends->output = n->score = y;
    if (o->loss == BRN_RATINGS_LOSS_WEIGHTED) y = brn_mul(y, brn_slice(ends->input, 1, 2, 3));
    ends->loss = brn_loss(as_row(y), ends->target, BRN_LOSS_MSE);
}

static brn_status build(const brn_ratings_options *o, brn__ratings_network *n)
{
    const int64_t dims[] = {o->batch_size, n->width};
    BRN__TRY(brn_graph_new(&n->graph));
    brn__network *ends = &n->ends;
    ends->input = brn_input(n->graph, "rows", BRN_DTYPE_F32, dims, 2);
    ends->target = brn_input(n->graph, "target", BRN_DTYPE_F32, dims, 1);
    if (o->loss == BRN_RATINGS_LOSS_BPR) build_pairs(o, n);
    else build_scores(o, n);
    ends->measure = ends->loss;
    BRN__TRY(brn_graph_status(n->graph));
    BRN__TRY(brn_parameters_new(n->graph, BRN_DTYPE_F32, &n->parameters));
    BRN__TRY(brn_parameters_initialise(n->parameters, o->seed, -1));
    BRN__TRY(brn__learner_new(n->parameters, "cpu", o->threads, o->seed, &n->learner));
    brn_runner_set_precision(brn__learner_runner(n->learner), o->precision);
    return BRN_OK;
}

brn_status brn__ratings_network_new(const brn_ratings_options *o, int64_t users, int64_t items,
                                    brn__ratings_network *out)
{
    *out = (brn__ratings_network){.users = users + 1,
                                  .items = items + 1,
                                  .factors = o->factors,
                                  .width = brn__ratings_width((brn__ratings_loss)o->loss),
                                  .is_dot = o->network == BRN_RATINGS_DOT,
                                  .has_range = o->has_range,
                                  .low = o->low,
                                  .high = o->high};
    BRN__TRY(brn__ratings_check_size(o, users, items));
    brn_status status = build(o, out);
    if (status != BRN_OK) brn__ratings_network_free(out);
    return status;
}

void brn__ratings_network_free(brn__ratings_network *network)
{
    brn__learner_free(network->learner);
    brn_parameters_free(network->parameters);
    brn_graph_free(network->graph);
    *network = (brn__ratings_network){0};
}

static const float *table_of(const brn__ratings_network *n, const char *name)
{
    int place = brn_parameters_find(n->parameters, name);
    const float *values = brn_parameters_values(n->parameters);
    return values + brn_parameters_info(n->parameters, place).offset;
}

brn__ratings_tables brn__ratings_tables_of(const brn__ratings_network *n)
{
    return (brn__ratings_tables){.u = table_of(n, "u_weight.weight"),
                                 .i = table_of(n, "i_weight.weight"),
                                 .u_bias = table_of(n, "u_bias.weight"),
                                 .i_bias = table_of(n, "i_bias.weight")};
}

const float *brn__ratings_item_vectors(const brn__ratings_network *n, int64_t *width)
{
    const char *name = n->is_dot ? "i_weight.weight" : "embeds.1.weight";
    *width = brn_parameters_info(n->parameters, brn_parameters_find(n->parameters, name)).shape.dims[1];
    return table_of(n, name);
}
