/* SPDX-License-Identifier: Apache-2.0
 *
 * The ratings job (collaborative filtering): from who rated what to what else they would like.
 *
 *     brn_ratings_options options = brn_ratings_defaults();
 *     options.data = "ratings.csv";                     // columns user, item, rating
 *     brn_ratings_result result;
 *     if (brn_ratings_train(&options, &result) != BRN_OK) puts(brn_error_message());
 *
 *     brn_ratings_model *model;
 *     brn_ratings_model_open("runs/ratings-1", 0, &model);
 *     brn_ratings_item best[10];
 *     int64_t count;
 *     brn_ratings_recommend(model, brn_ratings_model_user(model, "196"), NULL, 10, best, &count);
 *     for (int64_t i = 0; i < count; i++) puts(brn_ratings_model_title(model, best[i].item));
 *
 * Users and items are numbers from 1 to their count, in the order in which they first appear; 0
 * stands for one that the training did not know: its answers rest on the other side alone.
 */
#ifndef BURNISH_RATINGS_H
#define BURNISH_RATINGS_H

#include "burnish/events.h"
#include "burnish/lr_finder.h"
#include "burnish/options.h"
#include "burnish/precision.h"
#include "burnish/table_data.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum brn_ratings_split {
    BRN_RATINGS_SPLIT_RANDOM, /* a share of the rows, drawn; an is_valid column is always the split */
    BRN_RATINGS_SPLIT_TIME,   /* the latest rows: a share, or from split_from on */
    BRN_RATINGS_SPLIT_LAST,   /* the latest row of each user with two or more */
    BRN_RATINGS_SPLIT_COLUMN, /* rows where split_column says True, 1 or valid */
    BRN_RATINGS_SPLIT_FILE,   /* the rows of valid_data */
} brn_ratings_split;

typedef enum brn_ratings_network {
    BRN_RATINGS_DOT,    /* product of two vectors plus two biases (EmbeddingDotBias) */
    BRN_RATINGS_NEURAL, /* hidden layers over both vectors side by side (EmbeddingNN) */
} brn_ratings_network;

typedef enum brn_ratings_form {
    BRN_RATINGS_FORM_FASTAI2, /* truncated normal .01; NEURAL: fastai 2's table network, vectors
                                 min(600, round(1.6 n^.56)) wide, one hidden layer of `factors` */
    BRN_RATINGS_FORM_COURSE,  /* 0.7: U(-.05, .05). NEURAL: U(-.01, .01), `factors` wide, dropout .05,
                                 hidden 10, dropout .5 */
} brn_ratings_form;

typedef enum brn_ratings_loss {
    BRN_RATINGS_LOSS_MSE,      /* of ratings */
    BRN_RATINGS_LOSS_BPR,      /* clicks: what was clicked before what was not (Rendle et al. 2009) */
    BRN_RATINGS_LOSS_WEIGHTED, /* clicks: 1 with weight 1 + confidence clicks, 0 for `negatives` drawn
                                  items each (Hu, Koren and Volinsky 2008, sampled) */
} brn_ratings_loss;

enum { BRN_RATINGS_HIDDEN_MAX = 8 };

