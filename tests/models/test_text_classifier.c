/* SPDX-License-Identifier: Apache-2.0
 * The classifier of texts and its runs in chunks, against fastai and against itself. */
#include "golden/generator.h"
#include "golden/golden.h"
#include "models/text_classifier.h"
#include "test.h"
#include "train/chunked.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct machine {
    brn_graph *graph;
    brn_parameters *store;
    brn_runner *runner;
    brn__text_classifier net;
    brn_node *choice, *score;
    brn__chunked chunked;
    brn__fit_options fit;
} machine;

static brn__text_classifier_options small(void)
{
    brn__text_classifier_options o = brn__text_classifier_defaults(0);
    o.words = 13, o.embedding = 4, o.hidden = 6, o.layers = 3, o.head = 5, o.outputs = 3, o.head_dropout = 0;
    return o;
}

static void machine_new(machine *m, const brn__text_classifier_options *o, const char *backend, int64_t chunk,
                        int64_t kept)
{
    *m = (machine){0};
    assert_ok(brn_graph_new(&m->graph));
    brn__text_classifier_build(m->graph, o, &m->net);
    brn_node *target = brn_input(m->graph, "target", BRN_DTYPE_I64, (int64_t[]){1}, 1);
    brn_node *measure = brn_cross_entropy(m->net.logits, target, -1);
    const brn__chunked_ends ends = {.tokens = m->net.tokens,
                                    .state = m->net.state,
                                    .features = m->net.features,
                                    .next_state = m->net.next_state,
                                    .signal = m->net.signal,
                                    .pull = m->net.pull,
                                    .all_features = m->net.all_features,
                                    .all_tokens = m->net.all_tokens,
                                    .target = target,
                                    .loss = brn_add(measure, m->net.penalty),
                                    .measure = measure,
                                    .output = m->net.logits,
                                    .encoder_groups = (1ull << (m->net.groups - 1)) - 1,
                                    .table = m->net.table};
    m->choice = brn_input(m->graph, "choice", BRN_DTYPE_F32, (int64_t[]){1, o->outputs}, 2);
    m->score = brn_reduce(brn_mul(m->net.logits, m->choice), BRN_REDUCE_SUM, 3, false);
    assert_ok(brn_graph_status(m->graph));
    const bool is_double = !strcmp(backend, "reference");
    assert_ok(brn_parameters_new(m->graph, is_double ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &m->store));
    assert_ok(brn_parameters_initialise(m->store, 5, -1));
    assert_ok(brn_runner_new(m->store, backend, 2, &m->runner));
    assert_ok(brn__chunked_init(&m->chunked, &ends, chunk, kept, o->padding));
    m->fit.learning_groups = UINT64_MAX;
}

static void machine_free(machine *m)
{
    brn__chunked_deinit(&m->chunked);
    brn_runner_free(m->runner);
    brn_parameters_free(m->store);
    brn_graph_free(m->graph);
}

static double machine_learn(machine *m, const brn__batch *batch, uint32_t step)
{
    double loss;
    const brn__batch_pass pass = {m->runner, &m->fit, {.seed = 3, .step = step}};
    assert_ok(m->chunked.passes.learn(m->chunked.passes.state, &pass, batch, &loss));
    return loss;
}

static double machine_answer(machine *m, const brn__batch *batch, double *logits)
{
    double measure;
    const void *output;
    const brn__batch_pass pass = {m->runner, NULL, {0}};
    assert_ok(m->chunked.passes.answer(m->chunked.passes.state, &pass, batch, &output, &measure));
    const bool is_double = brn_parameters_dtype(m->store) == BRN_DTYPE_F64;
    const int64_t classes = brn_node_shape(m->net.logits).dims[1];
    for (int64_t i = 0; i < batch->count * classes; i++)
        logits[i] = is_double ? ((const double *)output)[i] : (double)((const float *)output)[i];
    return measure;
}

static double gradient_at(const machine *m, int64_t element)
{
    void *gradients;
    assert_ok(brn_parameters_gradients(m->store, &gradients));
    return brn_parameters_dtype(m->store) == BRN_DTYPE_F64 ? ((double *)gradients)[element]
                                                           : (double)((float *)gradients)[element];
}

