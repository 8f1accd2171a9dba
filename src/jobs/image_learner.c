/* SPDX-License-Identifier: Apache-2.0
 * The image learner: its making, what learns in it, and its files. */
#include "jobs/image_learner.h"
#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "jobs/image_targets.h"
#include "jobs/precision.h"
#include "train/fine_tuning.h"

#include <string.h>

brn_image_learner_options brn_image_learner_defaults(void)
{
    return (brn_image_learner_options){.architecture = "efficientnet_lite0",
                                       .pretrained = true,
                                       .batch_size = 64,
                                       .augment = "side-on",
                                       .head = brn_nn_head_defaults(0),
                                       .seed = 42,
                                       .loaders = -1};
}

/* ------------------------------------------------------------------ making */

brn_status brn__image_learner_check(const brn_image_learner_options *o)
{
    if (o->batch_size < 2 || o->batch_size > BRN__IMAGE_BATCH_MAX)
        return brn__fail(BRN_ERROR_USAGE, "batch size: %d; expected 2 to %d (batch norm needs two)",
                         o->batch_size, BRN__IMAGE_BATCH_MAX);
    if (o->size != 0 && (o->size < 32 || o->size > 2048))
        return brn__fail(BRN_ERROR_USAGE, "size: %d; expected 32 to 2048 pixels", o->size);
    if (!(o->label_smoothing >= 0 && o->label_smoothing < 1))
        return brn__fail(BRN_ERROR_USAGE, "label smoothing: %g; expected 0 to below 1", o->label_smoothing);
    return brn__precision_check(o->precision);
}

static brn_status take_options(brn_image_learner *l, const brn_image_learner_options *given)
{
    brn_image_learner_options *o = &l->options;
    *o = *given;
    BRN__TRY(brn__image_learner_check(o));
    if (o->network && *o->network) {
        BRN__TRY(brn__network_find(o->network, &l->description));
        l->model = brn_network_model(l->description);
        o->network = brn_network_text(l->description);
        o->pretrained = o->weights != NULL;
    } else {
        o->network = NULL;
        if (!o->architecture) o->architecture = brn_image_learner_defaults().architecture;
        l->model = brn_model_find(o->architecture);
        if (!l->model) return BRN_ERROR_USAGE;
    }
    l->architecture = brn__strdup(l->model->name);
    l->augment = brn__strdup(o->augment ? o->augment : brn_image_learner_defaults().augment);
    if (!l->architecture || !l->augment) return BRN_ERROR_NO_MEMORY;
    o->architecture = l->architecture;
    o->augment = l->augment;
    l->preprocessing = brn__image_preprocessing(l->model, o->size);
    o->size = l->preprocessing.size;
    o->loaders = brn__image_loaders(o->loaders);
    return BRN_OK;
}

static brn_status make_network(const brn_image_learner *l, const brn_image_data *data, int size,
                               brn__image_network *out)
{
    const brn_image_learner_options *o = &l->options;
    brn__image_network_options options = {.model = l->model,
                                          .head = o->head,
                                          .own_classifier = l->description != NULL,
                                          .kind = brn_image_data_target_kind(data),
                                          .batch_size = o->batch_size,
                                          .size = size,
                                          .threads = o->threads,
                                          .precision = o->precision,
                                          .activation_checkpointing = o->activation_checkpointing,
                                          .label_smoothing = o->label_smoothing,
                                          .seed = o->seed};
    options.head.outputs = brn__image_outputs(data);
    return brn__image_network_new(&options, out);
}

static brn_status load_body(brn_image_learner *l)
{
    const brn_image_learner_options *o = &l->options;
    if (o->weights) return brn__image_network_load(&l->network, o->weights, BRN_MODEL_BODY);
    char path[4096];
    const brn__image_pull pull = {
        .offline = o->offline, .mirror = o->mirror, .on_event = o->on_event, .context = o->context};
    BRN__TRY(brn__image_weights_obtain(l->model->name, &pull, path, sizeof path));
    return brn__image_network_load(&l->network, path, BRN_MODEL_BODY);
}