typedef struct brn_ratings_options {
    const char *data;         /* a table with a row a rating */
    brn_table_options source; /* how it is read */
    const char *user, *item;  /* columns: "user" and "item" */
    const char *rating;       /* "rating"; may be NULL for BPR and WEIGHTED: a row is a click */
    const char *time;         /* NULL: later rows are later */
    const char *titles;       /* NULL, or a table of items */
    brn_table_options titles_source;
    const char *title_id, *title_name; /* its columns */
    brn_ratings_split split;
    double valid;             /* share that validates, .001 to .999: RANDOM, TIME */
    const char *split_column; /* TIME: `time` where it is NULL; COLUMN: is_valid */
    const char *split_from;   /* TIME; NULL: by share */
    const char *valid_data;   /* FILE: a table like `data` */
    brn_ratings_network network;
    brn_ratings_form form;
    int64_t factors;          /* of each vector, 1 to 4096 */
    int hidden_count;         /* NEURAL; -1: the form's hidden layers and dropout */
    int64_t hidden[BRN_RATINGS_HIDDEN_MAX];
    double dropout[BRN_RATINGS_HIDDEN_MAX];
    double embedding_dropout; /* NEURAL; -1: the form's */
    bool has_range;           /* MSE: answers lie in (low, high); else a tenth of the ratings' span past
                                 the lowest and highest */
    double low, high;
    brn_ratings_loss loss;
    int negatives;            /* WEIGHTED: 1 to 1000 */
    double confidence;        /* WEIGHTED: 0 to 1e6 */
    int epochs;
    int batch_size;
    double learning_rate;     /* highest, of a one-cycle schedule */
    double weight_decay;
    bool lazy;                /* rows of the tables that a batch does not have stay as they are */
    int rank_at;              /* k of precision, recall, NDCG and MRR at k */
    bool has_relevant;        /* an item is relevant to a user from the rating `relevant` on; else, MSE:
                                 from the mean rating on, clicks: always */
    double relevant;
    uint64_t seed;
    int threads;              /* 0: all processors */
    brn_precision precision;  /* of large products; FP32 with a warning where the processor has no BF16 */
    double checkpoint_seconds; /* from one saved state to the next; 0: after every batch */
    const char *out;          /* run folder to make; NULL: runs/ratings-N */
    brn_event_handler *on_event; /* may be NULL */
    void *context;
} brn_ratings_options;

/* DOT with 50 factors; a fifth validates; AdamW, 5 epochs of batches of 64, rate 5e-3, decay .1,
 * seed 42; 4 negatives, confidence 1; ranks at 10. */
BRN_API brn_ratings_options brn_ratings_defaults(void);
/* All options but how tables are read, the hidden layers and out. */
BRN_API const brn_option *brn_ratings_option_list(int *count);

/* Numbers that a kind of data does not have are NaN. */
typedef struct brn_ratings_errors {
    double mse, rmse, mae; /* of ratings; clicks have none */
} brn_ratings_errors;

/* Means over users with a relevant item among those that validate; of the k best items that a user
 * has not rated in training. */
typedef struct brn_ratings_ranks {
    double precision, recall; /* relevant of the k; of the relevant */
    double ndcg;              /* gain 1 / log2(place + 1), of the best that is possible */
    double mrr;               /* 1 / place of the first relevant one; 0 where none is among the k */
    double coverage;          /* share of all items that are among the k of any user */
} brn_ratings_ranks;

/* The model beside what needs no model. */
typedef enum brn_ratings_contender {
    BRN_RATINGS_MODEL,
    BRN_RATINGS_ITEM_MEAN,  /* an item's mean rating, the mean of all for those without */
    BRN_RATINGS_POPULARITY, /* the items with most ratings; has no errors */
    BRN_RATINGS_CONTENDERS
} brn_ratings_contender;
BRN_API const char *brn_ratings_contender_name(int contender); /* "model", "item mean", "popularity" */

typedef struct brn_ratings_score {
    int64_t count;       /* ratings */
    int64_t ranked;      /* users whose items were ranked */
    int rank_at;         /* k */
    double relevant;     /* rating from which on an item is; NaN: clicks */
    brn_ratings_errors errors[BRN_RATINGS_CONTENDERS];
    brn_ratings_ranks ranks[BRN_RATINGS_CONTENDERS];
} brn_ratings_score;

typedef struct brn_ratings_result {
    char run[4096], report[4160];
    int64_t train_count, valid_count, user_count, item_count;
    double valid_loss;   /* last epoch */
    brn_ratings_score score;
    double seconds, ratings_per_second; /* of training */
} brn_ratings_result;

/* Trains and writes a run folder: config.json, ratings.safetensors (the columns, mapped while it
 * trains), history.csv, model.safetensors, state.safetensors, report.html. `result` may be NULL.
 * BRN_ERROR_USAGE names an option out of its range, BRN_ERROR_DIVERGED a loss that is no number;
 * BRN_ERROR_INTERRUPTED when the handler stopped it: the state is kept. */
