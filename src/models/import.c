/* SPDX-License-Identifier: Apache-2.0
 *
 * Weights by name: tensors of a file against parameters of the store. Everything is checked before
 * anything is written, and all that does not fit is told in one sentence: a wrong file usually
 * differs in many places, and the first three say which file it is.
 */
#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "burnish/model_zoo.h"
#include "tensor/tensor.h"

#include <stdio.h>
#include <string.h>

enum { NAMED_AT_MOST = 3, NAME_MAX_BYTES = 256 };

typedef struct loading {
    const brn_model *model;
    brn_parameters *parameters;
    const brn_model_source *source;
    brn_model_part part;
    int *tensor_of; /* by parameter: the file's tensor, or -1 */
    brn__text problems;
    int problem_count;
} loading;

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* A tensor's name in the model. Saved from torch.nn.DataParallel, every name starts with "module.".
 * One too long for `out` is no parameter's. */
static void model_name(const brn_model *model, const char *file_name, char out[NAME_MAX_BYTES])
{
    const bool parallel = strncmp(file_name, "module.", 7) == 0;
    snprintf(out, NAME_MAX_BYTES, "%s", parallel ? file_name + 7 : file_name);
    if (model->new_name) model->new_name(out);
}

static bool is_wanted(const loading *job, const brn_parameter_info *info)
{
    return job->part == BRN_MODEL_WHOLE || info->group < job->model->body_groups;
}

static bool is_left_aside(const loading *job, const char *name)
{
    if (ends_with(name, "num_batches_tracked")) return true;
    const char *classifier = job->model->classifier;
    return job->part == BRN_MODEL_BODY && strncmp(name, classifier, strlen(classifier)) == 0;
}

/* Starts the text of one more problem; false when enough were told. */
static bool add_problem(loading *job)
{
    if (job->problem_count++ >= NAMED_AT_MOST) return false;
    if (job->problem_count > 1) brn__text_add(&job->problems, "; ");
    return true;
}

/* Finds the parameter of one tensor of the file. */
static brn_status match(loading *job, int tensor)
{
    const char *file_name;
    brn_shape shape;
    BRN__TRY(job->source->describe(job->source->context, tensor, &file_name, &shape));
    char name[NAME_MAX_BYTES];
    model_name(job->model, file_name, name);
    if (is_left_aside(job, name)) return BRN_OK;
    const int index = brn_parameters_find(job->parameters, name);
    if (index < 0) {
        if (add_problem(job))
            brn__text_printf(&job->problems, "its tensor %s %s is not in the model", file_name,
                             BRN__SHAPE(shape));
        return BRN_OK;
    }
    const brn_parameter_info info = brn_parameters_info(job->parameters, index);
    if (!is_wanted(job, &info)) return BRN_OK;
    if (job->tensor_of[index] >= 0) {
        if (add_problem(job)) brn__text_printf(&job->problems, "it has %s twice", file_name);
        return BRN_OK;
    }
    job->tensor_of[index] = tensor;
    if (!brn_shape_equal(shape, info.shape) && add_problem(job))
        brn__text_printf(&job->problems, "its tensor %s is %s, the model needs %s", file_name,
                         BRN__SHAPE(shape), BRN__SHAPE(info.shape));
    return BRN_OK;
}

static brn_status check(loading *job)
{
    const int count = brn_parameters_count(job->parameters);
    for (int i = 0; i < count; i++) job->tensor_of[i] = -1;
    for (int tensor = 0; tensor < job->source->count; tensor++) BRN__TRY(match(job, tensor));
    for (int i = 0; i < count; i++) {
        const brn_parameter_info info = brn_parameters_info(job->parameters, i);
        if (job->tensor_of[i] < 0 && is_wanted(job, &info) && add_problem(job))
            brn__text_printf(&job->problems, "%s %s is missing", info.name, BRN__SHAPE(info.shape));
    }
    BRN__TRY(brn__text_finish(&job->problems));
    if (job->problem_count == 0) return BRN_OK;
    const int untold = job->problem_count - NAMED_AT_MOST;
    if (untold > 0) brn__text_printf(&job->problems, "; and %d more", untold);
    BRN__TRY(brn__text_finish(&job->problems));
    return brn__fail(BRN_ERROR_INPUT, "%s does not hold weights of %s: %s", job->source->name,
                     job->model->name, job->problems.bytes);
}

static brn_status read_all(loading *job)
{
    const brn_dtype dtype = brn_parameters_dtype(job->parameters);
    char *values = brn_parameters_values(job->parameters);
    for (int i = 0; i < brn_parameters_count(job->parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(job->parameters, i);
        if (job->tensor_of[i] < 0) continue;
        void *target = values + (size_t)info.offset * brn_dtype_bytes(dtype);
        const brn_status status =
            job->source->read(job->source->context, job->tensor_of[i], dtype, target, info.count);
        brn_parameters_touch(job->parameters, info.offset, info.offset + info.count);
        if (status != BRN_OK)
            return brn__fail_within(status, "%s: tensor %s", job->source->name, info.name);
    }
    return BRN_OK;
}

brn_status brn_model_load(const brn_model *model, brn_parameters *parameters,
                          const brn_model_source *source, brn_model_part part)
{
    loading job = {.model = model, .parameters = parameters, .source = source, .part = part};
    const size_t count = (size_t)brn_parameters_count(parameters);
    job.tensor_of = brn__alloc_array(count, sizeof *job.tensor_of);
    if (!job.tensor_of) return BRN_ERROR_NO_MEMORY;
    brn_status status = check(&job);
    if (status == BRN_OK) status = read_all(&job);
    brn__text_free(&job.problems);
    brn__free(job.tensor_of);
    return status;
}
