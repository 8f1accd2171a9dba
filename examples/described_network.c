/* SPDX-License-Identifier: Apache-2.0
 * A network that is described in a text learns from arrays in memory: does a point lie inside the unit circle? */
#include <burnish/array_learner.h>
#include <stdio.h>
#include <stdlib.h>

enum { POINTS = 1000, TEST = 200 };

static const char network[] =
    "{\"format\": 1, \"name\": \"circle\", \"layers\": ["
    "{\"layer\": \"linear\", \"outputs\": 32}, {\"layer\": \"relu\"}, "
    "{\"layer\": \"linear\", \"outputs\": \"classes\"}]}";

int main(void)
{
    static float x[POINTS + TEST][2], answers[TEST][2]; /* of the square [-1.5, 1.5]^2; probabilities */
    static int64_t target[POINTS + TEST];
    for (int i = 0; i < POINTS + TEST; i++) {
        for (int j = 0; j < 2; j++) x[i][j] = 3 * (float)rand() / (float)RAND_MAX - 1.5f;
        target[i] = x[i][0] * x[i][0] + x[i][1] * x[i][1] < 1;
    }
    brn_array_data data = {.rank = 1, .dims = {2}, .target = BRN_TARGET_LABEL, .outputs = 2};
    data.parts[BRN_SPLIT_TRAIN] = (brn_array_part){.count = POINTS, .inputs = &x[0][0], .labels = target};
    brn_image_learner_options options = brn_image_learner_defaults();
    options.network = network;
    brn_image_learner *learner;
    brn_status status = brn_array_learner_new(&data, &options, &learner);
    if (status == BRN_OK) {
        brn_image_fit fit = brn_image_fit_defaults(learner, 1e-2);
        fit.epochs = 30;
        fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
        status = brn_image_learner_fit(learner, &fit);
    }
    if (status == BRN_OK)
        status = brn_array_learner_answer(learner, &x[POINTS][0], TEST, BRN_ANSWER_PROBABILITIES, &answers[0][0]);
    if (status != BRN_OK) return fprintf(stderr, "%s\n", brn_error_message()), 1;
    int right = 0;
    for (int i = 0; i < TEST; i++) right += (answers[i][1] > answers[i][0]) == (target[POINTS + i] == 1);
    printf("%d of %d points are told right\n", right, TEST);
    brn_image_learner_free(learner);
    return right < .95 * TEST;
}