/* ------------------------------------------------------------------ against fastai */

enum { TEXTS = 4, STEPS = 14, CLASSES = 3 };

static void fill_generated(machine *m)
{
    for (int i = 0; i < brn_parameters_count(m->store); i++) {
        const brn_parameter_info info = brn_parameters_info(m->store, i);
        double values[256];
        if (info.kind == BRN_PARAMETER_BUFFER) continue;
        golden_uniform(info.name, info.count, values);
        const bool scale = strstr(info.name, "norm.weight") != NULL;
        for (int64_t k = 0; k < info.count; k++) values[k] = scale ? 1 + .2 * values[k] : .5 * values[k];
        assert_ok(brn_parameters_write(m->store, i, BRN_DTYPE_F64, values, info.count));
    }
}

static void classifier_on(const char *path, bool qrnn, int parameters, const char *backend, double tolerance)
{
    json_t *golden = golden_open(path);
    brn__text_classifier_options o = small();
    machine m;
    o.qrnn = qrnn;
    machine_new(&m, &o, backend, 4, 8);
    fill_generated(&m);
    int64_t tokens[TEXTS * STEPS], labels[TEXTS] = {0, 1, 2, 0};
    for (int i = 0; i < TEXTS * STEPS; i++)
        tokens[i] = json_integer_value(json_array_get(golden_at(golden, "tokens"), (size_t)i));
    const brn__batch batch = {.count = TEXTS, .length = STEPS, .inputs = tokens, .targets = labels};
    double logits[TEXTS * CLASSES];
    machine_answer(&m, &batch, logits);
    assert_true(golden_check_array(golden_at(golden, "answers"), "answers", logits, TEXTS * CLASSES, tolerance) <=
                tolerance);
    assert_close(machine_learn(&m, &batch, 0), golden_number(golden, "loss"), tolerance);
    int learned = 0;
    for (int i = 0; i < brn_parameters_count(m.store); i++) {
        const brn_parameter_info info = brn_parameters_info(m.store, i);
        double gradient[256];
        char place[128];
        if (info.kind == BRN_PARAMETER_BUFFER) continue;
        for (int64_t k = 0; k < info.count; k++) gradient[k] = gradient_at(&m, info.offset + k);
        snprintf(place, sizeof place, "gradients/%s", info.name);
        assert_true(golden_check_array(golden_at(golden, place), place, gradient, info.count, tolerance) <= tolerance);
        learned++;
    }
    assert_int_equal(learned, parameters);
    machine_free(&m);
    json_decref(golden);
}

TEST(a_text_classifier_in_chunks_equals_fastais)
{
    classifier_on("tests/golden/text_classifier.json", false, 19, "reference", 1e-9);
    classifier_on("tests/golden/text_classifier.json", false, 19, "cpu", 2e-6);
}

TEST(a_text_classifier_of_qrnns_in_chunks_equals_fastais)
{
    classifier_on("tests/golden/text_classifier_qrnn.json", true, 13, "reference", 1e-9);
    classifier_on("tests/golden/text_classifier_qrnn.json", true, 13, "cpu", 3e-5); /* PyTorch's own float32: 3.4e-6; ours compiled without
                                                                                         fused products: 1.1e-5 */
}

/* ------------------------------------------------------------------ frozen layers, chunks, memory */

/* Texts of words drawn, all `length` long. */
static int64_t *draw_tokens(int64_t texts, int64_t length, int64_t words)
{
    int64_t *tokens = malloc((size_t)(texts * length) * sizeof *tokens);
    assert_non_null(tokens);
    for (int64_t i = 0; i < texts * length; i++) tokens[i] = 2 + (i * 7 + i / 13 * 5 + i / 101) % (words - 2);
    return tokens;
}

