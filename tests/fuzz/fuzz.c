/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "data/image/picture.h"
#include "io/state.h"
#include "tensor/tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_MAX = 1 << 20,   /* elements of a tensor that are read: a stride of 0 makes many of few */
    PIXELS_MAX = 1 << 20, /* that are decoded */
};

void brn__fuzz_require_true(int condition, const char *text)
{
    if (condition) return;
    fprintf(stderr, "not true: %s (last message: %s)\n", text, brn_error_message());
    abort();
}

void brn__fuzz_refused(brn_status status, const char *name)
{
    if (status == BRN_ERROR_NO_MEMORY) return; /* a limit of the fuzzer's own */
    brn__fuzz_require(status == BRN_ERROR_INPUT || status == BRN_ERROR_UNSUPPORTED);
    brn__fuzz_require(strstr(brn_error_message(), name) != NULL);
}

static void read_entry(const brn__state *state, const brn__entry *entry)
{
    int64_t elements = brn_shape_elements(entry->shape);
    brn__fuzz_require(elements >= 0);
    brn__fuzz_require(brn__state_find(state, entry->name) == entry);
    if (elements > READ_MAX) return;
    float *values = malloc((size_t)elements * sizeof *values + 1);
    if (values) brn__state_read(entry, BRN_DTYPE_F32, values);
    free(values);
}

void brn__fuzz_state(const uint8_t *data, size_t size)
{
    brn__state *state;
    brn_status status = brn__state_open_bytes("fuzz", data, size, &state);
    if (status != BRN_OK) {
        brn__fuzz_refused(status, "fuzz");
        return;
    }
    for (int64_t i = 0; i < brn__state_count(state); i++)
        read_entry(state, brn__state_entry(state, i));
    for (int64_t i = 0; brn__state_metadata_key(state, i); i++)
        brn__fuzz_require(brn__state_metadata(state, brn__state_metadata_key(state, i)) != NULL);
    brn__state_close(state);
}

static void decode(const uint8_t *data, size_t size, int cover, int width, int height)
{
    brn__picture picture;
    brn_status status = brn__picture_decode(data, size, "fuzz", cover, &picture);
    if (status != BRN_OK) {
        brn__fuzz_refused(status, "fuzz");
        brn__fuzz_require(picture.pixels == NULL);
        return;
    }
    if (!cover) brn__fuzz_require(picture.width == width && picture.height == height);
    brn__fuzz_require(picture.width <= width && picture.height <= height);
    volatile uint8_t last = picture.pixels[(size_t)picture.width * (size_t)picture.height * 3 - 1 +
                                           BRN__PICTURE_SLACK];
    (void)last;
    brn__picture_free(&picture);
}

void brn__fuzz_picture(const uint8_t *data, size_t size)
{
    int width, height;
    brn_status status = brn__picture_size(data, size, "fuzz", &width, &height);
    if (status != BRN_OK) {
        brn__fuzz_refused(status, "fuzz");
        return;
    }
    brn__fuzz_require(width > 0 && height > 0);
    if ((int64_t)width * height > PIXELS_MAX) return;
    decode(data, size, 0, width, height);
    decode(data, size, 1 + width / 3, width, height);
}

static char folder[64], path[128];

static void remove_folder(void)
{
    unlink(path);
    rmdir(folder);
}

const char *brn__fuzz_folder(void)
{
    if (folder[0]) return folder;
    strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/fuzz-XXXXXX" : "/tmp/fuzz-XXXXXX");
    if (!mkdtemp(folder)) abort();
    atexit(remove_folder);
    return folder;
}

const char *brn__fuzz_file(const char *name, const uint8_t *data, size_t size)
{
    char next[sizeof path];
    snprintf(next, sizeof next, "%s/%s", brn__fuzz_folder(), name);
    if (path[0] && strcmp(path, next) != 0) unlink(path);
    strcpy(path, next);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) abort();
    return path;
}

size_t brn__fuzz_mutate(uint8_t *data, size_t size, size_t size_max, unsigned seed,
                        void (*repair)(uint8_t *data, size_t size))
{
    size = LLVMFuzzerMutate(data, size, size_max);
    if (seed % 8) repair(data, size);
    return size;
}

void brn__fuzz_repair_safetensors(uint8_t *data, size_t size)
{
    size_t end = size;
    while (end > 8 && data[end - 1] != '}') end--;
    for (int i = 0; size > 8 && i < 8; i++) data[i] = (uint8_t)((uint64_t)(end - 8) >> 8 * i);
}
