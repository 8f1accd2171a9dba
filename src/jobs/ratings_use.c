/* SPDX-License-Identifier: Apache-2.0
 * A trained model of ratings: what it expects, recommends and finds alike. */
#include "base/alloc.h"
#include "data/table/levels.h"
#include "jobs/ratings_job.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------ what it knows */

int64_t brn_ratings_model_user_count(const brn_ratings_model *m) { return m->user_ids.count; }

int64_t brn_ratings_model_item_count(const brn_ratings_model *m) { return m->item_ids.count; }

int64_t brn_ratings_model_user(const brn_ratings_model *m, const char *id)
{
    return brn__ratings_code(&m->user_ids, id);
}

int64_t brn_ratings_model_item(const brn_ratings_model *m, const char *id)
{
    return brn__ratings_code(&m->item_ids, id);
}

static const char *text_of(const brn__texts *texts, int64_t code)
{
    return code >= 1 && code <= texts->count ? brn__text_at(texts, code - 1) : NULL;
}

const char *brn_ratings_model_user_id(const brn_ratings_model *m, int64_t user)
{
    return text_of(&m->user_texts, user);
}

const char *brn_ratings_model_item_id(const brn_ratings_model *m, int64_t item)
{
    return text_of(&m->item_texts, item);
}

const char *brn_ratings_model_title(const brn_ratings_model *m, int64_t item)
{
    const char *title = text_of(&m->titles, item);
    return title && *title ? title : text_of(&m->item_texts, item);
}

int64_t brn_ratings_model_rating_count(const brn_ratings_model *m, int64_t item)
{
    return item >= 1 && item < m->network.items ? m->facts.counts[item] : 0;
}

bool brn_ratings_model_is_click(const brn_ratings_model *m)
{
    return m->options.loss != BRN_RATINGS_LOSS_MSE;
}

int64_t brn_ratings_model_factors(const brn_ratings_model *m) { return m->network.factors; }

double brn_ratings_model_item_bias(const brn_ratings_model *m, int64_t item)
{
    if (!m->network.is_dot || item < 0 || item >= m->network.items) return (double)NAN;
    return (double)brn__ratings_tables_of(&m->network).i_bias[item];
}

double brn_ratings_model_user_bias(const brn_ratings_model *m, int64_t user)
{
    if (!m->network.is_dot || user < 0 || user >= m->network.users) return (double)NAN;
    return (double)brn__ratings_tables_of(&m->network).u_bias[user];
}

double brn_ratings_model_item_mean(const brn_ratings_model *m, int64_t item)
{
    return item >= 0 && item < m->network.items ? (double)m->facts.means[item] : (double)NAN;
}

const float *brn_ratings_model_item_vectors(const brn_ratings_model *m, int64_t *width)
{
    return brn__ratings_item_vectors(&m->network, width);
}

/* ------------------------------------------------------------------ what may be shown */

static brn_status check_user(const brn_ratings_model *m, int64_t user)
{
    if (user >= 0 && user < m->network.users) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "user %lld; expected 0 to %lld", (long long)user,
                     (long long)m->network.users - 1);
}

static brn_status check_item(const brn_ratings_model *m, int64_t item)
{
    if (item >= 0 && item < m->network.items) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "item %lld; expected 0 to %lld", (long long)item,
                     (long long)m->network.items - 1);
}

static brn_status need_dot(const brn_ratings_model *m, const char *what)
{
    if (m->network.is_dot) return BRN_OK;
    return brn__fail(BRN_ERROR_UNSUPPORTED, "%s: expected a dot model, this one is neural", what);
}

/* Marks what the filter leaves out. */
static brn_status mark_filter(brn_ratings_model *m, const brn_ratings_filter *filter)
{
    int64_t least = filter && filter->rated_by > 1 ? filter->rated_by : 1;
    bool among = filter && filter->among;
    for (int64_t i = 0; i < m->network.items; i++)
        m->left_out[i] = i == 0 || m->facts.counts[i] < least || among;
    for (int64_t k = 0; among && k < filter->among_count; k++) {
        BRN__TRY(check_item(m, filter->among[k]));
        m->left_out[filter->among[k]] =
            filter->among[k] == 0 || m->facts.counts[filter->among[k]] < least;
    }
    return BRN_OK;
}

static void mark_seen(brn_ratings_model *m, const brn_ratings_filter *filter, int64_t user)
{
    int64_t count;
    if (filter && filter->with_seen) return;
    const int32_t *seen = brn__seen_of(&m->seen, user, &count);
    for (int64_t k = 0; k < count; k++) m->left_out[seen[k]] = 1;
}

static int64_t take_best(brn_ratings_model *m, int64_t most, brn_ratings_item *out)
{
    int64_t count = brn__ratings_best(m->scores, m->left_out, m->network.items, most, out);
    for (int64_t k = 0; k < count; k++)
        out[k].value = brn__ratings_finish(&m->network, out[k].value);
    return count;
}

/* ------------------------------------------------------------------ recommending */

