/* SPDX-License-Identifier: Apache-2.0
 * Times the training steps of a language model, loading included, on a text of words with blanks between:
 *
 *     bench-lm_step TEXT STEPS [OPTION=VALUE]...
 *
 * An OPTION is a whole or real number of brn_lm_option_list, a flag (0 or 1), or one of its words: length=72 threads=2.
 * Prints {"tokens": of a step, "vocabulary": ..., "seconds": [of each step]}; two more steps run before them. */
#include <burnish/lm_learner.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WARM_UP = 2 };

typedef struct clock_of_steps {
    double *ends; /* (count): the first is that of the last step of the warming up */
    int count, done;
} clock_of_steps;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int hear(void *context, const brn_event *event)
{
    clock_of_steps *clock = context;
    if (event->kind != BRN_EVENT_BATCH) return 0;
    if (event->batch >= WARM_UP && clock->done < clock->count) clock->ends[clock->done++] = now();
    return clock->done == clock->count;
}

static bool set_word(const brn_option *option, const char *value, void *place)
{
    for (int k = 0; option->words && option->words[k]; k++)
        if (!strcmp(option->words[k], value)) {
            *(int *)place = k;
            return true;
        }
    return false;
}

/* `text` is OPTION=VALUE. */
static bool set(brn_lm_options *options, const char *text)
{
    int count;
    const brn_option *list = brn_lm_option_list(&count);
    const char *value = strchr(text, '=');
    for (int i = 0; value && i < count; i++) {
        void *place = (char *)options + list[i].offset;
        const size_t length = (size_t)(value - text);
        if (strlen(list[i].name) != length || strncmp(list[i].name, text, length) != 0) continue;
        if (list[i].type == BRN_OPTION_WORD) return set_word(&list[i], value + 1, place);
        if (list[i].type == BRN_OPTION_FLAG) *(bool *)place = atoi(value + 1) != 0;
        else if (list[i].type == BRN_OPTION_WHOLE) *(int *)place = atoi(value + 1);
        else if (list[i].type == BRN_OPTION_BIG) *(int64_t *)place = atoll(value + 1);
        else if (list[i].type == BRN_OPTION_REAL) *(double *)place = atof(value + 1);
        else return false;
        return true;
    }
    return false;
}

static brn_status run(const brn_lm_options *options, clock_of_steps *clock, int64_t *vocabulary)
{
    brn_lm_learner *learner;
    brn_status status = brn_lm_learner_new(options, &learner);
    if (status != BRN_OK) return status;
    brn_hand_fit fit = brn_hand_fit_defaults(brn_lm_learner_groups(learner), 1e-3);
    fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    fit.clip_norm = .1;
    *vocabulary = brn_lm_learner_vocabulary(learner);
    status = brn_lm_learner_fit(learner, &fit);
    brn_lm_learner_free(learner);
    return status == BRN_ERROR_INTERRUPTED && clock->done == clock->count ? BRN_OK : status;
}

static void print(const brn_lm_options *options, const clock_of_steps *clock, int64_t vocabulary)
{
    printf("{\"tokens\": %" PRId64 ", \"vocabulary\": %" PRId64 ", \"seconds\": [", options->length * options->batch_size,
           vocabulary);
    for (int i = 1; i < clock->done; i++) printf("%s%.6f", i > 1 ? ", " : "", clock->ends[i] - clock->ends[i - 1]);
    printf("]}\n");
}

static int measure(const brn_lm_options *options, clock_of_steps *clock)
{
    int64_t vocabulary;
    if (run(options, clock, &vocabulary) != BRN_OK) {
        fprintf(stderr, "%s\n", brn_error_message());
        return 1;
    }
    if (clock->done < clock->count) {
        fprintf(stderr, "the text is over after %d of %d steps\n", clock->done + WARM_UP - 1, clock->count + WARM_UP - 1);
        return 1;
    }
    print(options, clock, vocabulary);
    return 0;
}

int main(int count, char **words)
{
    const int steps = count > 2 ? atoi(words[2]) : 0;
    if (steps < 1) {
        fprintf(stderr, "usage: bench-lm_step TEXT STEPS [OPTION=VALUE]...\n");
        return 2;
    }
    clock_of_steps clock = {.ends = calloc((size_t)steps + 1, sizeof *clock.ends), .count = steps + 1};
    brn_lm_options options = brn_lm_defaults();
    options.inputs = (const char *const[]){words[1]};
    options.input_count = 1;
    options.text.rules = BRN_TEXT_RULES_NONE;
    options.text.tokens = BRN_TEXT_BLANKS;
    options.text.min_freq = 1;
    options.on_event = hear;
    options.context = &clock;
    int code = clock.ends ? 0 : 4;
    for (int i = 3; code == 0 && i < count; i++)
        if (!set(&options, words[i])) {
            fprintf(stderr, "%s: no such option with a number or a word (brn_lm_option_list)\n", words[i]);
            code = 2;
        }
    if (code == 0) code = measure(&options, &clock);
    free(clock.ends);
    return code;
}
