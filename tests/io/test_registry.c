/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/imagenet.h"
#include "burnish/model_zoo.h"
#include "burnish/state_file.h"
#include "burnish/weights.h"
#include "test.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const places[] = {"BURNISH_CACHE", "XDG_CACHE_HOME", "HOME"};
static char *kept_places[3];

static void set_place(int i, const char *value)
{
    if (value)
        setenv(places[i], value, 1);
    else
        unsetenv(places[i]);
}

/* Sets the variables of the cache folder; NULL unsets. Ended by restore_places. */
static void set_places(const char *cache, const char *xdg, const char *home)
{
    static bool kept;
    for (int i = 0; i < 3 && !kept; i++)
        kept_places[i] = getenv(places[i]) ? strdup(getenv(places[i])) : NULL;
    kept = true;
    set_place(0, cache);
    set_place(1, xdg);
    set_place(2, home);
}

static void restore_places(void)
{
    for (int i = 0; i < 3; i++) set_place(i, kept_places[i]);
}

TEST(every_architecture_has_weights_and_classes)
{
    assert_int_equal(brn_weights_count(), brn_model_count());
    for (int i = 0; i < brn_model_count(); i++) {
        const brn_model *model = brn_model_at(i);
        const brn_weights_entry *entry = brn_weights_find(model->name);
        assert_non_null(entry);
        assert_int_equal(entry->preprocessing.size, model->input_size);
        assert_int_equal(entry->classes->count, model->input_size == 32 ? 10 : 1000);
        for (int64_t k = 0; k < entry->classes->count; k++)
            assert_true(entry->classes->names[k] && *entry->classes->names[k]);
    }
    assert_string_equal(brn_weights_find("resnet56_cifar")->classes->names[9], "truck");
    assert_string_equal(brn_weights_find("vgg16")->classes->names[340], "zebra");
}

TEST(every_alias_of_an_architecture_names_its_weights)
{
    for (int i = 0; i < brn_model_count(); i++) {
        const brn_model *model = brn_model_at(i);
        for (int k = 0; k < 3 && model->aliases[k]; k++)
            assert_ptr_equal(brn_weights_find(model->aliases[k]), brn_weights_find(model->name));
    }
    for (int i = 0; i < brn_weights_count(); i++) {
        const brn_weights_entry *entry = brn_weights_entry_at(i);
        const brn_model *model = brn_model_find(entry->alias ? entry->alias : entry->architecture);
        assert_non_null(model);
        assert_string_equal(model->name, entry->architecture);
    }
}

TEST(every_weights_entry_is_whole_and_its_file_name_ends_in_its_hash)
{
    assert_true(brn_weights_count() >= 23);
    for (int i = 0; i < brn_weights_count(); i++) {
        const brn_weights_entry *entry = brn_weights_entry_at(i);
        assert_ptr_equal(brn_weights_find(entry->architecture), entry);
        if (entry->alias) assert_ptr_equal(brn_weights_find(entry->alias), entry);
        assert_true(*entry->source && *entry->licence && entry->files[0].name);
        bool cifar = strstr(entry->architecture, "_cifar") != NULL;
        assert_int_equal(entry->preprocessing.size, cifar ? 32 : 224);
        assert_int_equal(entry->preprocessing.resize, cifar ? 32 : 256);
        assert_non_null(entry->files[0].sha256);
        for (int c = 0; c < 3; c++) {
            assert_true(entry->preprocessing.mean[c] > 0.4f && entry->preprocessing.mean[c] < 0.5f);
            assert_true(entry->preprocessing.deviation[c] > 0.2f);
        }
        for (int f = 0; f < BRN_WEIGHTS_FILES_MAX && entry->files[f].name; f++) {
            const char *hash = entry->files[f].sha256, *url = entry->files[f].url;
            if (!strcmp(entry->files[f].name, "squeezenet1_0_rgb.safetensors")) {
                assert_int_equal(strlen(hash), 64);
                assert_non_null(strstr(entry->files[f].licence, "BSD"));
                continue;
            }
            if (url) assert_memory_equal(url, "https://", 8);
            if (!hash) { /* timm's */
                assert_non_null(strstr(entry->files[f].name, ".tv_in1k.safetensors"));
                assert_true(url && strstr(url, "https://huggingface.co/timm/") == url);
                continue;
            }
            assert_true(strlen(hash) == 8 || strlen(hash) == 64);
            for (const char *p = hash; *p; p++)
                assert_true(isdigit(*p) || (*p >= 'a' && *p <= 'f'));
            const char *dash = strrchr(entry->files[f].name, '-');
            assert_non_null(dash);
            assert_memory_equal(dash + 1, hash, 8);
            assert_string_equal(dash + 9, cifar ? ".th" : ".pth");
        }
    }
    assert_null(brn_weights_entry_at(-1));
    assert_null(brn_weights_entry_at(brn_weights_count()));
    assert_null(brn_weights_find("resnet"));
    assert_string_equal(brn_weights_find("resnext50")->architecture, "resnext50_32x4d");
    assert_string_equal(brn_weights_find("resnet18")->source,
                        "https://download.pytorch.org/models/resnet18-f37072fd.pth");
}

