/* SPDX-License-Identifier: Apache-2.0
 *
 * The table job: from a table to a network with entity embeddings, and from the network to answers.
 *
 *     brn_table_train_options options = brn_table_train_defaults();
 *     options.data = "sales.csv";
 *     options.target = "Sales";
 *     brn_table_result result;
 *     if (brn_table_train(&options, &result) != BRN_OK) puts(brn_error_message());
 *
 *     brn_table_model *model;
 *     brn_table_model_open("runs/table-1", 0, &model);
 *     brn_table_answers *answers;
 *     brn_table_predict(model, "new.csv", &answers);
 *     for (int64_t i = 0; i < brn_table_answers_count(answers); i++)
 *         printf("%g\n", brn_table_answers_values(answers, i)[0]);
 *
 * Columns that are not named are used by their type: words, true/false and whole numbers of few
 * different values are categories; other numbers are numbers; dates become their parts; words that
 * nearly all differ are left out. A target of words, true/false or two whole numbers is a class.
 */
#ifndef BURNISH_TABLE_H
#define BURNISH_TABLE_H

#include "burnish/events.h"
#include "burnish/options.h"
#include "burnish/precision.h"
#include "burnish/table_data.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum brn_table_split {
    BRN_TABLE_SPLIT_RANDOM, /* a share of the rows, drawn; an is_valid column is always the split */
    BRN_TABLE_SPLIT_TIME,   /* the latest rows by split_column: a share, or from split_from on */
    BRN_TABLE_SPLIT_COLUMN, /* rows where split_column says True, 1 or valid */
    BRN_TABLE_SPLIT_GROUP,  /* whole groups of split_column, about a share of the rows */
} brn_table_split;

typedef enum brn_table_form {
    BRN_TABLE_FORM_FASTAI2, /* embeddings min(600, round(1.6 c^.56)), hidden 200-100 with batch norm
                             */
    BRN_TABLE_FORM_COURSE,  /* 0.7: embeddings min(50, (c + 1) / 2), hidden 1000-500, dropout */
} brn_table_form;

/* What is learned from. DEFAULT: squares for numbers, cross-entropy for classes. */
typedef enum brn_table_loss {
    BRN_TABLE_LOSS_DEFAULT,
    BRN_TABLE_LOSS_MSE,           /* numbers: answers are means */
    BRN_TABLE_LOSS_MAE,           /* numbers: medians, which outliers do not move */
    BRN_TABLE_LOSS_QUANTILE,      /* numbers: the quantile `quantile` */
    BRN_TABLE_LOSS_CROSS_ENTROPY, /* classes */
    BRN_TABLE_LOSS_FOCAL, /* classes: what is answered well counts little (Lin et al. 2017) */
} brn_table_loss;

enum { BRN_TABLE_HIDDEN_MAX = 8 };

/* A further table whose columns each row gains, by equal keys: one row of it a key at most. */
typedef struct brn_table_join {
    const char *data;        /* a file, read as the first one is */
    const char *const *keys; /* (key_count) columns that both have */
    int64_t key_count;
} brn_table_join;

