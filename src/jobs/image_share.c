/* SPDX-License-Identifier: Apache-2.0
 * Several handles on one model. The handle that was opened owns graph, parameters and names, and stays in
 * memory until the last handle is closed; each handle has a runner, and so its own plans and arena. */
#include "base/alloc.h"
#include "jobs/image_job.h"

#include <stdatomic.h>

static void free_whole(brn_image_model *model)
{
    brn__image_network_free(&model->network);
    brn_network_free(model->description);
    for (int64_t k = 0; model->classes && k < model->class_count; k++) brn__free(model->classes[k]);
    brn__free(model->classes);
    brn__free(model->architecture);
    brn__image_model_free_buffers(model);
    brn__free(model);
}

/* One handle fewer; the last one takes all with it. */
static void let_go(brn_image_model *origin)
{
    if (atomic_fetch_sub(&origin->others, 1) == 0) free_whole(origin);
}

void brn_image_model_close(brn_image_model *model)
{
    if (!model) return;
    brn_image_model *origin = model->origin;
    brn__image_members_close(model);
    if (origin) {
        brn__learner_free(model->network.learner);
        brn__image_model_free_buffers(model);
        brn__free(model);
    }
    let_go(origin ? origin : model);
}

brn_status brn_image_model_share(brn_image_model *model, int threads, brn_image_model **out)
{
    brn_image_model *origin = model->origin ? model->origin : model;
    *out = NULL;
    brn_image_model *other = brn__alloc_zero(1, sizeof *other);
    if (!other) return BRN_ERROR_NO_MEMORY;
    other->network = origin->network;
    other->network.learner = NULL;
    other->transform = origin->transform;
    other->architecture = origin->architecture;
    other->classes = origin->classes;
    other->class_count = origin->class_count;
    other->seed = origin->seed;
    other->valid_share = origin->valid_share;
    other->threshold = origin->threshold;
    other->origin = origin;
    atomic_fetch_add(&origin->others, 1);
    brn_status status = brn__learner_new(origin->network.parameters, "cpu", threads, origin->seed,
                                         &other->network.learner);
    if (status == BRN_OK)
        brn_runner_set_precision(brn__learner_runner(other->network.learner),
                                 brn_runner_precision(brn__learner_runner(model->network.learner)));
    if (status == BRN_OK) status = brn__image_model_buffers(other);
    if (status == BRN_OK) status = brn__image_members_share(model, threads, other);
    if (status == BRN_OK) *out = other;
    else brn_image_model_close(other);
    return status;
}
