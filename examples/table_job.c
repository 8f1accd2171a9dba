/* SPDX-License-Identifier: Apache-2.0
 * The table job: a rate from the finder, a network with entity embeddings on a table of houses, its errors on houses
 * that it has not seen, the columns that matter, and a map of the neighbourhoods. examples/notebooks/table.ipynb does
 * the same.
 *
 *     table_job HOUSES.csv OTHERS.csv RUN     the prices of houses in Ames, as tools/demo_data writes them */
#include <burnish/table.h>
#include <burnish/table_interpret.h>
#include <burnish/table_lr_find.h>
#include <stdio.h>

enum { TOP = 5, PATH = 4096 };

static int tell(void *context, const brn_event *event)
{
    (void)context;
    if (event->kind == BRN_EVENT_EPOCH && event->epoch % 10 == 0)
        printf("epoch %d: training loss %.4f, validation loss %.4f\n", event->epoch, event->train_loss, event->valid_loss);
    return 0;
}

/* Prices are learned as logarithms, so that errors count by their share; where a house stands is to be learned from
 * its neighbourhood alone. */
static brn_table_train_options options_of(const char *houses, const char *out)
{
    static const char *const ignored[] = {"Longitude", "Latitude"};
    brn_table_train_options o = brn_table_train_defaults();
    o.data = houses, o.out = out, o.target = "Sale_Price", o.where = "Gr_Liv_Area<4000", o.target_log = true;
    o.ignored = ignored, o.ignored_count = 2;
    o.has_range = true, o.low = 9, o.high = 14; /* e^9 to e^14 dollars */
    o.hidden_count = 2, o.hidden[0] = 200, o.hidden[1] = 100;
    o.dropout[0] = o.dropout[1] = o.embedding_dropout = .1;
    o.epochs = 30, o.on_event = tell;
    return o;
}

static brn_status find_rate(const brn_table_train_options *options)
{
    const brn_lr_finder_options finder = brn_lr_finder_defaults(BRN_LR_FIND);
    brn_lr_curve curve = {0};
    const brn_status status = brn_table_lr_find(options, &finder, &curve);
    if (status == BRN_OK) printf("rate %.2g\n", brn_lr_suggest(&curve).valley);
    brn_lr_curve_free(&curve);
    return status;
}

/* By how much the answers get worse without each column; the worst rows. */
static brn_status interpret(brn_table_model *model, const char *others)
{
    const brn_table_interpret_options options = brn_table_interpret_defaults();
    brn_table_interpretation found = {0};
    const brn_status status = brn_table_interpret(model, others, &options, &found);
    for (int64_t i = 0; i < found.importance_count && i < TOP; i++)
        printf("without %s the error grows by %.0f dollars\n", found.importance[i].column, found.importance[i].metric);
    for (int64_t i = 0; i < found.worst_count && i < TOP; i++)
        printf("row %lld: %.0f dollars, answered %.0f\n", (long long)found.worst[i].row, found.worst[i].truth,
               found.worst[i].answer);
    brn_table_interpretation_free(&found);
    return status;
}

int main(int argc, char **argv)
{
    char map[PATH];
    brn_table_result result;
    brn_table_score score;
    brn_table_model *model = NULL;
    brn_table_answers *answers = NULL;
    if (argc != 4) return fprintf(stderr, "usage: table_job HOUSES.csv OTHERS.csv RUN\n"), 2;
    const brn_table_train_options options = options_of(argv[1], argv[3]);
    snprintf(map, sizeof map, "%s/neighborhoods.svg", argv[3]);
    if (find_rate(&options) != BRN_OK || brn_table_train(&options, &result) != BRN_OK ||
        brn_table_model_open(argv[3], 0, &model) != BRN_OK || brn_table_evaluate(model, argv[2], &score) != BRN_OK ||
        brn_table_predict(model, argv[2], &answers) != BRN_OK)
        return fprintf(stderr, "%s\n", brn_error_message()), 1;
    printf("mean absolute error %.0f dollars on %lld other houses\n", score.mae, (long long)score.count);
    printf("the first of them: %.0f dollars\n", brn_table_answers_values(answers, 0)[0]);
    brn_table_answers_free(answers);
    for (int64_t i = 0; i < brn_table_model_embedding_count(model) && i < TOP; i++) {
        const brn_table_embedding e = brn_table_model_embedding(model, i);
        printf("%s: %lld values, %lld numbers each\n", e.column, (long long)e.count, (long long)e.width);
    }
    if (interpret(model, argv[2]) != BRN_OK || brn_table_embedding_map(model, "Neighborhood", map) != BRN_OK)
        return fprintf(stderr, "%s\n", brn_error_message()), 1;
    printf("map %s\n", map);
    brn_table_model_close(model);
    return 0;
}
