/* SPDX-License-Identifier: Apache-2.0
 * All that decides how a fit goes on, as a list of named arrays. The same list is read to save a fit and
 * written to restore it, so that nothing can be saved and forgotten. */
#include "base/arena.h"
#include "base/status.h"
#include "train/learner.h"

typedef struct item_list {
    brn__arena arena;
    brn__memory_item *items;
    int count, capacity;
} item_list;

static brn_status add(item_list *list, const char *family, const char *name, brn_dtype dtype,
                      brn_shape shape, void *data)
{
    const char *full = brn__arena_printf(&list->arena, "%s.%s", family, name);
    if (!full) return BRN_ERROR_NO_MEMORY;
    if (list->count == list->capacity)
        return brn__fail(BRN_ERROR_INTERNAL, "memory of a fit: more than %d items", list->capacity);
    list->items[list->count++] = (brn__memory_item){full, dtype, shape, data};
    return BRN_OK;
}

static brn_status add_row(item_list *list, const char *family, const char *name, brn_dtype dtype,
                          int64_t count, void *data)
{
    return add(list, family, name, dtype, brn_shape_of(1, &count), data);
}

static brn_status add_parameters(item_list *list, brn_parameters *parameters)
{
    const brn_dtype dtype = brn_parameters_dtype(parameters);
    char *values = brn_parameters_values(parameters);
    for (int i = 0; i < brn_parameters_count(parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(parameters, i);
        BRN__TRY(add(list, "model", info.name, dtype, info.shape,
                     values + (size_t)info.offset * brn_dtype_bytes(dtype)));
    }
    return BRN_OK;
}

static brn_status add_optimizer(item_list *list, brn_optimizer *optimizer)
{
    for (int i = 0; i < brn_optimizer_state_count(optimizer); i++) {
        const brn_optimizer_state state = brn_optimizer_state_at(optimizer, i);
        BRN__TRY(add_row(list, "optimizer", state.name, state.dtype, state.count, state.data));
    }
    return BRN_OK;
}

static brn_status add_fit(item_list *list, brn__fit *fit)
{
    BRN__TRY(add_row(list, "fit", "position", BRN_DTYPE_I64,
                     sizeof fit->position / sizeof(int64_t), &fit->position));
    BRN__TRY(add_row(list, "fit", "averages", BRN_DTYPE_F64,
                     sizeof fit->averages / sizeof(double), &fit->averages));
    return add_row(list, "fit", "settings", BRN_DTYPE_F64, sizeof fit->settings / sizeof(double),
                   &fit->settings);
}

static brn_status add_callbacks(item_list *list, const brn__fit_options *options)
{
    for (int i = 0; i < options->callback_count; i++) {
        const brn__callback *callback = options->callbacks[i];
        if (callback->memory_count == 0) continue;
        BRN__TRY(add_row(list, "callback", callback->name, BRN_DTYPE_F64, callback->memory_count,
                         callback->memory));
    }
    return BRN_OK;
}

static brn_status collect(item_list *list, brn__fit *fit)
{
    brn_parameters *parameters = brn__learner_parameters(fit->learner);
    enum { FIT_ITEMS = 3 };
    list->capacity = brn_parameters_count(parameters) + brn_optimizer_state_count(fit->optimizer) +
                     FIT_ITEMS + fit->options->callback_count;
    list->items = brn__arena_alloc(&list->arena, (size_t)list->capacity * sizeof *list->items);
    if (!list->items) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(add_parameters(list, parameters));
    BRN__TRY(add_optimizer(list, fit->optimizer));
    BRN__TRY(add_fit(list, fit));
    return add_callbacks(list, fit->options);
}

brn_status brn__fit_visit(brn__fit *fit, brn__memory_visit *visit, void *context)
{
    if (!fit->settled)
        return brn__fail(BRN_ERROR_INTERNAL, "memory of a fit: it is in the middle of a batch");
    item_list list = {0};
    brn_status status = collect(&list, fit);
    if (status == BRN_OK) status = visit(context, list.items, list.count);
    brn__arena_free(&list.arena);
    return status;
}

brn_status brn__fit_recall(brn__fit *fit)
{
    const brn__position *p = &fit->position;
    if (p->epoch < 0 || p->epoch > fit->options->epochs || p->batch < 0 || p->batch > p->next ||
        p->next > fit->batches || p->iteration < p->batch || p->shuffle < 0 ||
        p->shuffle > UINT32_MAX || p->step < 0 || p->step > UINT32_MAX)
        return brn__fail(BRN_ERROR_INPUT,
                         "the fit to go on with is at epoch %lld of %d, batch %lld of %lld: that "
                         "can't be",
                         (long long)p->epoch, fit->options->epochs, (long long)p->next,
                         (long long)fit->batches);
    brn_parameters *parameters = brn__learner_parameters(fit->learner);
    brn_parameters_touch(parameters, 0, brn_parameters_elements(parameters));
    brn__learner_set_keys(fit->learner, (brn__learner_keys){.epoch = (uint32_t)p->shuffle,
                                                            .step = (uint32_t)p->step});
    fit->epoch = (int)p->epoch;
    fit->batch = p->batch;
    fit->iteration = p->iteration;
    fit->train_loss = fit->averages.train_loss;
    fit->valid_loss = fit->averages.valid_loss;
    return BRN_OK;
}