TEST(a_head_learns_alone_without_a_pass_back_and_frozen_groups_get_no_gradient)
{
    const brn__text_classifier_options o = small();
    machine all, head;
    machine_new(&all, &o, "cpu", 4, 8);
    machine_new(&head, &o, "cpu", 4, 8);
    head.fit.learning_groups = 1ull << (head.net.groups - 1);
    int64_t *tokens = draw_tokens(TEXTS, STEPS, o.words), labels[TEXTS] = {0, 1, 2, 0};
    const brn__batch batch = {.count = TEXTS, .length = STEPS, .inputs = tokens, .targets = labels};
    assert_true(machine_learn(&all, &batch, 0) == machine_learn(&head, &batch, 0));
    int64_t begin, middle, end;
    for (int group = 0; group < head.net.groups; group++) {
        brn_parameters_group(head.store, group, &begin, &middle, &end);
        double size = 0, difference = 0;
        for (int64_t i = begin; i < end; i++) {
            size += fabs(gradient_at(&head, i));
            difference += fabs(gradient_at(&head, i) - gradient_at(&all, i));
        }
        const bool learns = group == head.net.groups - 1;
        assert_true((size > 0) == learns);
        assert_true((difference == 0) == learns);
    }
    free(tokens);
    machine_free(&all);
    machine_free(&head);
}

static void run_in_chunks(bool qrnn, int layers)
{
    brn__text_classifier_options o = small();
    machine one, many;
    o.qrnn = qrnn, o.layers = layers;
    machine_new(&one, &o, "reference", STEPS, 1000);
    machine_new(&many, &o, "reference", 3, 1000);
    int64_t *tokens = draw_tokens(TEXTS, STEPS, o.words), labels[TEXTS] = {0, 1, 2, 0};
    const brn__batch batch = {.count = TEXTS, .length = STEPS, .inputs = tokens, .targets = labels};
    double a[TEXTS * CLASSES], b[TEXTS * CLASSES];
    machine_answer(&one, &batch, a);
    machine_answer(&many, &batch, b);
    for (int i = 0; i < TEXTS * CLASSES; i++) assert_close(a[i], b[i], 1e-12);
    free(tokens);
    machine_free(&one);
    machine_free(&many);
}

TEST(the_state_goes_from_chunk_to_chunk)
{
    run_in_chunks(false, 3);
    for (int layers = 1; layers <= 4; layers++) run_in_chunks(true, layers);
}

static void differences_under_masks(bool qrnn, const char *const *names, int count)
{
    /* The loss of pass 1 is what the gradient of pass 2 belongs to: by differences, in one chunk. */
    brn__text_classifier_options o = small();
    o.qrnn = qrnn;
    o.word_dropout = .2, o.input_dropout = .3, o.weight_dropout = .4, o.hidden_dropout = .3, o.output_dropout = .2;
    machine m;
    machine_new(&m, &o, "reference", STEPS, 1000);
    int64_t *tokens = draw_tokens(TEXTS, STEPS, o.words), labels[TEXTS] = {0, 1, 2, 0};
    const brn__batch batch = {.count = TEXTS, .length = STEPS, .inputs = tokens, .targets = labels};
    for (int i = 0; i < count; i++) {
        const brn_parameter_info info = brn_parameters_info(m.store, brn_parameters_find(m.store, names[i]));
        double *value = (double *)brn_parameters_values(m.store) + info.offset, before, slope = 0, got = 0;
        for (int64_t k = 3; k < info.count; k += 7) {
            machine_learn(&m, &batch, 4);
            got = gradient_at(&m, info.offset + k), before = value[k];
            value[k] = before + 1e-5;
            brn_parameters_touch(m.store, info.offset, info.offset + info.count);
            slope = machine_learn(&m, &batch, 4);
            value[k] = before - 1e-5;
            brn_parameters_touch(m.store, info.offset, info.offset + info.count);
            slope = (slope - machine_learn(&m, &batch, 4)) / 2e-5;
            value[k] = before;
            brn_parameters_touch(m.store, info.offset, info.offset + info.count);
            assert_close(got, slope, 1e-6);
        }
    }
    free(tokens);
    machine_free(&m);
}

TEST(a_chunk_that_is_run_again_draws_the_same_masks)
{
    static const char *const names[] = {"0.encoder.weight", "0.rnns.0.weight_hh_l0_raw", "0.rnns.2.module.weight_ih_l0",
                                        "head.0.linear.weight"};
    static const char *const of_qrnn[] = {"0.encoder.weight", "0.rnns.0.layers.0.linear.weight_raw",
                                          "0.rnns.2.layers.0.linear.module.bias", "head.0.linear.weight"};
    differences_under_masks(false, names, 4);
    differences_under_masks(true, of_qrnn, 4);
}

