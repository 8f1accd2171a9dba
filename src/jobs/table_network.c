/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "burnish/nn.h"
#include "jobs/table_job.h"

#include <string.h>

/* What the options give the embedding of a column; 0: the form's rule. */
static int64_t width_of(const brn_table_train_options *o, const char *column)
{
    for (int64_t i = 0; i < o->embedding_width_count; i++)
        if (strcmp(o->categories[i], column) == 0) return o->embedding_widths[i];
    return 0;
}

/* Cardinalities and widths have (category_count). */
static void fill_net_options(const brn_table_train_options *o, const brn__preparation *p,
                             int64_t *cardinalities, int64_t *widths, brn__table_net_options *out)
{
    *out = brn__table_net_defaults((brn__table_form)o->form);
    for (int64_t i = 0; i < p->category_count; i++) {
        cardinalities[i] = p->categories[i].count + 1;
        widths[i] = width_of(o, p->categories[i].name);
    }
    out->category_count = p->category_count;
    out->number_count = p->number_count;
    out->cardinalities = cardinalities;
    out->widths = widths;
    out->norm_hidden = out->norm_hidden || o->hidden_norms;
    out->hidden_count = o->hidden_count;
    memcpy(out->hidden, o->hidden, sizeof out->hidden);
    memcpy(out->dropout, o->dropout, sizeof out->dropout);
    out->embedding_dropout = o->embedding_dropout;
    out->one_hot = o->one_hot;
    out->by_category = !o->lazy;
    bool number = p->target_kind == BRN__TARGET_NUMBER;
    out->outputs = number ? (p->target_count ? p->target_count : 1) : p->classes.count;
    out->has_range = number && o->has_range;
    out->low = o->low;
    out->high = o->high;
}

/* Weights, gradients and two moments are four times as much: refused before memory runs out. */
static brn_status check_size(const brn_table_train_options *o, const brn__preparation *p)
{
    const double most = 0x1p29;
    double total = 0, largest = 0;
    int64_t widest = 0;
    for (int64_t i = 0; i < p->category_count; i++) {
        int64_t cardinality = p->categories[i].count + 1;
        int64_t width = width_of(o, p->categories[i].name);
        if (!width) width = brn__embedding_width((brn__table_form)o->form, cardinality);
        if (o->one_hot && o->hidden_count > 0) width = o->hidden[0];
        double elements = (double)cardinality * (double)width;
        if (elements > largest) largest = elements, widest = i;
        total += elements;
    }
    if (total <= most) return BRN_OK;
    return brn__fail(
        BRN_ERROR_INPUT,
        "%s: the embeddings would have %.3g numbers, those of column \"%s\" alone %.3g "
        "(%lld categories); at most %.3g are possible: leave the column out, or use it "
        "as a number",
        o->data, total, p->categories[widest].name, largest, (long long)p->categories[widest].count,
        most);
}

static brn_status choose_loss(const brn_table_train_options *o, const brn__preparation *p,
                              brn__table_network *out)
{
    bool number = p->target_kind == BRN__TARGET_NUMBER;
    bool of_classes = o->loss == BRN_TABLE_LOSS_CROSS_ENTROPY || o->loss == BRN_TABLE_LOSS_FOCAL;
    out->loss = o->loss;
    out->quantile = o->quantile;
    out->gamma = o->gamma;
    out->truths = p->target_truths;
    if (p->target_truths && o->loss != BRN_TABLE_LOSS_DEFAULT)
        return brn__fail(BRN_ERROR_USAGE, "several truths are learned from their cross-entropy; "
                                          "expected no other loss");
    if (p->target_count && o->has_range)
        return brn__fail(BRN_ERROR_USAGE, "range: expected one target");
    if (o->loss == BRN_TABLE_LOSS_DEFAULT)
        out->loss = number ? BRN_TABLE_LOSS_MSE : BRN_TABLE_LOSS_CROSS_ENTROPY;
    else if (of_classes == number)
        return brn__fail(BRN_ERROR_USAGE,
                         "the target \"%s\" is %s, which the loss \"%s\" is not for", p->target,
                         number ? "a number" : "a class", brn__table_loss_name(o->loss));
    return BRN_OK;
}

static brn_node *loss_of(const brn__table_network *network)
{
    brn_node *output = network->ends.output, *target = network->ends.target;
    switch (network->loss) {
    case BRN_TABLE_LOSS_CROSS_ENTROPY: return brn_cross_entropy(output, target, -1);
    case BRN_TABLE_LOSS_FOCAL: return brn_focal_loss(output, target, network->gamma);
    default: break;
    }
    if (network->truths) return brn_loss(output, target, BRN_LOSS_BCE_WITH_LOGITS);
    if (network->outputs == 1) output = brn_reshape(output, (int64_t[]){0}, 1);
    if (network->loss == BRN_TABLE_LOSS_QUANTILE)
        return brn_nn_quantile_loss(output, target, network->quantile);
    return brn_loss(output, target,
                    network->loss == BRN_TABLE_LOSS_MAE ? BRN_LOSS_L1 : BRN_LOSS_MSE);
}

static brn_status build(const brn_table_train_options *o, const brn__preparation *p,
                        const brn__table_net_options *net, brn__table_network *out)
{
    const int64_t dims[] = {o->batch_size, p->category_count + p->number_count};
    BRN__TRY(choose_loss(o, p, out));
    BRN__TRY(brn_graph_new(&out->graph));
    brn__network *ends = &out->ends;
    bool number = p->target_kind == BRN__TARGET_NUMBER;
    ends->input = brn_input(out->graph, "rows", BRN_DTYPE_F32, dims, 2);
    ends->output = brn__table_net(ends->input, net);
    const int64_t targets[] = {o->batch_size, net->outputs};
    ends->target = brn_input(out->graph, "target", number ? BRN_DTYPE_F32 : BRN_DTYPE_I64, targets,
                             number && net->outputs > 1 ? 2 : 1);
    out->outputs = net->outputs;
    ends->loss = loss_of(out);
    ends->measure = ends->loss;
    BRN__TRY(brn_graph_status(out->graph));
    BRN__TRY(brn_parameters_new(out->graph, BRN_DTYPE_F32, &out->parameters));
    BRN__TRY(brn_parameters_initialise(out->parameters, o->seed, -1));
    BRN__TRY(brn__learner_new(out->parameters, "cpu", o->threads, o->seed, &out->learner));
    brn_runner_set_precision(brn__learner_runner(out->learner), o->precision);
    return BRN_OK;
}

brn_status brn__table_network_new(const brn_table_train_options *options,
                                  const brn__preparation *preparation, brn__table_network *out)
{
    *out = (brn__table_network){0};
    BRN__TRY(check_size(options, preparation));
    const int64_t count = preparation->category_count;
    int64_t *cardinalities = brn__alloc_array(2 * (size_t)count + 1, sizeof *cardinalities);
    if (!cardinalities) return BRN_ERROR_NO_MEMORY;
    brn__table_net_options net;
    fill_net_options(options, preparation, cardinalities, cardinalities + count, &net);
    brn_status status = build(options, preparation, &net, out);
    brn__free(cardinalities);
    if (status != BRN_OK) brn__table_network_free(out);
    return status;
}

void brn__table_network_free(brn__table_network *network)
{
    brn__learner_free(network->learner);
    brn_parameters_free(network->parameters);
    brn_graph_free(network->graph);
    *network = (brn__table_network){0};
}
