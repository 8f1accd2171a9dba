/* SPDX-License-Identifier: Apache-2.0
 * Each thread takes the next address of the next host that has room, fetches it into a hidden file,
 * and gives it its name when it is a picture. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/place.h"
#include "base/system.h"
#include "base/text.h"
#include "base/threads.h"
#include "data/image/fingerprint.h"
#include "data/image/sniff.h"
#include "io/fetch.h"
#include "jobs/data_download.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 64, NAMES_MAX = 100, LABEL_ROOM = 300 };

typedef struct host {
    char *name;          /* owned */
    int64_t first, last; /* addresses that wait, -1: none */
    int busy;            /* connections */
} host;

typedef struct downloads {
    const char *folder;
    const brn_data_download_options *options;
    brn_data_download_result *result;
    brn__address_list list;
    brn__download_log log;
    char *log_path;
    host *hosts;
    int64_t host_count, next_host, waiting, done;
    int64_t live_bytes; /* of files that are being fetched */
    pthread_mutex_t lock;
    pthread_cond_t room;
    brn_status failure; /* ends everything */
    char message[BRN__MESSAGE_BYTES];
} downloads;

/* One file on its way. */
typedef struct arrival {
    downloads *d;
    brn__address *address;
    int64_t bytes;   /* told to d->live_bytes */
    double deadline; /* seconds of a clock that only goes forward */
    const char *stopped; /* why the handler stopped it */
} arrival;

brn_data_download_options brn_data_download_defaults(void)
{
    return (brn_data_download_options){.connections = 8,
                                       .per_host = 4,
                                       .file_bytes = INT64_C(32) << 20,
                                       .total_bytes = INT64_C(10) << 30,
                                       .stall_seconds = 20,
                                       .file_seconds = 120};
}

static brn_status check_options(const brn_data_download_options *o)
{
    if (o->connections < 1 || o->connections > CONNECTIONS_MAX || o->per_host < 1 ||
        o->per_host > CONNECTIONS_MAX)
        return brn__fail(BRN_ERROR_USAGE, "%d connections, %d to a host; expected 1 to %d each",
                         o->connections, o->per_host, CONNECTIONS_MAX);
    if (o->file_bytes < 1 || o->total_bytes < 1 || o->stall_seconds < 1 || o->file_seconds < 1 ||
        o->file_bytes > BRN__PICTURE_FILE_MAX)
        return brn__fail(BRN_ERROR_USAGE,
                         "limits of %lld bytes a file, %lld in all, %d and %d seconds; expected more "
                         "than 0, and files up to %d bytes",
                         (long long)o->file_bytes, (long long)o->total_bytes, o->stall_seconds,
                         o->file_seconds, BRN__PICTURE_FILE_MAX);
    return BRN_OK;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Under the lock: the first failure that ends everything, with this thread's message. */
static void end_all(downloads *d, brn_status status)
{
    if (d->failure != BRN_OK) return;
    d->failure = status;
    snprintf(d->message, sizeof d->message, "%s", brn_error_message());
    pthread_cond_broadcast(&d->room);
}

/* ------------------------------------------------------------------ hosts */

/* "HTTPS://name@Host:80/path" -> "host:80"; brn__free. */
static char *host_of(const char *url)
{
    const char *start = strstr(url, "://") + 3;
    const size_t length = strcspn(start, "/?#\\");
    char *name = brn__alloc(length + 1);
    if (!name) return NULL;
    size_t from = 0;
    for (size_t i = 0; i < length; i++)
        if (start[i] == '@') from = i + 1;
    for (size_t i = from; i < length; i++) name[i - from] = (char)tolower((unsigned char)start[i]);
    name[length - from] = '\0';
    return name;
}

typedef struct named {
    char *host;
    int64_t address;
} named;

static int by_host(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const int order = strcmp(x->host, y->host);
    return order ? order : x->address < y->address ? -1 : 1;
}

/* Chains the addresses that are still to be fetched, host by host. */
static void chain(downloads *d, named *all, int64_t count)
{
    if (count) qsort(all, (size_t)count, sizeof *all, by_host);
    for (int64_t i = 0; i < count; i++) {
        host *last = d->host_count ? &d->hosts[d->host_count - 1] : NULL;
        if (last && strcmp(last->name, all[i].host) == 0) {
            d->list.items[last->last].next = all[i].address;
            last->last = all[i].address;
            brn__free(all[i].host);
        } else {
            d->hosts[d->host_count++] = (host){
                .name = all[i].host, .first = all[i].address, .last = all[i].address};
        }
    }
    d->waiting = count;
}

static brn_status make_hosts(downloads *d)
{
    int64_t count = 0;
    named *all = brn__alloc_array((size_t)d->list.count, sizeof *all);
    d->hosts = brn__alloc_zero((size_t)d->list.count, sizeof *d->hosts);
    brn_status status = all && d->hosts ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; status == BRN_OK && i < d->list.count; i++) {
        if (d->list.items[i].done) continue;
        all[count] = (named){.host = host_of(d->list.items[i].url), .address = i};
        if (!all[count++].host) status = BRN_ERROR_NO_MEMORY;
    }
    if (status == BRN_OK) chain(d, all, count);
    else
        while (all && count) brn__free(all[--count].host);
    brn__free(all);
    return status;
}