TEST(cache_folder_follows_the_environment)
{
    char path[64];
    set_places("/c", "/x", "/h");
    assert_ok(brn_weights_cache_folder(path, sizeof path));
    assert_string_equal(path, "/c");
    set_places("", "/x", "/h");
    assert_ok(brn_weights_cache_folder(path, sizeof path));
    assert_string_equal(path, "/x/burnish");
    set_places(NULL, NULL, "/h");
    assert_ok(brn_weights_cache_folder(path, sizeof path));
    assert_string_equal(path, "/h/.cache/burnish");
    assert_fails(brn_weights_cache_folder(path, 17), BRN_ERROR_USAGE, "18 bytes");
    assert_ok(brn_weights_cache_folder(path, 18));
    set_places(NULL, NULL, NULL);
    assert_fails(brn_weights_cache_folder(path, sizeof path), BRN_ERROR_INPUT, "BURNISH_CACHE");
    restore_places();
}

TEST(absent_weights_are_reported_with_the_way_to_import_them)
{
    char path[4096];
    set_places(test_scratch_folder(), NULL, NULL);
    assert_fails(brn_weights_locate("resnet18", path, sizeof path), BRN_ERROR_INPUT,
                 "resnet18-f37072fd.pth belongs in /tmp/burnish-test-");
    assert_fails(brn_weights_locate("resnext50", path, sizeof path), BRN_ERROR_INPUT,
                 "burnish models import resnext50_32x4d FILE");
    assert_fails(brn_weights_locate("resnet19", path, sizeof path), BRN_ERROR_INPUT,
                 "\"resnet19\"; expected one of resnet18, resnet34");
    assert_fails(brn_weights_import("resnet19", "/dev/null"), BRN_ERROR_INPUT, "\"resnet19\"");
    restore_places();
}

TEST(cached_file_is_found_under_any_of_its_names)
{
    char path[4096], expected[4096];
    const char *folder = test_scratch_folder();
    set_places(folder, NULL, NULL);
    snprintf(expected, sizeof expected, "%s/resnet18-5c106cde.pth", folder);
    assert_ok(brn__replace_file(expected, "x", 1));
    assert_ok(brn_weights_locate("resnet18", path, sizeof path));
    assert_string_equal(path, expected);
    assert_fails(brn_weights_locate("resnet18", path, 10), BRN_ERROR_USAGE, "does not fit 10");
    snprintf(expected, sizeof expected, "%s/resnet18-f37072fd.pth", folder);
    assert_ok(brn__replace_file(expected, "x", 1));
    assert_ok(brn_weights_locate("resnet18", path, sizeof path));
    assert_string_equal(path, expected);
    restore_places();
}

