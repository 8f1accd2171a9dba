/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "io/model_file.h"
#include "io/safetensors.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static brn_parameters *new_store(void)
{
    brn_graph *graph;
    brn_parameters *store;
    assert_ok(brn_graph_new(&graph));
    const brn_init init = {BRN_INIT_NORMAL, 1};
    brn_parameter(graph, "conv.weight", (int64_t[]){4, 3, 3, 3}, 4, BRN_PARAMETER_WEIGHT, init);
    brn_parameter(graph, "conv.bias", (int64_t[]){4}, 1, BRN_PARAMETER_BIAS, init);
    brn_parameter(graph, "bn.running_mean", (int64_t[]){4}, 1, BRN_PARAMETER_BUFFER, init);
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
    brn_graph_free(graph);
    return store;
}

static const char *const classes[] = {"ants", "bées \"quoted\"", "wasps"};

static brn__model_card new_card(void)
{
    return (brn__model_card){
        .architecture = "resnet34",
        .classes = classes,
        .class_count = 3,
        .head = {.hidden_count = 1, .hidden = {512}, .dropout = {.25, .5}},
        .preprocessing = {.size = 224,
                          .resize = 256,
                          .interpolation = BRN_WEIGHTS_BICUBIC,
                          .mean = {.485f, .456f, .406f},
                          .deviation = {.229f, .224f, .225f}},
        .summary = {{"accuracy", .94}, {"valid_loss", NAN}, {"seed", 42}},
        .summary_count = 3,
    };
}

static const char *scratch_path(void)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/model.safetensors", test_scratch_folder());
    return path;
}

TEST(a_model_file_comes_back_as_it_was_written)
{
    const char *path = scratch_path();
    brn_parameters *store = new_store(), *other = new_store();
    assert_ok(brn_parameters_initialise(store, 3, -1));
    const brn__model_card card = new_card();
    assert_ok(brn__model_file_write(path, &card, store));
    brn__model_file *file;
    assert_ok(brn__model_file_open(path, &file));
    const brn__model_card *read = brn__model_file_card(file);
    assert_string_equal(read->architecture, "resnet34");
    assert_int_equal(read->class_count, 3);
    for (int k = 0; k < 3; k++) assert_string_equal(read->classes[k], classes[k]);
    assert_memory_equal(&read->head, &card.head, sizeof card.head);
    assert_memory_equal(&read->preprocessing, &card.preprocessing, sizeof card.preprocessing);
    assert_close(brn__model_file_number(file, "accuracy", 0), .94, 0);
    assert_close(brn__model_file_number(file, "valid_loss", -1), -1, 0); /* null */
    assert_ok(brn__model_file_load(file, other));
    assert_memory_equal(brn_parameters_values(store), brn_parameters_values(other),
                        (size_t)brn_parameters_elements(store) * sizeof(float));
    brn__model_file_close(file);
    brn_parameters_free(store);
    brn_parameters_free(other);
}

static brn__model_card read_back(brn__model_card card)
{
    brn_parameters *store = new_store();
    const char *path = scratch_path();
    assert_ok(brn_parameters_initialise(store, 3, -1));
    assert_ok(brn__model_file_write(path, &card, store));
    brn__model_file *file;
    assert_ok(brn__model_file_open(path, &file));
    const brn__model_card read = *brn__model_file_card(file);
    brn__model_file_close(file);
    brn_parameters_free(store);
    return read;
}

TEST(what_answers_are_is_told)
{
    brn__model_card card = new_card();
    assert_int_equal(read_back(card).target, BRN__MODEL_LABEL);
    card.target = BRN__MODEL_TAGS;
    card.threshold = .21;
    assert_int_equal(read_back(card).target, BRN__MODEL_TAGS);
    assert_close(read_back(card).threshold, .21, 0);
    card.target = BRN__MODEL_NUMBERS;
    assert_int_equal(read_back(card).target, BRN__MODEL_NUMBERS);
    assert_close(read_back(card).threshold, 0, 0);
}

TEST(an_architectures_own_classifier_is_told)
{
    brn__model_card card = new_card();
    assert_true(!read_back(card).head.is_own);
    card.head = (brn__model_head_shape){.is_own = true};
    assert_true(read_back(card).head.is_own);
    assert_int_equal(read_back(card).head.hidden_count, 0);
}

