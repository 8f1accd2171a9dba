/* SPDX-License-Identifier: Apache-2.0
 * What the files of the ratings job share. */
#ifndef BRN__JOBS_RATINGS_JOB_H
#define BRN__JOBS_RATINGS_JOB_H

#include "burnish/ratings.h"
#include "data/ratings/dataset.h"
#include "jobs/texts.h"
#include "train/callbacks.h"

#include <jansson.h>

enum { BRN__RATINGS_BATCH_MAX = 1 << 20 };

/* ------------------------------------------------------------------ ratings_options.c */

/* Fills in what is left to other options and checks ranges: BRN_ERROR_USAGE names the option. */
brn_status brn__ratings_options_settle(brn_ratings_options *options);
/* All options as JSON (new reference; NULL without memory or for a text that is not UTF-8). */
json_t *brn__ratings_options_write(const brn_ratings_options *options);
/* Reads them back. Texts point into `object`, lists into the arena. */
brn_status brn__ratings_options_read(const json_t *object, brn__arena *arena,
                                     brn_ratings_options *out);

/* ------------------------------------------------------------------ ratings_open.c */

/* The table `data`, its ids as text; not all columns of the training need be there. */
brn_status brn__ratings_open_table(const brn_ratings_options *options, const char *data,
                                   brn_table **out);
/* All rows, split, each user and item once; settles the split and the range in the options. A note for
 * the user, or "". */
brn_status brn__ratings_open(brn_ratings_options *options, brn__ratings *out, char *note,
                             size_t note_size);
/* A title for each item, empty where there is none; without titles none at all. *found counts. */
brn_status brn__ratings_read_titles(const brn_ratings_options *options,
                                    const brn__dictionary *item_ids, brn__texts *out,
                                    int64_t *found);

/* ------------------------------------------------------------------ ratings_store.c */

/* ratings.safetensors of a run folder: users, items (int32 codes), values (float32), times (float64,
 * where there are any), valid (uint8), the ids and titles. Mapped, it serves as the ratings. */
typedef struct brn__ratings_store {
    brn__state *state;
    brn__ratings ratings; /* borrowed from the state */
    brn__texts user_ids, item_ids, titles;
} brn__ratings_store;

brn_status brn__ratings_store_write(const char *path, const brn__ratings *ratings,
                                    const brn__texts *titles);
brn_status brn__ratings_store_open(const char *path, brn__ratings_store *out);
void brn__ratings_store_close(brn__ratings_store *store); /* zeroed is fine */

/* ------------------------------------------------------------------ ratings_network.c */

typedef struct brn__ratings_network {
    brn_graph *graph;
    brn__network ends;
    brn_node *score; /* (N, 1): the answer to a pair in columns 0 and 1 */
    brn_parameters *parameters;
    brn__learner *learner;
    int64_t users, items, factors, width; /* rows with #na#; numbers a row of the input */
    bool is_dot, has_range;
    double low, high;
} brn__ratings_network;

/* BRN_ERROR_INPUT when the tables of so many users and items would be too large. */
brn_status brn__ratings_check_size(const brn_ratings_options *options, int64_t users, int64_t items);
/* Initial weights from the options' seed. Counts are those of the ids. */
brn_status brn__ratings_network_new(const brn_ratings_options *options, int64_t users,
                                    int64_t items, brn__ratings_network *out);
void brn__ratings_network_free(brn__ratings_network *network); /* zeroed is fine */

/* The tables of a dot network: rows of `factors`, and the biases. */
typedef struct brn__ratings_tables {
    const float *u, *i, *u_bias, *i_bias;
} brn__ratings_tables;
brn__ratings_tables brn__ratings_tables_of(const brn__ratings_network *network);

/* Vectors of items (items, width): a dot network's, or the neural one's embedding. */
const float *brn__ratings_item_vectors(const brn__ratings_network *network, int64_t *width);

/* ------------------------------------------------------------------ ratings_samples.c */

/* The loaders of a training, and what they need. */
typedef struct brn__ratings_samples_of {
    brn__seen all, trained; /* trained: of clicks alone */
    brn__dataset *dataset;
    brn__loader *train, *valid; /* valid: NULL without rows */
    int64_t train_count, valid_count; /* ratings */
    int64_t *samples;
} brn__ratings_samples_of;
/* The ratings are borrowed. */
brn_status brn__ratings_samples_new(const brn_ratings_options *options, const brn__ratings *ratings,
                                    brn__ratings_samples_of *out);
void brn__ratings_samples_free(brn__ratings_samples_of *samples); /* zeroed is fine */
/* Without callbacks. */
brn__fit_options brn__ratings_fit_options(const brn_ratings_options *options,
                                          const brn__ratings_network *network,
                                          const brn__ratings_samples_of *samples);

/* ------------------------------------------------------------------ ratings_scores.c */

/* Expected ratings or scores. Codes must be known to the network. */
brn_status brn__ratings_score_pairs(brn__ratings_network *network, int64_t count,
                                    const int32_t *users, const int32_t *items, float *out);