/* Under the lock: an address of a host that has room, hosts taking turns; NULL: none now. */
static host *take(downloads *d, brn__address **out)
{
    for (int64_t i = 0; i < d->host_count; i++) {
        host *h = &d->hosts[(d->next_host + i) % d->host_count];
        if (h->first < 0 || h->busy >= d->options->per_host) continue;
        d->next_host = (d->next_host + i + 1) % d->host_count;
        *out = &d->list.items[h->first];
        h->first = (*out)->next;
        h->busy++;
        d->waiting--;
        return h;
    }
    return NULL;
}

/* ------------------------------------------------------------------ one file */

/* Called by the transfer now and then; non-zero ends it. */
static int watch(void *context, int64_t done, int64_t total)
{
    arrival *a = context;
    downloads *d = a->d;
    (void)total;
    pthread_mutex_lock(&d->lock);
    d->live_bytes += done - a->bytes;
    a->bytes = done;
    if (d->failure == BRN_OK && d->options->waiting && d->options->waiting(d->options->context))
        end_all(d, brn__fail(BRN_ERROR_INTERRUPTED, "stopped after %lld of %lld addresses",
                             (long long)d->done, (long long)d->list.count));
    if (d->failure != BRN_OK) a->stopped = "stopped";
    else if (d->result->bytes + d->live_bytes > d->options->total_bytes)
        a->stopped = "the limit of bytes in all is reached";
    else if (seconds_now() > a->deadline) a->stopped = "it took too long";
    pthread_mutex_unlock(&d->lock);
    return a->stopped != NULL;
}

static brn_status fetch(arrival *a, int descriptor)
{
    const brn_data_download_options *o = a->d->options;
    brn__fetch fetch = {.url = a->address->url,
                        .descriptor = descriptor,
                        .limit = o->file_bytes,
                        .stall_seconds = o->stall_seconds,
                        .public_only = !o->allow_private,
                        .progress = watch,
                        .context = a};
    if (watch(a, 0, 0)) return brn__fail(BRN_ERROR_INPUT, "%s", a->stopped);
    brn_status status = brn__fetch_file(&fetch);
    if (status == BRN_ERROR_INTERRUPTED && a->stopped)
        return brn__fail(BRN_ERROR_INPUT, "%s", a->stopped);
    return status;
}

/* Whatever is wrong with a picture is wrong with this file alone. */
static brn_status blame_file(brn_status status)
{
    if (status == BRN_OK || status == BRN_ERROR_NO_MEMORY) return status;
    return brn__fail_within(BRN_ERROR_INPUT, "cannot be read");
}

/* What the bytes hold; a file that is none is an error. */
static brn_status judge(const char *path, const brn__picture_type **type)
{
    char *bytes;
    size_t length;
    brn__picture picture;
    BRN__TRY(brn__read_file(path, BRN__PICTURE_FILE_MAX, &bytes, &length));
    const char *kind = length ? brn__foreign_kind((const uint8_t *)bytes, length) : "nothing";
    *type = brn__picture_type_of((const uint8_t *)bytes, length);
    brn_status status =
        *type ? blame_file(brn__picture_decode(bytes, length, "the picture", BRN__FINGERPRINT_COVER,
                                               &picture))
              : brn__fail(BRN_ERROR_INPUT, "not a picture that is read, but %s",
                          kind ? kind : "something else");
    if (*type && status == BRN_OK) brn__picture_free(&picture);
    brn__free(bytes);
    return status;
}

