/* SPDX-License-Identifier: Apache-2.0
 * Files of torch.save and safetensors, and real weights. */
#include "base/alloc.h"
#include "base/files.h"
#include "build.h"
#include "io/state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *golden(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "tests/golden/containers/%s", name);
    return test_source_path(path);
}

static brn__state *open_golden(const char *name)
{
    brn__state *state;
    assert_ok(brn__state_open(golden(name), &state));
    return state;
}

/* The formula of make_containers.py, row-major. */
static void check_values(const brn__state *state, const char *name, int seed, brn_dtype dtype,
                         brn_shape shape)
{
    const brn__entry *entry = brn__state_find(state, name);
    double values[64];
    assert_non_null(entry);
    assert_int_equal(entry->dtype, dtype);
    assert_true(brn_shape_equal(entry->shape, shape));
    assert_ok(brn__state_read(entry, BRN_DTYPE_F64, values));
    for (int k = 0; k < brn_shape_elements(shape); k++) {
        double expected = (7 * k + seed) % 23 - 11;
        if (dtype == BRN_DTYPE_BOOL)
            expected = expected > 0;
        else if (dtype == BRN_DTYPE_U8)
            expected += 11;
        else if (dtype == BRN_DTYPE_F32 || dtype == BRN_DTYPE_F64 || dtype == BRN_DTYPE_F16 ||
                 dtype == BRN_DTYPE_BF16)
            expected /= 4;
        assert_close(values[k], expected, 0);
    }
}

#define SHAPE(...)                                                                                 \
    brn_shape_of((int)(sizeof(int64_t[]){__VA_ARGS__} / sizeof(int64_t)), (int64_t[]){__VA_ARGS__})

static void check_tensors(const char *file, const char *kind)
{
    brn__state *state = open_golden(file);
    assert_string_equal(brn__state_kind(state), kind);
    assert_int_equal(brn__state_count(state), 18);
    check_values(state, "float", 0, BRN_DTYPE_F32, SHAPE(2, 3));
    check_values(state, "half", 1, BRN_DTYPE_F16, SHAPE(3));
    check_values(state, "bfloat16", 2, BRN_DTYPE_BF16, SHAPE(4));
    check_values(state, "double", 3, BRN_DTYPE_F64, SHAPE(2, 2));
    check_values(state, "long", 4, BRN_DTYPE_I64, SHAPE(3));
    check_values(state, "int", 5, BRN_DTYPE_I32, SHAPE(3));
    check_values(state, "short", 6, BRN_DTYPE_I16, SHAPE(5));
    check_values(state, "char", 7, BRN_DTYPE_I8, SHAPE(3));
    check_values(state, "byte", 8, BRN_DTYPE_U8, SHAPE(3));
    check_values(state, "bool", 9, BRN_DTYPE_BOOL, SHAPE(4));
    check_values(state, "scalar", 10, BRN_DTYPE_I64, (brn_shape){0});
    check_values(state, "empty", 0, BRN_DTYPE_F32, SHAPE(0, 3));
    check_values(state, "transposed", 11, BRN_DTYPE_F32, SHAPE(3, 4));
    check_values(state, "permuted", 12, BRN_DTYPE_F32, SHAPE(2, 3, 2, 2));
    check_values(state, "sliced", 13, BRN_DTYPE_F32, SHAPE(3, 4));
    check_values(state, "parameter", 15, BRN_DTYPE_F32, SHAPE(2, 2));
    const brn__entry *expanded = brn__state_find(state, "expanded");
    float six[6];
    assert_non_null(expanded);
    assert_ok(brn__state_read(expanded, BRN_DTYPE_F32, six));
    for (int i = 0; i < 6; i++) assert_close(six[i], (14 - 11) / 4.0, 0);
    brn__state_close(state);
}

TEST(zip_file_of_torch_gives_every_type_and_stride)
{
    check_tensors("tensors.zip.pt", "PyTorch zip");
}

TEST(legacy_file_of_torch_gives_every_type_and_stride)
{
    check_tensors("tensors.legacy.pt", "PyTorch legacy");
}

TEST(tar_file_of_old_torch_gives_every_type_and_stride)
{
    check_tensors("tensors.tar.pt", "PyTorch tar");
}

TEST(files_of_every_pickle_protocol_give_every_type_and_stride)
{
    for (int protocol = 3; protocol <= 5; protocol++) {
        char name[64];
        snprintf(name, sizeof name, "protocol%d.zip.pt", protocol);
        check_tensors(name, "PyTorch zip");
        snprintf(name, sizeof name, "protocol%d.legacy.pt", protocol);
        check_tensors(name, "PyTorch legacy");
    }
}

