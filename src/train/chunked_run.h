/* SPDX-License-Identifier: Apache-2.0
 * Inside of runs in chunks: one batch on its way. */
#ifndef BRN__TRAIN_CHUNKED_RUN_H
#define BRN__TRAIN_CHUNKED_RUN_H

#include "graph/plan.h"
#include "train/chunked.h"

enum {
    BRN__CHUNKED_FEATURES, /* (A, N, E) */
    BRN__CHUNKED_GRADIENT, /* of them */
    BRN__CHUNKED_TOKENS,   /* (A, N) */
    BRN__CHUNKED_CHUNK_TOKENS,
    BRN__CHUNKED_STATES,  /* before each chunk that is kept, and behind the last */
    BRN__CHUNKED_VECTORS, /* of one chunk */
    BRN__CHUNKED_SIGNAL,  /* (N, S) */
    BRN__CHUNKED_ROOMS
};

/* What lasts from batch to batch: sizes are those of the largest so far. Reals are of the store's type. */
struct brn__chunked_room {
    size_t bytes[BRN__CHUNKED_ROOMS];
    void *memory[BRN__CHUNKED_ROOMS];
};

typedef struct brn__batch_run {
    brn__chunked *of;
    brn_runner *runner;
    const brn__fit_options *options; /* NULL: inference behaviour */
    brn_run counters;
    int64_t items, steps;                    /* N, T */
    int64_t state_width, width, vector_width; /* S; E of features and of vectors */
    int64_t first;                           /* the first chunk that is kept */
    int64_t chunks, kept_steps;              /* of the batch; A */
    const int64_t *tokens;                   /* (N, T) */
    size_t real;                             /* bytes of a number */
    bool learns;                             /* the encoder */
} brn__batch_run;

brn_status brn__chunked_begin(brn__batch_run *b, brn__chunked *of, brn_runner *runner, const brn__batch *batch);
/* A place of at least so many bytes; what was there is lost when it grows. */
brn_status brn__chunked_need(brn__batch_run *b, int place, size_t bytes, void **out);
int64_t brn__chunk_begin(const brn__batch_run *b, int64_t c);
int64_t brn__chunk_steps(const brn__batch_run *b, int64_t c);
bool brn__chunk_is_padding(const brn__batch_run *b, int64_t n, int64_t c); /* text n, nothing else in chunk c */
/* Where a kept chunk's part of FEATURES or GRADIENT begins. */
char *brn__chunked_features(const brn__batch_run *b, int place, int64_t c);
void brn__chunked_clear_features(const brn__batch_run *b, int place, int64_t c);
char *brn__chunked_state(const brn__batch_run *b, int64_t c); /* before chunk c */
/* Pass 1: features and states. */
brn_status brn__chunked_forward(const brn__batch_run *b);
void brn__chunked_shape(brn_plan_options *plan, const brn_node *input, int rank, int64_t d0, int64_t d1,
                        int64_t d2);
void brn__chunked_head_shapes(const brn__batch_run *b, brn_plan_options *plan);
brn_status brn__chunked_bind_head(const brn__batch_run *b, brn_plan *plan, const void *targets);

#endif
