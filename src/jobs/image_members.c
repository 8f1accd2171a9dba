/* SPDX-License-Identifier: Apache-2.0
 * A model that is the mean of several: those of the folds of a run. Probabilities are averaged, not
 * logits; numbers as they are. */
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/image_folds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void brn__image_mean_add(int number, int64_t count, const float *answers, float *mean)
{
    const double share = 1 / (double)(number + 1);
    for (int64_t k = 0; k < count; k++) {
        const double before = number > 0 ? (double)mean[k] : 0;
        mean[k] = (float)(before + share * ((double)answers[k] - before));
    }
}

void brn__image_logits_of(brn_target_kind kind, int64_t count, const float *answers, float *logits)
{
    for (int64_t k = 0; k < count; k++) {
        const double p = (double)answers[k], low = 1e-45;
        switch (kind) {
        case BRN_TARGET_LABEL: logits[k] = (float)log(fmax(p, low)); break;
        case BRN_TARGET_TAGS: logits[k] = (float)log(fmax(p, low) / fmax(1 - p, low)); break;
        case BRN_TARGET_NUMBERS: logits[k] = answers[k]; break;
        }
    }
}

/* Takes the answers of member `number` into the mean; what one could not see counts for none. */
static void add(int number, const brn__image_answers *answers, brn__image_answers *mean)
{
    const int64_t values = mean->count * mean->classes;
    brn__image_mean_add(number, values, answers->probabilities, mean->probabilities);
    brn__image_mean_add(number, values, answers->plain, mean->plain);
    for (int64_t i = 0; i < mean->count; i++) {
        if (mean->seen[i] && !answers->seen[i]) mean->bad_count++;
        mean->seen[i] = mean->seen[i] && answers->seen[i];
    }
}

brn_status brn__image_model_ask(brn_image_model *model, const brn__image_ask *ask, brn__image_answers *out)
{
    BRN__TRY(brn__image_answers_make(&model->network, ask, out));
    if (ask->count == 0 || model->member_count == 0) return BRN_OK;
    for (int i = 0; i < model->member_count; i++) {
        brn__image_answers answers;
        brn_status status = brn__image_answers_make(&model->members[i]->network, ask, &answers);
        if (status != BRN_OK) {
            brn__image_answers_free(out);
            return status;
        }
        add(i + 1, &answers, out);
        brn__image_answers_free(&answers);
    }
    brn__image_logits_of(model->network.kind, out->count * out->classes, out->plain, out->logits);
    return BRN_OK;
}

/* ------------------------------------------------------------------ opening */

static brn_status make_room(brn_image_model *model, int count)
{
    model->members = brn__alloc_zero((size_t)count, sizeof *model->members);
    return model->members ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status check_alike(const brn_image_model *model, const brn_image_model *other, const char *path)
{
    bool same = model->class_count == other->class_count && model->network.kind == other->network.kind &&
                model->transform.size == other->transform.size;
    for (int64_t k = 0; same && k < model->class_count; k++)
        same = strcmp(model->classes[k], other->classes[k]) == 0;
    return same ? BRN_OK : brn__fail(BRN_ERROR_INPUT, "%s: other classes or pictures than fold 1 has", path);
}

brn_status brn__image_members_open(brn_image_model *model, const char *run, int folds, int threads)
{
    BRN__TRY(make_room(model, folds));
    double threshold = model->threshold;
    for (int fold = 2; fold <= folds; fold++) {
        char path[4200];
        brn_image_model **member = &model->members[model->member_count];
        brn__image_fold_path(run, fold, "", path);
        BRN__TRY(brn_image_model_open(path, threads, member));
        model->member_count++;
        BRN__TRY(check_alike(model, *member, path));
        threshold += (*member)->threshold;
    }
    model->threshold = threshold / folds;
    return BRN_OK;
}

brn_status brn__image_members_share(const brn_image_model *from, int threads, brn_image_model *to)
{
    if (from->member_count == 0) return BRN_OK;
    BRN__TRY(make_room(to, from->member_count));
    while (to->member_count < from->member_count) {
        BRN__TRY(brn_image_model_share(from->members[to->member_count], threads,
                                       &to->members[to->member_count]));
        to->member_count++;
    }
    return BRN_OK;
}

void brn__image_members_close(brn_image_model *model)
{
    for (int i = 0; i < model->member_count; i++) brn_image_model_close(model->members[i]);
    brn__free(model->members);
    model->members = NULL;
    model->member_count = 0;
}