/* ------------------------------------------------------------------ damage */

static const char GOOD[] =
    "{\"format\":1,\"job\":\"image\",\"architecture\":\"resnet34\",\"classes\":[\"a\",\"b\"],"
    "\"head\":{\"hidden\":[8],\"dropout\":[0.25,0.5]},\"preprocessing\":{\"size\":64,\"resize\":73,"
    "\"interpolation\":\"bilinear\",\"mean\":[0.5,0.5,0.5],\"deviation\":[0.2,0.2,0.2]}}";

/* A file whose metadata is GOOD with `from` replaced by `to`. */
static brn_status open_changed(const char *from, const char *to)
{
    static char json[65536];
    const char *place = strstr(GOOD, from);
    if (!place) fail_msg("the test's own text lacks %s", from);
    snprintf(json, sizeof json, "%.*s%s%s", (int)(place - GOOD), GOOD, to, place + strlen(from));
    const brn__safetensors_pair pair = {"burnish", json};
    const char *path = scratch_path();
    assert_ok(brn__safetensors_write(path, NULL, 0, &pair, 1));
    brn__model_file *file;
    brn_status status = brn__model_file_open(path, &file);
    if (status == BRN_OK) brn__model_file_close(file);
    else test_assert_message(path, __FILE__, __LINE__); /* names the file */
    return status;
}

TEST(damaged_metadata_is_refused_with_a_reason)
{
    static const struct {
        const char *from, *to, *message;
    } damages[] = {
        {"{\"format\"", "[\"format\"", "not JSON"},
        {"\"job\"", "\"target\":7,\"job\"", "\"target\""},
        {"\"job\"", "\"target\":\"boxes\",\"job\"", "\"target\""},
        {"\"job\"", "\"target\":\"tags\",\"job\"", "\"threshold\""},
        {"\"job\"", "\"target\":\"tags\",\"threshold\":1,\"job\"", "\"threshold\""},
        {"\"job\"", "\"target\":\"tags\",\"threshold\":\"low\",\"job\"", "\"threshold\""},
        {GOOD, "", "not JSON"},
        {GOOD, "[1, 2]", "expected a JSON object"},
        {"\"job\"", "\"format\":1,\"job\"", "not JSON"}, /* a double key */
        {"\"format\":1", "\"format\":\"1\"", "\"format\": expected a whole number"},
        {"\"format\":1", "\"format\":0", "\"format\": expected a whole number"},
        {"\"image\"", "\"tables\"", "\"job\""},
        {"\"resnet34\"", "7", "\"architecture\""},
        {"\"resnet34\"", "\"\"", "\"architecture\""},
        {"resnet34", "a_name_that_is_longer_than_any_architecture_of_this_library_could_ever_be",
         "\"architecture\""},
        {"[\"a\",\"b\"]", "[]", "\"classes\""},
        {"[\"a\",\"b\"]", "{}", "\"classes\""},
        {"[\"a\",\"b\"]", "[\"a\",3]", "\"classes\""},
        {"\"head\":{\"hidden\":[8],\"dropout\":[0.25,0.5]},", "", "\"head.hidden\""},
        {"\"hidden\":[8]", "\"hidden\":[0]", "\"head.hidden\""},
        {"\"hidden\":[8]", "\"hidden\":[99999999999]", "\"head.hidden\""},
        {"\"hidden\":[8]", "\"hidden\":[1,2,3,4,5,6,7,8]", "\"head.hidden\""},
        {"[0.25,0.5]", "[0.25]", "\"head.dropout\""},
        {"[0.25,0.5]", "[0.25,1.0]", "\"head.dropout\""},
        {"\"size\":64", "\"size\":-64", "\"size\""},
        {"\"size\":64", "\"size\":1000000", "\"size\""},
        {"\"resize\":73", "\"resize\":63", "\"resize\""},
        {"bilinear", "nearest", "\"interpolation\""},
        {"\"mean\":[0.5,0.5,0.5]", "\"mean\":[0.5,0.5]", "\"mean\""},
        {"[0.2,0.2,0.2]", "[0.2,0,0.2]", "\"deviation\""},
        {"[0.2,0.2,0.2]", "[0.2,1e-300,0.2]", "\"deviation\""}, /* 0 as a float */
        {"[0.2,0.2,0.2]", "[0.2,1e999,0.2]", "not JSON"},
    };
    assert_ok(open_changed("0.25", "0.25"));
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++)
        assert_fails(open_changed(damages[i].from, damages[i].to), BRN_ERROR_INPUT,
                     damages[i].message);
    assert_fails(open_changed("\"format\":1", "\"format\":2"), BRN_ERROR_UNSUPPORTED, "format 2");
}

