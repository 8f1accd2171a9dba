/* SPDX-License-Identifier: Apache-2.0
 * What a transfer leaves in the partial file is always the head of the server's file: bytes are
 * added only by an answer 206 that goes on where the file ends, or by a 200 once it is emptied. */
#include "io/fetch.h"
#include "base/system.h"
#include "burnish/version.h"
#include "io/address.h"
#include "io/curl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    ATTEMPTS = 4,       /* in a row which bring nothing new */
    ATTEMPTS_MAX = 100, /* of all */
    REDIRECTIONS = 5,
    LEAST_RATE = 1000, /* bytes a second */
};

typedef struct transfer {
    brn__fetch *fetch;
    const brn__curl *curl;
    CURL *handle;
    int64_t held;        /* bytes in the partial file */
    int64_t range_start; /* of the last answer's Content-Range, -1: none */
    bool started;        /* a body has begun */
    int64_t total;       /* of the whole file, 0: not known */
    brn_status failure;  /* of a callback; recorded */
    char error[CURL_ERROR_SIZE];
} transfer;

static long answer_code(const transfer *t)
{
    long code = 0;
    t->curl->getinfo(t->handle, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

static brn_status empty_file(transfer *t)
{
    if (brn__system_truncate(t->fetch->descriptor, 0) != 0)
        return brn__fail(BRN_ERROR_IO, "the partial file cannot be emptied: %s", strerror(errno));
    t->held = 0;
    return BRN_OK;
}

/* "HTTP/1.1 206 ..." begins an answer; "Content-Range: bytes 5-9/10" or "bytes *\/10". */
static size_t take_header(char *line, size_t size, size_t count, void *context)
{
    transfer *t = context;
    static const char range[] = "content-range: bytes ";
    const size_t length = size * count, head = sizeof range - 1;
    char text[96];
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) t->range_start = -1, t->total = 0;
    if (length <= head || length - head >= sizeof text || strncasecmp(line, range, head) != 0)
        return length;
    memcpy(text, line + head, length - head);
    text[length - head] = '\0';
    long long start, end, total;
    if (sscanf(text, "%lld-%lld/%lld", &start, &end, &total) == 3 && start >= 0 && total > 0) {
        t->range_start = start;
        t->total = total;
    }
    return length;
}

static brn_status write_body(transfer *t, const char *bytes, size_t length)
{
    const bool partial = answer_code(t) == 206;
    if (!t->started && partial && t->range_start != t->held)
        return brn__fail(BRN_ERROR_NETWORK, "the server goes on at byte %lld; expected %lld",
                         (long long)t->range_start, (long long)t->held);
    if (!t->started && !partial && t->held) {
        t->fetch->resumed = false; /* the server knows no ranges: from the start */
        BRN__TRY(empty_file(t));
    }
    t->started = true;
    if ((int64_t)length > t->fetch->limit - t->held)
        return brn__fail(BRN_ERROR_NETWORK, "it has more than %lld bytes",
                         (long long)t->fetch->limit);
    while (length) {
        ssize_t put = brn__system_write_at(t->fetch->descriptor, bytes, length, (off_t)t->held);
        if (put < 0)
            return brn__fail(BRN_ERROR_IO, "the partial file cannot be written: %s",
                             strerror(errno));
        bytes += put;
        length -= (size_t)put;
        t->held += put;
    }
    return BRN_OK;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    transfer *t = context;
    t->failure = write_body(t, bytes, size * count);
    return t->failure == BRN_OK ? size * count : CURL_WRITEFUNC_ERROR;
}

static int take_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                         curl_off_t up_now)
{
    transfer *t = context;
    (void)now, (void)up_total, (void)up_now;
    const long code = answer_code(t);
    const bool body = code == 200 || code == 206;
    int64_t whole = t->total ? t->total : code == 200 ? (int64_t)total : 0;
    if (!t->fetch->progress) return 0;
    return t->fetch->progress(t->fetch->context, t->held, body ? whole : 0);
}

/* A proxy hides where a connection leads. */
static bool has_proxy(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) return true;
    }
    return false;
}

