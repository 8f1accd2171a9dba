/* SPDX-License-Identifier: Apache-2.0
 * The new state is written whole beside the others under a third name; then the old one becomes the
 * previous one, and the new one takes its place: two renames, between which the previous one stands. */
#include "jobs/run_state.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/system.h"
#include "burnish/version.h"
#include "io/safetensors.h"
#include "io/state.h"
#include "tensor/tensor.h"

#include <stdio.h>
#include <string.h>

enum { FORMAT = 1, INSTRUCTION_SET_BYTES = 32 };
static const char KIND[] = "training state";
static const char NEXT[] = "state.next.safetensors", CURRENT[] = "state.safetensors",
                  PREVIOUS[] = "state.previous.safetensors";

struct brn__run_state {
    brn__state *file;
    char *path;
    brn__run_state_facts facts;
    char instruction_set[INSTRUCTION_SET_BYTES];
};

/* ------------------------------------------------------------------ writing */

static size_t bytes_of(const brn__memory_item *item)
{
    return (size_t)brn_shape_elements(item->shape) * brn_dtype_bytes(item->dtype);
}

static brn_status digest_items(const brn__memory_item *items, int count, char hex[65])
{
    brn__sha256 *digest;
    BRN__TRY(brn__sha256_new(&digest));
    brn_status status = BRN_OK;
    for (int i = 0; i < count && status == BRN_OK; i++)
        status = brn__sha256_add(digest, items[i].data, bytes_of(&items[i]));
    if (status == BRN_OK) status = brn__sha256_hex(digest, hex);
    brn__sha256_free(digest);
    return status;
}

static brn_status write_next(const char *path, const char *json, const brn__memory_item *items,
                             int count)
{
    brn__safetensors_item *tensors = brn__alloc_array((size_t)count + 1, sizeof *tensors);
    if (!tensors) return BRN_ERROR_NO_MEMORY;
    for (int i = 0; i < count; i++)
        tensors[i] = (brn__safetensors_item){.name = items[i].name,
                                             .dtype = items[i].dtype,
                                             .shape = items[i].shape,
                                             .data = items[i].data};
    const brn__safetensors_pair pairs[] = {{"format", "pt"}, {"burnish", json}};
    brn_status status = brn__safetensors_write(path, tensors, count, pairs, 2);
    brn__free(tensors);
    return status;
}

static brn_status shift_generations(const char *next, const char *current, const char *previous)
{
    brn__path_kind kind;
    BRN__TRY(brn__path_examine(current, &kind));
    if (kind != BRN__PATH_ABSENT) BRN__TRY(brn__move_file(current, previous));
    return brn__move_file(next, current);
}

static brn_status card_of(const brn__run_state_facts *facts, const char *digest, char **out)
{
    return brn__json_dump(json_pack("{s:i, s:s, s:s, s:i, s:i, s:i, s:s, s:s}", "format", FORMAT,
                                    "kind", KIND, "library", BRN_VERSION, "stage", facts->stage,
                                    "epochs_before", facts->epochs_before, "threads",
                                    facts->threads, "instruction_set", brn_instruction_set(),
                                    "sha256", digest),
                          JSON_COMPACT, out);
}

brn_status brn__run_state_write(const char *run, const brn__run_state_facts *facts,
                                const brn__memory_item *items, int count)
{
    char digest[65], *card;
    BRN__TRY(digest_items(items, count, digest));
    BRN__TRY(card_of(facts, digest, &card));
    char *next = brn__path_join(run, NEXT), *current = brn__path_join(run, CURRENT);
    char *previous = brn__path_join(run, PREVIOUS);
    brn_status status = next && current && previous ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = write_next(next, card, items, count);
    if (status == BRN_OK) status = shift_generations(next, current, previous);
    brn__free(previous);
    brn__free(current);
    brn__free(next);
    brn__free(card);
    return status;
}

void brn__run_state_tidy(const char *run)
{
    static const char *const names[] = {NEXT, PREVIOUS};
    for (int i = 0; i < 2; i++) {
        char *path = brn__path_join(run, names[i]);
        if (path) brn__system_unlink(path);
        brn__free(path);
    }
}

/* ------------------------------------------------------------------ reading */

static brn_status check_digest(const brn__run_state *state, const char *expected)
{
    char found[65];
    brn__sha256 *digest;
    BRN__TRY(brn__sha256_new(&digest));
    brn_status status = BRN_OK;
    for (int64_t i = 0; i < brn__state_count(state->file) && status == BRN_OK; i++) {
        const brn__entry *entry = brn__state_entry(state->file, i);
        size_t bytes = (size_t)brn_shape_elements(entry->shape) * brn_dtype_bytes(entry->dtype);
        status = brn__sha256_add(digest, entry->first, bytes);
    }
    if (status == BRN_OK) status = brn__sha256_hex(digest, found);
    brn__sha256_free(digest);
    if (status == BRN_OK && strcmp(found, expected) != 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: its tensors have the sha256 %.16s...; expected %.16s...",
                         state->path, found, expected);
    return status;
}