/* folder/LABEL/NNNNNN.jpg, or the first NNNNNN-K.jpg that is free. */
static brn_status give_name(arrival *a, const char *part, const brn__picture_type *type)
{
    const brn__address *address = a->address;
    const char *label = address->label ? address->label : "", *slash = address->label ? "/" : "";
    for (int k = 1;; k++) {
        char again[16] = "", name[LABEL_ROOM];
        if (k > 1) snprintf(again, sizeof again, "-%d", k);
        snprintf(name, sizeof name, "%s%s%06lld%s%s", label, slash, (long long)address->number, again,
                 type->extension);
        char *path = brn__path_join(a->d->folder, name);
        brn_status status = path ? brn__make_folder_of(path) : BRN_ERROR_NO_MEMORY;
        if (status == BRN_OK) status = brn__place_move(part, path);
        brn__free(path);
        if (status == BRN_ERROR_INPUT && k < NAMES_MAX) continue;
        if (status != BRN_OK) return status;
        pthread_mutex_lock(&a->d->lock);
        a->address->file = brn__arena_strdup(&a->d->list.arena, name);
        pthread_mutex_unlock(&a->d->lock);
        return a->address->file ? BRN_OK : BRN_ERROR_NO_MEMORY;
    }
}

static brn_status fetch_to(arrival *a, const char *part)
{
    const brn__picture_type *type;
    int descriptor = brn__system_open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0)
        return brn__fail(BRN_ERROR_IO, "%s: cannot write: %s", part, strerror(errno));
    brn_status status = fetch(a, descriptor);
    if (brn__system_close(descriptor) != 0 && status == BRN_OK)
        status = brn__fail(BRN_ERROR_IO, "%s: cannot write: %s", part, strerror(errno));
    if (status == BRN_OK) status = judge(part, &type);
    if (status == BRN_OK) status = give_name(a, part, type);
    if (status != BRN_OK) brn__system_unlink(part);
    return status;
}

static brn_status download_one(arrival *a)
{
    char name[64];
    snprintf(name, sizeof name, ".%06lld.part", (long long)a->address->number);
    char *part = brn__path_join(a->d->folder, name);
    if (!part) return BRN_ERROR_NO_MEMORY;
    a->deadline = seconds_now() + a->d->options->file_seconds;
    brn_status status = fetch_to(a, part);
    brn__free(part);
    return status;
}

/* ------------------------------------------------------------------ all files */

/* Under the lock: an address is done with. */
static void tell(downloads *d, brn__address *address, brn_download_outcome outcome)
{
    address->done = true;
    d->done++;
    d->result->saved += outcome == BRN_DOWNLOAD_SAVED;
    d->result->kept += outcome == BRN_DOWNLOAD_KEPT;
    d->result->failed += outcome == BRN_DOWNLOAD_FAILED;
    if (outcome != BRN_DOWNLOAD_KEPT) {
        brn_status status = brn__download_log_append(d->log_path, address);
        if (status != BRN_OK) end_all(d, status);
    }
    const brn_download_event event = {.done = d->done,
                                      .total = d->list.count,
                                      .url = address->url,
                                      .file = address->file,
                                      .problem = address->problem,
                                      .outcome = outcome};
    if (d->failure == BRN_OK && d->options->on_file &&
        d->options->on_file(d->options->context, &event))
        end_all(d, brn__fail(BRN_ERROR_INTERRUPTED, "stopped after %lld of %lld addresses",
                             (long long)d->done, (long long)d->list.count));
}

/* Under the lock. What ends one file is told; no memory, no disk and no libcurl end all. */
static void finish(arrival *a, brn_status status)
{
    downloads *d = a->d;
    d->live_bytes -= a->bytes;
    d->result->bytes += a->bytes;
    if (status == BRN_OK) {
        tell(d, a->address, BRN_DOWNLOAD_SAVED);
    } else if (status != BRN_ERROR_NETWORK && status != BRN_ERROR_INPUT) {
        end_all(d, status);
    } else if (d->failure == BRN_OK) {
        a->address->problem = brn__strdup(brn_error_message());
        if (a->address->problem) tell(d, a->address, BRN_DOWNLOAD_FAILED);
        else end_all(d, BRN_ERROR_NO_MEMORY);
    }
}