typedef struct brn_table_train_options {
    const char *data; /* a file of separated values, or a table of a database (brn_table_open) */
    brn_table_options
        source; /* how it is read; its types and missing words are kept in the model */
    const brn_table_join
        *joins; /* (join_count): in order; tables to predict are joined with them too */
    int64_t join_count;
    /* (event_count), up to 16: conditions on rows, as "Promo=1". Each gives four columns, made among the
     * rows of one event_entity in the order of event_order before `where` leaves rows out: AfterPromo and
     * BeforePromo, the days since the last and until the next row where it holds (this one included),
     * Promo_bw and Promo_fw, how often it holds in event_window rows up to and from this one. A table to
     * predict goes on where the training table ended. */
    const char *const *events;
    int64_t event_count;
    const char *event_entity; /* a column; NULL: all rows are of one */
    const char *event_order;  /* a column of dates or numbers */
    int event_window;         /* 2 to 366 */
    const char *where; /* train and evaluate on rows that meet it: "Sales>0"; NULL: on all */
    const char *target; /* a column */
    /* (more_target_count): further ones, learned together with it: all are numbers, which are brought
     * to one scale, or all truths (True and False, or 0 and 1), of which each has its probability. */
    const char *const *more_targets;
    int64_t more_target_count;
    bool target_class;  /* the target is a class, even where it is a number */
    bool target_log;    /* learn the logarithm of the target: errors then count by their share */
    brn_table_loss loss;
    double quantile; /* of LOSS_QUANTILE, above 0, below 1 */
    double gamma;    /* of LOSS_FOCAL, 0 to 10 */
    const char *const *categories, *const *numbers, *const *ignored; /* names of columns */
    int64_t category_count, number_count, ignored_count;
    bool only_named; /* leave out the columns that are not named */
    brn_table_split split;
    double valid;                          /* share that validates */
    const char *split_column, *split_from; /* NULL where the split does not need them */
    int folds; /* K of 2 or more: K models, each validated on other rows, dealt out at random, in
                  whole groups (SPLIT_GROUP) or as split_column, 1 to K, says (SPLIT_COLUMN); 0: one */
    int fold;  /* of these, train this one alone, from 1; 0: all */
    brn_table_form form;
    int hidden_count; /* -1: the form's hidden layers, dropout and embedding dropout */
    int64_t hidden[BRN_TABLE_HIDDEN_MAX];
    double dropout[BRN_TABLE_HIDDEN_MAX];
    double embedding_dropout; /* -1: the form's */
    bool hidden_norms; /* FORM_COURSE: batch norms behind hidden layers too, which FORM_FASTAI2 always has */
    const int64_t *embedding_widths; /* (embedding_width_count): of as many first ones of `categories`, 1 to 4096, or 0: by
                                        the form's rule, as those of all other columns are */
    int64_t embedding_width_count;
    bool one_hot; /* values go into the first layer as zeros and ones instead of embeddings: to compare */
    bool has_range; /* numbers only: answers lie between low and high (after the logarithm) */
    double low, high;
    int epochs;
    int batch_size;       /* 0: 256, or 64 below 20,000 training rows */
    double learning_rate; /* highest, of a one-cycle schedule */
    double weight_decay;
    bool lazy; /* rows of the embeddings that a batch does not have stay as they are: cheaper where there
                  are very many, and another method (PyTorch's SparseAdam) */
    uint64_t seed;
    int threads; /* 0: all processors */
    brn_precision precision; /* of large products; FP32 with a warning where the processor has no BF16 */
    double checkpoint_seconds;
    const char *out;             /* run folder to make; NULL: runs/table-N */
    brn_event_handler *on_event; /* may be NULL */
    void *context;
} brn_table_train_options;

/* A fifth of the rows validates; AdamW, 5 epochs, rate .01, decay .01, seed 42; quantile .5,
 * gamma 2, windows of 7 rows. */
BRN_API brn_table_train_options brn_table_train_defaults(void);
/* All options but lists of names, how tables are read and joined, the hidden layers and out. */
BRN_API const brn_option *brn_table_train_option_list(int *count);

/* Numbers that a kind of target does not have are NaN. */
typedef struct brn_table_score {
    int64_t count;
    double loss;      /* mean over rows of what was learned from (of logarithms, where they were) */
    double accuracy, error_rate; /* classes */
    double rmse, mae; /* numbers, in the target's own units */
    double exp_rmspe; /* root mean square of the error relative to the truth, without zeros */
} brn_table_score;

typedef struct brn_table_result {
    char run[4096];
    char report[4128]; /* path of report.html, or empty: none was made */
    int64_t train_count, valid_count;
    brn_table_score score;           /* of the validation rows, last epoch */
    double seconds, rows_per_second; /* of training */
    /* With folds: how many, and the score's standard deviations over them (by n - 1); the score is of
     * means, the counts are sums. */
    int fold_count;
    brn_table_score deviation;
} brn_table_result;

