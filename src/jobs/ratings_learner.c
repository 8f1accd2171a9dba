/* SPDX-License-Identifier: Apache-2.0
 * The ratings learner: the training of ratings, with its fits made by hand. */
#include "burnish/ratings_learner.h"
#include "base/alloc.h"
#include "base/threads.h"
#include "jobs/hand_learner.h"
#include "jobs/ratings_job.h"

#include <math.h>
#include <string.h>

struct brn_ratings_learner {
    brn_ratings_options options;
    brn__arena arena; /* of the options' lists */
    json_t *kept;     /* of their texts */
    brn__ratings ratings;
    brn__texts user_ids, item_ids;
    brn__ratings_samples_of samples;
    brn__ratings_facts facts;
    brn__ratings_network network;
    int32_t *valid_users, *valid_items; /* of the rows that validate; in one block with the values */
    float *valid_values;
    int64_t valid_count;
    double noise; /* mean squared error of training */
    brn__hand_learner hand;
    brn__callback measure;
};

/* ------------------------------------------------------------------ making */

static brn__action measure(void *state, brn__fit *fit)
{
    brn_ratings_learner *l = state;
    l->noise = fit->train_loss;
    if (l->options.loss == BRN_RATINGS_LOSS_MSE) brn__fit_set_metric(fit, "rmse", sqrt(fit->valid_loss));
    return BRN__GO_ON;
}

static brn_status save(void *context, const char *path) { return brn_ratings_learner_save(context, path); }

/* A copy that outlives the caller's. */
static brn_status keep_options(brn_ratings_learner *l, const brn_ratings_options *given)
{
    brn_ratings_options settled = *given;
    settled.titles = NULL;
    BRN__TRY(brn__ratings_options_settle(&settled));
    l->kept = brn__ratings_options_write(&settled);
    if (!l->kept) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory to keep the options");
    BRN__TRY(brn__ratings_options_read(l->kept, &l->arena, &l->options));
    if (!l->options.threads) l->options.threads = brn__processor_count();
    return BRN_OK;
}

static brn_status open_ratings(brn_ratings_learner *l)
{
    char note[BRN__MESSAGE_BYTES];
    BRN__TRY(brn__ratings_open(&l->options, &l->ratings, note, sizeof note));
    BRN__TRY(brn__ratings_check_size(&l->options, l->ratings.user_ids.count, l->ratings.item_ids.count));
    if (*note) BRN__TRY(brn__progress_send(&l->hand.progress, brn__event_of(BRN_EVENT_NOTE, note)));
    BRN__TRY(brn__texts_pack(l->ratings.user_ids.words, l->ratings.user_ids.count, &l->user_ids));
    BRN__TRY(brn__texts_pack(l->ratings.item_ids.words, l->ratings.item_ids.count, &l->item_ids));
    BRN__TRY(brn__ratings_valid_rows(&l->ratings, &l->valid_count, &l->valid_users, &l->valid_items, &l->valid_values));
    BRN__TRY(brn__ratings_count(&l->ratings, &l->facts));
    return brn__ratings_samples_new(&l->options, &l->ratings, &l->samples);
}

static brn_status make(brn_ratings_learner *l, const brn_ratings_options *given)
{
    brn__hand_learner *hand = &l->hand;
    l->noise = (double)NAN;
    brn__progress_init(&hand->progress, given->on_event, given->context);
    BRN__TRY(keep_options(l, given));
    BRN__TRY(open_ratings(l));
    BRN__TRY(brn__ratings_network_new(&l->options, l->ratings.user_ids.count, l->ratings.item_ids.count, &l->network));
    brn__hand_learner_init(hand, l->network.learner, &l->network.ends, l->options.threads);
    hand->train = l->samples.train;
    hand->valid = l->samples.valid;
    hand->save = save;
    hand->context = l;
    hand->keeps = l->options.loss == BRN_RATINGS_LOSS_MSE;
    l->measure = (brn__callback){
        .name = "score", .order = BRN__ORDER_METRICS, .on = {[BRN__AFTER_VALIDATE] = measure}, .state = l};
    hand->measures[hand->measure_count++] = &l->measure;
    return BRN_OK;
}

brn_status brn_ratings_learner_new(const brn_ratings_options *options, brn_ratings_learner **out)
{
    *out = NULL;
    brn_ratings_learner *l = brn__alloc_zero(1, sizeof *l);
    if (!l) return BRN_ERROR_NO_MEMORY;
    const brn_status status = make(l, options);
    if (status == BRN_OK)
        *out = l;
    else
        brn_ratings_learner_free(l);
    return status;
}

void brn_ratings_learner_free(brn_ratings_learner *l)
{
    if (!l) return;
    brn__hand_learner_deinit(&l->hand);
    brn__ratings_samples_free(&l->samples);
    brn__ratings_network_free(&l->network);
    brn__ratings_facts_free(&l->facts);
    brn__texts_free(&l->user_ids);
    brn__texts_free(&l->item_ids);
    brn__free(l->valid_users);
    brn__ratings_free(&l->ratings);
    json_decref(l->kept);
    brn__arena_free(&l->arena);
    brn__free(l);
}

/* ------------------------------------------------------------------ what it has */

int64_t brn_ratings_learner_count(const brn_ratings_learner *l, bool valid)
{
    return valid ? l->samples.valid_count : l->samples.train_count;
}

int64_t brn_ratings_learner_user_count(const brn_ratings_learner *l) { return l->user_ids.count; }