BRN_API brn_status brn_ratings_train(const brn_ratings_options *options, brn_ratings_result *result);
/* Goes on with a run that was stopped, to the same bits as if it had not been. */
BRN_API brn_status brn_ratings_resume(const char *run, brn_event_handler *on_event, void *context,
                                      brn_ratings_result *result);
/* The rate finder on the training that these options ask for. *out is the caller's:
 * brn_lr_curve_free. */
BRN_API brn_status brn_ratings_lr_find(const brn_ratings_options *options,
                                       const brn_lr_finder_options *finder, brn_lr_curve *out);

/* ------------------------------------------------------------------ a trained model */

typedef struct brn_ratings_model brn_ratings_model;
/* `run` is a run folder or its model.safetensors; threads 0: all processors. A model answers one thread
 * at a time. BRN_ERROR_INPUT when it is no model of ratings. The caller closes. */
BRN_API brn_status brn_ratings_model_open(const char *run, int threads, brn_ratings_model **out);
BRN_API void brn_ratings_model_close(brn_ratings_model *model); /* NULL is fine */
/* Names and titles live as long as the model. */
BRN_API int64_t brn_ratings_model_user_count(const brn_ratings_model *model);
BRN_API int64_t brn_ratings_model_item_count(const brn_ratings_model *model);
BRN_API int64_t brn_ratings_model_user(const brn_ratings_model *model, const char *id); /* 0: unknown */
BRN_API int64_t brn_ratings_model_item(const brn_ratings_model *model, const char *id);
BRN_API const char *brn_ratings_model_user_id(const brn_ratings_model *model, int64_t user);
BRN_API const char *brn_ratings_model_item_id(const brn_ratings_model *model, int64_t item);
BRN_API const char *brn_ratings_model_title(const brn_ratings_model *model, int64_t item); /* or id */
BRN_API int64_t brn_ratings_model_rating_count(const brn_ratings_model *model, int64_t item);
BRN_API bool brn_ratings_model_is_click(const brn_ratings_model *model); /* scores, not ratings */
/* Bias of an item (or user): how much it is liked, given who rates it; DOT only, else NaN. */
BRN_API double brn_ratings_model_item_bias(const brn_ratings_model *model, int64_t item);
BRN_API double brn_ratings_model_user_bias(const brn_ratings_model *model, int64_t user);
/* Mean rating of an item in training; where it has none, that of all. NaN for a number above theirs. */
BRN_API double brn_ratings_model_item_mean(const brn_ratings_model *model, int64_t item);
/* What is learned of items: (item_count + 1, *width) in rows, row 0 that of one that is not known; the factors of DOT, the
 * embedding of NEURAL. They live as long as the model. */
BRN_API const float *brn_ratings_model_item_vectors(const brn_ratings_model *model, int64_t *width);

typedef struct brn_ratings_item {
    int64_t item;
    double value; /* expected rating or score; of brn_ratings_similar: the cosine */
} brn_ratings_item;

typedef struct brn_ratings_filter {
    bool with_seen;       /* also what the user has rated */
    int64_t rated_by;     /* only items with so many ratings in training; 0 counts as 1 */
    const int64_t *among; /* (among_count) items to choose from, ascending; NULL: all */
    int64_t among_count;
} brn_ratings_filter;

/* The `most` best items for a user, best first, into `out` (most), of which *count are written; items of
 * equal value by number. Tens of microseconds
 * for some thousands of items (DOT). `filter` may be NULL. BRN_ERROR_USAGE for a
 * user above their count. */
BRN_API brn_status brn_ratings_recommend(brn_ratings_model *model, int64_t user,
                                         const brn_ratings_filter *filter, int64_t most,
                                         brn_ratings_item *out, int64_t *count);
/* Expected rating (or score) of pairs: users, items and `out` have (count). BRN_ERROR_USAGE for a number
 * above theirs. */
BRN_API brn_status brn_ratings_predict(brn_ratings_model *model, int64_t count,
                                       const int64_t *users, const int64_t *items, double *out);