/* Of all items (rows) with one user; with NEURAL in passes of the network. `out` (items): place 0 is
 * that of no item. Raw: before the sigmoid of a range, which keeps the order. */
brn_status brn__ratings_score_items(brn__ratings_network *network, int64_t user, float *out);
/* The same for a vector and bias that belong to no user. DOT only. */
void brn__ratings_score_items_for(const brn__ratings_network *network, const float *user, float *out);
double brn__ratings_finish(const brn__ratings_network *network, double raw); /* raw to answer */

/* The `most` best of `scores` (items) where `left_out` is 0: best first, equal ones by number. Heap in
 * `out`; gives how many. */
int64_t brn__ratings_best(const float *scores, const uint8_t *left_out, int64_t items, int64_t most,
                          brn_ratings_item *out);

/* ------------------------------------------------------------------ ratings_measure.c */

/* Of the training rows, by item (items, place 0: nothing). */
typedef struct brn__ratings_facts {
    const int64_t *counts;
    const float *means; /* the mean of all where there is none */
    double mean;
} brn__ratings_facts;
/* Both arrays are the caller's: brn__free. */
brn_status brn__ratings_count(const brn__ratings *ratings, brn__ratings_facts *out);
void brn__ratings_facts_free(brn__ratings_facts *facts);

/* Rows to test on, and what must not be recommended: `seen` without these rows. */
typedef struct brn__ratings_test {
    int64_t count;
    const int32_t *users, *items;
    const float *values;
    const brn__seen *seen;
    const brn__ratings_facts *facts;
    const brn_ratings_options *options; /* rank_at, relevant, loss, seed */
} brn__ratings_test;
brn_status brn__ratings_measure(brn__ratings_network *network, const brn__ratings_test *test,
                                brn_ratings_score *out);
/* One of which nothing has been measured: all numbers are NaN. */
brn_ratings_score brn__ratings_no_score(void);
/* All numbers of a score by name, for events: at most BRN__RATINGS_METRICS. */
enum { BRN__RATINGS_METRICS = 9 };
int brn__ratings_metrics(const brn_ratings_score *score, double valid_loss,
                         brn_metric out[BRN__RATINGS_METRICS]);
/* The rows that validate, as arrays of their own (in one block: brn__free of *users). */
brn_status brn__ratings_valid_rows(const brn__ratings *ratings, int64_t *count, int32_t **users,
                                   int32_t **items, float **values);

/* ------------------------------------------------------------------ ratings_fold.c */

typedef struct brn__ratings_prior brn__ratings_prior;
/* The distribution of the trained users' (or items') vectors and biases; `noise` is the mean squared
 * error of training. Owned by the caller. */
brn_status brn__ratings_prior_new(const brn__ratings_network *network, bool of_users, double noise,
                                  brn__ratings_prior **out);
void brn__ratings_prior_free(brn__ratings_prior *prior); /* NULL is fine */
brn_status brn__ratings_fold(const brn__ratings_network *network, brn__ratings_prior *prior,
                             bool of_users, int64_t count, const int64_t *codes,
                             const double *ratings, float *out);

/* ------------------------------------------------------------------ ratings_model_file.c */

/* model.safetensors: the parameters; seen.starts and seen.items, what each user has rated; item_counts
 * and item_means; user_ids, item_ids and titles; and under "burnish" {"format", "library", "job":
 * "ratings", "options", "users", "items", "mean", "noise", "training"}. */
typedef struct brn__ratings_content {
    const brn_ratings_options *options;
    const brn_ratings_result *result;
    const brn_parameters *parameters;
    const brn__texts *user_ids, *item_ids, *titles;
    const brn__seen *seen;
    const brn__ratings_facts *facts;
    double noise; /* mean squared error of training */
} brn__ratings_content;
brn_status brn__ratings_model_write(const char *path, const brn__ratings_content *content);

struct brn_ratings_model {
    brn__arena arena;
    json_t *card;
    char *path;   /* of the file */
    char *folder; /* of the run, NULL when it was a file */
    brn_ratings_options options;
    brn__state *state;
    brn__texts user_texts, item_texts, titles;
    brn__dictionary user_ids, item_ids;
    brn__seen seen;
    brn__ratings_facts facts; /* borrowed */
    brn__ratings_network network;
    double noise;
    brn__ratings_prior *user_prior, *item_prior; /* made when first needed */
    float *scores;     /* (items) */
    uint8_t *left_out; /* (items) */
};

/* ------------------------------------------------------------------ ratings_page.c */

/* report.html of a run. */
typedef struct brn__ratings_page {
    const brn_ratings_options *options;
    const brn_ratings_result *result;
    const brn__ratings *ratings;
    const brn__ratings_network *network;
    const brn__ratings_facts *facts;
    const brn__texts *item_ids, *titles;
    const char *history; /* path */
} brn__ratings_page;
brn_status brn__ratings_page_write(const char *path, const brn__ratings_page *page);

#endif
