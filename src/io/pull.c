/* SPDX-License-Identifier: Apache-2.0
 * Weight files from the network into the cache: NAME.part, digest, rename. What is fetched is the file
 * itself or an archive that holds it. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/system.h"
#include "io/fetch.h"
#include "io/registry.h"
#include "io/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What is asked for. */
typedef struct remote {
    const char *name, *sha256, *url; /* sha256, url: or NULL */
    int64_t bytes;                   /* 0: not known */
    bool packed;                     /* it is the file's archive */
} remote;

typedef struct pull {
    const brn_weights_entry *entry;
    const brn_weights_file *file;
    remote remote;
    brn_weights_pull_options options;
    char folder[4096];
    char *path, *part, *url;
    int descriptor; /* of the part, locked */
    bool refused;   /* by the server: it has no such file */
} pull;

brn_weights_pull_options brn_weights_pull_defaults(void)
{
    return (brn_weights_pull_options){.stall_seconds = 60, .bytes_max = INT64_C(2) << 30};
}

static int report(void *context, int64_t done, int64_t total)
{
    pull *p = context;
    if (!p->options.progress) return 0;
    return p->options.progress(p->options.context, p->remote.name, done, total);
}

static brn_status io_failed(const char *what, const char *path)
{
    return brn__fail(BRN_ERROR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* Adds where the file belongs and how it gets there by hand. */
static brn_status explain(const pull *p, const char *from, const char *reason)
{
    const brn_weights_file *file = p->file ? p->file : &p->entry->files[0];
    return brn__fail(BRN_ERROR_NETWORK,
                     "%s was not fetched%s%s: %s. It belongs in %s (source: %s). To import a copy: "
                     "burnish models import %s FILE",
                     file->name, from ? " from " : "", from ? from : "", reason, p->folder,
                     p->entry->source, p->entry->architecture);
}

/* The cached file's digest is right: writes its path and sets *found. */
static brn_status find_cached(const pull *p, char *out, size_t size, bool *found)
{
    *found = false;
    for (int i = 0; i < BRN_WEIGHTS_FILES_MAX && p->entry->files[i].name && !*found; i++) {
        char *path, sha256[65];
        BRN__TRY(brn__weights_cache_path(p->entry->files[i].name, &path));
        brn_status status = BRN_OK;
        if (brn__is_file(path)) {
            status = brn__sha256_of_file(path, sha256);
            *found = status == BRN_OK && brn__weights_digest_fits(&p->entry->files[i], sha256);
            if (*found) status = brn__weights_write_path(out, size, path, "");
        }
        brn__free(path);
        BRN__TRY(status);
    }
    return BRN_OK;
}

/* The address of p->remote; NULL in p->url when it has none that may be used. */
static brn_status make_url(pull *p)
{
    const char *mirror = p->options.mirror;
    if (!mirror && !p->remote.url) return BRN_OK;
    if (!mirror) {
        p->url = brn__strdup(p->remote.url);
        return p->url ? BRN_OK : BRN_ERROR_NO_MEMORY;
    }
    if (!p->remote.sha256) return BRN_OK;
    p->url = brn__path_join(mirror, p->remote.name);
    return p->url ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* Opens and locks the part; another process that holds it is waited for. */
static brn_status open_part(pull *p)
{
    for (;;) {
        struct stat opened, named;
        p->descriptor = brn__system_open(p->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (p->descriptor < 0) return io_failed("open", p->part);
        while (brn__system_lock(p->descriptor, LOCK_EX | LOCK_NB) != 0) {
            struct timespec pause = {.tv_nsec = 100000000L};
            if (errno != EWOULDBLOCK) return io_failed("lock", p->part);
            if (report(p, 0, 0))
                return brn__fail(BRN_ERROR_INTERRUPTED, "stopped while %s was another's", p->part);
            nanosleep(&pause, NULL);
        }
        /* The other one has renamed or removed it: again. */
        const bool seen = brn__system_stat_open(p->descriptor, &opened) == 0 &&
                          brn__system_stat(p->part, &named) == 0;
        if (!seen && errno != ENOENT) return io_failed("examine", p->part);
        if (seen && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) return BRN_OK;
        brn__system_close(p->descriptor);
        p->descriptor = -1;
    }
}

/* *fits: the part's digest is the registry's. */
static brn_status check_digest(const pull *p, char sha256[65], bool *fits)
{
    BRN__TRY(brn__sha256_of_file(p->part, sha256));
    const char *known = p->remote.sha256;
    *fits = !known || strncmp(known, sha256, strlen(known)) == 0;
    return BRN_OK;
}

/* Fetches until the digest is right. A part that was gone on with may have been another file's
 * head: that is tried once more from the start. */
static brn_status fetch(pull *p)
{
    brn__fetch fetch = {.url = p->url,
                        .descriptor = p->descriptor,
                        .limit = p->remote.bytes ? p->remote.bytes : p->options.bytes_max,
                        .stall_seconds = p->options.stall_seconds,
                        .progress = report,
                        .context = p};
    char sha256[65];
    for (;;) {
        bool fits;
        brn_status status = brn__fetch_file(&fetch);
        p->refused = fetch.refused;
        BRN__TRY(status);
        BRN__TRY(check_digest(p, sha256, &fits));
        if (fits) return BRN_OK;
        if (brn__system_truncate(p->descriptor, 0) != 0) return io_failed("empty", p->part);
        if (!fetch.resumed) break;
    }
    return brn__fail(BRN_ERROR_NETWORK, "the sha256 of what came is %s; expected one that begins "
                                        "with %s",
                     sha256, p->remote.sha256);
}

/* The file out of the archive that the part is, which is not needed any more. */
static brn_status install_packed(const pull *p)
{
    brn__mapping archive;
    unsigned char *bytes = NULL;
    brn__state *state;
    const size_t length = (size_t)p->file->bytes;
    BRN__TRY(brn__map_file(p->part, &archive));
    brn_status status = brn__weights_unpack(p->file, archive.bytes, archive.length, &bytes);
    brn__unmap_file(&archive);
    BRN__TRY(status);
    status = brn__state_open_bytes(p->path, bytes, length, &state);
    if (status == BRN_OK) brn__state_close(state);
    if (status == BRN_OK) status = brn__replace_file(p->path, bytes, length);
    if (status == BRN_OK) brn__system_unlink(p->part);
    brn__free(bytes);
    return status;
}

/* What is whole gets its name, and stays there after a power cut. */
static brn_status install(const pull *p)
{
    if (p->remote.packed) return install_packed(p);
    brn__state *state;
    brn_status status = brn__state_open(p->part, &state);
    if (status != BRN_OK) return status;
    brn__state_close(state);
    if (brn__system_sync(p->descriptor) != 0) return io_failed("sync", p->part);
    if (brn__system_rename(p->part, p->path) != 0) return io_failed("replace", p->path);
    int folder = brn__system_open(p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (folder < 0) return io_failed("open", p->folder);
    const bool synced = brn__system_sync(folder) == 0 || errno == EINVAL || errno == EROFS;
    status = synced ? BRN_OK : io_failed("sync", p->folder);
    brn__system_close(folder);
    return status;
}

static void tell(const pull *p)
{
    char sentence[8192];
    if (!p->options.note) return;
    snprintf(sentence, sizeof sentence, "%s is fetched from %s into %s", p->file->name, p->url,
             p->folder);
    p->options.note(p->options.context, sentence);
}

/* Fetches into the part and installs it; an empty part is not left behind. */
static brn_status pull_into_part(pull *p, char *out, size_t size)
{
    bool found;
    struct stat info;
    BRN__TRY(open_part(p));
    BRN__TRY(find_cached(p, out, size, &found)); /* another process was quicker */
    if (!found) tell(p);
    brn_status status = found ? BRN_OK : fetch(p);
    const bool fetched = !found && status == BRN_OK;
    if (fetched) status = install(p);
    if (found || (fetched && status == BRN_ERROR_INPUT) ||
        (status != BRN_OK && brn__system_stat_open(p->descriptor, &info) == 0 &&
         info.st_size == 0))
        brn__system_unlink(p->part);
    BRN__TRY(status);
    return found ? BRN_OK : brn__weights_write_path(out, size, p->path, "");
}

/* Where p->file will lie, and where what is fetched grows. */
static brn_status make_paths(pull *p)
{
    BRN__TRY(brn__weights_cache_path(p->file->name, &p->path));
    const size_t room = strlen(p->folder) + strlen(p->remote.name) + sizeof "/.part";
    p->part = brn__alloc(room);
    if (!p->part) return BRN_ERROR_NO_MEMORY;
    snprintf(p->part, room, "%s/%s.part", p->folder, p->remote.name);
    return BRN_OK;
}

/* p->remote from its address. *tried: it has one. */
static brn_status pull_remote(pull *p, char *out, size_t size, bool *tried)
{
    BRN__TRY(make_url(p));
    *tried = p->url != NULL;
    if (!*tried) return BRN_OK;
    BRN__TRY(make_paths(p));
    brn_status status = pull_into_part(p, out, size);
    if (p->descriptor >= 0) brn__system_close(p->descriptor);
    p->descriptor = -1;
    if (status == BRN_OK || status == BRN_ERROR_NO_MEMORY || status == BRN_ERROR_IO) return status;
    char reason[BRN__MESSAGE_BYTES];
    snprintf(reason, sizeof reason, "%s", brn_error_message());
    if (status == BRN_ERROR_INTERRUPTED)
        return brn__fail(status, "%s: %s; burnish models pull %s goes on", p->file->name, reason,
                         p->entry->architecture);
    return explain(p, p->url, reason);
}

static void free_names(pull *p)
{
    brn__free(p->url);
    brn__free(p->path);
    brn__free(p->part);
    p->url = p->path = p->part = NULL;
    p->descriptor = -1;
}

/* What may be asked for: the files in their order, each before its archive. False past the last. */
static bool choose_remote(pull *p, int number)
{
    if (number / 2 >= BRN_WEIGHTS_FILES_MAX) return false;
    const brn_weights_file *file = p->file = &p->entry->files[number / 2];
    const brn_weights_archive *archive = file->archive;
    if (number % 2 == 0)
        p->remote = (remote){file->name, file->sha256, file->url, file->bytes, false};
    else if (archive)
        p->remote = (remote){archive->name, archive->sha256, archive->url, archive->bytes, true};
    else
        p->remote = (remote){0};
    return file->name != NULL;
}

/* One after the other, as long as the server says that it lacks them. */
static brn_status pull_any(pull *p, char *out, size_t size)
{
    brn_status status = BRN_OK;
    char first[BRN__MESSAGE_BYTES] = "";
    for (int i = 0; choose_remote(p, i); i++) {
        bool tried = false;
        if (!p->remote.name) continue;
        p->refused = false;
        status = pull_remote(p, out, size, &tried);
        free_names(p);
        if (tried && status == BRN_OK) return BRN_OK;
        if (status != BRN_OK && !first[0])
            snprintf(first, sizeof first, "%s", brn_error_message());
        if (status != BRN_OK && !p->refused) return status;
    }
    p->file = NULL;
    if (first[0]) return brn__fail_again(BRN_ERROR_NETWORK, first);
    return explain(p, NULL, "it has no address of its own; a mirror may have it");
}

static brn_status check_mirror(pull *p)
{
    if (!p->options.mirror) p->options.mirror = getenv("BURNISH_MIRROR");
    const char *mirror = p->options.mirror;
    if (!mirror || !*mirror) {
        p->options.mirror = NULL;
        return BRN_OK;
    }
    if (strncasecmp(mirror, "http://", 7) != 0 && strncasecmp(mirror, "https://", 8) != 0)
        return brn__fail(BRN_ERROR_USAGE, "mirror \"%s\"; expected a URL that begins with https:// "
                                          "or http://",
                         mirror);
    return BRN_OK;
}

brn_status brn_weights_pull(const char *name, const brn_weights_pull_options *options, char *out,
                            size_t size)
{
    pull *p = brn__alloc_zero(1, sizeof *p);
    bool found = false;
    if (!p) return BRN_ERROR_NO_MEMORY;
    p->options = options ? *options : brn_weights_pull_defaults();
    p->descriptor = -1;
    brn_status status = brn__weights_entry_of(name, &p->entry);
    if (status == BRN_OK) status = brn_weights_cache_folder(p->folder, sizeof p->folder);
    if (status == BRN_OK) status = find_cached(p, out, size, &found);
    if (status == BRN_OK && !found) {
        status = check_mirror(p);
        if (status == BRN_OK && p->options.offline)
            status = explain(p, NULL, "it is not in the cache, and the network is not to be used");
        if (status == BRN_OK) status = brn__make_folders(p->folder);
        if (status == BRN_OK) status = pull_any(p, out, size);
    }
    brn__free(p);
    return status;
}

brn_status brn_weights_obtain(const char *name, const brn_weights_pull_options *options, char *out,
                              size_t size)
{
    const brn_weights_entry *entry;
    BRN__TRY(brn__weights_entry_of(name, &entry));
    for (int i = 0; i < BRN_WEIGHTS_FILES_MAX && entry->files[i].name; i++) {
        char *path;
        BRN__TRY(brn__weights_cache_path(entry->files[i].name, &path));
        const bool there = brn__is_file(path);
        brn__free(path);
        if (there) return brn_weights_locate(name, out, size);
    }
    return brn_weights_pull(name, options, out, size);
}