static curl_socket_t open_public(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    transfer *t = context;
    (void)purpose;
    if (!brn__address_is_public(&address->addr)) {
        t->failure = brn__fail(BRN_ERROR_NETWORK, "its address is this machine's or a private network's");
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static brn_status set_options(transfer *t)
{
    char agent[64], range[32];
    bool secure = strncasecmp(t->fetch->url, "https:", 6) == 0;
    const brn__fetch *f = t->fetch;
    CURLcode bad = CURLE_OK;
    snprintf(agent, sizeof agent, "burnish/%s", brn_version());
    snprintf(range, sizeof range, "%lld-", (long long)t->held);
#define SET(option, value)                                                                         \
    if (bad == CURLE_OK) bad = t->curl->setopt(t->handle, CURLOPT_##option, value)
    SET(URL, f->url);
    SET(PROTOCOLS_STR, "http,https");
    SET(REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    SET(FOLLOWLOCATION, 1L);
    SET(MAXREDIRS, (long)REDIRECTIONS);
    SET(FAILONERROR, 1L);
    SET(NOSIGNAL, 1L);
    SET(USERAGENT, agent);
    SET(CONNECTTIMEOUT, (long)f->stall_seconds);
    SET(LOW_SPEED_LIMIT, (long)LEAST_RATE);
    SET(LOW_SPEED_TIME, (long)f->stall_seconds);
    SET(MAXFILESIZE_LARGE, (curl_off_t)f->limit);
    SET(ERRORBUFFER, t->error);
    SET(HEADERFUNCTION, take_header);
    SET(HEADERDATA, t);
    SET(WRITEFUNCTION, take_body);
    SET(WRITEDATA, t);
    SET(NOPROGRESS, 0L);
    SET(XFERINFOFUNCTION, take_progress);
    SET(XFERINFODATA, t);
    if (t->held) SET(RANGE, range);
    if (f->public_only && !has_proxy()) {
        SET(OPENSOCKETFUNCTION, open_public);
        SET(OPENSOCKETDATA, t);
    }
#undef SET
    return bad == CURLE_OK ? BRN_OK
                           : brn__fail(BRN_ERROR_UNSUPPORTED, "libcurl: %s; expected 7.85 or newer",
                                       t->curl->strerror(bad));
}

static bool is_passing(CURLcode code, long answer)
{
    switch (code) {
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return true;
    case CURLE_HTTP_RETURNED_ERROR: return answer >= 500 || answer == 408 || answer == 429;
    default: return false;
    }
}

static brn_status fail_transfer(transfer *t, CURLcode code)
{
    const long answer = answer_code(t);
    if (t->failure != BRN_OK) return t->failure;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return brn__fail(BRN_ERROR_INTERRUPTED, "stopped after %lld bytes", (long long)t->held);
    if (code == CURLE_HTTP_RETURNED_ERROR) {
        t->fetch->refused = answer >= 400 && answer < 500;
        return brn__fail(BRN_ERROR_NETWORK, "the server answered %ld", answer);
    }
    if (code == CURLE_FILESIZE_EXCEEDED)
        return brn__fail(BRN_ERROR_NETWORK, "it has more than %lld bytes",
                         (long long)t->fetch->limit);
    return brn__fail(code == CURLE_OUT_OF_MEMORY ? BRN_ERROR_NO_MEMORY : BRN_ERROR_NETWORK, "%s",
                     t->error[0] ? t->error : t->curl->strerror(code));
}

/* One request. *again: it may go on. */
static brn_status attempt(transfer *t, bool *again)
{
    t->failure = BRN_OK;
    t->range_start = -1;
    t->started = false;
    t->total = 0;
    t->error[0] = '\0';
    t->fetch->resumed = t->held > 0;
    t->handle = t->curl->init();
    if (!t->handle) return brn__fail(BRN_ERROR_NO_MEMORY, "libcurl: no memory");
    brn_status status = set_options(t);
    if (status == BRN_OK) {
        CURLcode code = t->curl->perform(t->handle);
        const long answer = answer_code(t);
        *again = t->failure == BRN_OK && is_passing(code, answer);
        if (code == CURLE_HTTP_RETURNED_ERROR && answer == 416 && t->held) {
            /* Whole already, or longer than the server's: the digest tells. */
            t->fetch->resumed = true;
        } else if (code != CURLE_OK)
            status = fail_transfer(t, code);
    }
    t->curl->cleanup(t->handle);
    return status;
}

static void pause_before(int attempt)
{
    struct timespec pause = {.tv_nsec = 100000000L << attempt}; /* 0.2, 0.4, 0.8 seconds */
    nanosleep(&pause, NULL);
}

brn_status brn__fetch_file(brn__fetch *fetch)
{
    transfer t = {.fetch = fetch};
    struct stat info;
    fetch->refused = false;
    BRN__TRY(brn__curl_load(&t.curl));
    if (brn__system_stat_open(fetch->descriptor, &info) != 0)
        return brn__fail(BRN_ERROR_IO, "the partial file cannot be examined: %s", strerror(errno));
    t.held = (int64_t)info.st_size;
    if (t.held >= fetch->limit) BRN__TRY(empty_file(&t));
    for (int tried = 1, all = 1;; tried++, all++) {
        const int64_t before = t.held;
        bool again = false;
        brn_status status = attempt(&t, &again);
        if (status == BRN_OK || !again) return status;
        if (t.held > before) tried = 0;
        if (tried == ATTEMPTS || all == ATTEMPTS_MAX) return status;
        if (tried) pause_before(tried);
    }
}
