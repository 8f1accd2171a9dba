/* SPDX-License-Identifier: Apache-2.0
 * locked_dropout, embedding_dropout, linear_cross_entropy, activation_penalty, sequence_pool. */
#include "ops/cases.h"

static brn_node *build_locked_dropout(case_builder *b, const void *argument)
{
    const brn_shape *shape = argument;
    int slot = brn_scalar(b->graph, "p", .4);
    return brn_locked_dropout(case_input(b, "x", shape->dims, shape->rank), slot);
}

/* Beside a dropout of the same scope: their masks must differ. */
static brn_node *build_two_kinds(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_input(b, "x", DIMS(3, 4, 17));
    int slot = brn_scalar(b->graph, "p", .4);
    return brn_add(brn_locked_dropout(x, slot), brn_dropout(brn_tanh(x), slot));
}

typedef struct words_case {
    int64_t words, width;
    brn_shape indices;
} words_case;

static brn_node *build_embedding_dropout(case_builder *b, const void *argument)
{
    const words_case *k = argument;
    int slot = brn_scalar(b->graph, "p", .4);
    brn_node *weight = case_parameter(b, "weight", DIMS(k->words, k->width));
    brn_node *indices = case_indices(b, "indices", k->words, k->indices.dims, k->indices.rank);
    return brn_embedding_dropout(brn_embedding(weight, indices), indices, slot);
}

typedef struct decoder_case {
    brn_shape x; /* (..., E) */
    int64_t words, ignored, chunk;
    bool bias, tied;
} decoder_case;

static brn_node *build_decoder(case_builder *b, const void *argument)
{
    const decoder_case *k = argument;
    const int64_t width = k->x.dims[k->x.rank - 1];
    brn_shape targets = k->x;
    targets.rank--;
    brn_node *weight = case_parameter(b, "weight", DIMS(k->words, width));
    brn_node *x = k->tied ? brn_embedding(weight, case_indices(b, "words", k->words, targets.dims, targets.rank))
                          : case_input(b, "x", k->x.dims, k->x.rank);
    brn_node *target = case_indices(b, "target", k->words, targets.dims, targets.rank);
    brn_node *bias = k->bias ? case_parameter(b, "bias", DIMS(k->words)) : NULL;
    brn__linear_cross_entropy_attributes attributes = {k->ignored, k->chunk};
    return case_apply(&brn__op_linear_cross_entropy, &attributes, (brn_node *[]){x, weight, target, bias}, 4);
}

/* Of states before and after a dropout, or of the same twice. */
static brn_node *build_penalty(case_builder *b, const void *argument)
{
    const brn_shape *shape = argument;
    int alpha = brn_scalar(b->graph, "alpha", 2), beta = brn_scalar(b->graph, "beta", 1);
    brn_node *raw = case_input(b, "raw", shape->dims, shape->rank);
    return brn_activation_penalty(raw, brn_locked_dropout(raw, brn_scalar(b->graph, "p", .3)), alpha, beta);
}

static brn_node *build_two_penalties(case_builder *b, const void *argument)
{
    (void)argument;
    int alpha = brn_scalar(b->graph, "alpha", .5), beta = brn_scalar(b->graph, "beta", 3);
    return brn_activation_penalty(case_input(b, "raw", DIMS(4, 2, 5)), case_input(b, "dropped", DIMS(4, 2, 5)),
                                  alpha, beta);
}

typedef struct pool_case {
    brn_shape x;
    bool masked; /* one token in two is padding */
} pool_case;

static brn_node *build_sequence_pool(case_builder *b, const void *argument)
{
    const pool_case *k = argument;
    brn_node *x = case_input(b, "x", k->x.dims, k->x.rank);
    return brn_sequence_pool(x, k->masked ? case_indices(b, "tokens", 2, k->x.dims, 2) : NULL, 1);
}

static const brn_shape penalty_shapes[] = {{3, {5, 3, 17}}, {3, {2, 1, 4}}, {3, {1, 2, 3}}};

#define PENALTY(title, i)                                                                          \
    {"activation_penalty", "penalty " title, build_penalty, &penalty_shapes[i], .training = true}
#define POOL(title, ...)                                                                           \
    {"sequence_pool", "concat pool " title, build_sequence_pool, &(const pool_case){__VA_ARGS__}}

static const brn_shape locked_shapes[] = {{3, {5, 3, 33}}, {3, {1, 1, 7}}, {2, {4, 9}}, {4, {3, 2, 5, 7}}};

#define LOCKED(title, i)                                                                           \
    {"locked_dropout", "locked dropout " title, build_locked_dropout, &locked_shapes[i], .training = true}
#define WORDS(title, ...)                                                                          \
    {"embedding_dropout", "embedding dropout " title, build_embedding_dropout,                     \
     &(const words_case){__VA_ARGS__}, .training = true}

#define DECODER(title, ...)                                                                        \
    {"linear_cross_entropy", "decoder " title, build_decoder, &(const decoder_case){__VA_ARGS__}}

static const op_case sequence_cases[] = {
    LOCKED("of sequences", 0),
    LOCKED("of one step", 1),
    LOCKED("of numbers", 2),
    LOCKED("of pictures in time", 3),
    {"locked_dropout", "two kinds of dropout", build_two_kinds, .training = true},
    {"locked_dropout", "locked dropout when not training", build_locked_dropout, &locked_shapes[0]},
    WORDS("of sequences", 11, 24, {2, {5, 4}}),
    WORDS("of a row", 300, 3, {1, {40}}),
    {"embedding_dropout", "embedding dropout when not training", build_embedding_dropout,
     &(const words_case){11, 5, {2, {3, 4}}}},
    DECODER("of rows", {2, {7, 5}}, 9, -1),
    DECODER("of sequences with a bias", {3, {5, 4, 17}}, 40, -1, .bias = true),
    DECODER("that ignores a word", {2, {12, 3}}, 4, 1, .bias = true),
    DECODER("in even chunks", {2, {12, 6}}, 10, 0, 4, .bias = true),
    DECODER("in chunks and a rest", {3, {11, 1, 6}}, 33, -1, 4, .bias = true),
    DECODER("tied to its embedding", {2, {9, 8}}, 13, -1, 5, .tied = true),
    PENALTY("of sequences", 0),
    PENALTY("of two steps", 1),
    PENALTY("of one step", 2),
    {"activation_penalty", "penalty of two sequences", build_two_penalties},
    POOL("of all steps", {3, {5, 3, 17}}),
    POOL("of one step", {3, {1, 2, 4}}),
    POOL("of what is not padding", {3, {9, 4, 24}}, true),
    POOL("of wide rows", {3, {6, 2, 300}}, true),
    DECODER("of one row and one word more", {2, {1, 4}}, 2, -1),
};
OP_CASES(sequence_cases)
