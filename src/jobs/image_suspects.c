/* SPDX-License-Identifier: Apache-2.0
 * Labels that are likely wrong. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/text.h"
#include "jobs/image_interpret.h"

#include <math.h>
#include <stdlib.h>

typedef struct suspect {
    int64_t picture;
    double margin;
} suspect;

/* t_k: the mean probability of class k over the pictures labelled k; infinite for a class without any. */
static double *confidence_by_class(const brn_image_interpretation *found, const float *p, int64_t first)
{
    double *sums = brn__alloc_zero((size_t)found->classes, sizeof *sums);
    int64_t *counts = brn__alloc_zero((size_t)found->classes, sizeof *counts);
    for (int64_t i = 0; sums && counts && i < found->count; i++) {
        const brn_image_judged *picture = &found->pictures[i];
        sums[picture->label] += (double)p[(picture->item - first) * found->classes + picture->label];
        counts[picture->label]++;
    }
    for (int64_t k = 0; sums && counts && k < found->classes; k++)
        sums[k] = counts[k] ? sums[k] / (double)counts[k] : INFINITY;
    if (!counts) brn__free(sums), sums = NULL;
    brn__free(counts);
    return sums;
}

/* p(other) - p(label) of the likeliest other class that the model is sure of; <= 0 for none. */
static double margin_of(const float *p, int64_t label, const double *confidence, int64_t classes)
{
    double best = 0;
    for (int64_t k = 0; k < classes; k++)
        if (k != label && (double)p[k] >= confidence[k]) best = fmax(best, (double)(p[k] - p[label]));
    return best;
}

static int by_margin(const void *a, const void *b)
{
    const suspect *x = a, *y = b;
    if (x->margin != y->margin) return x->margin > y->margin ? -1 : 1;
    return x->picture < y->picture ? -1 : 1;
}

brn_status brn__image_find_suspects(brn_image_interpretation *found, const float *probabilities,
                                    int64_t first_item)
{
    double *confidence = confidence_by_class(found, probabilities, first_item);
    suspect *list = brn__alloc_array((size_t)found->count, sizeof *list);
    found->suspects = brn__alloc_array((size_t)found->count, sizeof *found->suspects);
    const bool room = confidence && list && found->suspects;
    for (int64_t i = 0; room && i < found->count; i++) {
        const float *p = probabilities + (found->pictures[i].item - first_item) * found->classes;
        double margin = margin_of(p, found->pictures[i].label, confidence, found->classes);
        if (margin > 0) list[found->suspect_count++] = (suspect){i, margin};
    }
    if (room) qsort(list, (size_t)found->suspect_count, sizeof *list, by_margin);
    for (int64_t i = 0; room && i < found->suspect_count; i++) found->suspects[i] = list[i].picture;
    brn__free(list);
    brn__free(confidence);
    return room ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

brn_status brn_image_suspects_csv(const brn_image_interpretation *found, const char *path)
{
    brn__text text = {0};
    brn__text_add(&text, "file,label,suggested,label_probability,probability,trained\n");
    for (int64_t i = 0; i < found->suspect_count; i++) {
        const brn_image_judged *picture = &found->pictures[found->suspects[i]];
        const char *const fields[] = {picture->path, found->class_names[picture->label],
                                      found->class_names[picture->answer]};
        for (int f = 0; f < 3; f++) {
            brn__text_csv(&text, fields[f]);
            brn__text_add(&text, ",");
        }
        brn__text_printf(&text, "%.6g,%.6g,%d\n", picture->label_probability, picture->probability,
                         picture->trained);
    }
    brn_status status = brn__text_finish(&text);
    if (status == BRN_OK) status = brn__replace_file(path, text.bytes, text.length);
    brn__text_free(&text);
    return status;
}
