/* SPDX-License-Identifier: Apache-2.0
 * How good a model is: errors of ratings, and what its ranking finds, beside two that need no model. */
#include "base/alloc.h"
#include "base/philox.h"
#include "jobs/ratings_job.h"

#include <math.h>
#include <string.h>

enum { RANKED_USERS_MAX = 10000 }; /* a drawn part of more */

const char *brn_ratings_contender_name(int contender)
{
    static const char *const names[] = {[BRN_RATINGS_MODEL] = "model",
                                        [BRN_RATINGS_ITEM_MEAN] = "item mean",
                                        [BRN_RATINGS_POPULARITY] = "popularity"};
    return contender >= 0 && contender < BRN_RATINGS_CONTENDERS ? names[contender] : NULL;
}

/* ------------------------------------------------------------------ facts of the training rows */

brn_status brn__ratings_count(const brn__ratings *r, brn__ratings_facts *out)
{
    int64_t items = r->item_ids.count + 1, rows = 0;
    int64_t *counts = brn__alloc_zero((size_t)items, sizeof *counts);
    double *sums = brn__alloc_zero((size_t)items, sizeof *sums), total = 0;
    float *means = brn__alloc_array((size_t)items, sizeof *means);
    *out = (brn__ratings_facts){.counts = counts, .means = means};
    bool good = counts && sums && means;
    for (int64_t row = 0; good && row < r->count; row++) {
        if (r->valid[row]) continue;
        counts[r->items[row]]++, rows++;
        sums[r->items[row]] += r->values[row];
        total += r->values[row];
    }
    out->mean = rows ? total / (double)rows : 0;
    for (int64_t i = 0; good && i < items; i++)
        means[i] = (float)(counts[i] ? sums[i] / (double)counts[i] : out->mean);
    brn__free(sums);
    if (good) return BRN_OK;
    brn__ratings_facts_free(out);
    return BRN_ERROR_NO_MEMORY;
}

void brn__ratings_facts_free(brn__ratings_facts *facts)
{
    brn__free((void *)(uintptr_t)facts->counts);
    brn__free((void *)(uintptr_t)facts->means);
    *facts = (brn__ratings_facts){0};
}

brn_status brn__ratings_valid_rows(const brn__ratings *r, int64_t *count, int32_t **users,
                                   int32_t **items, float **values)
{
    int64_t rows = 0, at = 0;
    for (int64_t row = 0; row < r->count; row++) rows += r->valid[row];
    *users = brn__alloc_array((size_t)rows * 3 + 1, sizeof **users);
    if (!*users) return BRN_ERROR_NO_MEMORY;
    *items = *users + rows;
    *values = (float *)(void *)(*items + rows);
    for (int64_t row = 0; row < r->count; row++) {
        if (!r->valid[row]) continue;
        (*users)[at] = r->users[row];
        (*items)[at] = r->items[row];
        (*values)[at++] = r->values[row];
    }
    *count = rows;
    return BRN_OK;
}

/* ------------------------------------------------------------------ errors */

static brn_ratings_errors errors_of(const float *answers, const float *values, int64_t count)
{
    double squares = 0, sizes = 0;
    for (int64_t k = 0; k < count; k++) {
        double error = (double)answers[k] - (double)values[k];
        squares += error * error;
        sizes += fabs(error);
    }
    double mse = squares / (double)count;
    return (brn_ratings_errors){mse, sqrt(mse), sizes / (double)count};
}

static brn_status measure_errors(brn__ratings_network *n, const brn__ratings_test *test,
                                 brn_ratings_score *out)
{
    if (test->options->loss != BRN_RATINGS_LOSS_MSE || test->count == 0) return BRN_OK;
    float *answers = brn__alloc_array((size_t)test->count, sizeof *answers);
    if (!answers) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__ratings_score_pairs(n, test->count, test->users, test->items, answers);
    if (status == BRN_OK) {
        out->errors[BRN_RATINGS_MODEL] = errors_of(answers, test->values, test->count);
        for (int64_t k = 0; k < test->count; k++) answers[k] = test->facts->means[test->items[k]];
        out->errors[BRN_RATINGS_ITEM_MEAN] = errors_of(answers, test->values, test->count);
    }
    brn__free(answers);
    return status;
}

/* ------------------------------------------------------------------ ranking */

