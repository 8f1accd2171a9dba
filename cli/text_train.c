/* SPDX-License-Identifier: Apache-2.0
 * burnish text train TEXT... */
#include "output.h"
#include "progress.h"
#include "signals.h"
#include "text_answers.h"

static void defaults(cli_value *values)
{
    const brn_text_train_options o = brn_text_train_defaults();
    values[CLI_EMBEDDING] = (cli_value){.set = true, .whole = o.embedding};
    values[CLI_LSTM_HIDDEN] = (cli_value){.set = true, .whole = o.hidden};
    values[CLI_LAYERS] = (cli_value){.set = true, .whole = o.layers};
    values[CLI_DROPOUT_FACTOR] = (cli_value){.set = true, .real = o.drop_factor};
    values[CLI_BPTT] = (cli_value){.set = true, .whole = o.chunk};
    values[CLI_MAX_LENGTH] = (cli_value){.set = true, .whole = o.kept};
    values[CLI_TEXT_FREEZE_EPOCHS] = (cli_value){.set = true, .whole = o.freeze_epochs};
    values[CLI_EPOCHS] = (cli_value){.set = true, .whole = o.epochs};
    values[CLI_RATE_FACTOR] = (cli_value){.set = true, .real = o.rate_factor};
    values[CLI_WEIGHT_DECAY] = (cli_value){.set = true, .real = o.weight_decay};
    values[CLI_CLIP] = (cli_value){.set = true, .real = o.clip};
    values[CLI_TEXTS] = (cli_value){.set = true, .whole = o.batch_size};
    values[CLI_VALID] = (cli_value){.set = true, .real = o.text.valid};
    values[CLI_SEED] = (cli_value){.set = true, .whole = (int64_t)o.seed};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = o.threads};
}

static void take_plain(const cli_value *v, brn_text_train_options *o)
{
    o->encoder = v[CLI_TEXT_ENCODER].text;
    o->backwards = v[CLI_BACKWARD].flag;
    o->embedding = v[CLI_EMBEDDING].whole;
    o->hidden = v[CLI_LSTM_HIDDEN].whole;
    o->layers = (int)v[CLI_LAYERS].whole;
    o->drop_factor = v[CLI_DROPOUT_FACTOR].real;
    o->chunk = (int)v[CLI_BPTT].whole;
    o->kept = (int)v[CLI_MAX_LENGTH].whole;
    o->freeze_epochs = (int)v[CLI_TEXT_FREEZE_EPOCHS].whole;
    o->epochs = (int)v[CLI_EPOCHS].whole;
    if (v[CLI_TEXT_SCHEDULE].set && v[CLI_TEXT_SCHEDULE].text[0] == 's') o->schedule = BRN_TEXT_SLANTED;
    if (v[CLI_LEARNING_RATE].set) o->learning_rate = v[CLI_LEARNING_RATE].real;
    o->rate_factor = v[CLI_RATE_FACTOR].real;
    o->weight_decay = v[CLI_WEIGHT_DECAY].real;
    o->clip = v[CLI_CLIP].real;
    o->batch_size = (int)v[CLI_TEXTS].whole;
    o->text.valid = v[CLI_VALID].real;
    o->seed = o->text.seed = (uint64_t)v[CLI_SEED].whole;
    o->threads = (int)v[CLI_THREADS].whole;
    if (v[CLI_CHECKPOINT_SECONDS].set) o->checkpoint_seconds = v[CLI_CHECKPOINT_SECONDS].real;
    if (v[CLI_OUT].set) o->out = v[CLI_OUT].text;
}

static int finish(cli_progress *progress, brn_status status, const brn_text_result *result)
{
    cli_progress_clear(progress);
    const int code = cli_fail_status(status);
    if (status == BRN_ERROR_INTERRUPTED && *result->run)
        cli_say("to go on: burnish text train --resume %s\n", result->run);
    return code;
}

static int resume(const cli_call *call)
{
    const int code = cli_resume_alone(call, "texts");
    if (code != CLI_DONE) return code;
    cli_progress progress = cli_progress_of("text train");
    brn_text_result result = {0};
    cli_signals_watch();
    const brn_status status = brn_text_resume(call->values[CLI_RESUME].text, cli_progress_event, &progress, &result);
    return finish(&progress, status, &result);
}

static int train(brn_text_train_options *o)
{
    cli_progress progress = cli_progress_of("text train");
    brn_text_result result = {0};
    o->on_event = cli_progress_event;
    o->context = &progress;
    cli_signals_watch();
    return finish(&progress, brn_text_train(o, &result), &result);
}

static int run(const cli_call *call)
{
    static cli_text_labels labels;
    brn_text_train_options options = brn_text_train_defaults();
    if (call->values[CLI_RESUME].set) return resume(call);
    if (call->input_count == 0)
        return cli_fail(CLI_WRONG_USE, "expected burnish text train TEXT..., or --resume RUN");
    int code = cli_check_texts(call->inputs, call->input_count);
    if (code != CLI_DONE) return code;
    options.inputs = call->inputs;
    options.input_count = call->input_count;
    take_plain(call->values, &options);
    code = cli_text_labels_take(call, &labels, &options.text);
    if (code == CLI_DONE) code = train(&options);
    cli_text_labels_free(&labels);
    return code;
}

const cli_command cli_command_text_train = {
    .noun = "text",
    .verb = "train",
    .arguments = "TEXT... | --resume RUN",
    .summary = "Trains a classifier of texts, on a language model's encoder or from nothing",
    .details = "TEXT is a table with a column of texts and one of labels, or a folder with a folder a class. Folders\n"
               "train/ and valid/ or a column is_valid are the split; else a share of the texts validates. With\n"
               "--encoder (a run of burnish lm train) tokens and words are the encoder's, and its layers are\n"
               "unfrozen one by one, at a rate of .02 (without: .005). Texts of any length are run in chunks of\n"
               "--bptt steps. A table may be sqlite:FILE?TABLE or postgresql://...?TABLE.",
    .inputs_min = 0,
    .inputs_max = 4096,
    .computes = true,
    .options = {CLI_TEXT_ENCODER, CLI_BACKWARD, CLI_TEXT_TARGET, CLI_LABEL_COLUMN, CLI_TAG_SEPARATOR,
                CLI_EMBEDDING, CLI_LSTM_HIDDEN, CLI_LAYERS, CLI_DROPOUT_FACTOR, CLI_BPTT, CLI_MAX_LENGTH,
                CLI_TEXT_FREEZE_EPOCHS, CLI_EPOCHS, CLI_TEXT_SCHEDULE, CLI_LEARNING_RATE, CLI_RATE_FACTOR,
                CLI_WEIGHT_DECAY, CLI_CLIP, CLI_TEXTS, CLI_VALID, CLI_TEXT_SOURCE_OPTIONS, CLI_OUT, CLI_RESUME,
                CLI_CHECKPOINT_SECONDS, CLI_SEED, CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
