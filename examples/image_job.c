/* SPDX-License-Identifier: Apache-2.0
 * The image job, step by step: a rate from the finder, a new head on pretrained layers, then all layers with rates of
 * their own, averaged views, a model file, and what it gets most wrong. examples/notebooks/image.ipynb does the same.
 *
 *     image_job PHOTOS MODEL.safetensors      PHOTOS has train/CLASS/ and valid/CLASS/ */
#include <burnish/image_learner.h>
#include <burnish/interpret.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 96, VIEWS = 2, WORST = 3 };
static const double BETA = .25; /* weight of the plain pass among the views */

static int tell(void *context, const brn_event *event)
{
    (void)context;
    if (event->kind == BRN_EVENT_EPOCH)
        printf("epoch %d: training loss %.4f, validation loss %.4f\n", event->epoch, event->train_loss, event->valid_loss);
    return 0;
}

/* The rate that the finder suggests for the head. */
static brn_status find_rate(brn_image_learner *learner, double *rate)
{
    const brn_image_fit how = brn_image_fit_defaults(learner, 1e-3);
    const brn_lr_finder_options finder = brn_lr_finder_defaults(BRN_LR_FIND);
    brn_lr_curve curve = {0};
    const brn_status status = brn_image_learner_lr_find(learner, &how, &finder, &curve);
    *rate = brn_lr_suggest(&curve).valley;
    brn_lr_curve_free(&curve);
    return status;
}

/* One cycle of AdamW, with rates from `low` in the first layer group to `high` in the head. */
static brn_status fit(brn_image_learner *learner, int epochs, double low, double high)
{
    brn_optimizer_options adamw = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    const brn_schedule rate = brn_schedule_one_cycle(1, .25, 25, 1e5);
    const brn_schedule momentum = brn_schedule_cosine_dip(.95, .85, .95, .25);
    const int groups = brn_image_learner_groups(learner);
    brn_image_fit how = brn_image_fit_defaults(learner, high);
    adamw.decoupled_decay = true;
    how.epochs = epochs, how.optimizer = adamw, how.rate = &rate, how.momentum = &momentum;
    brn_rates_spread(low, high, groups, how.rates);
    for (int g = 0; g < groups; g++) how.decays[g] = .01;
    return brn_image_learner_fit(learner, &how);
}

/* Accuracy on the validation pictures: of the plain answers, and of their average with `VIEWS` changed views. */
static brn_status measure(brn_image_learner *learner, const brn_image_data *data, double *plain, double *averaged)
{
    const int64_t n = brn_image_data_split_count(data, BRN_SPLIT_VALID), k = brn_image_data_class_count(data);
    const int64_t first = brn_image_data_split_start(data, BRN_SPLIT_VALID);
    float *answers = calloc((size_t)(n * k), sizeof *answers), *sum = calloc((size_t)(n * k), sizeof *sum); /* (n, k) */
    bool *seen = calloc((size_t)n, sizeof *seen);
    brn_status status = answers && sum && seen ? BRN_OK : BRN_ERROR_NO_MEMORY;
    int64_t right[2] = {0, 0};
    for (uint32_t view = 0; status == BRN_OK && view <= VIEWS; view++) { /* 0 is the plain one */
        const brn_image_pass pass = {BRN_SPLIT_VALID, BRN_ANSWER_PROBABILITIES, view > 0, view};
        status = brn_image_learner_answer(learner, &pass, answers, seen);
        for (int64_t i = 0; i < n * k; i++) sum[i] += (float)(view > 0 ? (1 - BETA) / VIEWS : BETA) * answers[i];
        for (int64_t i = 0; i < n; i++)
            right[view > 0] += (view == 0 || view == VIEWS) &&
                brn_image_best((view > 0 ? sum : answers) + i * k, k) == brn_image_data_label(data, first + i);
    }
    *plain = (double)right[0] / (double)n, *averaged = (double)right[1] / (double)n;
    free(answers), free(sum), free(seen);
    return status;
}

int main(int argc, char **argv)
{
    const brn_image_data_options layout = brn_image_data_defaults();
    const brn_image_interpret_options look = brn_image_interpret_defaults();
    brn_image_learner_options options = brn_image_learner_defaults();
    brn_image_data *data = NULL;
    brn_image_learner *learner = NULL;
    brn_image_model *model = NULL;
    brn_image_interpretation found = {0};
    double rate = 0, plain = 0, averaged = 0;
    if (argc != 3) return fprintf(stderr, "usage: image_job PHOTOS MODEL.safetensors\n"), 2;
    options.size = SIZE, options.augment = "flip", options.on_event = tell;
    if (brn_image_data_open(argv[1], &layout, &data) != BRN_OK || brn_image_learner_new(data, &options, &learner) != BRN_OK)
        return fprintf(stderr, "%s\n", brn_error_message()), 1;
    brn_image_learner_precompute(learner, true); /* while the body is frozen */
    brn_image_learner_freeze_norms(learner, true);
    if (find_rate(learner, &rate) != BRN_OK || printf("rate %.2g\n", rate) < 0 || fit(learner, 4, 0, rate) != BRN_OK ||
        brn_image_learner_freeze_to(learner, 0) != BRN_OK || fit(learner, 1, rate / 200, rate / 2) != BRN_OK ||
        measure(learner, data, &plain, &averaged) != BRN_OK || brn_image_learner_save(learner, argv[2]) != BRN_OK ||
        brn_image_model_open(argv[2], 0, &model) != BRN_OK || brn_image_interpret(model, argv[1], &look, &found) != BRN_OK)
        return fprintf(stderr, "%s\n", brn_error_message()), 1;
    printf("accuracy %.4f, of averaged views %.4f\n", plain, averaged);
    for (int64_t i = 0; i < found.count && i < WORST; i++)
        printf("%s: %s, answered %s; loss %.2f\n", found.pictures[i].path, found.class_names[found.pictures[i].label],
               found.class_names[found.pictures[i].answer], found.pictures[i].loss);
    brn_image_interpretation_free(&found), brn_image_model_close(model);
    brn_image_learner_free(learner), brn_image_data_close(data);
    return 0;
}