static brn_status load_items(const brn__safetensors_item *items, int64_t count)
{
    const char *path = scratch_path();
    const brn__safetensors_pair pair = {"burnish", GOOD};
    assert_ok(brn__safetensors_write(path, items, count, &pair, 1));
    brn_parameters *store = new_store();
    brn__model_file *file;
    assert_ok(brn__model_file_open(path, &file));
    brn_status status = brn__model_file_load(file, store);
    brn__model_file_close(file);
    brn_parameters_free(store);
    return status;
}

TEST(tensors_that_do_not_fit_are_refused)
{
    float zeros[108] = {0};
    brn__safetensors_item items[] = {
        {"conv.weight", BRN_DTYPE_F32, brn_shape_of(4, (int64_t[]){4, 3, 3, 3}), zeros},
        {"conv.bias", BRN_DTYPE_F32, brn_shape_of(1, (int64_t[]){4}), zeros},
        {"bn.running_mean", BRN_DTYPE_F32, brn_shape_of(1, (int64_t[]){4}), zeros},
        {"extra", BRN_DTYPE_F32, brn_shape_of(1, (int64_t[]){4}), zeros}};
    assert_ok(load_items(items, 3));
    assert_fails(load_items(items, 2), BRN_ERROR_INPUT, "no tensor bn.running_mean (4)");
    assert_fails(load_items(items, 4), BRN_ERROR_INPUT, "extra (4) is no parameter of resnet34");
    items[0].shape = brn_shape_of(4, (int64_t[]){3, 4, 3, 3});
    assert_fails(load_items(items, 3), BRN_ERROR_INPUT, "conv.weight is (3, 4, 3, 3); expected (4, 3");
    items[0].shape = brn_shape_of(4, (int64_t[]){4, 3, 3, 3});
    items[0].dtype = BRN_DTYPE_I32;
    assert_fails(load_items(items, 3), BRN_ERROR_INPUT, "conv.weight holds int32; expected float32");
    items[0].dtype = BRN_DTYPE_F32;
    zeros[50] = NAN;
    assert_fails(load_items(items, 3), BRN_ERROR_INPUT, "element 50 of conv.weight is not a finite");
}

TEST(files_that_are_no_model_files_are_told_from_them)
{
    const char *path = scratch_path();
    brn__model_file *file;
    assert_fails(brn__model_file_open(path, &file), BRN_ERROR_INPUT, path);
    assert_ok(brn__safetensors_write(path, NULL, 0, NULL, 0));
    assert_fails(brn__model_file_open(path, &file), BRN_ERROR_INPUT,
                 "safetensors file without the metadata \"burnish\"");
    const brn__model_card card = new_card();
    brn_parameters *store = new_store();
    assert_ok(brn__model_file_write(path, &card, store));
    brn_parameters_free(store);
    char *bytes;
    size_t length;
    assert_ok(brn__read_file(path, 1 << 20, &bytes, &length));
    for (size_t cut = 0; cut < length; cut += 61) { /* cut short anywhere */
        assert_ok(brn__replace_file(path, bytes, cut));
        assert_int_not_equal(brn__model_file_open(path, &file), BRN_OK);
        assert_null(file);
    }
    brn__free(bytes);
}

TEST(a_card_that_could_not_be_read_is_not_written)
{
    brn__model_card card = new_card();
    brn_parameters *store = new_store();
    card.preprocessing.deviation[1] = 0;
    assert_fails(brn__model_file_write(scratch_path(), &card, store), BRN_ERROR_INPUT, "\"deviation\"");
    card = new_card();
    card.classes = (const char *const[]){"a", "\xff\xfe", "b"};
    assert_int_not_equal(brn__model_file_write(scratch_path(), &card, store), BRN_OK);
    brn_parameters_free(store);
}
