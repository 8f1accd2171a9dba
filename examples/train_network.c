/* SPDX-License-Identifier: Apache-2.0
 * A small network, trained without any job: does a point lie inside the unit circle? */
#include <burnish/nn.h>
#include <burnish/optimizer.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 64, STEPS = 400, HIDDEN = 32 };

typedef struct network {
    brn_graph *graph;
    brn_node *logits, *loss; /* (N, 2), scalar */
} network;

static network build(void)
{
    network net;
    brn_graph_new(&net.graph);
    brn_node *x = brn_input(net.graph, "x", BRN_DTYPE_F32, (int64_t[]){BATCH, 2}, 2);
    brn_node *target = brn_input(net.graph, "target", BRN_DTYPE_I64, (int64_t[]){BATCH}, 1);
    brn_init init = {BRN_INIT_KAIMING_NORMAL, 0};
    x = brn_relu(brn_nn_linear(x, "hidden", HIDDEN, true, init)); /* (N, HIDDEN) */
    net.logits = brn_nn_linear(x, "answer", 2, true, init);
    net.loss = brn_cross_entropy(net.logits, target, -1);
    return net;
}

/* Points of the square [-1.5, 1.5]^2: x (N, 2), target (N). */
static void draw(float *x, int64_t *target)
{
    for (int i = 0; i < BATCH; i++) {
        for (int j = 0; j < 2; j++) x[2 * i + j] = 3 * (float)rand() / (float)RAND_MAX - 1.5f;
        target[i] = x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1] < 1;
    }
}

static int correct(const float *logits, const int64_t *target)
{
    int count = 0;
    for (int i = 0; i < BATCH; i++)
        count += (logits[2 * i + 1] > logits[2 * i]) == (target[i] == 1);
    return count;
}

int main(void)
{
    float x[BATCH * 2];
    int64_t target[BATCH];
    brn_parameters *parameters; /* the engine's nouns, in the order of their making */
    brn_runner *runner;
    brn_optimizer *optimizer;
    brn_plan *plan;
    network net = build();
    brn_plan_options o = brn_plan_defaults();
    o.training = true, o.loss = net.loss;
    o.outputs[o.output_count++] = net.loss;
    o.outputs[o.output_count++] = net.logits;
    brn_optimizer_options adam = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    brn_optimizer_settings settings = brn_optimizer_settings_of(&adam, 1e-2);
    if (brn_parameters_new(net.graph, BRN_DTYPE_F32, &parameters) != BRN_OK ||
        brn_parameters_initialise(parameters, 42, -1) != BRN_OK ||
        brn_runner_new(parameters, "cpu", 1, &runner) != BRN_OK ||
        brn_runner_plan(runner, &o, &plan) != BRN_OK ||
        brn_optimizer_new(parameters, &adam, &optimizer) != BRN_OK ||
        brn_plan_bind(plan, "x", x) != BRN_OK || brn_plan_bind(plan, "target", target) != BRN_OK)
        return fprintf(stderr, "%s\n", brn_error_message()), 1;
    int right = 0; /* of the last 50 steps */
    for (int step = 0; step < STEPS; step++) {
        draw(x, target);
        if (brn_plan_run(plan, &(brn_run){.seed = 42, .step = (uint32_t)step}) != BRN_OK ||
            brn_optimizer_step(optimizer, &settings, 1) != BRN_OK)
            return fprintf(stderr, "%s\n", brn_error_message()), 1;
        right = step < STEPS - 50 ? 0 : right + correct(brn_plan_output(plan, 1), target);
    }
    const float *loss = brn_plan_output(plan, 0);
    printf("loss %.4f, accuracy of the last 50 steps %.3f\n", *loss, right / (50. * BATCH));
    brn_optimizer_free(optimizer), brn_runner_free(runner);
    brn_parameters_free(parameters), brn_graph_free(net.graph);
    return right < .95 * 50 * BATCH;
}
