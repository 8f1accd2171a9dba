/* SPDX-License-Identifier: Apache-2.0
 * A trained model of ratings on tables: answers to rows, ids and ratings of one user or item, and how
 * good it is. */
#include "base/alloc.h"
#include "base/files.h"
#include "data/table/levels.h"
#include "jobs/ratings_job.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------ ids of a table */

/* Codes of a column's rows in `ids`; 0 for those that are not known or missing. */
static brn_status codes_of(const brn_table *table, const char *name, const brn__dictionary *ids,
                           int64_t *out)
{
    const brn__column *column;
    brn__levels levels;
    char buffer[BRN__LEVEL_TEXT_BYTES];
    BRN__TRY(brn__table_need(table, name, &column));
    BRN__TRY(brn__levels_of(column, table->row_count, &levels));
    int64_t *codes = brn__alloc_array((size_t)levels.count + 1, sizeof *codes);
    for (int64_t level = 0; codes && level < levels.count; level++)
        codes[level] =
            brn__dictionary_find(ids, brn__level_text(&levels, level, false, buffer)) + 1;
    for (int64_t row = 0; codes && row < table->row_count; row++)
        out[row] = levels.ids[row] < 0 ? 0 : codes[levels.ids[row]];
    bool good = codes != NULL;
    brn__free(codes);
    brn__levels_free(&levels);
    return good ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* ------------------------------------------------------------------ answers to rows */

static brn_status predict_table(brn_ratings_model *m, const brn_table *table, int64_t *users,
                                int64_t *items, double *values)
{
    BRN__TRY(codes_of(table, m->options.user, &m->user_ids, users));
    BRN__TRY(codes_of(table, m->options.item, &m->item_ids, items));
    return brn_ratings_predict(m, table->row_count, users, items, values);
}

brn_status brn_ratings_predict_rows(brn_ratings_model *m, const char *data, int64_t *count,
                                    int64_t **users, int64_t **items, double **values)
{
    brn_table *table;
    *users = NULL;
    BRN__TRY(brn__ratings_open_table(&m->options, data, &table));
    *count = table->row_count;
    *users = brn__alloc_array((size_t)*count * 3 + 1, sizeof **users);
    *items = *users ? *users + *count : NULL;
    *values = *users ? (double *)(void *)(*items + *count) : NULL;
    brn_status status =
        *users ? predict_table(m, table, *users, *items, *values) : BRN_ERROR_NO_MEMORY;
    brn_table_close(table);
    if (status == BRN_OK) return BRN_OK;
    brn__free(*users);
    *users = NULL;
    return status;
}

void brn_ratings_rows_free(int64_t *users) { brn__free(users); }

/* ------------------------------------------------------------------ ids with ratings */

/* The last row of each id, by ascending code. */
static brn_status take_pairs(const brn_ratings_model *m, const brn_table *table, bool of_items,
                             bool with_values, brn_ratings_pairs *out)
{
    const brn__column *column = NULL;
    const brn__dictionary *ids = of_items ? &m->item_ids : &m->user_ids;
    int64_t rows = table->row_count, known = ids->count + 1;
    if (with_values) BRN__TRY(brn__table_need(table, m->options.rating, &column));
    int64_t *codes = brn__alloc_array((size_t)rows + 1, sizeof *codes);
    int64_t *last = brn__alloc_zero((size_t)known, sizeof *last); /* row + 1 */
    out->codes = brn__alloc_array((size_t)rows + 1, sizeof *out->codes);
    out->values = brn__alloc_array((size_t)rows + 1, sizeof *out->values);
    brn_status status =
        codes && last && out->codes && out->values ? BRN_OK : BRN_ERROR_NO_MEMORY;
    const char *name = of_items ? m->options.item : m->options.user;
    if (status == BRN_OK) status = codes_of(table, name, ids, codes);
    for (int64_t row = 0; status == BRN_OK && row < rows; row++) {
        if (codes[row]) last[codes[row]] = row + 1;
        else out->unknown++;
    }
    for (int64_t code = 1; status == BRN_OK && code < known; code++) {
        if (!last[code]) continue;
        out->codes[out->count] = code;
        out->values[out->count] = 1;
        if (column && !brn__number_at(column, last[code] - 1, &out->values[out->count]))
            status = brn__fail(BRN_ERROR_INPUT, "%s: row %lld has no rating (column \"%s\")",
                               table->name, (long long)last[code], m->options.rating);
        out->count++;
    }
    brn__free(codes);
    brn__free(last);
    return status;
}

brn_status brn_ratings_pairs_read(const brn_ratings_model *m, const char *data, bool of_items,
                                  bool with_values, brn_ratings_pairs *out)
{
    brn_table *table;
    *out = (brn_ratings_pairs){0};
    if (with_values && !m->options.rating)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "the model was trained on clicks, without ratings");
    BRN__TRY(brn__ratings_open_table(&m->options, data, &table));
    brn_status status = take_pairs(m, table, of_items, with_values, out);
    brn_table_close(table);
    if (status != BRN_OK) brn_ratings_pairs_free(out);
    return status;
}

