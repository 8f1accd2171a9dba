/* SPDX-License-Identifier: Apache-2.0
 * Maps of embeddings: the two directions in which the learned vectors of a column differ most. */
#include "base/alloc.h"
#include "base/pca.h"
#include "base/text.h"
#include "jobs/table_page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Colours and weights of values that judged rows have. */
static void take_answers(const brn_table_dependence *d, int64_t k, const char *name, brn__svg_place *out)
{
    for (int64_t i = 0; d && i < d->count; i++) {
        if (strcmp(d->values[i], name) != 0) continue;
        out->value = d->answers[i * d->width + k];
        out->weight = d->shares[i];
    }
}

static void label(char *out, size_t size, int direction, const brn__pca *pca)
{
    const double share = pca->total > 0 ? pca->variances[direction] / pca->total : 0;
    snprintf(out, size, "direction %d: %.0f %% of the variance", direction + 1, 100 * share);
}

static brn_status draw(const brn_table_model *model, const brn__table_map *map, const brn__pca *pca, brn__text *out)
{
    char labels[2][64], title[256];
    brn__svg_place *places = brn__alloc_array((size_t)pca->count, sizeof *places);
    if (!places) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < pca->count; i++) {
        places[i] = (brn__svg_place){.name = brn_table_model_embedding_value(model, map->embedding, i + 1),
                                     .x = pca->scores[2 * i],
                                     .y = pca->scores[2 * i + 1],
                                     .value = NAN};
        take_answers(map->dependence, map->answer, places[i].name, &places[i]);
    }
    for (int i = 0; i < 2; i++) label(labels[i], sizeof labels[i], i, pca);
    snprintf(title, sizeof title, "Map of %s", brn_table_model_embedding(model, map->embedding).column);
    const brn__svg_map drawn = {.title = title,
                                .x_label = labels[0],
                                .y_label = labels[1],
                                .value_label = map->dependence ? map->answer_name : NULL,
                                .places = places,
                                .count = pca->count};
    brn__svg_map_draw(out, &drawn);
    brn__free(places);
    return BRN_OK;
}

brn_status brn__table_map_draw(const brn_table_model *model, const brn__table_map *map, brn__text *out)
{
    const brn_table_embedding e = brn_table_model_embedding(model, map->embedding);
    brn__pca pca;
    if (e.count < 2) return BRN_OK; /* #na# alone */
    BRN__TRY(brn__pca_make(e.vectors + e.width, e.count - 1, e.width, 2, &pca));
    brn_status status = draw(model, map, &pca, out);
    brn__pca_free(&pca);
    return status;
}

static brn_status find_column(const brn_table_model *model, const char *column, int64_t *out)
{
    brn__text names = {0};
    const int64_t count = brn_table_model_embedding_count(model);
    for (int64_t i = 0; i < count; i++) {
        const char *name = brn_table_model_embedding(model, i).column;
        if (strcmp(name, column) == 0) {
            brn__text_free(&names);
            *out = i;
            return BRN_OK;
        }
        if (names.length < 400) brn__text_printf(&names, "%s%s", i ? ", " : "", name);
    }
    brn_status status = brn__text_finish(&names);
    if (status == BRN_OK)
        status = count ? brn__fail(BRN_ERROR_INPUT, "no embedding of a column \"%s\"; there are those of %s", column,
                                   names.bytes)
                       : brn__fail(BRN_ERROR_INPUT, "the model has no embeddings");
    brn__text_free(&names);
    return status;
}

brn_status brn_table_embedding_map(const brn_table_model *model, const char *column, const char *path)
{
    brn__table_map map = {0};
    brn__text picture = {0};
    BRN__TRY(find_column(model, column, &map.embedding));
    if (brn_table_model_embedding(model, map.embedding).count < 2)
        return brn__fail(BRN_ERROR_INPUT, "\"%s\" has no values to draw", column);
    brn_status status = brn__table_map_draw(model, &map, &picture);
    if (status == BRN_OK) status = brn__svg_write(path, &picture);
    brn__text_free(&picture);
    return status;
}
