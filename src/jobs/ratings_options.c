/* SPDX-License-Identifier: Apache-2.0
 * Options of the ratings job: defaults, checks, and JSON both ways. */
#include "base/alloc.h"
#include "jobs/option_fields.h"
#include "jobs/precision.h"
#include "jobs/ratings_job.h"
#include "jobs/table_job.h"

#include <math.h>
#include <string.h>

brn_ratings_options brn_ratings_defaults(void)
{
    return (brn_ratings_options){.source = brn_table_defaults(),
                                 .user = "user",
                                 .item = "item",
                                 .rating = "rating",
                                 .titles_source = brn_table_defaults(),
                                 .title_id = "item",
                                 .title_name = "title",
                                 .valid = .2,
                                 .factors = 50,
                                 .hidden_count = -1,
                                 .embedding_dropout = -1,
                                 .negatives = 4,
                                 .confidence = 1,
                                 .epochs = 5,
                                 .batch_size = 64,
                                 .learning_rate = 5e-3,
                                 .weight_decay = .1,
                                 .rank_at = 10,
                                 .seed = 42,
                                 .checkpoint_seconds = 10};
}

/* ------------------------------------------------------------------ one list of options */

static const char *const splits[] = {"random", "time", "last", "column", "file", NULL};
static const char *const networks[] = {"dot", "neural", NULL};
static const char *const forms[] = {"fastai2", "course", NULL};
static const char *const losses[] = {"mse", "bpr", "weighted", NULL};

/* All but how tables are read, and the hidden layers. */
static const brn_option fields[] = {
#define F(field, type) {#field, BRN_OPTION_##type, offsetof(brn_ratings_options, field), NULL}
#define WORD(field, words) {#field, BRN_OPTION_WORD, offsetof(brn_ratings_options, field), words}
    F(data, TEXT),
    F(user, TEXT),
    F(item, TEXT),
    F(rating, TEXT),
    F(time, TEXT),
    F(titles, TEXT),
    F(title_id, TEXT),
    F(title_name, TEXT),
    WORD(split, splits),
    F(valid, REAL),
    F(split_column, TEXT),
    F(split_from, TEXT),
    F(valid_data, TEXT),
    WORD(network, networks),
    WORD(form, forms),
    F(factors, BIG),
    F(embedding_dropout, REAL),
    F(has_range, FLAG),
    F(low, REAL),
    F(high, REAL),
    WORD(loss, losses),
    F(negatives, WHOLE),
    F(confidence, REAL),
    F(epochs, WHOLE),
    F(batch_size, WHOLE),
    F(learning_rate, REAL),
    F(weight_decay, REAL),
    F(lazy, FLAG),
    F(rank_at, WHOLE),
    F(has_relevant, FLAG),
    F(relevant, REAL),
    F(seed, BIG),
    F(threads, WHOLE),
    {"precision", BRN_OPTION_WORD, offsetof(brn_ratings_options, precision), brn__precision_words, true},
    F(checkpoint_seconds, REAL),
#undef F
#undef WORD
};
enum { FIELDS = sizeof fields / sizeof *fields };

const brn_option *brn_ratings_option_list(int *count)
{
    *count = FIELDS;
    return fields;
}

/* ------------------------------------------------------------------ checks */

static brn_status check_columns(const brn_ratings_options *o)
{
    if (!o->data || !*o->data) return brn__fail(BRN_ERROR_USAGE, "data: expected a table");
    if (!o->user || !*o->user || !o->item || !*o->item)
        return brn__fail(BRN_ERROR_USAGE, "expected the columns of users and items");
    if (!o->rating && o->loss == BRN_RATINGS_LOSS_MSE)
        return brn__fail(BRN_ERROR_USAGE,
                         "rating: expected a column; clicks without one need the loss bpr or "
                         "weighted");
    const char *names[] = {o->user, o->item, o->rating, o->time};
    for (int i = 0; i < 4; i++)
        for (int j = 0; names[i] && j < i; j++)
            if (names[j] && strcmp(names[i], names[j]) == 0)
                return brn__fail(BRN_ERROR_USAGE,
                                 "\"%s\" can't be two of the columns user, item, rating and time",
                                 names[i]);
    if (o->titles && (!o->title_id || !*o->title_id || !o->title_name || !*o->title_name))
        return brn__fail(BRN_ERROR_USAGE, "titles: expected the columns of ids and titles");
    return BRN_OK;
}

/* Hidden layers of NEURAL. */
static void take_form(brn_ratings_options *o)
{
    bool course = o->form == BRN_RATINGS_FORM_COURSE;
    if (o->embedding_dropout == -1) o->embedding_dropout = course ? .05 : 0;
    if (o->hidden_count != -1) return;
    o->hidden_count = 1;
    o->hidden[0] = course ? 10 : o->factors;
    o->dropout[0] = course ? .5 : 0;
}