/* The same for the rows of a table with the columns of users and items: arrays of *count in one block,
 * which the caller frees by brn_ratings_rows_free; codes of unknown ids are 0. */
BRN_API brn_status brn_ratings_predict_rows(brn_ratings_model *model, const char *data,
                                            int64_t *count, int64_t **users, int64_t **items,
                                            double **values);
BRN_API void brn_ratings_rows_free(int64_t *users); /* NULL is fine */
/* The items whose vectors point the same way, by cosine, into `out` (most); not `item` itself.
 * BRN_ERROR_USAGE for an item above their count. */
BRN_API brn_status brn_ratings_similar(brn_ratings_model *model, int64_t item,
                                       const brn_ratings_filter *filter, int64_t most,
                                       brn_ratings_item *out, int64_t *count);

/* Someone new, from a few ratings, without training (DOT with MSE only): the most probable vector and
 * bias, given that they are distributed as those of the trained ones (a normal distribution) and that
 * the items' are known: a linear system of factors + 1 equations, with a range a few. Writes
 * (factors + 1) numbers, the bias last. items (or users) and ratings have (count). BRN_ERROR_UNSUPPORTED for
 * another kind of model, BRN_ERROR_USAGE for an unknown number. */
BRN_API int64_t brn_ratings_model_factors(const brn_ratings_model *model);
BRN_API brn_status brn_ratings_fold_user(brn_ratings_model *model, int64_t count,
                                         const int64_t *items, const double *ratings, float *out);
/* Something new, from the ratings of a few users. */
BRN_API brn_status brn_ratings_fold_item(brn_ratings_model *model, int64_t count,
                                         const int64_t *users, const double *ratings, float *out);
/* As brn_ratings_recommend and brn_ratings_similar for vectors as above. Items of `filter` alone are
 * left out: what the new user has rated is seen when `seen` (ascending) has it. DOT only, else
 * BRN_ERROR_UNSUPPORTED. */
BRN_API brn_status brn_ratings_recommend_to(brn_ratings_model *model, const float *user,
                                            const int64_t *seen, int64_t seen_count,
                                            const brn_ratings_filter *filter, int64_t most,
                                            brn_ratings_item *out, int64_t *count);
BRN_API brn_status brn_ratings_similar_to(brn_ratings_model *model, const float *item,
                                          const brn_ratings_filter *filter, int64_t most,
                                          brn_ratings_item *out, int64_t *count);

/* How good it is: of a table like the training's, or (data NULL) of the rows of the run folder that
 * validated. BRN_ERROR_INPUT when the model was not opened from a run folder and there is no data. */
BRN_API brn_status brn_ratings_evaluate(brn_ratings_model *model, const char *data,
                                        brn_ratings_score *out);

/* What folding in costs: each user that validates is taken as new, folded in from what they rated in
 * training, and the error on their validation rows stands beside that of the trained vectors. */
typedef struct brn_ratings_folding {
    int64_t users, count;
    double trained_mse, folded_mse, item_mean_mse;
} brn_ratings_folding;
BRN_API brn_status brn_ratings_evaluate_folding(brn_ratings_model *model, brn_ratings_folding *out);

/* Ids (of_items: of items, else of users), and with_values their ratings, from a table with the columns
 * of the training: for brn_ratings_fold_user (items) and _fold_item (users), and for filters. Unknown
 * ids are left out and counted; of an id that is there twice the last row counts. The caller frees by
 * brn_ratings_pairs_free. */
typedef struct brn_ratings_pairs {
    int64_t count, unknown;
    int64_t *codes; /* (count), ascending */
    double *values; /* (count); 1 without values */
} brn_ratings_pairs;
BRN_API brn_status brn_ratings_pairs_read(const brn_ratings_model *model, const char *data,
                                          bool of_items, bool with_values, brn_ratings_pairs *out);
BRN_API void brn_ratings_pairs_free(brn_ratings_pairs *pairs); /* zeroed is fine */

#ifdef __cplusplus
}
#endif
#endif
