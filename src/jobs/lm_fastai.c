/* SPDX-License-Identifier: Apache-2.0
 * A language model that fast.ai saved: a PyTorch file of its weights, with the pickled vocabulary beside it
 * (the only .pkl of the folder, as in its archives of WikiText-103 models). */
#include "base/alloc.h"
#include "base/files.h"
#include "base/system.h"
#include "io/word_list.h"
#include "jobs/lm_job.h"
#include "tensor/tensor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const brn__entry *brn__lm_card_entry(const brn__lm_card *card, const char *name)
{
    const brn__entry *exact = brn__state_find(card->state, name);
    for (int64_t i = 0; !exact && i < brn__state_count(card->state); i++) {
        const brn__entry *entry = brn__state_entry(card->state, i);
        char now[256];
        if ((size_t)snprintf(now, sizeof now, "%s", entry->name) >= sizeof now) continue;
        if (brn__awd_lstm_name(now, sizeof now) && strcmp(now, name) == 0) exact = entry;
    }
    return exact;
}

/* ------------------------------------------------------------------ the vocabulary */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static brn_status look_in(DIR *folder, const char *path, char **found)
{
    int count = 0;
    for (struct dirent *entry; (entry = brn__system_read_folder(folder));) {
        if (!ends_with(entry->d_name, ".pkl") || count++) continue;
        *found = brn__path_join(path, entry->d_name);
        if (!*found) return BRN_ERROR_NO_MEMORY;
    }
    if (count == 1) return BRN_OK;
    brn__free(*found);
    *found = NULL;
    return brn__fail(BRN_ERROR_INPUT, "%s: expected one .pkl file with the words of the model, found %d", path, count);
}

static brn_status find_words(const char *weights, char **found)
{
    *found = NULL;
    char *folder = brn__strdup(weights);
    if (!folder) return BRN_ERROR_NO_MEMORY;
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = '\0';
    const char *path = slash ? folder : ".";
    DIR *open = brn__system_open_folder(path);
    brn_status status = open ? look_in(open, path, found)
                             : brn__fail(BRN_ERROR_IO, "%s: %s", path, strerror(errno));
    if (open) closedir(open);
    brn__free(folder);
    return status;
}

static brn_status read_words(brn__lm_card *card)
{
    char *path;
    const char *const *words;
    int64_t count;
    brn__vocabulary *vocabulary;
    BRN__TRY(find_words(card->path, &path));
    brn_status status = brn__word_list_read(path, &card->arena, &words, &count);
    brn__free(path);
    BRN__TRY(status);
    bool old = count > 0 && strcmp(words[0], "_unk_") == 0;
    card->options.text.rules = old ? BRN_TEXT_RULES_FASTAI07 : BRN_TEXT_RULES_FASTAI2;
    BRN__TRY(brn__vocabulary_new(card->options.text.rules, words, count, &vocabulary));
    return brn__text_settings_new(&card->options.text, vocabulary, &card->settings);
}

/* ------------------------------------------------------------------ the sizes */

static brn_status read_matrix(const brn__lm_card *card, const char *name, const brn__entry **out)
{
    *out = brn__lm_card_entry(card, name);
    if (*out && (*out)->dtype == BRN_DTYPE_F32 && (*out)->shape.rank == 2) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: no language model of fast.ai: it has no matrix %s", card->path, name);
}

/* The decoder is the embedding where it has the same numbers. */
static brn_status compare_decoder(brn__lm_card *card, const brn__entry *encoder)
{
    const brn__entry *decoder = brn__lm_card_entry(card, "1.decoder.weight");
    if (!decoder || !brn_shape_equal(decoder->shape, encoder->shape)) return BRN_OK;
    size_t bytes = (size_t)brn_shape_elements(encoder->shape) * sizeof(float);
    float *a = brn__alloc(bytes), *b = brn__alloc(bytes);
    brn_status status = a && b ? brn__state_read(encoder, BRN_DTYPE_F32, a) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = brn__state_read(decoder, BRN_DTYPE_F32, b);
    if (status == BRN_OK) card->options.untied = memcmp(a, b, bytes) != 0;
    brn__free(a);
    brn__free(b);
    return status;
}

/* The layers of the kind that the options name. */
static int count_layers(const brn__lm_card *card)
{
    char name[BRN__RECURRENT_NAME];
    int layers = 0;
    for (; layers < BRN__AWD_LSTM_LAYERS_MAX; layers++) {
        brn__recurrent_matrix(card->options.qrnn, layers, name);
        if (!brn__lm_card_entry(card, name)) break;
    }
    return layers;
}

static brn_status read_layers(brn__lm_card *card)
{
    char name[BRN__RECURRENT_NAME];
    const brn__entry *first;
    brn_lm_options *o = &card->options;
    brn__recurrent_matrix(true, 0, name);
    o->qrnn = brn__lm_card_entry(card, name) != NULL;
    brn__recurrent_matrix(o->qrnn, 0, name);
    BRN__TRY(read_matrix(card, name, &first));
    o->hidden = brn__recurrent_width(o->qrnn, first->shape);
    o->layers = count_layers(card);
    return BRN_OK;
}

static brn_status read_sizes(brn__lm_card *card)
{
    brn_lm_options *o = &card->options;
    const brn__entry *encoder;
    BRN__TRY(read_matrix(card, "0.encoder.weight", &encoder));
    BRN__TRY(read_layers(card));
    o->embedding = encoder->shape.dims[1];
    o->decoder_bias = brn__lm_card_entry(card, "1.decoder.bias") != NULL;
    if (encoder->shape.dims[0] != brn__vocabulary_count(card->settings->vocabulary))
        return brn__fail(BRN_ERROR_INPUT, "%s: its embedding has %lld rows, the words beside it are %lld", card->path,
                         (long long)encoder->shape.dims[0],
                         (long long)brn__vocabulary_count(card->settings->vocabulary));
    return compare_decoder(card, encoder);
}

brn_status brn__lm_card_fastai(brn__lm_card *card)
{
    card->options = brn_lm_defaults();
    card->options.inputs = (const char *const *)&card->path;
    card->options.input_count = 1;
    BRN__TRY(read_words(card));
    BRN__TRY(read_sizes(card));
    return brn__lm_options_settle(&card->options);
}
