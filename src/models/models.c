/* SPDX-License-Identifier: Apache-2.0
 * Looking up architectures, and putting a body and what follows it into their layer groups. */
#include "graph/graph.h"
#include "models/model_list.h"

#include <string.h>

static const brn_model *const models[] = {
#define X(name) &brn__model_##name,
    BRN__MODEL_LIST(X)
#undef X
};

int brn_model_count(void)
{
    return (int)(sizeof models / sizeof *models);
}

const brn_model *brn_model_at(int index)
{
    return index >= 0 && index < brn_model_count() ? models[index] : NULL;
}

static bool is_called(const brn_model *model, const char *name)
{
    if (strcmp(model->name, name) == 0) return true;
    const int most = (int)(sizeof model->aliases / sizeof *model->aliases);
    for (int i = 0; i < most && model->aliases[i]; i++)
        if (strcmp(model->aliases[i], name) == 0) return true;
    return false;
}

const brn_model *brn_model_find(const char *name)
{
    for (int i = 0; i < brn_model_count(); i++)
        if (is_called(models[i], name)) return models[i];
    brn__text known = {0};
    for (int i = 0; i < brn_model_count(); i++)
        brn__text_printf(&known, "%s%s", i ? ", " : "", models[i]->name);
    const brn_status status =
        brn__fail(BRN_ERROR_USAGE, "no architecture is called \"%s\"; there are %s", name,
                  known.bytes ? known.bytes : "");
    (void)status; /* NULL says it */
    brn__text_free(&known);
    return NULL;
}

brn_node *brn_model_body(const brn_model *model, brn_node *x)
{
    if (brn__is_poison(x)) return x;
    const brn_shape shape = brn_node_shape(x);
    if (shape.rank != 4 || shape.dims[1] != 3)
        return brn__graph_fail(x->graph,
                               brn__fail(BRN_ERROR_INPUT, "%s needs pictures (N, 3, H, W), got %s",
                                         model->name, BRN__SHAPE(shape)));
    brn_graph_set_group(x->graph, 0);
    return model->body(model, x);
}

brn_node *brn_model_classifier(const brn_model *model, brn_node *features, int64_t classes)
{
    if (brn__is_poison(features)) return features;
    brn_graph_set_group(features->graph, model->body_groups);
    return model->classifier_of(model, features, classes);
}

brn_node *brn_model_head(const brn_model *model, brn_node *features,
                         const brn_nn_head_options *options)
{
    if (brn__is_poison(features)) return features;
    brn_graph_set_group(features->graph, model->body_groups);
    return brn_nn_head(features, options);
}
