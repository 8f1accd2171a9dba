/* SPDX-License-Identifier: Apache-2.0 */
#include "text_request.h"
#include "output.h"
#include "precision.h"

void cli_text_request_defaults(cli_value *values)
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
    o->qrnn = v[CLI_QRNN].flag;
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
    o->precision = cli_precision(v);
    if (v[CLI_CHECKPOINT_SECONDS].set) o->checkpoint_seconds = v[CLI_CHECKPOINT_SECONDS].real;
    if (v[CLI_OUT].set) o->out = v[CLI_OUT].text;
}

int cli_text_request_take(const cli_call *call, cli_text_request *r)
{
    r->labels = (cli_text_labels){0};
    r->options = brn_text_train_defaults();
    const int code = cli_check_texts(call->inputs, call->input_count);
    if (code != CLI_DONE) return code;
    r->options.inputs = call->inputs;
    r->options.input_count = call->input_count;
    take_plain(call->values, &r->options);
    return cli_text_labels_take(call, &r->labels, &r->options.text);
}

void cli_text_request_free(cli_text_request *r)
{
    cli_text_labels_free(&r->labels);
}