/* Trains and writes a run folder: config.json, history.csv, model.safetensors, state.safetensors,
 * report.html (table_interpret.h). With folds the run folder holds fold-1 .. fold-K, a run each,
 * oof.csv (each row's answers by the model that did not train on it: row, counted from 1 among those
 * that meet `where`, label or the target, fold, p_CLASS ... or p_TARGET) and metrics.json (means and deviations). Opened as a model it
 * answers with the mean of the K. `result` may be NULL. BRN_ERROR_INTERRUPTED when the handler stopped
 * it: the state is kept. */
BRN_API brn_status brn_table_train(const brn_table_train_options *options,
                                   brn_table_result *result);
/* Goes on with a run that was stopped, to the same bits as if it had not been. The table must be
 * the same. */
BRN_API brn_status brn_table_resume(const char *run, brn_event_handler *on_event, void *context,
                                    brn_table_result *result);

typedef struct brn_table_model brn_table_model;
/* `run` is a run folder or its model.safetensors. */
BRN_API brn_status brn_table_model_open(const char *run, int threads, brn_table_model **out);
BRN_API void brn_table_model_close(brn_table_model *model); /* NULL is fine */
BRN_API const char *brn_table_model_target(const brn_table_model *model);
/* How many targets, their names in the order of the answers, and whether several are truths. */
BRN_API int64_t brn_table_model_target_count(const brn_table_model *model);
BRN_API const char *brn_table_model_target_name(const brn_table_model *model, int64_t index);
BRN_API bool brn_table_model_has_truths(const brn_table_model *model);
BRN_API int64_t brn_table_model_class_count(const brn_table_model *model); /* 0: a number */
BRN_API const char *brn_table_model_class(const brn_table_model *model, int64_t index);

/* The learned vectors of a category column: what it knows of each value. */
typedef struct brn_table_embedding {
    const char *column;
    int64_t count, width; /* values, #na# first; numbers a value */
    const float *vectors; /* (count, width) */
} brn_table_embedding;
BRN_API int64_t brn_table_model_embedding_count(const brn_table_model *model);
/* Everything lives as long as the model. `index` is 0 .. count - 1. */
BRN_API brn_table_embedding brn_table_model_embedding(const brn_table_model *model, int64_t index);
/* Value `value` of it: "#na#" (missing or unknown) for 0. */
BRN_API const char *brn_table_model_embedding_value(const brn_table_model *model, int64_t index,
                                                    int64_t value);

/* All rows of a table with the target. */
BRN_API brn_status brn_table_evaluate(brn_table_model *model, const char *data,
                                      brn_table_score *out);

/* Answers to all rows of a table; the target may be absent. Columns that the model needs and the
 * table lacks are an error that names them. */
typedef struct brn_table_answers brn_table_answers;
BRN_API brn_status brn_table_predict(brn_table_model *model, const char *data,
                                     brn_table_answers **out);
BRN_API void brn_table_answers_free(brn_table_answers *answers); /* NULL is fine */
BRN_API int64_t brn_table_answers_count(const brn_table_answers *answers);
/* Row `row`: (K) probabilities of classes or truths, or a number for each target, in its own units. */
BRN_API const float *brn_table_answers_values(const brn_table_answers *answers, int64_t row);

/* One row, in microseconds: for services (on one core of a Zen 4 server 10 microseconds for a table of 14 columns,
 * 25 for one of 78, layers 200-100: examples/table_row.c). Values are texts as they would stand in a file, in the
 * order of the columns that the model needs; NULL or "" is missing. *out is (K) probabilities or
 * one number in the target's own units, the model's until its next call. A model answers one thread
 * at a time. */
BRN_API int64_t brn_table_model_column_count(const brn_table_model *model);
BRN_API const char *brn_table_model_column(const brn_table_model *model, int64_t index);
BRN_API brn_status brn_table_predict_row(brn_table_model *model, const char *const *values,
                                         const float **out);

#ifdef __cplusplus
}
#endif
#endif
