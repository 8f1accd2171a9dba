/* SPDX-License-Identifier: Apache-2.0
 * burnish text predict RUN TEXT... */
#include "output.h"
#include "text_answers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOP_MAX = 64, SHOWN_BYTES = 72 };

/* Texts to answer: those of the command line, or lines of standard input for "-". */
typedef struct text_list {
    char **lines; /* owned, or NULL */
    const char *const *texts;
    int64_t count, capacity;
} text_list;

static int read_lines(text_list *list)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, stdin)) >= 0) {
        if (length > 0 && line[length - 1] == '\n') line[--length] = '\0';
        if (list->count == list->capacity) {
            list->capacity = list->capacity ? list->capacity * 2 : 64;
            char **more = realloc(list->lines, (size_t)list->capacity * sizeof *more);
            if (!more) break;
            list->lines = more;
        }
        list->lines[list->count++] = line;
        line = NULL, room = 0;
    }
    free(line);
    list->texts = (const char *const *)list->lines;
    if (!feof(stdin)) return cli_fail(CLI_NO_ROOM, "standard input could not be read to its end");
    return list->count ? CLI_DONE : cli_fail(CLI_BAD_INPUT, "standard input has no line");
}

static int take_texts(const cli_call *call, text_list *list)
{
    *list = (text_list){.texts = call->inputs + 1, .count = call->input_count - 1};
    if (list->count != 1 || strcmp(call->inputs[1], "-") != 0) return CLI_DONE;
    *list = (text_list){0};
    return read_lines(list);
}

static void free_texts(text_list *list)
{
    for (int64_t i = 0; list->lines && i < list->count; i++) free(list->lines[i]);
    free(list->lines);
}

/* The places of the largest values, the first of equals first. */
static int largest(const float *values, int64_t count, int most, int64_t *out)
{
    int found = 0;
    for (; found < most && found < count; found++) {
        int64_t best = -1;
        for (int64_t k = 0; k < count; k++) {
            bool taken = false;
            for (int i = 0; i < found; i++) taken |= out[i] == k;
            if (!taken && (best < 0 || values[k] > values[best])) best = k;
        }
        out[found] = best;
    }
    return found;
}

static void json_answer(cli_json *json, const brn_text_model *model, const float *values, int64_t k)
{
    const bool number = brn_text_model_target(model) == BRN_TEXT_NUMBERS;
    cli_json_text(json, "label", brn_text_model_output(model, k));
    cli_json_whole(json, "index", k);
    cli_json_real(json, number ? "value" : "probability", (double)values[k]);
}

static void json_words(cli_json *json, const brn_text_explanation *e)
{
    cli_json_array(json, "words");
    for (int64_t i = 0; i < e->count; i++) {
        cli_json_object(json, NULL);
        cli_json_text(json, "token", e->words[i].token);
        cli_json_real(json, "share", e->words[i].share);
        cli_json_close(json);
    }
    cli_json_close(json);
}

static void json_text(const brn_text_model *model, const char *text, const float *values, int most,
                      const brn_text_explanation *e)
{
    int64_t best[TOP_MAX];
    const int count = largest(values, brn_text_model_output_count(model), most, best);
    cli_json json = cli_json_event("prediction");
    cli_json_text(&json, "input", text);
    json_answer(&json, model, values, best[0]);
    cli_json_array(&json, "top");
    for (int i = 0; i < count; i++) {
        cli_json_object(&json, NULL);
        json_answer(&json, model, values, best[i]);
        cli_json_close(&json);
    }
    cli_json_close(&json);
    if (e) json_words(&json, e);
    cli_json_end(&json);
}

