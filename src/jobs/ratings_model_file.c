/* SPDX-License-Identifier: Apache-2.0
 * model.safetensors of the ratings job, both ways. Files are not trusted: options, tables, codes and
 * texts are checked before they are used. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "burnish/version.h"
#include "jobs/model_tensors.h"
#include "jobs/option_fields.h"
#include "jobs/ratings_job.h"

#include <math.h>
#include <string.h>

enum { FORMAT = 1, TABLES = 10 };

/* ------------------------------------------------------------------ writing */

static json_t *training_object(const brn_ratings_result *r)
{
    brn_metric metrics[BRN__RATINGS_METRICS];
    int count = brn__ratings_metrics(&r->score, r->valid_loss, metrics);
    json_t *object = json_object();
    bool good = brn__json_put(object, "train_count", json_integer(r->train_count)) &&
                brn__json_put(object, "valid_count", json_integer(r->valid_count));
    for (int i = 0; good && i < count; i++)
        good = brn__json_put(object, metrics[i].name,
                             isfinite(metrics[i].value) ? json_real(metrics[i].value) : json_null());
    if (good) return object;
    json_decref(object);
    return NULL;
}

static brn_status card_text(const brn__ratings_content *c, char **out)
{
    json_t *root = json_object();
    double noise = isfinite(c->noise) ? c->noise : 1;
    bool good = brn__json_put(root, "format", json_integer(FORMAT)) &&
                brn__json_put(root, "library", json_string(BRN_VERSION)) &&
                brn__json_put(root, "job", json_string("ratings")) &&
                brn__json_put(root, "options", brn__ratings_options_write(c->options)) &&
                brn__json_put(root, "users", json_integer(c->user_ids->count)) &&
                brn__json_put(root, "items", json_integer(c->item_ids->count)) &&
                brn__json_put(root, "mean", json_real(c->facts->mean)) &&
                brn__json_put(root, "noise", json_real(noise)) &&
                brn__json_put(root, "training", training_object(c->result));
    if (!good) json_decref(root), root = NULL;
    return brn__json_dump(root, JSON_COMPACT | JSON_REAL_PRECISION(17), out);
}

static brn__safetensors_item table(const char *name, brn_dtype dtype, int64_t count,
                                   const void *data)
{
    return (brn__safetensors_item){
        .name = name, .dtype = dtype, .shape = brn_shape_of(1, &count), .data = data};
}

/* The wide types first, so that each lies in its alignment. */
static brn_status list_items(const brn__ratings_content *c, brn__arena *arena,
                             brn__safetensors_item *items, int64_t *count)
{
    static const char *const names[] = {"user_ids", "item_ids", "titles"};
    const brn__texts *texts[] = {c->user_ids, c->item_ids, c->titles};
    brn__safetensors_item bytes[3];
    int64_t n = 0, item_rows = c->item_ids->count + 1;
    for (int i = 0; i < 3; i++)
        BRN__TRY(brn__texts_list(names[i], texts[i], arena, &items[n++], &bytes[i]));
    items[n++] = table("seen.starts", BRN_DTYPE_I64, c->seen->users + 1, c->seen->starts);
    items[n++] = table("item_counts", BRN_DTYPE_I64, item_rows, c->facts->counts);
    brn__model_tensors_list(c->parameters, items + n);
    n += brn_parameters_count(c->parameters);
    items[n++] = table("item_means", BRN_DTYPE_F32, item_rows, c->facts->means);
    items[n++] = table("seen.items", BRN_DTYPE_I32, c->seen->starts[c->seen->users], c->seen->items);
    for (int i = 0; i < 3; i++) items[n++] = bytes[i];
    *count = n;
    return BRN_OK;
}

brn_status brn__ratings_model_write(const char *path, const brn__ratings_content *c)
{
    brn__arena arena = {0};
    char *json = NULL;
    int64_t count = 0;
    brn__safetensors_item *items =
        brn__alloc_zero((size_t)brn_parameters_count(c->parameters) + TABLES, sizeof *items);
    brn_status status = items ? card_text(c, &json) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = list_items(c, &arena, items, &count);
    const brn__safetensors_pair pairs[] = {{"format", "pt"}, {"burnish", json}};
    if (status == BRN_OK) status = brn__safetensors_write(path, items, count, pairs, 2);
    brn__free(json);
    brn__free(items);
    brn__arena_free(&arena);
    return status;
}

/* ------------------------------------------------------------------ reading */