/* Bytes of arenas and rooms after learning from one text. */
static size_t bytes_for(int64_t length, bool *finite)
{
    brn__text_classifier_options o = small();
    o.embedding = 16, o.layers = 1, o.words = 100;
    machine m;
    machine_new(&m, &o, "cpu", 72, 1440);
    int64_t *tokens = draw_tokens(2, length, o.words), labels[2] = {0, 1};
    const brn__batch batch = {.count = 2, .length = length, .inputs = tokens, .targets = labels};
    *finite = isfinite(machine_learn(&m, &batch, 0));
    const size_t bytes = brn_runner_arena_bytes(m.runner) + brn__chunked_bytes(&m.chunked);
    free(tokens);
    machine_free(&m);
    return bytes;
}

TEST(memory_does_not_depend_on_the_length_of_a_text)
{
    bool finite[2];
    const size_t some = bytes_for(2880, &finite[0]), many = bytes_for(100008, &finite[1]);
    assert_true(finite[0] && finite[1]);
    assert_int_equal(some, many);
}

/* ------------------------------------------------------------------ what mattered */

/* The score of text 0's class 1 and text 1's class 2. */
static double score_of(machine *m, const brn__batch *batch)
{
    double logits[2 * CLASSES];
    machine_answer(m, batch, logits);
    return logits[1] + logits[CLASSES + 2];
}

static void shares_are_slopes(bool qrnn)
{
    /* Every word stands once; the state goes through four chunks, and one of text 1 is padding. */
    enum { LENGTH = 14, WORDS = 40 };
    brn__text_classifier_options o = small();
    o.words = WORDS;
    o.qrnn = qrnn;
    machine m;
    machine_new(&m, &o, "reference", 4, 1000);
    int64_t tokens[2 * LENGTH], labels[2] = {0, 1};
    for (int64_t i = 0; i < 2 * LENGTH; i++) tokens[i] = 2 + i;
    for (int64_t t = 0; t < 4; t++) tokens[LENGTH + t] = 1;
    tokens[2 * LENGTH - 1] = 1;
    const brn__batch batch = {.count = 2, .length = LENGTH, .inputs = tokens, .targets = labels};
    const brn__chunked_vectors ends = {.vectors = m.net.vectors,
                                       .state = m.net.vector_state,
                                       .state_signal = m.net.state_signal,
                                       .pull = m.net.vector_pull,
                                       .score = m.score,
                                       .choice = m.choice};
    double shares[2 * LENGTH];
    assert_ok(brn__chunked_attribute(&m.chunked, m.runner, &ends, &batch, (double[]){0, 1, 0, 0, 0, 1}, shares));
    const brn_parameter_info table = brn_parameters_info(m.store, brn_parameters_find(m.store, "0.encoder.weight"));
    double *rows = (double *)brn_parameters_values(m.store) + table.offset;
    for (int i = 0; i < 2 * LENGTH; i++) {
        double kept[8], slope = 0;
        if (tokens[i] == 1) {
            assert_true(shares[i] == 0);
            continue;
        }
        double *row = rows + tokens[i] * o.embedding;
        memcpy(kept, row, (size_t)o.embedding * sizeof *kept);
        for (int sign = 1; sign >= -1; sign -= 2) {
            for (int e = 0; e < o.embedding; e++) row[e] = kept[e] * (1 + sign * 1e-4);
            brn_parameters_touch(m.store, table.offset, table.offset + table.count);
            slope += sign * score_of(&m, &batch) / 2e-4;
        }
        memcpy(row, kept, (size_t)o.embedding * sizeof *kept);
        assert_true(fabs(shares[i]) > 1e-9);
        assert_close(shares[i] * 1e3, slope * 1e3, 1e-6);
    }
    machine_free(&m);
}

TEST(the_shares_of_words_are_slopes_along_their_vectors)
{
    shares_are_slopes(false);
    shares_are_slopes(true);
}