typedef struct ranking {
    brn__ratings_network *network;
    const brn__ratings_test *test;
    brn_ratings_score *out;
    double relevant; /* NaN: all are */
    brn__grouping by_user;
    uint8_t *left_out, *is_relevant;               /* (items) */
    uint8_t *shown[BRN_RATINGS_CONTENDERS];        /* (items): among the k of any user */
    float *scores[BRN_RATINGS_CONTENDERS];         /* (items) */
    brn_ratings_item *best;                        /* (k) */
} ranking;

static bool counts_as_relevant(const ranking *r, int64_t row)
{
    return isnan(r->relevant) || (double)r->test->values[row] >= r->relevant;
}

/* Marks what the user may be shown and what they would like; how many they would. */
static int64_t mark_user(ranking *r, int64_t user)
{
    const brn__ratings_test *t = r->test;
    int64_t seen_count, relevant = 0;
    const int32_t *seen = brn__seen_of(t->seen, user, &seen_count);
    for (int64_t i = 1; i < r->network->items; i++) r->left_out[i] = t->facts->counts[i] == 0;
    memset(r->is_relevant, 0, (size_t)r->network->items);
    for (int64_t k = 0; k < seen_count; k++) r->left_out[seen[k]] = 1;
    for (int64_t k = r->by_user.starts[user]; k < r->by_user.starts[user + 1]; k++) {
        int64_t row = r->by_user.rows[k], item = t->items[row];
        r->left_out[item] = item == 0 || t->facts->counts[item] == 0;
        if (!counts_as_relevant(r, row)) continue;
        r->is_relevant[item] = 1;
        relevant++;
    }
    return relevant;
}

static void rank_one(ranking *r, int contender, int64_t relevant)
{
    brn_ratings_ranks *ranks = &r->out->ranks[contender];
    int64_t most = r->out->rank_at, hits = 0, first = 0;
    double gain = 0, best_gain = 0;
    int64_t count = brn__ratings_best(r->scores[contender], r->left_out, r->network->items, most,
                                      r->best);
    for (int64_t k = 0; k < count; k++) {
        r->shown[contender][r->best[k].item] = 1;
        if (!r->is_relevant[r->best[k].item]) continue;
        hits++;
        gain += 1 / log2((double)k + 2);
        if (!first) first = k + 1;
    }
    for (int64_t k = 0; k < relevant && k < most; k++) best_gain += 1 / log2((double)k + 2);
    ranks->precision += (double)hits / (double)most;
    ranks->recall += (double)hits / (double)relevant;
    ranks->ndcg += gain / best_gain;
    ranks->mrr += first ? 1 / (double)first : 0;
}

static brn_status rank_user(ranking *r, int64_t user)
{
    int64_t relevant = mark_user(r, user);
    if (relevant == 0) return BRN_OK;
    BRN__TRY(brn__ratings_score_items(r->network, user, r->scores[BRN_RATINGS_MODEL]));
    for (int c = 0; c < BRN_RATINGS_CONTENDERS; c++) rank_one(r, c, relevant);
    r->out->ranked++;
    return BRN_OK;
}

static void finish_ranks(ranking *r)
{
    double users = (double)r->out->ranked;
    for (int c = 0; c < BRN_RATINGS_CONTENDERS; c++) {
        brn_ratings_ranks *ranks = &r->out->ranks[c];
        int64_t shown = 0;
        for (int64_t i = 1; i < r->network->items; i++) shown += r->shown[c][i];
        ranks->precision /= users, ranks->recall /= users, ranks->ndcg /= users, ranks->mrr /= users;
        ranks->coverage = (double)shown / (double)(r->network->items - 1);
    }
}

/* All users, or drawn ones of many. */
static brn_status rank_users(ranking *r)
{
    int64_t count = 0;
    int64_t *users = brn__alloc_array((size_t)r->network->users, sizeof *users);
    if (!users) return BRN_ERROR_NO_MEMORY;
    for (int64_t user = 1; user < r->network->users; user++)
        if (r->by_user.starts[user + 1] > r->by_user.starts[user]) users[count++] = user;
    if (count > RANKED_USERS_MAX) {
        uint64_t key = brn__philox_key(r->test->options->seed, "ratings ranked users");
        brn__random random = brn__random_new(key, 0, 0, 0);
        brn__random_shuffle(&random, users, count);
        count = RANKED_USERS_MAX;
    }
    for (int c = 0; c < BRN_RATINGS_CONTENDERS; c++) r->out->ranks[c] = (brn_ratings_ranks){0};
    brn_status status = BRN_OK;
    for (int64_t k = 0; status == BRN_OK && k < count; k++) status = rank_user(r, users[k]);
    finish_ranks(r);
    brn__free(users);
    return status;
}