static brn_status read_card(brn_ratings_model *m)
{
    const char *text = brn__state_metadata(m->state, "burnish");
    brn__json_error error;
    if (text && brn__json_load(text, strlen(text), &m->card, &error) == BRN_ERROR_NO_MEMORY)
        return BRN_ERROR_NO_MEMORY;
    const char *job = json_string_value(json_object_get(m->card, "job"));
    if (!job || strcmp(job, "ratings") != 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: no model of ratings", m->path);
    if (json_integer_value(json_object_get(m->card, "format")) != FORMAT)
        return brn__fail(BRN_ERROR_INPUT, "%s: of another format; expected format %d", m->path,
                         FORMAT);
    m->facts.mean = json_number_value(json_object_get(m->card, "mean"));
    m->noise = json_number_value(json_object_get(m->card, "noise"));
    if (!isfinite(m->facts.mean) || !(m->noise >= 0 && m->noise < 1e60))
        return brn__fail(BRN_ERROR_INPUT, "%s: no good mean and noise", m->path);
    return brn__ratings_options_read(json_object_get(m->card, "options"), &m->arena, &m->options);
}

static brn_status read_ids(brn_ratings_model *m)
{
    int64_t users = json_integer_value(json_object_get(m->card, "users")),
            items = json_integer_value(json_object_get(m->card, "items"));
    if (users < 1 || users >= BRN__RATINGS_CODES_MAX || items < 1 ||
        items >= BRN__RATINGS_CODES_MAX)
        return brn__fail(BRN_ERROR_INPUT, "%s: %lld users and %lld items can't be", m->path,
                         (long long)users, (long long)items);
    BRN__TRY(brn__texts_read(m->path, m->state, "user_ids", users, &m->user_texts));
    BRN__TRY(brn__texts_read(m->path, m->state, "item_ids", items, &m->item_texts));
    BRN__TRY(brn__texts_read(m->path, m->state, "titles", -1, &m->titles));
    if (m->titles.count && m->titles.count != items)
        return brn__fail(BRN_ERROR_INPUT, "%s: %lld titles of %lld items", m->path,
                         (long long)m->titles.count, (long long)items);
    BRN__TRY(brn__texts_index(m->path, &m->user_texts, &m->user_ids));
    return brn__texts_index(m->path, &m->item_texts, &m->item_ids);
}

static brn_status check_seen(const brn_ratings_model *m, int64_t count)
{
    const brn__seen *s = &m->seen;
    bool good = s->starts[0] == 0 && s->starts[s->users] == count;
    for (int64_t user = 0; good && user < s->users; user++)
        good = s->starts[user] <= s->starts[user + 1] && s->starts[user + 1] <= count;
    for (int64_t user = 0; good && user < s->users; user++)
        for (int64_t k = s->starts[user]; good && k < s->starts[user + 1]; k++)
            good = s->items[k] >= 1 && s->items[k] <= m->item_ids.count &&
                   (k == s->starts[user] || s->items[k] > s->items[k - 1]);
    if (good) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: seen.items is not what it should be", m->path);
}

static brn_status read_tables(brn_ratings_model *m)
{
    const void *starts, *items, *counts, *means;
    int64_t rows = m->item_ids.count + 1;
    m->seen = (brn__seen){.users = m->user_ids.count + 1, .borrowed = true};
    BRN__TRY(brn__tensor_in_place(m->path, m->state, "seen.starts", BRN_DTYPE_I64,
                                  m->seen.users + 1, &starts));
    BRN__TRY(brn__tensor_in_place(m->path, m->state, "seen.items", BRN_DTYPE_I32, -1, &items));
    BRN__TRY(brn__tensor_in_place(m->path, m->state, "item_counts", BRN_DTYPE_I64, rows, &counts));
    BRN__TRY(brn__tensor_in_place(m->path, m->state, "item_means", BRN_DTYPE_F32, rows, &means));
    m->seen.starts = starts;
    m->seen.items = items;
    m->facts.counts = counts;
    m->facts.means = means;
    for (int64_t i = 0; i < rows; i++)
        if (m->facts.counts[i] < 0 || !isfinite(m->facts.means[i]))
            return brn__fail(BRN_ERROR_INPUT, "%s: item_counts or item_means: item %lld", m->path,
                             (long long)i);
    return check_seen(m, brn__state_find(m->state, "seen.items")->shape.dims[0]);
}

static brn_status open_model(int threads, brn_ratings_model *m)
{
    BRN__TRY(brn__state_open(m->path, &m->state));
    BRN__TRY(read_card(m));
    BRN__TRY(read_ids(m));
    BRN__TRY(read_tables(m));
    m->options.threads = threads;
    BRN__TRY(brn__ratings_network_new(&m->options, m->user_ids.count, m->item_ids.count,
                                      &m->network));
    BRN__TRY(brn__model_tensors_load(m->path, m->state, m->network.parameters));
    m->scores = brn__alloc_array((size_t)m->network.items, sizeof *m->scores);
    m->left_out = brn__alloc_array((size_t)m->network.items, sizeof *m->left_out);
    return m->scores && m->left_out ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

brn_status brn_ratings_model_open(const char *run, int threads, brn_ratings_model **out)
{
    *out = NULL;
    bool is_folder;
    BRN__TRY(brn__test_folder(run, &is_folder));
    brn_ratings_model *m = brn__alloc_zero(1, sizeof *m);
    if (!m) return BRN_ERROR_NO_MEMORY;
    m->path = is_folder ? brn__path_join(run, "model.safetensors") : brn__strdup(run);
    m->folder = is_folder ? brn__strdup(run) : NULL;
    brn_status status = m->path && (m->folder || !is_folder) ? open_model(threads, m)
                                                             : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK)
        *out = m;
    else
        brn_ratings_model_close(m);
    return status;
}

void brn_ratings_model_close(brn_ratings_model *m)
{
    if (!m) return;
    brn__ratings_network_free(&m->network);
    brn__ratings_prior_free(m->user_prior);
    brn__ratings_prior_free(m->item_prior);
    brn__dictionary_free(&m->user_ids);
    brn__dictionary_free(&m->item_ids);
    brn__state_close(m->state);
    json_decref(m->card);
    brn__arena_free(&m->arena);
    brn__free(m->scores);
    brn__free(m->left_out);
    brn__free(m->path);
    brn__free(m->folder);
    brn__free(m);
}
