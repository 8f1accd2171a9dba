/* SPDX-License-Identifier: Apache-2.0
 *
 * A network on long sequences, run in chunks so that memory does not depend on their length (fast.ai's
 * BPT3C). The state goes from chunk to chunk, but gradients do not. Of the states' outputs ("features") those
 * of the last `kept` steps are kept; the head sees them at once, and its gradient by them goes back through
 * their chunks one by one, each of which is run again for it.
 *
 *     pass 1   each chunk: tokens, state                  -> features, next_state
 *     head     all features that are kept, their tokens   -> loss, its gradient by the features
 *     pass 2   each kept chunk: tokens, state, signal     -> gradients of the encoder, added up
 *
 * Sequences are padded in front by whole chunks and behind by the rest (BRN__PAD_CHUNKS): a sequence begins
 * with a chunk, with a state of zeros. Random streams of a chunk are keyed by its number, so that it draws
 * the same when it is run again. */
#ifndef BRN__TRAIN_CHUNKED_H
#define BRN__TRAIN_CHUNKED_H

#include "train/learner.h"

/* Nodes of one graph. N, T and A (steps that are kept) are the batch's. */
typedef struct brn__chunked_ends {
    brn_node *tokens, *state;       /* inputs: int64 (T, N); (N, S) */
    brn_node *features, *next_state; /* (T, N, E); (N, S) */
    brn_node *signal, *pull;        /* input (T, N, E); scalar: the sum of features x signal */
    brn_node *all_features, *all_tokens; /* inputs: (A, N, E); int64 (A, N) */
    brn_node *target;                    /* input (N, ...) */
    brn_node *loss, *measure, *output;   /* of the head: scalars; (N, K) */
    uint64_t encoder_groups;             /* layer groups below the head */
    brn_node *table; /* (V, E), the parameter that tokens look up: the row of the padding never learns */
} brn__chunked_ends;

typedef struct brn__chunked {
    brn__chunked_ends ends;
    int64_t chunk, kept; /* steps: 72, 1440 */
    int64_t padding;     /* the token that is none */
    brn__passes passes;  /* for brn__network */
    struct brn__chunked_room *room; /* grows to the largest batch */
} brn__chunked;

/* The state is zeros at the beginning of every batch. */
brn_status brn__chunked_init(brn__chunked *chunked, const brn__chunked_ends *ends, int64_t chunk, int64_t kept,
                             int64_t padding);
void brn__chunked_deinit(brn__chunked *chunked); /* a zeroed one is fine */
size_t brn__chunked_bytes(const brn__chunked *chunked); /* held between batches, beside the runner's arena */

/* The ends that lead from the tokens' vectors to the outputs. */
typedef struct brn__chunked_vectors {
    brn_node *vectors, *state;        /* inputs: (T, N, E); (N, S) */
    brn_node *state_signal;           /* input (N, S) */
    brn_node *pull;                   /* features x signal + next_state x state_signal */
    brn_node *score, *choice;         /* scalar: the sum of outputs x choice; input (N, K) */
} brn__chunked_vectors;
/* How much each token adds to the sum of outputs x choice, to first order (chunked_shares.c): the gradient by
 * the token's vector, times this vector. `batch` as the loader gives it; `choice` (N, K), of the store's type,
 * weighs the outputs; shares (N, T), 0 at padding and at what was not kept. */
brn_status brn__chunked_attribute(brn__chunked *chunked, brn_runner *runner, const brn__chunked_vectors *ends,
                                  const brn__batch *batch, const void *choice, double *shares);

#endif
