/* SPDX-License-Identifier: Apache-2.0
 * burnish text interpret RUN TEXT... */
#include "output.h"
#include "text_answers.h"

#include <inttypes.h>
#include <math.h>

static void tell_mistake(const brn_text_mistake *m)
{
    char place[512], text[160], label[256], answer[256];
    if (cli_is_json()) {
        cli_json json = cli_json_event("mistake");
        cli_json_text(&json, "place", m->place);
        cli_json_text(&json, "text", m->text);
        cli_json_text(&json, "label", m->label);
        cli_json_text(&json, "answer", m->answer);
        cli_json_real(&json, "probability", m->probability);
        cli_json_real(&json, "truth", m->truth);
        cli_json_real(&json, "loss", m->loss);
        cli_json_end(&json);
        return;
    }
    cli_print("%s: ", cli_visible(m->place, place, sizeof place));
    if (m->label)
        cli_print("is %s, answered %s", *m->label ? cli_visible(m->label, label, sizeof label) : "(nothing)",
                  *m->answer ? cli_visible(m->answer, answer, sizeof answer) : "(nothing)");
    else cli_print("is %.4g, answered %.4g", m->truth, m->probability);
    cli_print(", loss %.3f\n    %s\n", m->loss, cli_visible(m->text, text, sizeof text));
}

static void tell_confusion(const brn_text_model *model, const int64_t *confusion)
{
    const int64_t k = brn_text_model_output_count(model);
    char label[256], answer[256];
    for (int64_t i = 0; confusion && !cli_is_json() && i < k * k; i++)
        if (i / k != i % k && confusion[i] > 0)
            cli_print("%" PRId64 " of %s answered %s\n", confusion[i],
                      cli_visible(brn_text_model_output(model, i / k), label, sizeof label),
                      cli_visible(brn_text_model_output(model, i % k), answer, sizeof answer));
}

static void tell(const brn_text_model *model, const brn_text_mistakes *mistakes, double seconds)
{
    for (int64_t i = 0; i < mistakes->count && !cli_output_broken(); i++) tell_mistake(&mistakes->items[i]);
    tell_confusion(model, mistakes->confusion);
    cli_json json = {0};
    if (cli_is_json()) {
        json = cli_json_event("done");
        cli_json_object(&json, "metrics");
    }
    cli_text_score_print(&mistakes->score, cli_is_json() ? &json : NULL);
    if (!cli_is_json()) return;
    cli_json_close(&json);
    cli_json_whole(&json, "count", mistakes->score.count);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}

static void defaults(cli_value *values) { values[CLI_TOP] = (cli_value){.set = true, .whole = 10}; }

static int run(const cli_call *call)
{
    static cli_text_labels labels;
    brn_text_model *model;
    brn_text_mistakes *mistakes;
    const double began = cli_seconds();
    int code = cli_check_texts(call->inputs + 1, call->input_count - 1);
    if (code == CLI_DONE) code = cli_text_open(call, &model);
    if (code != CLI_DONE) return code;
    brn_text_options text = brn_text_model_source(model);
    code = cli_text_labels_take(call, &labels, &text);
    if (code == CLI_DONE)
        code = cli_fail_status(brn_text_interpret(model, call->inputs + 1, call->input_count - 1, &text,
                                                  call->values[CLI_TOP].whole, &mistakes));
    if (code == CLI_DONE) {
        tell(model, mistakes, cli_seconds() - began);
        brn_text_mistakes_free(mistakes);
    }
    cli_text_labels_free(&labels);
    brn_text_model_close(model);
    return code;
}

const cli_command cli_command_text_interpret = {
    .noun = "text",
    .verb = "interpret",
    .arguments = "RUN TEXT...",
    .summary = "Lists the texts that a classifier is most wrong about, and what it confuses",
    .details = "RUN is a run folder or its model.safetensors. TEXT is as in text train; all labelled texts count.",
    .inputs_min = 2,
    .inputs_max = 4096,
    .computes = true,
    .options = {CLI_BACKWARD_MODEL, CLI_TOP, CLI_LABEL_COLUMN, CLI_TAG_SEPARATOR, CLI_TEXT_PLACE_OPTIONS,
                CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