TEST(zip_file_without_checksums_is_read)
{
    check_tensors("no_crc32.zip.pt", "PyTorch zip");
}

TEST(file_of_the_safetensors_package_gives_every_type)
{
    check_tensors("tensors.safetensors", "safetensors");
    brn__state *state = open_golden("tensors.safetensors");
    assert_string_equal(brn__state_metadata(state, "format"), "pt");
    assert_string_equal(brn__state_metadata(state, "made by"), "make_containers.py");
    assert_null(brn__state_metadata(state, "absent"));
    brn__state_close(state);
}

TEST(nested_checkpoint_gives_its_state_dict_without_module_prefix)
{
    check_tensors("nested.zip.pt", "PyTorch zip");
    check_tensors("nested.legacy.pt", "PyTorch legacy");
    check_tensors("nested.tar.pt", "PyTorch tar");
}

TEST(shared_storage_is_stored_once_and_seen_by_both_tensors)
{
    const char *files[] = {"tensors.zip.pt", "tensors.legacy.pt", "tensors.tar.pt"};
    for (int i = 0; i < 3; i++) {
        brn__state *state = open_golden(files[i]);
        const brn__entry *slice = brn__state_find(state, "sliced");
        const brn__entry *whole = brn__state_find(state, "shared");
        assert_int_equal((const char *)slice->first - (const char *)whole->first, 6 * 4);
        assert_int_equal(slice->strides[0], 10);
        assert_int_equal(brn__state_find(state, "transposed")->strides[1], 3);
        brn__state_close(state);
    }
}

TEST(state_dict_of_a_module_and_model_key_give_the_same)
{
    const char *files[] = {"module.zip.pt",   "module.legacy.pt",        "module.tar.pt",
                           "model.zip.pt",    "model.legacy.pt",         "model.tar.pt",
                           "net.zip.pt",      "model_state_dict.zip.pt"};
    for (int i = 0; i < 8; i++) {
        brn__state *state = open_golden(files[i]);
        assert_int_equal(brn__state_count(state), 7);
        check_values(state, "0.weight", 0, BRN_DTYPE_F32, SHAPE(2, 3));
        check_values(state, "1.running_var", 5, BRN_DTYPE_F32, SHAPE(2));
        check_values(state, "1.num_batches_tracked", 6, BRN_DTYPE_I64, (brn_shape){0});
        assert_null(brn__state_find(state, "2.weight"));
        brn__state_close(state);
    }
}

TEST(whole_module_is_refused_because_it_names_classes)
{
    brn__state *state;
    assert_fails(brn__state_open(golden("whole_module.zip.pt"), &state), BRN_ERROR_INPUT,
                 "torch.nn.modules.container.Sequential");
    assert_fails(brn__state_open(golden("versions.txt"), &state), BRN_ERROR_INPUT,
                 "not a known weight file");
    assert_fails(brn__state_open("/nonexistent/x.pth", &state), BRN_ERROR_INPUT, "/nonexistent/x.pth");
    assert_fails(brn__state_open("/tmp", &state), BRN_ERROR_INPUT, "/tmp");
}

static char *read_golden(const char *name, size_t *length)
{
    char *bytes;
    assert_ok(brn__read_file(golden(name), 1 << 20, &bytes, length));
    return bytes;
}

static const char *const small_files[] = {"tensors.zip.pt",   "tensors.legacy.pt",
                                          "nested.legacy.pt", "module.zip.pt",
                                          "module.legacy.pt", "tensors.tar.pt",
                                          "module.tar.pt",    "tensors.safetensors"};
enum { SMALL_FILES = sizeof small_files / sizeof *small_files };

/* Behind two blocks of zeros a tar is filled up with more of them, which may be missing. */
static size_t tar_length(const char *bytes, size_t length)
{
    while (!bytes[length - 1]) length--;
    return (length + 511) / 512 * 512 + 1024;
}

TEST(file_cut_at_any_byte_is_refused)
{
    for (int i = 0; i < SMALL_FILES; i++) {
        size_t length;
        char *bytes = read_golden(small_files[i], &length);
        size_t whole = strstr(small_files[i], ".tar.") ? tar_length(bytes, length) : length;
        for (size_t cut = 0; cut < whole; cut++) assert_refused(bytes, cut, BRN_ERROR_INPUT, "");
        assert_ok(build_try(bytes, length));
        brn__free(bytes);
    }
}

/* Not all changes can be noticed; none may crash or read outside (the sanitizers look on). */
TEST(file_changed_at_any_byte_is_read_or_refused)
{
    for (int i = 0; i < SMALL_FILES; i++) {
        size_t length;
        char *bytes = read_golden(small_files[i], &length);
        for (size_t at = 0; at < length; at++)
            for (int change = 1; change < 256; change = change * 3 + 1) {
                bytes[at] = (char)(bytes[at] ^ change);
                brn_status status = build_try(bytes, length);
                assert_true(status == BRN_OK || status == BRN_ERROR_INPUT ||
                            status == BRN_ERROR_UNSUPPORTED);
                bytes[at] = (char)(bytes[at] ^ change);
            }
        brn__free(bytes);
    }
}

