/* SPDX-License-Identifier: Apache-2.0
 * Answers one row and tells how long a row takes, as a service would ask: every answer is complete, from texts to
 * the target's own units. cc table_row.c $(pkg-config --cflags --libs burnish)
 *
 *     table_row runs/table-1 Store=1 DayOfWeek=5 Promo=1 ...      columns that are not named are missing */
#include <burnish/table.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 20000 };

static double seconds(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The values (count) of the model's columns out of words NAME=VALUE; NULL where none is given. */
static const char **values_of(const brn_table_model *model, char **words, int count)
{
    const int64_t columns = brn_table_model_column_count(model);
    const char **values = calloc((size_t)columns + 1, sizeof *values);
    for (int64_t c = 0; values && c < columns; c++) {
        const char *name = brn_table_model_column(model, c);
        const size_t length = strlen(name);
        for (int i = 0; i < count; i++)
            if (strncmp(words[i], name, length) == 0 && words[i][length] == '=') values[c] = words[i] + length + 1;
    }
    return values;
}

int main(int argc, char **argv)
{
    brn_table_model *model = NULL;
    const float *answer = NULL; /* (K) probabilities, or one number */
    if (argc < 2) return fprintf(stderr, "usage: table_row RUN NAME=VALUE...\n"), 2;
    if (brn_table_model_open(argv[1], 1, &model) != BRN_OK) return fprintf(stderr, "%s\n", brn_error_message()), 1;
    const char **values = values_of(model, argv + 2, argc - 2);
    if (!values || brn_table_predict_row(model, values, &answer) != BRN_OK)
        return fprintf(stderr, "%s\n", brn_error_message()), 1;
    const int64_t classes = brn_table_model_class_count(model);
    for (int64_t k = 0; k < classes; k++) printf("%s %.4f\n", brn_table_model_class(model, k), answer[k]);
    if (classes == 0) printf("%.7g\n", answer[0]);
    const double began = seconds();
    for (int i = 0; i < ROUNDS; i++)
        if (brn_table_predict_row(model, values, &answer) != BRN_OK) return 1;
    printf("%.1f microseconds a row\n", 1e6 * (seconds() - began) / ROUNDS);
    free(values);
    brn_table_model_close(model);
    return 0;
}