static brn_status check_data(const brn_image_data *data)
{
    if (brn_image_data_split_count(data, BRN_SPLIT_TRAIN) < 2)
        return brn__fail(BRN_ERROR_INPUT, "data: expected two training pictures or more");
    if (brn__image_outputs(data) < (brn_image_data_target_kind(data) == BRN_TARGET_LABEL ? 2 : 1))
        return brn__fail(BRN_ERROR_INPUT, "data: expected pictures of two classes or more");
    return BRN_OK;
}

/* The public face of a picture, and back. */
static brn_status change(void *context, const char *path, bool training, uint64_t seed, brn__picture *picture)
{
    const brn_image_learner *l = context;
    brn_image_change public = {.path = path,
                               .training = training,
                               .seed = seed,
                               .width = picture->width,
                               .height = picture->height,
                               .pixels = picture->pixels,
                               .picture = picture};
    return l->options.changer(l->options.changer_context, &public);
}

brn_status brn_image_change_replace(brn_image_change *change, int width, int height, const uint8_t *pixels)
{
    brn__picture other, *picture = change->picture;
    BRN__TRY(brn__picture_new(width, height, change->path, &other));
    memcpy(other.pixels, pixels, (size_t)width * (size_t)height * 3);
    brn__picture_free(picture);
    *picture = other;
    change->width = width;
    change->height = height;
    change->pixels = other.pixels;
    return BRN_OK;
}

static brn_status take_data(brn_image_learner *l, brn_image_data *data)
{
    brn__dataset *pictures;
    BRN__TRY(brn__image_transform_of(&l->preprocessing, l->augment, &l->transform));
    if (l->options.changer) l->transform.changer = (brn__image_changer){change, l};
    BRN__TRY(brn__image_dataset_new(data, &l->transform, &pictures));
    bool *warned = brn__alloc_zero((size_t)brn_image_data_count(data), sizeof *warned);
    if (!warned) {
        brn__dataset_free(pictures);
        return BRN_ERROR_NO_MEMORY;
    }
    brn__image_learner_forget_features(l);
    brn__dataset_free(l->pictures);
    brn__free(l->warned);
    l->pictures = pictures;
    l->warned = warned;
    l->data = data;
    l->outputs = brn__image_outputs(data);
    for (int split = 0; split < BRN_SPLIT_COUNT; split++) {
        l->starts[split] = brn_image_data_split_start(data, (brn_split)split);
        l->counts[split] = brn_image_data_split_count(data, (brn_split)split);
    }
    return BRN_OK;
}

static brn_status make(brn_image_learner *l, brn_image_data *data, const brn_image_learner_options *options)
{
    BRN__TRY(take_options(l, options));
    BRN__TRY(check_data(data));
    BRN__TRY(take_data(l, data));
    BRN__TRY(make_network(l, data, l->options.size, &l->network));
    l->learning = UINT64_MAX;
    if (!l->options.pretrained) return BRN_OK;
    BRN__TRY(load_body(l));
    return brn_image_learner_freeze_to(l, -1);
}

brn_status brn_image_learner_new(brn_image_data *data, const brn_image_learner_options *options,
                                 brn_image_learner **out)
{
    *out = NULL;
    brn_image_learner *l = brn__alloc_zero(1, sizeof *l);
    if (!l) return BRN_ERROR_NO_MEMORY;
    brn__progress_init(&l->progress, options->on_event, options->context);
    const brn_status status = make(l, data, options);
    if (status == BRN_OK)
        *out = l;
    else
        brn_image_learner_free(l);
    return status;
}