void brn_ratings_pairs_free(brn_ratings_pairs *pairs)
{
    brn__free(pairs->codes);
    brn__free(pairs->values);
    *pairs = (brn_ratings_pairs){0};
}

/* ------------------------------------------------------------------ how good it is */

static brn_status measure_rows(brn_ratings_model *m, int64_t count, const int32_t *users,
                               const int32_t *items, const float *values, brn_ratings_score *out)
{
    const brn__ratings_test test = {.count = count,
                                    .users = users,
                                    .items = items,
                                    .values = values,
                                    .seen = &m->seen,
                                    .facts = &m->facts,
                                    .options = &m->options};
    return brn__ratings_measure(&m->network, &test, out);
}

/* The rows of a table, each user and item once, in the model's codes. */
static brn_status measure_table(brn_ratings_model *m, brn__ratings *r, brn_ratings_score *out)
{
    BRN__TRY(brn__ratings_merge(r, !m->options.rating));
    for (int64_t row = 0; row < r->count; row++) {
        const brn__slice *user = &r->user_ids.words[r->users[row] - 1],
                         *item = &r->item_ids.words[r->items[row] - 1];
        r->users[row] = (int32_t)brn__dictionary_find(&m->user_ids, *user) + 1;
        r->items[row] = (int32_t)brn__dictionary_find(&m->item_ids, *item) + 1;
    }
    return measure_rows(m, r->count, r->users, r->items, r->values, out);
}

static brn_status evaluate_table(brn_ratings_model *m, const char *data, brn_ratings_score *out)
{
    brn_table *table;
    brn__ratings ratings = {0};
    const brn__ratings_columns columns = {m->options.user, m->options.item, m->options.rating, NULL};
    BRN__TRY(brn__ratings_open_table(&m->options, data, &table));
    brn_status status = brn__ratings_read(table, &columns, NULL, &ratings);
    brn_table_close(table);
    if (status == BRN_OK) status = measure_table(m, &ratings, out);
    brn__ratings_free(&ratings);
    return status;
}

/* The ratings of the run, whose codes are the model's. */
static brn_status open_store(const brn_ratings_model *m, brn__ratings_store *out)
{
    if (!m->folder)
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: expected a table to evaluate on, or a run folder with its own ratings",
                         m->path);
    char *path = brn__path_join(m->folder, "ratings.safetensors");
    if (!path) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__ratings_store_open(path, out);
    brn__free(path);
    BRN__TRY(status);
    if (out->ratings.user_ids.count == m->user_ids.count &&
        out->ratings.item_ids.count == m->item_ids.count)
        return BRN_OK;
    brn__ratings_store_close(out);
    return brn__fail(BRN_ERROR_INPUT, "%s: ratings.safetensors is not that of the model", m->folder);
}

static brn_status evaluate_store(brn_ratings_model *m, const brn__ratings *r, brn_ratings_score *out)
{
    int64_t count;
    int32_t *users, *items;
    float *values;
    BRN__TRY(brn__ratings_valid_rows(r, &count, &users, &items, &values));
    brn_status status = measure_rows(m, count, users, items, values, out);
    brn__free(users);
    return status;
}