static void work(void *argument)
{
    downloads *d = argument;
    pthread_mutex_lock(&d->lock);
    while (d->waiting > 0 && d->failure == BRN_OK) {
        arrival a = {.d = d};
        host *h = take(d, &a.address);
        if (!h) {
            pthread_cond_wait(&d->room, &d->lock);
            continue;
        }
        pthread_mutex_unlock(&d->lock);
        brn_status status = download_one(&a);
        pthread_mutex_lock(&d->lock);
        h->busy--;
        finish(&a, status);
        pthread_cond_broadcast(&d->room);
    }
    pthread_mutex_unlock(&d->lock);
}

static brn_status fetch_all(downloads *d)
{
    brn__pool *pool;
    const int threads = d->options->connections;
    BRN__TRY(brn__pool_new(threads, threads, &pool));
    for (int i = 0; i < threads; i++) brn__pool_submit(pool, work, d);
    brn__pool_free(pool);
    return d->failure == BRN_OK ? BRN_OK : brn__fail_again(d->failure, d->message);
}

/* ------------------------------------------------------------------ what is known before */

/* What an earlier call has saved, and what can't be fetched. */
static brn_status tell_known(downloads *d)
{
    for (int64_t i = 0; i < d->list.count && d->failure == BRN_OK; i++) {
        brn__address *address = &d->list.items[i];
        const brn__download_record *record =
            address->problem ? NULL : brn__download_log_find(&d->log, address->url);
        if (address->problem) tell(d, address, BRN_DOWNLOAD_FAILED);
        if (!record || strcmp(record->status, "ok") != 0) continue;
        char *path = brn__path_join(d->folder, record->file);
        if (!path) return BRN_ERROR_NO_MEMORY;
        const bool there = brn__is_file(path);
        brn__free(path);
        if (!there) continue;
        address->file = record->file;
        tell(d, address, BRN_DOWNLOAD_KEPT);
    }
    return d->failure == BRN_OK ? BRN_OK : brn__fail_again(d->failure, d->message);
}

/* One call at a time works in a folder. */
static brn_status lock_folder(const char *folder, int *descriptor)
{
    BRN__TRY(brn__make_folders(folder));
    *descriptor = brn__system_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (*descriptor < 0) return brn__fail(BRN_ERROR_IO, "%s: %s", folder, strerror(errno));
    if (flock(*descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: another download is at work in it", folder);
}

static brn_status run(downloads *d, const char *list)
{
    BRN__TRY(brn__address_list_read(list, &d->list));
    d->log_path = brn__path_join(d->folder, "download.csv");
    if (!d->log_path) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(brn__download_log_read(d->log_path, &d->log));
    BRN__TRY(brn__download_log_write(d->log_path, &d->list, &d->log));
    brn_status status = tell_known(d);
    if (status == BRN_OK) status = make_hosts(d);
    if (status == BRN_OK) status = fetch_all(d);
    char message[BRN__MESSAGE_BYTES];
    snprintf(message, sizeof message, "%s", brn_error_message());
    brn_status written = brn__download_log_write(d->log_path, &d->list, &d->log);
    return status == BRN_OK ? written : brn__fail_again(status, message);
}

brn_status brn_data_download(const char *list, const char *folder,
                             const brn_data_download_options *options,
                             brn_data_download_result *result)
{
    int descriptor = -1;
    downloads d = {.folder = folder, .options = options, .result = result};
    *result = (brn_data_download_result){0};
    BRN__TRY(check_options(options));
    if (!brn__is_file(list))
        return brn__fail(BRN_ERROR_INPUT, "%s: expected a list of addresses", list);
    pthread_mutex_init(&d.lock, NULL);
    pthread_cond_init(&d.room, NULL);
    brn_status status = lock_folder(folder, &descriptor);
    if (status == BRN_OK) status = run(&d, list);
    if (descriptor >= 0) brn__system_close(descriptor);
    for (int64_t i = 0; i < d.host_count; i++) brn__free(d.hosts[i].name);
    brn__free(d.hosts);
    brn__free(d.log_path);
    brn__address_list_free(&d.list);
    brn__download_log_free(&d.log);
    pthread_mutex_destroy(&d.lock);
    pthread_cond_destroy(&d.room);
    return status;
}