static brn_status check_network(const brn_ratings_options *o)
{
    BRN__TRY(brn__check_real("factors", (double)o->factors, 1, 4096));
    BRN__TRY(brn__check_real("hidden layers", o->hidden_count, 0, BRN_RATINGS_HIDDEN_MAX));
    for (int i = 0; i < o->hidden_count; i++) {
        BRN__TRY(brn__check_real("hidden width", (double)o->hidden[i], 1, 65536));
        BRN__TRY(brn__check_real("dropout", o->dropout[i], 0, .999));
    }
    BRN__TRY(brn__check_real("embedding dropout", o->embedding_dropout, 0, .999));
    if (o->has_range && !(o->low < o->high && isfinite(o->low) && isfinite(o->high)))
        return brn__fail(BRN_ERROR_USAGE, "range %g to %g; expected two numbers, the lower first",
                         o->low, o->high);
    if (o->has_range && o->loss != BRN_RATINGS_LOSS_MSE)
        return brn__fail(BRN_ERROR_USAGE, "range: only ratings have one, not clicks");
    if (o->loss == BRN_RATINGS_LOSS_BPR && o->network == BRN_RATINGS_NEURAL)
        return brn__fail(BRN_ERROR_USAGE, "loss bpr: expected the model dot");
    BRN__TRY(brn__check_real("negatives", o->negatives, 1, 1000));
    return brn__check_real("confidence", o->confidence, 0, 1e6);
}

static brn_status check_split(brn_ratings_options *o)
{
    if (o->valid_data && o->split != BRN_RATINGS_SPLIT_FILE)
        return brn__fail(BRN_ERROR_USAGE, "valid data: only the split file has one");
    if (o->split == BRN_RATINGS_SPLIT_FILE && !o->valid_data)
        return brn__fail(BRN_ERROR_USAGE, "split file: expected the table of the rows that validate");
    if (o->split == BRN_RATINGS_SPLIT_TIME && !o->split_column) o->split_column = o->time;
    if (o->split == BRN_RATINGS_SPLIT_COLUMN && !o->split_column) o->split_column = "is_valid";
    if (o->split == BRN_RATINGS_SPLIT_TIME && !o->split_column)
        return brn__fail(BRN_ERROR_USAGE, "split time: expected the column of times");
    return brn__check_real("valid", o->valid, .001, .999);
}

brn_status brn__ratings_options_settle(brn_ratings_options *o)
{
    BRN__TRY(check_columns(o));
    BRN__TRY(brn__option_fields_check(fields, FIELDS, o));
    take_form(o);
    BRN__TRY(check_network(o));
    BRN__TRY(check_split(o));
    BRN__TRY(brn__check_real("epochs", o->epochs, 0, 100000));
    BRN__TRY(brn__check_real("batch size", o->batch_size, 1, BRN__RATINGS_BATCH_MAX));
    if (o->network == BRN_RATINGS_NEURAL && o->batch_size < 2)
        return brn__fail(BRN_ERROR_USAGE, "batch size 1; a neural model needs 2 or more");
    BRN__TRY(brn__check_real("learning rate", o->learning_rate, 1e-12, 1000));
    BRN__TRY(brn__check_real("weight decay", o->weight_decay, 0, 100));
    BRN__TRY(brn__check_real("rank at", o->rank_at, 1, 10000));
    if (o->has_relevant) BRN__TRY(brn__check_real("relevant", o->relevant, -1e30, 1e30));
    BRN__TRY(brn__check_real("threads", o->threads, 0, 1024));
    BRN__TRY(brn__precision_check(o->precision));
    return brn__check_real("checkpoint seconds", o->checkpoint_seconds, 0, 1e9);
}

/* ------------------------------------------------------------------ JSON */

json_t *brn__ratings_options_write(const brn_ratings_options *o)
{
    json_t *object = json_object();
    if (object && brn__option_fields_write(fields, FIELDS, o, object) &&
        brn__json_layers_write(object, o->hidden_count, o->hidden, o->dropout) &&
        brn__json_put(object, "source", brn__table_source_write(&o->source)) &&
        brn__json_put(object, "titles_source", brn__table_source_write(&o->titles_source)))
        return object;
    json_decref(object);
    return NULL;
}

brn_status brn__ratings_options_read(const json_t *object, brn__arena *arena,
                                     brn_ratings_options *o)
{
    *o = brn_ratings_defaults();
    if (!json_is_object(object))
        return brn__fail(BRN_ERROR_INPUT, "ratings options: expected an object");
    BRN__TRY(brn__option_fields_read(fields, FIELDS, object, "ratings options", o));
    if (!brn__json_layers_read(object, BRN_RATINGS_HIDDEN_MAX, &o->hidden_count, o->hidden, o->dropout))
        return brn__fail(BRN_ERROR_INPUT, "ratings options: no good \"hidden\" and \"dropout\"");
    BRN__TRY(brn__table_source_read(json_object_get(object, "source"), arena, &o->source));
    BRN__TRY(brn__table_source_read(json_object_get(object, "titles_source"), arena,
                                    &o->titles_source));
    return brn__ratings_options_settle(o);
}