brn_status brn_ratings_evaluate(brn_ratings_model *m, const char *data, brn_ratings_score *out)
{
    brn__ratings_store store;
    if (data) return evaluate_table(m, data, out);
    BRN__TRY(open_store(m, &store));
    brn_status status = evaluate_store(m, &store.ratings, out);
    brn__ratings_store_close(&store);
    return status;
}

/* ------------------------------------------------------------------ what folding in costs */

typedef struct folding {
    brn_ratings_model *model;
    const brn__ratings *ratings;
    brn__grouping by_user;
    int64_t *items;  /* (rows of the user) */
    double *values;  /* (rows of the user) */
    float *vector;   /* (factors + 1) */
    brn_ratings_folding *out;
} folding;

static double folded_answer(const folding *f, int64_t item)
{
    const brn__ratings_network *n = &f->model->network;
    const brn__ratings_tables t = brn__ratings_tables_of(n);
    double z = (double)f->vector[n->factors] + (double)t.i_bias[item];
    for (int64_t k = 0; k < n->factors; k++)
        z += (double)f->vector[k] * (double)t.i[item * n->factors + k];
    return brn__ratings_finish(n, z);
}

static brn_status fold_one(folding *f, int64_t user)
{
    const brn__ratings *r = f->ratings;
    const int64_t *rows = f->by_user.rows + f->by_user.starts[user];
    int64_t count = f->by_user.starts[user + 1] - f->by_user.starts[user], known = 0;
    for (int64_t k = 0; k < count; k++) {
        if (r->valid[rows[k]]) continue;
        f->items[known] = r->items[rows[k]];
        f->values[known++] = (double)r->values[rows[k]];
    }
    if (known == count || known == 0) return BRN_OK;
    BRN__TRY(brn_ratings_fold_user(f->model, known, f->items, f->values, f->vector));
    f->out->users++;
    for (int64_t k = 0; k < count; k++) {
        if (!r->valid[rows[k]]) continue;
        int64_t item = r->items[rows[k]];
        double rating = (double)r->values[rows[k]], trained;
        BRN__TRY(brn_ratings_predict(f->model, 1, &user, &item, &trained));
        double folded = folded_answer(f, item), mean = (double)f->model->facts.means[item];
        f->out->trained_mse += (trained - rating) * (trained - rating);
        f->out->folded_mse += (folded - rating) * (folded - rating);
        f->out->item_mean_mse += (mean - rating) * (mean - rating);
        f->out->count++;
    }
    return BRN_OK;
}

static brn_status fold_all(folding *f)
{
    const brn__ratings *r = f->ratings;
    int64_t most = 0, users = r->user_ids.count + 1;
    BRN__TRY(brn__group_rows(r->users, r->count, users, &f->by_user));
    for (int64_t user = 1; user < users; user++) {
        int64_t count = f->by_user.starts[user + 1] - f->by_user.starts[user];
        if (count > most) most = count;
    }
    f->items = brn__alloc_array((size_t)most + 1, sizeof *f->items);
    f->values = brn__alloc_array((size_t)most + 1, sizeof *f->values);
    f->vector = brn__alloc_array((size_t)f->model->network.factors + 1, sizeof *f->vector);
    if (!f->items || !f->values || !f->vector) return BRN_ERROR_NO_MEMORY;
    for (int64_t user = 1; user < users; user++) BRN__TRY(fold_one(f, user));
    double count = (double)f->out->count;
    f->out->trained_mse /= count, f->out->folded_mse /= count, f->out->item_mean_mse /= count;
    return BRN_OK;
}

brn_status brn_ratings_evaluate_folding(brn_ratings_model *m, brn_ratings_folding *out)
{
    brn__ratings_store store;
    *out = (brn_ratings_folding){0};
    BRN__TRY(open_store(m, &store));
    folding f = {.model = m, .ratings = &store.ratings, .out = out};
    brn_status status = fold_all(&f);
    brn__grouping_free(&f.by_user);
    brn__free(f.items);
    brn__free(f.values);
    brn__free(f.vector);
    brn__ratings_store_close(&store);
    return status;
}