TEST(opening_survives_every_failing_allocation)
{
    for (int i = 0; i < SMALL_FILES; i++)
        for (int persistent = 0; persistent < 2; persistent++)
            for (uint64_t n = 1;; n++) {
                brn__state *state;
                assert_in_range(n, 1, 1000);
                brn__alloc_fail_after(n, persistent);
                brn_status status = brn__state_open(golden(small_files[i]), &state);
                brn__alloc_fail_after(0, 0);
                if (status == BRN_OK) {
                    brn__state_close(state);
                    break;
                }
                assert_int_equal(status, BRN_ERROR_NO_MEMORY);
            }
}

static double sum_of(const brn__state *state, const char *name, double *largest)
{
    const brn__entry *entry = brn__state_find(state, name);
    assert_non_null(entry);
    int64_t count = brn_shape_elements(entry->shape);
    float *values = malloc((size_t)count * sizeof *values);
    assert_non_null(values);
    assert_ok(brn__state_read(entry, BRN_DTYPE_F32, values));
    double sum = 0;
    *largest = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += (double)values[i];
        *largest = fmax(*largest, fabs((double)values[i]));
    }
    free(values);
    return sum;
}

TEST(real_efficientnet_lite0_has_296_tensors_and_hwio_strides)
{
    const char *path =
        test_data_path("pretrained/efficientnet_lite0/efficientnet-lite0-57934424.pth");
    brn__state *state;
    assert_ok(brn__state_open(path, &state));
    assert_int_equal(brn__state_count(state), 296);
    int64_t elements = 0;
    int strided = 0;
    for (int64_t i = 0; i < brn__state_count(state); i++) {
        const brn__entry *entry = brn__state_entry(state, i);
        if (entry->dtype == BRN_DTYPE_F32) elements += brn_shape_elements(entry->shape);
        int64_t stride = 1;
        bool row_major = true;
        for (int d = entry->shape.rank - 1; d >= 0; d--) {
            if (entry->shape.dims[d] != 1 && entry->strides[d] != stride) row_major = false;
            stride *= entry->shape.dims[d];
        }
        strided += !row_major;
    }
    assert_int_equal(elements, 4694024);
    assert_int_equal(strided, 50);
    const brn__entry *stem = brn__state_find(state, "_conv_stem.weight"); /* (32, 3, 3, 3) */
    assert_int_equal(stem->strides[0], 1);
    assert_int_equal(stem->strides[1], 32);
    float weights[32 * 27];
    assert_ok(brn__state_read(stem, BRN_DTYPE_F32, weights));
    const float *raw = stem->first; /* HWIO: the input channel is next to the output channel */
    for (int o = 0; o < 32; o++)
        for (int k = 0; k < 27; k++) {
            int c = k / 9, y = k / 3 % 3, x = k % 3;
            float value;
            memcpy(&value, raw + ((y * 3 + x) * 3 + c) * 32 + o, sizeof value);
            assert_true(weights[o * 27 + k] == value);
        }
    brn__state_close(state);
}

TEST(real_cifar_checkpoints_are_nested_legacy_files_of_cuda_storages)
{
    const char *names[] = {"resnet20-12fca82f.th", "resnet56-4bfd9763.th"};
    const int64_t counts[] = {97, 277};
    for (int i = 0; i < 2; i++) {
        char name[128];
        snprintf(name, sizeof name, "pretrained/resnet_cifar10/%s", names[i]);
        brn__state *state;
        assert_ok(brn__state_open(test_data_path(name), &state));
        assert_int_equal(brn__state_count(state), counts[i]);
        assert_true(brn_shape_equal(brn__state_find(state, "linear.weight")->shape, SHAPE(10, 64)));
        double largest, sum = sum_of(state, "linear.weight", &largest);
        assert_true(isfinite(sum) && largest > 0.1 && largest < 10);
        brn__state_close(state);
    }
}

TEST(real_squeezenet_safetensors_is_read)
{
    brn__state *state;
    assert_ok(brn__state_open(
        test_data_path("pretrained/squeezenet1_0/squeezenet1_0_rgb.safetensors"), &state));
    assert_int_equal(brn__state_count(state), 52);
    assert_true(
        brn_shape_equal(brn__state_find(state, "features.0.weight")->shape, SHAPE(96, 3, 7, 7)));
    brn__state_close(state);
}