int64_t brn_ratings_learner_item_count(const brn_ratings_learner *l) { return l->item_ids.count; }

static const char *id_of(const brn__texts *ids, int64_t number)
{
    return number >= 1 && number <= ids->count ? brn__text_at(ids, number - 1) : NULL;
}

const char *brn_ratings_learner_user_id(const brn_ratings_learner *l, int64_t user) { return id_of(&l->user_ids, user); }

const char *brn_ratings_learner_item_id(const brn_ratings_learner *l, int64_t item) { return id_of(&l->item_ids, item); }

int64_t brn_ratings_learner_valid_rows(const brn_ratings_learner *l, const int32_t **users, const int32_t **items,
                                       const float **values)
{
    *users = l->valid_users;
    *items = l->valid_items;
    *values = l->valid_values;
    return l->valid_count;
}

int brn_ratings_learner_groups(const brn_ratings_learner *l) { return l->hand.groups; }

brn_parameters *brn_ratings_learner_parameters(brn_ratings_learner *l) { return l->network.parameters; }

/* ------------------------------------------------------------------ training */

brn_status brn_ratings_learner_freeze_to(brn_ratings_learner *l, int first)
{
    return brn__hand_learner_freeze_to(&l->hand, first);
}

bool brn_ratings_learner_learns(const brn_ratings_learner *l, int group)
{
    return brn__hand_learner_learns(&l->hand, group);
}

brn_status brn_ratings_learner_fit(brn_ratings_learner *l, const brn_hand_fit *fit)
{
    return brn__hand_learner_fit(&l->hand, fit);
}

brn_status brn_ratings_learner_lr_find(brn_ratings_learner *l, const brn_hand_fit *fit,
                                       const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    return brn__hand_learner_lr_find(&l->hand, fit, finder, out);
}

const float *brn_ratings_learner_validated(const brn_ratings_learner *l, int64_t *count, int64_t *width)
{
    return brn__hand_learner_outputs(&l->hand, count, width);
}

/* ------------------------------------------------------------------ answers */

static brn_status narrow(const char *what, const int64_t *numbers, int64_t count, int64_t known, int32_t *out)
{
    for (int64_t i = 0; i < count; i++) {
        if (numbers[i] < 0 || numbers[i] >= known)
            return brn__fail(BRN_ERROR_USAGE, "%s %lld; expected 0 to %lld", what, (long long)numbers[i],
                             (long long)known - 1);
        out[i] = (int32_t)numbers[i];
    }
    return BRN_OK;
}

brn_status brn_ratings_learner_predict(brn_ratings_learner *l, int64_t count, const int64_t *users, const int64_t *items,
                                       double *out)
{
    if (count < 0) return brn__fail(BRN_ERROR_USAGE, "predict: %lld pairs", (long long)count);
    int32_t *codes = brn__alloc_array(2 * (size_t)count + 1, sizeof *codes);
    float *values = brn__alloc_array((size_t)count + 1, sizeof *values);
    brn_status status = codes && values ? narrow("user", users, count, l->network.users, codes) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = narrow("item", items, count, l->network.items, codes + count);
    if (status == BRN_OK) status = brn__ratings_score_pairs(&l->network, count, codes, codes + count, values);
    for (int64_t i = 0; status == BRN_OK && i < count; i++) out[i] = (double)values[i];
    brn__free(codes);
    brn__free(values);
    return status;
}

/* ------------------------------------------------------------------ files */

brn_status brn_ratings_learner_save(brn_ratings_learner *l, const char *path)
{
    brn__texts none = {0};
    const brn_ratings_result result = {.train_count = l->samples.train_count,
                                       .valid_count = l->samples.valid_count,
                                       .valid_loss = (double)NAN,
                                       .score = brn__ratings_no_score()};
    const brn__ratings_content content = {.options = &l->options,
                                          .result = &result,
                                          .parameters = l->network.parameters,
                                          .user_ids = &l->user_ids,
                                          .item_ids = &l->item_ids,
                                          .titles = &none,
                                          .seen = &l->samples.all,
                                          .facts = &l->facts,
                                          .noise = l->noise};
    return brn__ratings_model_write(path, &content);
}

static brn_status check_ids(const char *what, const brn__texts *a, const brn__texts *b, const char *path)
{
    if (a->count != b->count)
        return brn__fail(BRN_ERROR_INPUT, "%s: %lld %ss; expected %lld", path, (long long)a->count, what,
                         (long long)b->count);
    for (int64_t i = 0; i < a->count; i++)
        if (strcmp(brn__text_at(a, i), brn__text_at(b, i)) != 0)
            return brn__fail(BRN_ERROR_INPUT, "%s: %s %lld is %s; expected %s", path, what, (long long)i + 1,
                             brn__text_at(a, i), brn__text_at(b, i));
    return BRN_OK;
}

brn_status brn_ratings_learner_load(brn_ratings_learner *l, const char *path)
{
    brn_ratings_model *model;
    BRN__TRY(brn_ratings_model_open(path, 1, &model));
    brn_status status = check_ids("user", &model->user_texts, &l->user_ids, path);
    if (status == BRN_OK) status = check_ids("item", &model->item_texts, &l->item_ids, path);
    if (status == BRN_OK) status = brn__hand_learner_take(&l->hand, model->network.parameters, path);
    if (status == BRN_OK) l->noise = model->noise;
    brn_ratings_model_close(model);
    return status;
}
