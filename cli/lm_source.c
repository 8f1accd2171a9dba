/* SPDX-License-Identifier: Apache-2.0 */
#include "lm_source.h"
#include "output.h"
#include "precision.h"

#include <stdlib.h>

void cli_lm_defaults(cli_value *values)
{
    const brn_lm_options o = brn_lm_defaults();
    values[CLI_EMBEDDING] = (cli_value){.set = true, .whole = o.embedding};
    values[CLI_LSTM_HIDDEN] = (cli_value){.set = true, .whole = o.hidden};
    values[CLI_LAYERS] = (cli_value){.set = true, .whole = o.layers};
    values[CLI_DROPOUT_FACTOR] = (cli_value){.set = true, .real = o.dropout};
    values[CLI_BPTT] = (cli_value){.set = true, .whole = o.length};
    values[CLI_STREAMS] = (cli_value){.set = true, .whole = o.batch_size};
    values[CLI_CLIP] = (cli_value){.set = true, .real = o.clip};
    values[CLI_WEIGHT_DECAY] = (cli_value){.set = true, .real = o.weight_decay};
    values[CLI_VALID] = (cli_value){.set = true, .real = o.text.valid};
    values[CLI_SEED] = (cli_value){.set = true, .whole = (int64_t)o.seed};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = o.threads};
}

static int take_momenta(const char *text, brn_lm_options *o)
{
    char *end;
    if (!text) return CLI_DONE;
    o->momentum_high = strtod(text, &end);
    if (end == text || *end != ',') return cli_fail(CLI_WRONG_USE, "--moms %s: expected two numbers: .8,.7", text);
    const char *low = end + 1;
    o->momentum_low = strtod(low, &end);
    return end != low && !*end ? CLI_DONE : cli_fail(CLI_WRONG_USE, "--moms %s: expected two numbers: .8,.7", text);
}

/* What the user gave counts more than a recipe. */
static void take_plain(const cli_value *v, brn_lm_options *o)
{
    if (v[CLI_ENCODER].given) o->encoder = v[CLI_ENCODER].text;
    o->backward = v[CLI_BACKWARD].flag;
    if (v[CLI_EMBEDDING].given) o->embedding = v[CLI_EMBEDDING].whole;
    if (v[CLI_LSTM_HIDDEN].given) o->hidden = v[CLI_LSTM_HIDDEN].whole;
    if (v[CLI_LAYERS].given) o->layers = (int)v[CLI_LAYERS].whole;
    o->qrnn = v[CLI_QRNN].flag;
    if (v[CLI_DROPOUT_FACTOR].given) o->dropout = v[CLI_DROPOUT_FACTOR].real;
    if (v[CLI_BPTT].given) o->length = v[CLI_BPTT].whole;
    o->variable_length = v[CLI_VARIABLE_BPTT].flag;
    if (v[CLI_STREAMS].given) o->batch_size = (int)v[CLI_STREAMS].whole;
    if (v[CLI_CLIP].given) o->clip = v[CLI_CLIP].real;
    if (v[CLI_WEIGHT_DECAY].given) o->weight_decay = v[CLI_WEIGHT_DECAY].real;
    if (v[CLI_VALID].given) o->text.valid = v[CLI_VALID].real;
    o->seed = o->text.seed = (uint64_t)v[CLI_SEED].whole;
    o->threads = (int)v[CLI_THREADS].whole;
    o->precision = cli_precision(v);
    o->activation_checkpointing = v[CLI_ACTIVATION_CHECKPOINTING].flag;
}

int cli_lm_take(const cli_call *call, cli_text_source *source, brn_lm_options *out)
{
    const cli_value *v = call->values;
    *source = (cli_text_source){0};
    *out = brn_lm_defaults();
    int code = cli_check_texts(call->inputs, call->input_count);
    if (code == CLI_DONE && v[CLI_LM_RECIPE].given) code = cli_fail_status(brn_lm_recipe(v[CLI_LM_RECIPE].text, out));
    if (code != CLI_DONE) return code;
    out->inputs = call->inputs;
    out->input_count = call->input_count;
    take_plain(v, out);
    code = take_momenta(v[CLI_MOMENTA].text, out);
    return code == CLI_DONE ? cli_text_source_take(call, source, &out->text) : code;
}
