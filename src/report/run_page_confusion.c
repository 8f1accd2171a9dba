/* SPDX-License-Identifier: Apache-2.0
 * What is known by class: the confusion matrix, pairs, accuracy. */
#include "base/alloc.h"
#include "report/run_page.h"
#include "report/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BARS_MAX = 20, WORST_MAX = 12 /* classes of a detail of a large matrix */ };

typedef struct class_score {
    int64_t index, seen, errors;
    double accuracy; /* NaN when none was seen */
    int64_t involved; /* errors of the class and answers that were wrong for it */
} class_score;

/* Scores (K) of the classes; brn__free. */
static class_score *scores_of(const brn__run_confusion *r)
{
    const int64_t classes = r->class_count;
    class_score *scores = brn__alloc_zero((size_t)classes, sizeof *scores);
    for (int64_t k = 0; scores && k < classes; k++) {
        class_score *s = &scores[k];
        s->index = k;
        for (int64_t j = 0; j < classes; j++) {
            s->seen += r->confusion[k * classes + j];
            if (j != k) s->involved += r->confusion[j * classes + k];
        }
        s->errors = s->seen - r->confusion[k * classes + k];
        s->involved += s->errors;
        s->accuracy = s->seen ? (double)(s->seen - s->errors) / (double)s->seen : NAN;
    }
    return scores;
}

static int by_accuracy(const void *a, const void *b)
{
    const class_score *x = a, *y = b;
    double first = isnan(x->accuracy) ? 2 : x->accuracy, second = isnan(y->accuracy) ? 2 : y->accuracy;
    if (first != second) return first < second ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static int by_involved(const void *a, const void *b)
{
    const class_score *x = a, *y = b;
    if (x->involved != y->involved) return x->involved > y->involved ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static int by_index(const void *a, const void *b)
{
    const class_score *x = a, *y = b;
    return x->index < y->index ? -1 : 1;
}

static void accuracy_bars(brn__text *out, const brn__run_confusion *r, class_score *scores)
{
    const char *names[BARS_MAX];
    double values[BARS_MAX];
    brn__svg_bars bars = {.title = "Accuracy by class",
                          .names = names,
                          .values = values,
                          .most = 1,
                          .percent = true};
    qsort(scores, (size_t)r->class_count, sizeof *scores, by_accuracy);
    for (; bars.count < BARS_MAX && bars.count < r->class_count; bars.count++) {
        names[bars.count] = r->classes[scores[bars.count].index];
        values[bars.count] = scores[bars.count].accuracy;
    }
    brn__text_printf(out, "<div class=\"card\"><h3>Accuracy by class, lowest first%s</h3>",
                     r->class_count > BARS_MAX ? " (20 of them)" : "");
    brn__svg_bars_draw(out, &bars);
    brn__text_add(out, "</div>\n");
}

/* The part of a large matrix where most errors are. */
static void worst_part(brn__text *out, const brn__run_confusion *r, class_score *scores)
{
    enum { WORST = WORST_MAX };
    int64_t cells[WORST * WORST];
    const char *names[WORST];
    qsort(scores, (size_t)r->class_count, sizeof *scores, by_involved);
    int count = 0;
    while (count < WORST && scores[count].involved > 0) count++;
    if (count < 2) return;
    qsort(scores, (size_t)count, sizeof *scores, by_index);
    for (int i = 0; i < count; i++) {
        names[i] = r->classes[scores[i].index];
        for (int k = 0; k < count; k++)
            cells[i * count + k] = r->confusion[scores[i].index * r->class_count + scores[k].index];
    }
    const brn__svg_heat heat = {
        .title = "The most confused classes", .cells = cells, .names = names, .count = count};
    brn__text_printf(out, "<div class=\"card\"><h3>The %d classes with most errors</h3>", count);
    brn__svg_heat_draw(out, &heat);
    brn__text_add(out, "</div>\n");
}

static void confused_pairs(brn__text *out, const brn__run_confusion *r)
{
    if (r->confused_count == 0) return;
    brn__text_printf(out, "<div class=\"card\"><h3>Most confused pairs</h3><table><thead><tr><th>label</th>"
                     "<th>answer</th><th class=\"number\">%s</th></tr></thead><tbody>", r->items);
    for (int i = 0; i < r->confused_count; i++) {
        brn__text_add(out, "<tr><td><bdi>");
        brn__html_escape(out, r->confused[i].label);
        brn__text_add(out, "</bdi></td><td><bdi>");
        brn__html_escape(out, r->confused[i].answer);
        brn__text_printf(out, "</bdi></td><td class=\"number\">%lld</td></tr>\n",
                         (long long)r->confused[i].count);
    }
    brn__text_add(out, "</tbody></table></div>\n");
}

void brn__run_page_confusion(brn__text *out, const brn__run_confusion *r)
{
    if (!r->confusion || r->class_count == 0) return;
    class_score *scores = scores_of(r);
    if (!scores) {
        out->failed = 1;
        return;
    }
    const brn__svg_heat heat = {.title = "Confusion matrix",
                                .cells = r->confusion,
                                .names = r->classes,
                                .count = r->class_count};
    char note[256];
    snprintf(note, sizeof note, "How the validation %s of each class were answered. The shade is the share of the "
             "row; right answers are blue, errors orange.", r->items);
    brn__html_section(out, "confusion", "Confusion", note);
    brn__text_add(out, "<div class=\"columns\"><div class=\"stack\"><div class=\"card\">"
                       "<h3>Confusion matrix</h3>");
    brn__svg_heat_draw(out, &heat);
    brn__text_add(out, "</div>\n");
    if (r->class_count > BRN__SVG_NAMED_MAX) worst_part(out, r, scores);
    brn__text_add(out, "</div><div class=\"stack\">");
    accuracy_bars(out, r, scores);
    confused_pairs(out, r);
    brn__text_add(out, "</div></div>\n");
    brn__html_section_end(out);
    brn__free(scores);
}