TEST(import_refuses_other_weights_and_damaged_files)
{
    const char *folder = test_scratch_folder();
    set_places(folder, NULL, NULL);
    assert_fails(
        brn_weights_import("resnet18", test_source_path("tests/golden/containers/tensors.zip.pt")),
        BRN_ERROR_INPUT, "expected resnet18-f37072fd.pth, which begins with f37072fd");
    assert_fails(
        brn_weights_import("resnet18", test_source_path("tests/golden/containers/versions.txt")),
        BRN_ERROR_INPUT, "not a known weight file");
    assert_fails(brn_weights_import("resnet18", "/nonexistent"), BRN_ERROR_INPUT, "/nonexistent");
    brn__name_list names;
    assert_ok(brn__list_folder(folder, &names));
    assert_int_equal(names.count, 0);
    brn__name_list_free(&names);
    restore_places();
}

TEST(real_efficientnet_lite0_is_imported_and_found)
{
    char source[4096], path[4096], cache[4096];
    snprintf(source, sizeof source, "%s",
             test_data_path("pretrained/efficientnet_lite0/efficientnet-lite0-57934424.pth"));
    snprintf(cache, sizeof cache, "%s/deep/cache", test_scratch_folder());
    set_places(cache, NULL, NULL);
    assert_ok(brn_weights_import("efficientnet_lite0", source));
    assert_ok(brn_weights_locate("efficientnet_lite0", path, sizeof path));
    assert_int_equal(brn__file_bytes(path), 18826032);
    assert_string_equal(brn__path_name(path), "efficientnet-lite0-57934424.pth");
    brn_state_file *file;
    assert_ok(brn_state_file_open(path, &file));
    assert_int_equal(brn_state_file_count(file), 296);
    brn_state_file_close(file);
    restore_places();
}

TEST(state_file_lists_and_reads_its_tensors)
{
    brn_state_file *file;
    assert_ok(brn_state_file_open(test_source_path("tests/golden/containers/tensors.safetensors"),
                                  &file));
    assert_string_equal(brn_state_file_kind(file), "safetensors");
    assert_int_equal(brn_state_file_count(file), 18);
    int64_t index = brn_state_file_find(file, "half");
    brn_state_tensor half = brn_state_file_tensor(file, index);
    assert_string_equal(half.name, "half");
    assert_int_equal(half.dtype, BRN_DTYPE_F16);
    assert_int_equal(half.shape.dims[0], 3);
    brn_tensor *values;
    assert_ok(brn_state_file_read(file, index, BRN_DTYPE_F32, &values));
    assert_close(((const float *)brn_tensor_data(values))[0], -2.5, 0);
    brn_tensor_free(values);
    assert_null(brn_state_file_tensor(file, 18).name);
    assert_null(brn_state_file_tensor(file, -1).name);
    assert_int_equal(brn_state_file_find(file, "absent"), -1);
    assert_fails(brn_state_file_read(file, 18, BRN_DTYPE_F32, &values), BRN_ERROR_USAGE, "of 18");
    assert_string_equal(brn_state_file_metadata(file, "format"), "pt");
    assert_non_null(brn_state_file_metadata_key(file, 1));
    assert_null(brn_state_file_metadata_key(file, 2));
    brn_state_file_close(file);
}

TEST(imagenet_classes_are_in_order)
{
    assert_string_equal(brn_imagenet_class_name(0), "tench");
    assert_string_equal(brn_imagenet_class_name(2), "great white shark");
    assert_string_equal(brn_imagenet_class_name(340), "zebra");
    assert_string_equal(brn_imagenet_class_name(963), "pizza");
    assert_string_equal(brn_imagenet_class_name(999), "toilet tissue");
    assert_null(brn_imagenet_class_name(-1));
    assert_null(brn_imagenet_class_name(1000));
    for (int i = 0; i < BRN_IMAGENET_CLASSES; i++) {
        const char *name = brn_imagenet_class_name(i);
        assert_true(name && strlen(name) >= 2 && !strchr(name, '_'));
    }
}

