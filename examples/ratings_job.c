/* SPDX-License-Identifier: Apache-2.0
 * The ratings job: learns who likes which film, beside what needs no model, recommends to someone whose ratings it
 * knows and to someone new, and finds films that are alike. examples/notebooks/ratings.ipynb does the same.
 *
 *     ratings_job RATINGS.csv RUN USER FILM RATING=FILM...
 *
 * RATINGS.csv has columns userId, movieId, title, rating and timestamp, as tools/demo_data writes them. USER and FILM
 * are ids; RATING=FILM is what someone new says of a film. */
#include <burnish/ratings.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOP = 5, MOST_NEW = 32, MOST_FACTORS = 64 };

static int tell(void *context, const brn_event *event)
{
    (void)context;
    if (event->kind == BRN_EVENT_EPOCH)
        printf("epoch %d: training loss %.4f, validation loss %.4f\n", event->epoch, event->train_loss, event->valid_loss);
    return 0;
}

static void print(const brn_ratings_model *model, const char *what, const brn_ratings_item *items, int64_t count)
{
    printf("%s:\n", what);
    for (int64_t i = 0; i < count; i++)
        printf("    %.2f %s\n", items[i].value, brn_ratings_model_title(model, items[i].item));
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Folds in someone new, from words RATING=FILM (count), and recommends: no training. */
static brn_status recommend_to_new(brn_ratings_model *model, char **words, int count, const brn_ratings_filter *filter)
{
    int64_t films[MOST_NEW], known = 0, found;
    double ratings[MOST_NEW];
    float vector[MOST_FACTORS + 1]; /* and the bias */
    brn_ratings_item best[TOP];
    for (int i = 0; i < count && known < MOST_NEW; i++) {
        char *film;
        ratings[known] = strtod(words[i], &film);
        films[known] = *film == '=' ? brn_ratings_model_item(model, film + 1) : 0;
        known += films[known] != 0; /* 0: a film that the model does not know */
    }
    brn_status status = brn_ratings_fold_user(model, known, films, ratings, vector);
    qsort(films, (size_t)known, sizeof *films, by_number);
    if (status == BRN_OK) status = brn_ratings_recommend_to(model, vector, films, known, filter, TOP, best, &found);
    if (status == BRN_OK) print(model, "for someone new", best, found);
    return status;
}

int main(int argc, char **argv)
{
    const brn_ratings_filter known = {.rated_by = 50}; /* films that many have rated */
    brn_ratings_options options = brn_ratings_defaults();
    brn_ratings_result result;
    brn_ratings_model *model = NULL;
    brn_ratings_item best[TOP], alike[TOP];
    int64_t best_count = 0, alike_count = 0;
    if (argc < 6) return fprintf(stderr, "usage: ratings_job RATINGS.csv RUN USER FILM RATING=FILM...\n"), 2;
    options.data = argv[1], options.titles = argv[1], options.out = argv[2];
    options.user = "userId", options.item = "movieId", options.rating = "rating", options.time = "timestamp";
    options.title_id = "movieId", options.title_name = "title";
    options.factors = MOST_FACTORS / 2, options.on_event = tell;
    if (brn_ratings_train(&options, &result) != BRN_OK || brn_ratings_model_open(argv[2], 0, &model) != BRN_OK)
        return fprintf(stderr, "%s\n", brn_error_message()), 1;
    printf("mean squared error %.4f, of item means %.4f, on %lld ratings\n",
           result.score.errors[BRN_RATINGS_MODEL].mse, result.score.errors[BRN_RATINGS_ITEM_MEAN].mse,
           (long long)result.valid_count);
    const int64_t user = brn_ratings_model_user(model, argv[3]), film = brn_ratings_model_item(model, argv[4]);
    if (user == 0 || film == 0) return fprintf(stderr, "user %s or film %s is not known\n", argv[3], argv[4]), 1;
    if (brn_ratings_recommend(model, user, &known, TOP, best, &best_count) != BRN_OK ||
        brn_ratings_similar(model, film, &known, TOP, alike, &alike_count) != BRN_OK)
        return fprintf(stderr, "%s\n", brn_error_message()), 1;
    print(model, "for the user", best, best_count);
    print(model, brn_ratings_model_title(model, film), alike, alike_count);
    if (recommend_to_new(model, argv + 5, argc - 5, &known) != BRN_OK)
        return fprintf(stderr, "%s\n", brn_error_message()), 1;
    brn_ratings_model_close(model);
    return 0;
}
