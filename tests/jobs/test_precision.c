/* SPDX-License-Identifier: Apache-2.0
 * Language models in bf16: as good as in fp32, gone on with to the same bits, and in fp32 with a warning where the
 * processor has no bfloat16. The language: a subject (one of twelve), a word of nothing (one of two) and the object
 * that belongs to the subject, so that the best perplexity is (12 2)^(1/3) = 2.884. */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/lm.h"
#include "burnish/precision.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENTENCES = 12000, SUBJECTS = 12 };

static uint32_t draw(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % below;
}

static char kept[256], language[300];
static const char *const inputs[] = {language};

static void write_language(void)
{
    if (*kept) return;
    snprintf(kept, sizeof kept, "%s", test_scratch_folder());
    snprintf(language, sizeof language, "%s/language.txt", kept);
    char *text = malloc((size_t)SENTENCES * 32);
    assert_non_null(text);
    size_t length = 0;
    uint32_t state = 5;
    for (int i = 0; i < SENTENCES; i++) {
        const unsigned subject = draw(&state, SUBJECTS);
        length += (size_t)sprintf(text + length, "s%u %s o%u ", subject, draw(&state, 2) ? "do" : "may", subject);
    }
    assert_ok(brn__replace_file(language, text, length));
    free(text);
}

/* Large enough that all products of its LSTMs gain by bf16 (test_bf16.c checks them one by one). */
static brn_lm_options options_of(brn_precision precision, const char *name)
{
    static char out[300];
    brn_lm_options o = brn_lm_defaults();
    write_language();
    snprintf(out, sizeof out, "%s/%s", kept, name);
    o.inputs = inputs;
    o.input_count = 1;
    o.text.rules = BRN_TEXT_RULES_NONE;
    o.text.tokens = BRN_TEXT_BLANKS;
    o.embedding = 160;
    o.hidden = 160;
    o.layers = 1;
    o.dropout = .1;
    o.length = 24;
    o.batch_size = 32;
    o.epochs = 2;
    o.learning_rate = .02;
    o.clip = .3;
    o.weight_decay = 0;
    o.threads = 1;
    o.checkpoint_seconds = 0;
    o.precision = precision;
    o.out = out;
    return o;
}

typedef struct heard {
    int batches, stop_after; /* 0: never */
    char warning[256];
} heard;

static int listen(void *context, const brn_event *event)
{
    heard *h = context;
    if (event->kind == BRN_EVENT_WARNING) snprintf(h->warning, sizeof h->warning, "%s", event->text);
    h->batches += event->kind == BRN_EVENT_BATCH;
    return h->stop_after && h->batches >= h->stop_after;
}

static void expect_precision(const char *run, const char *word)
{
    char path[4200], line[64], *config;
    size_t length;
    snprintf(path, sizeof path, "%s/config.json", run);
    snprintf(line, sizeof line, "\"precision\": \"%s\"", word);
    assert_ok(brn__read_file(path, 1 << 20, &config, &length));
    if (!strstr(config, line)) fail_msg("%s: no %s", path, line);
    brn__free(config);
}

/* Takes bfloat16 away from this processor, or gives it back. */
static void without_bf16(bool without)
{
    if (without) setenv("BRN_ISA", "avx512", 1);
    else unsetenv("BRN_ISA");
}

static bool is_there(void)
{
    return brn_precision_here(BRN_PRECISION_AUTO) == BRN_PRECISION_BF16;
}

TEST(a_language_model_in_bf16_is_as_good_as_in_fp32)
{
    brn_lm_result in_fp32, in_bf16, in_auto;
    if (!is_there()) skip();
    brn_lm_options o = options_of(BRN_PRECISION_FP32, "fp32");
    assert_ok(brn_lm_train(&o, &in_fp32));
    o = options_of(BRN_PRECISION_BF16, "bf16");
    assert_ok(brn_lm_train(&o, &in_bf16));
    print_message("perplexity %.4f in fp32, %.4f in bf16\n", in_fp32.perplexity, in_bf16.perplexity);
    assert_true(in_fp32.perplexity > 2.8 && in_fp32.perplexity < 3.1);
    assert_true(fabs(in_bf16.perplexity / in_fp32.perplexity - 1) < .01);
    assert_true(in_bf16.valid_loss != in_fp32.valid_loss); /* it was another computation */
    o = options_of(BRN_PRECISION_AUTO, "auto");
    assert_ok(brn_lm_train(&o, &in_auto));
    assert_true(in_auto.valid_loss == in_bf16.valid_loss);
}

TEST(a_stopped_run_in_bf16_goes_on_in_bf16_to_the_same_bits)
{
    heard h = {.stop_after = 14};
    brn_lm_result whole, stopped;
    if (!is_there()) skip();
    brn_lm_options o = options_of(BRN_PRECISION_AUTO, "whole");
    o.epochs = 1;
    assert_ok(brn_lm_train(&o, &whole));
    o = options_of(BRN_PRECISION_AUTO, "stopped");
    o.epochs = 1;
    o.on_event = listen;
    o.context = &h;
    assert_fails(brn_lm_train(&o, &stopped), BRN_ERROR_INTERRUPTED, "interrupted");
    expect_precision(stopped.run, "bf16");
    h.stop_after = 0;
    assert_ok(brn_lm_resume(stopped.run, listen, &h, &stopped));
    assert_string_equal(h.warning, "");
    assert_true(stopped.valid_loss == whole.valid_loss && stopped.accuracy == whole.accuracy);
}

TEST(bf16_that_is_not_there_is_told_and_fp32)
{
    heard h = {0}, later = {.stop_after = 3};
    brn_lm_result result, plain, begun;
    if (getenv("BRN_ISA")) skip();
    brn_lm_options o = options_of(BRN_PRECISION_BF16, "begun");
    o.on_event = listen;
    o.context = &later;
    o.epochs = 1;
    const bool there = is_there();
    assert_fails(brn_lm_train(&o, &begun), BRN_ERROR_INTERRUPTED, "interrupted");
    without_bf16(true);
    o = options_of(BRN_PRECISION_BF16, "not there");
    o.epochs = 0;
    o.on_event = listen;
    o.context = &h;
    assert_ok(brn_lm_train(&o, &result));
    later = (heard){.stop_after = 1};
    assert_fails(brn_lm_resume(begun.run, listen, &later, &begun), BRN_ERROR_INTERRUPTED, "interrupted");
    without_bf16(false);
    assert_non_null(strstr(h.warning, "bfloat16"));
    assert_int_equal(strstr(later.warning, "bfloat16") != NULL, there);
    expect_precision(result.run, "fp32");
    o = options_of(BRN_PRECISION_FP32, "plain");
    o.epochs = 0;
    assert_ok(brn_lm_train(&o, &plain));
    assert_true(result.valid_loss == plain.valid_loss);
}
