/* SPDX-License-Identifier: Apache-2.0 */
#include "ratings_source.h"
#include "layers.h"
#include "output.h"
#include "precision.h"

#include <string.h>

void cli_ratings_defaults(cli_value *values)
{
    const brn_ratings_options o = brn_ratings_defaults();
    values[CLI_USER_COLUMN] = (cli_value){.set = true, .text = o.user};
    values[CLI_ITEM_COLUMN] = (cli_value){.set = true, .text = o.item};
    values[CLI_RATINGS_LOSS] = (cli_value){.set = true, .text = "mse"};
    values[CLI_RATINGS_MODEL] = (cli_value){.set = true, .text = "dot"};
    values[CLI_NEGATIVES] = (cli_value){.set = true, .whole = o.negatives};
    values[CLI_CONFIDENCE] = (cli_value){.set = true, .real = o.confidence};
    values[CLI_VALID] = (cli_value){.set = true, .real = o.valid};
    values[CLI_FACTORS] = (cli_value){.set = true, .whole = o.factors};
    values[CLI_BATCH_SIZE] = (cli_value){.set = true, .whole = o.batch_size};
    values[CLI_WEIGHT_DECAY] = (cli_value){.set = true, .real = o.weight_decay};
    values[CLI_SEED] = (cli_value){.set = true, .whole = (int64_t)o.seed};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = o.threads};
}

/* The place of a word in a choice's list; the options have checked that it is one of them. */
static int place_of(const char *word, const char *const *words)
{
    for (int i = 0; word && words[i]; i++)
        if (strcmp(word, words[i]) == 0) return i;
    return 0;
}

static void take_data(const cli_call *call, brn_ratings_options *o)
{
    static const char *const splits[] = {"random", "time", "last", "column", "file", NULL};
    static const char *const losses[] = {"mse", "bpr", "weighted", NULL};
    const cli_value *v = call->values;
    o->data = call->inputs[0];
    o->user = v[CLI_USER_COLUMN].text;
    o->item = v[CLI_ITEM_COLUMN].text;
    o->time = v[CLI_TIME_COLUMN].text;
    o->loss = (brn_ratings_loss)place_of(v[CLI_RATINGS_LOSS].text, losses);
    if (v[CLI_RATING_COLUMN].set) o->rating = v[CLI_RATING_COLUMN].text;
    else if (o->loss != BRN_RATINGS_LOSS_MSE) o->rating = NULL; /* each row is a click */
    o->split = (brn_ratings_split)place_of(v[CLI_RATINGS_SPLIT].text, splits);
    o->split_column = v[CLI_SPLIT_BY].text;
    o->split_from = v[CLI_SPLIT_FROM].text;
    o->valid_data = v[CLI_VALID_DATA].text;
    if (!v[CLI_RATINGS_SPLIT].set && o->split_column) o->split = BRN_RATINGS_SPLIT_COLUMN;
    if (!v[CLI_RATINGS_SPLIT].set && o->valid_data) o->split = BRN_RATINGS_SPLIT_FILE;
    o->valid = v[CLI_VALID].real;
    o->negatives = (int)v[CLI_NEGATIVES].whole;
    o->confidence = v[CLI_CONFIDENCE].real;
}

static void take_network(const cli_call *call, brn_ratings_options *o)
{
    const cli_value *v = call->values;
    if (!strcmp(v[CLI_RATINGS_MODEL].text, "neural")) o->network = BRN_RATINGS_NEURAL;
    if (v[CLI_FORM].text && !strcmp(v[CLI_FORM].text, "course")) o->form = BRN_RATINGS_FORM_COURSE;
    o->factors = v[CLI_FACTORS].whole;
    if (v[CLI_EMBEDDING_DROPOUT].set) o->embedding_dropout = v[CLI_EMBEDDING_DROPOUT].real;
    o->batch_size = (int)v[CLI_BATCH_SIZE].whole;
    o->weight_decay = v[CLI_WEIGHT_DECAY].real;
    o->lazy = v[CLI_LAZY].flag;
    o->seed = (uint64_t)v[CLI_SEED].whole;
    o->threads = (int)v[CLI_THREADS].whole;
    o->precision = cli_precision(v);
}

int cli_ratings_take(const cli_call *call, cli_table_source *source, brn_ratings_options *out)
{
    *out = brn_ratings_defaults();
    take_data(call, out);
    take_network(call, out);
    int code = cli_table_source_take(call, source);
    out->source = source->options;
    if (code == CLI_DONE)
        code = cli_take_layers(call, &out->hidden_count, out->hidden, out->dropout,
                               BRN_RATINGS_HIDDEN_MAX);
    if (code == CLI_DONE) code = cli_take_range(call, &out->has_range, &out->low, &out->high);
    return code;
}