void brn_image_learner_free(brn_image_learner *l)
{
    if (!l) return;
    brn__image_learner_forget_features(l);
    brn__image_network_free(&l->network);
    brn_network_free(l->description);
    brn__dataset_free(l->pictures);
    brn__free(l->warned);
    for (int64_t k = 0; l->names && k < l->outputs; k++) brn__free(l->names[k]);
    brn__free(l->names);
    brn__free(l->architecture);
    brn__free(l->augment);
    brn__free(l);
}

/* ------------------------------------------------------------------ other data */

static brn_status check_same_answers(const brn_image_learner *l, const brn_image_data *data)
{
    const int64_t count = brn__image_outputs(data);
    bool same = brn_image_data_target_kind(data) == l->network.kind && count == brn__image_outputs(l->data);
    for (int64_t k = 0; same && k < count; k++)
        same = strcmp(brn__image_output_name(data, k), brn__image_output_name(l->data, k)) == 0;
    if (same) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "data: their classes are not those that the learner was made for");
}

/* The values and the keys of random streams go over into a network of another size. */
static brn_status change_size(brn_image_learner *l, brn_image_data *data, int size)
{
    brn__image_network network;
    BRN__TRY(make_network(l, data, size, &network));
    brn_parameters *from = l->network.parameters, *to = network.parameters;
    const int64_t elements = brn_parameters_elements(from);
    memcpy(brn_parameters_values(to), brn_parameters_values(from), (size_t)elements * sizeof(float));
    brn_parameters_touch(to, 0, elements);
    brn__learner_set_keys(network.learner, brn__learner_keys_of(l->network.learner));
    brn__image_network_free(&l->network);
    l->network = network;
    return BRN_OK;
}

brn_status brn_image_learner_set_data(brn_image_learner *l, brn_image_data *data, int size,
                                      const char *augment)
{
    brn_image_learner_options wanted = l->options;
    if (size) wanted.size = size;
    if (l->rank) return brn__fail(BRN_ERROR_USAGE, "data: a learner of arrays keeps those that it was made with");
    BRN__TRY(brn__image_learner_check(&wanted));
    BRN__TRY(check_data(data));
    BRN__TRY(check_same_answers(l, data));
    const brn_weights_preprocessing preprocessing = brn__image_preprocessing(l->model, wanted.size);
    brn__image_transform transform; /* before anything is changed: the words may be wrong */
    BRN__TRY(brn__image_transform_of(&preprocessing, augment ? augment : l->augment, &transform));
    char *words = brn__strdup(augment ? augment : l->augment);
    if (!words) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    if (wanted.size != l->options.size) status = change_size(l, data, wanted.size);
    if (status != BRN_OK) {
        brn__free(words);
        return status;
    }
    brn__free(l->augment);
    l->options.augment = l->augment = words;
    l->options.size = wanted.size;
    l->preprocessing = preprocessing;
    return take_data(l, data);
}

/* ------------------------------------------------------------------ what learns */

int brn_image_learner_groups(const brn_image_learner *l) { return l->model->body_groups + 1; }

int64_t brn_image_learner_count(const brn_image_learner *l, brn_split split)
{
    return (unsigned)split < BRN_SPLIT_COUNT ? l->counts[split] : 0;
}

int64_t brn_image_learner_outputs(const brn_image_learner *l) { return l->outputs; }

const char *brn_image_learner_output_name(const brn_image_learner *l, int64_t k)
{
    if (k < 0 || k >= l->outputs) return NULL;
    return l->names ? l->names[k] : brn__image_output_name(l->data, k);
}

brn_target_kind brn_image_learner_target(const brn_image_learner *l) { return l->network.kind; }

brn_parameters *brn_image_learner_parameters(brn_image_learner *l) { return l->network.parameters; }

brn_status brn_image_learner_freeze_to(brn_image_learner *l, int first)
{
    const int groups = brn_image_learner_groups(l);
    if (first < -groups || first >= groups)
        return brn__fail(BRN_ERROR_USAGE, "freeze to %d: expected a layer group from %d to %d", first, -groups,
                         groups - 1);
    l->learning = brn__freeze_to(groups, first);
    return BRN_OK;
}