/* The words with the greatest shares, in the order of the text. */
static void print_words(const brn_text_explanation *e, int64_t most)
{
    char token[256];
    double least = 0;
    for (int64_t shown = e->count + 1; shown > most;) { /* a threshold that lets so many through */
        double next = INFINITY;
        shown = 0;
        for (int64_t i = 0; i < e->count; i++) {
            const double size = fabs(e->words[i].share);
            if (size <= least) continue;
            shown++;
            if (size < next) next = size;
        }
        if (shown > most) least = next;
    }
    cli_print("   ");
    for (int64_t i = 0; i < e->count; i++)
        if (fabs(e->words[i].share) > least)
            cli_print(" %s %+.3g", cli_visible(e->words[i].token, token, sizeof token), e->words[i].share);
    cli_print("\n");
}

static void print_text(const brn_text_model *model, const char *text, const float *values, int most,
                       const brn_text_explanation *e)
{
    char shown[SHOWN_BYTES], name[512];
    int64_t best[TOP_MAX];
    const int count = largest(values, brn_text_model_output_count(model), most, best);
    cli_print("%s:", cli_visible(text, shown, sizeof shown));
    for (int i = 0; i < count; i++)
        cli_print("%s %s %.4f", i ? "," : "", cli_visible(brn_text_model_output(model, best[i]), name, sizeof name),
                  (double)values[best[i]]);
    cli_print("\n");
    if (e) print_words(e, 12);
}

static int tell_text(brn_text_model *model, const char *text, const float *values, const cli_call *call)
{
    brn_text_explanation *e = NULL;
    const int most = (int)call->values[CLI_TOP].whole;
    if (call->values[CLI_EXPLAIN].flag) {
        const int code = cli_fail_status(brn_text_explain(model, text, -1, &e));
        if (code != CLI_DONE) return code;
    }
    if (cli_is_json()) json_text(model, text, values, most < TOP_MAX ? most : TOP_MAX, e);
    else print_text(model, text, values, most < TOP_MAX ? most : TOP_MAX, e);
    brn_text_explanation_free(e);
    return CLI_DONE;
}

static int answer(brn_text_model *model, const text_list *list, const cli_call *call)
{
    const char *page = call->values[CLI_WORDS_PAGE].text;
    brn_text_answers *answers;
    int code = cli_fail_status(brn_text_predict(model, list->texts, list->count, &answers));
    if (code != CLI_DONE) return code;
    for (int64_t i = 0; code == CLI_DONE && i < list->count && !cli_output_broken(); i++)
        code = tell_text(model, list->texts[i], brn_text_answers_values(answers, i), call);
    brn_text_answers_free(answers);
    if (code == CLI_DONE && page)
        code = cli_fail_status(brn_text_explain_page(model, list->texts, list->count, page));
    return code;
}

static void tell_done(int64_t count, double seconds)
{
    if (!cli_is_json()) return;
    cli_json json = cli_json_event("done");
    cli_json_whole(&json, "count", count);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}

static void defaults(cli_value *values) { values[CLI_TOP] = (cli_value){.set = true, .whole = 5}; }

static int run(const cli_call *call)
{
    brn_text_model *model;
    text_list list;
    const double began = cli_seconds();
    int code = take_texts(call, &list);
    if (code == CLI_DONE) code = cli_text_open(call, &model);
    if (code == CLI_DONE) {
        code = answer(model, &list, call);
        brn_text_model_close(model);
    }
    if (code == CLI_DONE) tell_done(list.count, cli_seconds() - began);
    free_texts(&list);
    return code;
}

const cli_command cli_command_text_predict = {
    .noun = "text",
    .verb = "predict",
    .arguments = "RUN TEXT...",
    .summary = "Answers texts, and tells which words mattered",
    .details = "RUN is a run folder or its model.safetensors. TEXT is a text itself, in quotes; - reads one from each\n"
               "line of standard input. --explain tells what each word adds to the answer (gradient by input).",
    .inputs_min = 2,
    .inputs_max = 4096,
    .computes = true,
    .options = {CLI_BACKWARD_MODEL, CLI_TOP, CLI_EXPLAIN, CLI_WORDS_PAGE, CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