static int stop_at_once(void *context, const char *file, int64_t done, int64_t total)
{
    (void)context, (void)file, (void)done, (void)total;
    return 1;
}

TEST(absent_weights_are_not_obtained_offline)
{
    char path[4096];
    brn_weights_pull_options options = brn_weights_pull_defaults();
    assert_int_equal(options.offline, 0);
    assert_int_equal(options.stall_seconds, 60);
    options.offline = 1;
    set_places(test_scratch_folder(), NULL, NULL);
    assert_fails(brn_weights_obtain("wrn", &options, path, sizeof path), BRN_ERROR_NETWORK,
                 "wide_resnet50_2-95faca4d.pth was not fetched");
    assert_fails(brn_weights_pull("wrn", &options, path, sizeof path), BRN_ERROR_NETWORK,
                 "burnish models import wide_resnet50_2 FILE");
    assert_fails(brn_weights_pull("resnet19", NULL, path, sizeof path), BRN_ERROR_INPUT, "resnet19");
    assert_fails(brn_weights_obtain("resnet19", NULL, path, sizeof path), BRN_ERROR_INPUT,
                 "resnet19");
    options.offline = 0;
    options.mirror = "file:///tmp";
    assert_fails(brn_weights_pull("wrn", &options, path, sizeof path), BRN_ERROR_USAGE,
                 "begins with https://");
    restore_places();
}

TEST(cached_weights_are_obtained_without_the_network)
{
    char path[4096], expected[4096];
    const char *folder = test_scratch_folder();
    brn_weights_pull_options options = brn_weights_pull_defaults();
    options.offline = 1;
    options.progress = stop_at_once;
    set_places(folder, NULL, NULL);
    snprintf(expected, sizeof expected, "%s/vgg19-341d7465.pth", folder);
    assert_ok(brn__replace_file(expected, "x", 1));
    assert_ok(brn_weights_obtain("vgg19", &options, path, sizeof path));
    assert_string_equal(path, expected);
    /* Pulling looks at the digest too. */
    assert_fails(brn_weights_pull("vgg19", &options, path, sizeof path), BRN_ERROR_NETWORK,
                 "vgg19-dcbb9e9d.pth was not fetched");
    restore_places();
}

TEST(nothing_listens_on_a_closed_port)
{
    char path[4096];
    const char *folder = test_scratch_folder();
    brn_weights_pull_options options = brn_weights_pull_defaults();
    options.mirror = "http://127.0.0.1:1";
    options.stall_seconds = 5;
    set_places(folder, NULL, NULL);
    setenv("no_proxy", "127.0.0.1", 1);
    assert_fails(brn_weights_obtain("resnet18", &options, path, sizeof path), BRN_ERROR_NETWORK,
                 "resnet18-f37072fd.pth was not fetched from http://127.0.0.1:1/");
    brn__name_list names;
    assert_ok(brn__list_folder(folder, &names));
    assert_int_equal(names.count, 0);
    brn__name_list_free(&names);
    restore_places();
}

TEST(pulling_survives_every_failing_allocation)
{
    for (uint64_t n = 1;; n++) {
        char path[4096];
        brn_weights_pull_options options = brn_weights_pull_defaults();
        options.mirror = "http://127.0.0.1:1";
        set_places(test_scratch_folder(), NULL, NULL);
        assert_in_range(n, 1, 100);
        brn__alloc_fail_after(n, 0);
        brn_status status = brn_weights_pull("resnet152", &options, path, sizeof path);
        brn__alloc_fail_after(0, 0);
        restore_places();
        if (status == BRN_ERROR_NETWORK) break;
        assert_int_equal(status, BRN_ERROR_NO_MEMORY);
    }
}