bool brn_image_learner_learns(const brn_image_learner *l, int group)
{
    return group >= 0 && group < brn_image_learner_groups(l) && (l->learning >> group & 1);
}

void brn_image_learner_freeze_norms(brn_image_learner *l, bool freeze) { l->norms_frozen = freeze; }

void brn_image_learner_precompute(brn_image_learner *l, bool precompute) { l->precompute = precompute; }

bool brn_image_learner_is_cached(const brn_image_learner *l)
{
    const uint64_t body = (1ull << l->model->body_groups) - 1; /* features are of a head's, which a network has not */
    return l->precompute && !l->description && !l->options.changer && !l->options.train_bn && (l->learning & body) == 0;
}

/* ------------------------------------------------------------------ what it stands on */

void brn__image_learner_forget_features(brn_image_learner *l)
{
    brn__image_features_free(l->features);
    l->features = NULL;
}

brn_status brn__image_learner_stand(brn_image_learner *l, brn__image_footing *out)
{
    *out = (brn__image_footing){&l->network.whole, l->pictures};
    if (!brn_image_learner_is_cached(l)) return BRN_OK;
    if (!l->features)
        BRN__TRY(brn__image_features_make(&l->network, l->data, &l->transform, l->options.batch_size,
                                          l->options.loaders, &l->progress, &l->features));
    *out = (brn__image_footing){&l->network.head, brn__image_features_dataset(l->features)};
    return BRN_OK;
}

brn_status brn__image_learner_loader(const brn_image_learner *l, const brn__image_footing *footing,
                                     brn_split split, brn__image_view view, brn__loader **out)
{
    const int64_t count = l->counts[split];
    *out = NULL;
    if (count == 0) return BRN_OK;
    int64_t *items = brn__image_item_numbers(l->starts[split], count);
    if (!items) return BRN_ERROR_NO_MEMORY;
    brn__loader_options options = brn__loader_defaults(view == BRN__IMAGE_TO_LEARN);
    options.batch_size = l->options.batch_size;
    options.workers = l->options.loaders;
    options.seed = l->options.seed;
    options.training = view != BRN__IMAGE_PLAIN;
    const brn_status status = brn__loader_new(footing->dataset, items, count, &options, out);
    brn__free(items);
    return status;
}

brn_status brn__image_learner_warn(brn_image_learner *l, const brn__loader *loader)
{
    int64_t count = 0;
    const brn__bad_item *bad = loader ? brn__loader_bad_items(loader, &count) : NULL;
    for (int64_t i = 0; i < count; i++) {
        if (l->warned[bad[i].item]) continue;
        l->warned[bad[i].item] = true;
        BRN__TRY(brn__progress_send(&l->progress, brn__event_of(BRN_EVENT_WARNING, bad[i].reason)));
    }
    return BRN_OK;
}

/* ------------------------------------------------------------------ files */

/* What keys the random streams, among the numbers of a card. */
static const char shuffles[] = "shuffles", steps[] = "steps";

brn_status brn_image_learner_save(brn_image_learner *l, const char *path)
{
    const brn_nn_head_options *head = &l->options.head;
    brn__model_card card = {.architecture = l->architecture,
                            .network = l->options.network,
                            .class_count = l->outputs,
                            .input_rank = l->rank,
                            .preprocessing = l->preprocessing,
                            .target = (brn__model_target)l->network.kind,
                            .augment = l->augment};
    memcpy(card.input_dims, l->dims, sizeof card.input_dims);
    if (l->network.kind == BRN_TARGET_TAGS) card.threshold = BRN__IMAGE_THRESHOLD;
    card.head.is_own = l->description != NULL;
    card.head.hidden_count = head->hidden_count;
    memcpy(card.head.hidden, head->hidden, sizeof card.head.hidden);
    memcpy(card.head.dropout, head->dropout, sizeof card.head.dropout);
    const brn__learner_keys keys = brn__learner_keys_of(l->network.learner);
    const brn__model_number numbers[] = {{"seed", (double)l->options.seed}, {shuffles, keys.epoch}, {steps, keys.step}};
    card.summary_count = (int)(sizeof numbers / sizeof *numbers);
    memcpy(card.summary, numbers, sizeof numbers);
    const char **classes = brn__alloc_array((size_t)card.class_count, sizeof *classes);
    if (!classes) return BRN_ERROR_NO_MEMORY;
    for (int64_t k = 0; k < card.class_count; k++) classes[k] = brn_image_learner_output_name(l, k);
    card.classes = classes;
    const brn_status status = brn__model_file_write(path, &card, l->network.parameters);
    brn__free(classes);
    return status;
}