brn_status brn_ratings_recommend(brn_ratings_model *m, int64_t user,
                                 const brn_ratings_filter *filter, int64_t most,
                                 brn_ratings_item *out, int64_t *count)
{
    *count = 0;
    BRN__TRY(check_user(m, user));
    BRN__TRY(mark_filter(m, filter));
    mark_seen(m, filter, user);
    BRN__TRY(brn__ratings_score_items(&m->network, user, m->scores));
    *count = take_best(m, most, out);
    return BRN_OK;
}

brn_status brn_ratings_recommend_to(brn_ratings_model *m, const float *user, const int64_t *seen,
                                    int64_t seen_count, const brn_ratings_filter *filter,
                                    int64_t most, brn_ratings_item *out, int64_t *count)
{
    *count = 0;
    BRN__TRY(need_dot(m, "recommending to a vector"));
    BRN__TRY(mark_filter(m, filter));
    for (int64_t k = 0; k < seen_count; k++) {
        BRN__TRY(check_item(m, seen[k]));
        if (!filter || !filter->with_seen) m->left_out[seen[k]] = 1;
    }
    brn__ratings_score_items_for(&m->network, user, m->scores);
    *count = take_best(m, most, out);
    return BRN_OK;
}

brn_status brn_ratings_predict(brn_ratings_model *m, int64_t count, const int64_t *users,
                               const int64_t *items, double *out)
{
    int32_t *codes = brn__alloc_array((size_t)count * 2 + 1, sizeof *codes);
    float *values = brn__alloc_array((size_t)count + 1, sizeof *values);
    brn_status status = codes && values ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t k = 0; status == BRN_OK && k < count; k++) {
        status = check_user(m, users[k]);
        if (status == BRN_OK) status = check_item(m, items[k]);
        codes[k] = (int32_t)users[k];
        codes[count + k] = (int32_t)items[k];
    }
    if (status == BRN_OK)
        status = brn__ratings_score_pairs(&m->network, count, codes, codes + count, values);
    for (int64_t k = 0; status == BRN_OK && k < count; k++) out[k] = (double)values[k];
    brn__free(codes);
    brn__free(values);
    return status;
}

/* ------------------------------------------------------------------ alike */

static double length_of(const float *v, int64_t width)
{
    double sum = 0;
    for (int64_t k = 0; k < width; k++) sum += (double)v[k] * (double)v[k];
    return sqrt(sum);
}

static void score_cosines(brn_ratings_model *m, const float *vectors, int64_t width, const float *v)
{
    double length = length_of(v, width);
    for (int64_t i = 0; i < m->network.items; i++) {
        const float *other = vectors + i * width;
        double sum = 0, both = length * length_of(other, width);
        for (int64_t k = 0; k < width; k++) sum += (double)v[k] * (double)other[k];
        m->scores[i] = both > 0 ? (float)(sum / both) : 0;
    }
}

brn_status brn_ratings_similar(brn_ratings_model *m, int64_t item, const brn_ratings_filter *filter,
                               int64_t most, brn_ratings_item *out, int64_t *count)
{
    int64_t width;
    *count = 0;
    BRN__TRY(check_item(m, item));
    BRN__TRY(mark_filter(m, filter));
    const float *vectors = brn__ratings_item_vectors(&m->network, &width);
    m->left_out[item] = 1;
    score_cosines(m, vectors, width, vectors + item * width);
    *count = brn__ratings_best(m->scores, m->left_out, m->network.items, most, out);
    return BRN_OK;
}

brn_status brn_ratings_similar_to(brn_ratings_model *m, const float *item,
                                  const brn_ratings_filter *filter, int64_t most,
                                  brn_ratings_item *out, int64_t *count)
{
    int64_t width;
    *count = 0;
    BRN__TRY(need_dot(m, "items like a vector"));
    BRN__TRY(mark_filter(m, filter));
    const float *vectors = brn__ratings_item_vectors(&m->network, &width);
    score_cosines(m, vectors, width, item);
    *count = brn__ratings_best(m->scores, m->left_out, m->network.items, most, out);
    return BRN_OK;
}

/* ------------------------------------------------------------------ folding in */

static brn_status fold(brn_ratings_model *m, bool of_users, int64_t count, const int64_t *codes,
                       const double *ratings, float *out)
{
    brn__ratings_prior **prior = of_users ? &m->user_prior : &m->item_prior;
    BRN__TRY(need_dot(m, "folding in"));
    if (brn_ratings_model_is_click(m))
        return brn__fail(BRN_ERROR_UNSUPPORTED, "folding in: expected a model of ratings, not clicks");
    if (!*prior) BRN__TRY(brn__ratings_prior_new(&m->network, of_users, m->noise, prior));
    return brn__ratings_fold(&m->network, *prior, of_users, count, codes, ratings, out);
}

brn_status brn_ratings_fold_user(brn_ratings_model *m, int64_t count, const int64_t *items,
                                 const double *ratings, float *out)
{
    return fold(m, true, count, items, ratings, out);
}

brn_status brn_ratings_fold_item(brn_ratings_model *m, int64_t count, const int64_t *users,
                                 const double *ratings, float *out)
{
    return fold(m, false, count, users, ratings, out);
}