static brn_status make_room(ranking *r)
{
    size_t items = (size_t)r->network->items;
    bool good = true;
    good &= (r->left_out = brn__alloc_zero(items, 1)) != NULL;
    good &= (r->is_relevant = brn__alloc_zero(items, 1)) != NULL;
    good &= (r->best = brn__alloc_array((size_t)r->out->rank_at, sizeof *r->best)) != NULL;
    for (int c = 0; c < BRN_RATINGS_CONTENDERS; c++) {
        good &= (r->shown[c] = brn__alloc_zero(items, 1)) != NULL;
        good &= (r->scores[c] = brn__alloc_zero(items, sizeof(float))) != NULL;
    }
    if (!good) return BRN_ERROR_NO_MEMORY;
    for (size_t i = 1; i < items; i++) {
        r->scores[BRN_RATINGS_ITEM_MEAN][i] = r->test->facts->means[i];
        r->scores[BRN_RATINGS_POPULARITY][i] = (float)r->test->facts->counts[i];
    }
    return brn__group_rows(r->test->users, r->test->count, r->network->users, &r->by_user);
}

static void ranking_free(ranking *r)
{
    brn__free(r->left_out);
    brn__free(r->is_relevant);
    brn__free(r->best);
    for (int c = 0; c < BRN_RATINGS_CONTENDERS; c++) {
        brn__free(r->shown[c]);
        brn__free(r->scores[c]);
    }
    brn__grouping_free(&r->by_user);
}

static double relevant_from(const brn__ratings_test *test)
{
    if (test->options->has_relevant) return test->options->relevant;
    return test->options->loss == BRN_RATINGS_LOSS_MSE ? test->facts->mean : (double)NAN;
}

brn_status brn__ratings_measure(brn__ratings_network *n, const brn__ratings_test *test,
                                brn_ratings_score *out)
{
    const double none = (double)NAN;
    *out = (brn_ratings_score){.count = test->count,
                               .rank_at = test->options->rank_at,
                               .relevant = relevant_from(test)};
    for (int c = 0; c < BRN_RATINGS_CONTENDERS; c++) {
        out->errors[c] = (brn_ratings_errors){none, none, none};
        out->ranks[c] = (brn_ratings_ranks){none, none, none, none, none};
    }
    BRN__TRY(measure_errors(n, test, out));
    if (test->count == 0) return BRN_OK;
    ranking r = {.network = n, .test = test, .out = out, .relevant = out->relevant};
    brn_status status = make_room(&r);
    if (status == BRN_OK) status = rank_users(&r);
    ranking_free(&r);
    return status;
}

brn_ratings_score brn__ratings_no_score(void)
{
    const double no = (double)NAN;
    brn_ratings_score score = {.relevant = no};
    for (int i = 0; i < BRN_RATINGS_CONTENDERS; i++) {
        score.errors[i] = (brn_ratings_errors){no, no, no};
        score.ranks[i] = (brn_ratings_ranks){no, no, no, no, no};
    }
    return score;
}

int brn__ratings_metrics(const brn_ratings_score *s, double valid_loss,
                         brn_metric out[BRN__RATINGS_METRICS])
{
    const brn_ratings_errors *e = &s->errors[BRN_RATINGS_MODEL];
    const brn_ratings_ranks *r = &s->ranks[BRN_RATINGS_MODEL];
    const brn_metric all[BRN__RATINGS_METRICS] = {
        {"rmse", e->rmse},           {"mse", e->mse},
        {"mae", e->mae},             {"precision_at_k", r->precision},
        {"recall_at_k", r->recall},  {"ndcg_at_k", r->ndcg},
        {"mrr_at_k", r->mrr},        {"coverage_at_k", r->coverage},
        {"valid_loss", valid_loss}};
    int count = 0;
    for (int i = 0; i < BRN__RATINGS_METRICS; i++)
        if (!isnan(all[i].value)) out[count++] = all[i];
    return count;
}