static brn_status check_card(brn__run_state *state, json_t *root)
{
    const char *kind = "", *digest = "", *isa = "";
    int format = 0;
    brn__run_state_facts *facts = &state->facts;
    int bad = json_unpack(root, "{s:i, s:s, s:i, s:i, s:i, s:s, s:s}", "format", &format, "kind",
                          &kind, "stage", &facts->stage, "epochs_before", &facts->epochs_before,
                          "threads", &facts->threads, "instruction_set", &isa, "sha256", &digest);
    if (bad || strcmp(kind, KIND) != 0 || facts->stage < 0 || facts->epochs_before < 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: not the state of a training", state->path);
    if (format != FORMAT)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "%s: a state of format %d; this library reads %d",
                         state->path, format, FORMAT);
    snprintf(state->instruction_set, sizeof state->instruction_set, "%s", isa);
    return check_digest(state, digest);
}

static brn_status read_card(brn__run_state *state)
{
    json_t *root;
    brn__json_error error;
    const char *text = brn__state_metadata(state->file, "burnish");
    if (!text) return brn__fail(BRN_ERROR_INPUT, "%s: not the state of a training", state->path);
    brn_status status = brn__json_load(text, strlen(text), &root, &error);
    if (status == BRN_ERROR_INPUT)
        return brn__fail(status, "%s: its metadata, byte %zu: %s", state->path, error.position,
                         error.reason);
    BRN__TRY(status);
    status = check_card(state, root);
    json_decref(root);
    return status;
}

static brn_status open_one(const char *run, const char *name, brn__run_state **out)
{
    brn__run_state *state = brn__alloc_zero(1, sizeof *state);
    if (!state) return BRN_ERROR_NO_MEMORY;
    state->path = brn__path_join(run, name);
    brn_status status = state->path ? brn__state_open(state->path, &state->file) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = read_card(state);
    if (status == BRN_OK) *out = state;
    else brn__run_state_close(state);
    return status;
}

void brn__run_state_close(brn__run_state *state)
{
    if (!state) return;
    brn__state_close(state->file);
    brn__free(state->path);
    brn__free(state);
}

static void compare_machines(const brn__run_state *state, int threads, char *note, size_t size)
{
    if (*note) return;
    if (state->facts.threads != threads)
        snprintf(note, size,
                 "the run was begun with %d compute threads and goes on with %d: its numbers will "
                 "differ in their last bits from those of an uninterrupted run",
                 state->facts.threads, threads);
    else if (strcmp(state->instruction_set, brn_instruction_set()) != 0)
        snprintf(note, size,
                 "the run was begun with %s instructions and goes on with %s: its numbers will "
                 "differ in their last bits from those of an uninterrupted run",
                 state->instruction_set, brn_instruction_set());
}

static brn_status look_for(const char *run, const char *name, bool *there)
{
    brn__path_kind kind;
    char *path = brn__path_join(run, name);
    brn_status status = path ? brn__path_examine(path, &kind) : BRN_ERROR_NO_MEMORY;
    brn__free(path);
    *there = status == BRN_OK && kind != BRN__PATH_ABSENT;
    return status;
}

brn_status brn__run_state_open(const char *run, int threads, brn__run_state **out, char *note,
                               size_t size)
{
    *out = NULL;
    *note = '\0';
    bool current, previous;
    BRN__TRY(look_for(run, CURRENT, &current));
    BRN__TRY(look_for(run, PREVIOUS, &previous));
    brn_status status = BRN_OK;
    if (current) status = open_one(run, CURRENT, out);
    if (status == BRN_ERROR_NO_MEMORY) return status;
    if (!*out && previous) {
        if (status != BRN_OK)
            snprintf(note, size, "%s; the state before it is used", brn_error_message());
        status = open_one(run, PREVIOUS, out);
    }
    if (*out) compare_machines(*out, threads, note, size);
    return status;
}

brn__run_state_facts brn__run_state_facts_of(const brn__run_state *state) { return state->facts; }

static brn_status restore_item(const brn__run_state *state, const brn__memory_item *item)
{
    const brn__entry *entry = brn__state_find(state->file, item->name);
    if (!entry) return brn__fail(BRN_ERROR_INPUT, "%s: no tensor %s", state->path, item->name);
    if (!brn_shape_equal(entry->shape, item->shape) || entry->dtype != item->dtype)
        return brn__fail(BRN_ERROR_INPUT, "%s: %s is %s %s; expected %s %s", state->path, item->name,
                         brn_dtype_name(entry->dtype), BRN__SHAPE(entry->shape),
                         brn_dtype_name(item->dtype), BRN__SHAPE(item->shape));
    return brn__state_read(entry, item->dtype, item->data);
}

brn_status brn__run_state_parameters(const brn__run_state *state, brn_parameters *parameters)
{
    const brn_dtype dtype = brn_parameters_dtype(parameters);
    char *values = brn_parameters_values(parameters);
    for (int i = 0; i < brn_parameters_count(parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(parameters, i);
        char name[BRN__STATE_NAME_BYTES_MAX];
        snprintf(name, sizeof name, "model.%s", info.name);
        const brn__memory_item item = {.name = name,
                                       .dtype = dtype,
                                       .shape = info.shape,
                                       .data = values + (size_t)info.offset * brn_dtype_bytes(dtype)};
        BRN__TRY(restore_item(state, &item));
    }
    brn_parameters_touch(parameters, 0, brn_parameters_elements(parameters));
    return BRN_OK;
}

brn_status brn__run_state_restore(void *context, const brn__memory_item *items, int count)
{
    const brn__run_state *state = context;
    for (int i = 0; i < count; i++) BRN__TRY(restore_item(state, &items[i]));
    return BRN_OK;
}