static brn_status is_same_network(const brn_image_learner *l, const brn__model_card *card, bool *out)
{
    brn_network *other;
    *out = !card->network == !l->description;
    if (!card->network || !l->description) return BRN_OK;
    BRN__TRY(brn_network_read(card->network, strlen(card->network), &other));
    *out = strcmp(brn_network_text(other), brn_network_text(l->description)) == 0;
    brn_network_free(other);
    return BRN_OK;
}

static brn_status check_card(const brn_image_learner *l, const brn__model_card *card, const char *path)
{
    if (strcmp(card->architecture, l->architecture) != 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: architecture %s; expected %s", path, card->architecture,
                         l->architecture);
    bool same;
    BRN__TRY(is_same_network(l, card, &same));
    if (!same)
        return brn__fail(BRN_ERROR_INPUT, "%s: another network of the name %s than the learner's", path,
                         l->architecture);
    const int64_t count = l->outputs;
    if (card->class_count != count)
        return brn__fail(BRN_ERROR_INPUT, "%s: %lld classes; expected %lld", path,
                         (long long)card->class_count, (long long)count);
    for (int64_t k = 0; k < count; k++)
        if (strcmp(card->classes[k], brn_image_learner_output_name(l, k)) != 0)
            return brn__fail(BRN_ERROR_INPUT, "%s: class %lld is %s; expected %s", path, (long long)k,
                             card->classes[k], brn_image_learner_output_name(l, k));
    return BRN_OK;
}

static brn_status take_keys(brn_image_learner *l, const brn__model_file *file, const char *path)
{
    const double epoch = brn__model_file_number(file, shuffles, -1), step = brn__model_file_number(file, steps, -1);
    if (!(epoch >= 0 && epoch <= UINT32_MAX && step >= 0 && step <= UINT32_MAX))
        return brn__fail(BRN_ERROR_INPUT, "%s: it does not say where a learner stood; expected a file that a learner saved",
                         path);
    brn__learner_set_keys(l->network.learner, (brn__learner_keys){(uint32_t)epoch, (uint32_t)step});
    return BRN_OK;
}

static brn_status take_file(brn_image_learner *l, const char *path, bool with_keys)
{
    brn__model_file *file;
    BRN__TRY(l->rank ? brn__model_file_open_arrays(path, &file) : brn__model_file_open(path, &file));
    brn_status status = check_card(l, brn__model_file_card(file), path);
    if (status == BRN_OK) status = brn__model_file_load(file, l->network.parameters);
    if (status == BRN_OK && with_keys) status = take_keys(l, file, path);
    brn__model_file_close(file);
    if (status == BRN_OK) brn__image_learner_forget_features(l);
    return status;
}

brn_status brn_image_learner_load(brn_image_learner *l, const char *path) { return take_file(l, path, false); }

brn_status brn_image_learner_resume(brn_image_learner *l, const char *path) { return take_file(l, path, true); }

brn_status brn_image_learner_take_weights(brn_image_learner *l, const char *path, brn_model_part part)
{
    BRN__TRY(brn__image_network_load(&l->network, path, part));
    brn__image_learner_forget_features(l);
    return BRN_OK;
}
