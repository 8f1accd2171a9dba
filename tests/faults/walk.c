/* SPDX-License-Identifier: Apache-2.0
 * The walk itself, and its command line:
 *
 *     burnish-faults list
 *     burnish-faults memory|files POINTS SEED [SCENARIO]   POINTS: at most so many a scenario, 0 = all
 *     burnish-faults kills STRIDE WHOLE                    of a saved state (kills.h)
 *     burnish-faults kills-resume STRIDE WHOLE             of a resumed training
 *
 * Scenarios run in a child process, so that a crash is a finding and not the end. A finding is a line
 * "FAILED ..."; the last lines are "points N", "found N" and what tools/test adds up. */
#include "walk.h"
#include "base/alloc.h"
#include "base/system.h"
#include "kills.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS_A_POINT = 120, CRASHES_MAX = 20, SHOWN_MAX = 12 };

/* How calls fail. */
typedef struct mode {
    const char *name;
    bool memory, forever;
    brn__io_fault fault;
    int error;
    bool goes_on; /* the library must get over it: same results as without */
} mode;

static const mode modes[] = {
    {"one allocation fails", true, false, 0, 0, false},
    {"all allocations fail from", true, true, 0, 0, false},
    {"EIO once", false, false, BRN__IO_FAIL, EIO, false},
    {"EIO from", false, true, BRN__IO_FAIL_FROM, EIO, false},
    {"ENOSPC once", false, false, BRN__IO_FAIL, ENOSPC, false},
    {"ENOSPC from", false, true, BRN__IO_FAIL_FROM, ENOSPC, false},
    {"EINTR from", false, true, BRN__IO_INTERRUPT_FROM, 0, true},
    {"short transfer", false, false, BRN__IO_SHORT, 0, true},
    {"short transfers from", false, true, BRN__IO_SHORT_FROM, 0, true},
};
enum { MODES = sizeof modes / sizeof *modes };

/* Shared with the child. */
typedef struct progress {
    int mode;        /* under way */
    uint64_t n;      /* of the point under way; 0: none yet */
    uint64_t points, found, calls;
    bool done;
} progress;

static progress *shared;
static world place;

/* ------------------------------------------------------------------ outcomes */

void outcome_add(outcome *out, const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;
    if (!out->digest) out->digest = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < length; i++) out->digest = (out->digest ^ byte[i]) * 1099511628211u;
}

/* By the C library alone: what checks is not to be counted. */
brn_status outcome_add_file(outcome *out, const char *path)
{
    char bytes[65536];
    FILE *file = fopen(path, "rb");
    if (!file) return BRN_ERROR_INTERNAL;
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, file)) > 0;) outcome_add(out, bytes, got);
    return fclose(file) == 0 ? BRN_OK : BRN_ERROR_INTERNAL;
}

/* ------------------------------------------------------------------ what is left behind */

static int left_over; /* temporary files */

static int look(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)walk;
    left_over += type == FTW_F && strstr(path, ".tmp-");
    return remove(path);
}

int world_clear(const world *w)
{
    left_over = 0;
    nftw(w->out, look, 16, FTW_DEPTH | FTW_PHYS);
    nftw(w->cache, look, 16, FTW_DEPTH | FTW_PHYS);
    if (mkdir(w->out, 0777) != 0) return 1;
    return left_over;
}

static int descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder) return -1;
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}

/* ------------------------------------------------------------------ one point */

static void strike(const mode *m, uint64_t n)
{
    if (m->memory) brn__alloc_fail_after(n, m->forever);
    else brn__io_fault_after(n, m->fault, m->error);
}

/* Why the run is not as it should be; NULL when it is. */
static const char *judge(const mode *m, brn_status status, const outcome *got, const outcome *expected)
{
    const bool same = got->digest == expected->digest && got->told == expected->told;
    if (m->goes_on) return status == BRN_OK && same ? NULL : "it did not go on as if nothing had been";
    if (status == BRN_OK) return same || got->told ? NULL : "OK with other results, and nothing told";
    if (!*brn_error_message()) return "no message";
    if (m->memory) return status == BRN_ERROR_NO_MEMORY ? NULL : "the status is not NO_MEMORY";
    return status == BRN_ERROR_IO ? NULL : "the status is not IO";
}

static const char *run_point(const scenario *s, const mode *m, uint64_t n, const outcome *expected,
                             brn_status *status)
{
    outcome got = {0};
    const int64_t blocks = brn__alloc_live();
    const int open_before = descriptors();
    strike(m, n);
    *status = s->run(&place, &got);
    strike(m, 0);
    const char *why = judge(m, *status, &got, expected);
    if (brn__alloc_live() != blocks) why = "memory leaks";
    if (descriptors() != open_before) why = "descriptors leak";
    if (world_clear(&place)) why = "a temporary file is left";
    return why;
}

static void tell(const scenario *s, const mode *m, uint64_t n, const char *why, brn_status status)
{
    if (shared->found++ >= SHOWN_MAX) return;
    printf("FAILED %s, %s call %llu: %s (%s: %s)\n", s->name, m->name, (unsigned long long)n, why,
           brn_status_name(status), brn_error_message());
}

/* ------------------------------------------------------------------ a walk, in the child */

/* A step between 1 and 2 * mean - 1. */
static uint64_t stride(uint64_t *state, uint64_t mean)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return mean < 2 ? 1 : 1 + (*state >> 33) % (2 * mean - 1);
}

static uint64_t count_calls(bool memory) { return memory ? brn__alloc_calls() : brn__io_calls(); }

static void walk_mode(const scenario *s, int number, uint64_t from, uint64_t total, uint64_t mean,
                      uint64_t *seed, const outcome *expected)
{
    const mode *m = &modes[number];
    for (uint64_t n = from + stride(seed, mean); n <= total; n += stride(seed, mean)) {
        brn_status status;
        shared->mode = number;
        shared->n = n;
        alarm(SECONDS_A_POINT);
        const char *why = run_point(s, m, n, expected, &status);
        alarm(0);
        shared->points++;
        if (why) tell(s, m, n, why, status);
    }
}

static bool repeats(const scenario *s, const outcome *expected)
{
    outcome again = {0};
    world_clear(&place);
    brn_status status = s->run(&place, &again);
    world_clear(&place);
    return status == BRN_OK && again.digest == expected->digest && again.told == expected->told;
}

static void walk_child(const scenario *s, bool memory, uint64_t points, uint64_t seed)
{
    outcome expected = {0};
    json_set_alloc_funcs(brn__alloc, brn__free);
    world_clear(&place);
    const bool works = s->run(&place, &expected) == BRN_OK;
    if (!works || !repeats(s, &expected)) {
        printf("FAILED %s: without faults: %s\n", s->name, brn_error_message());
        shared->found++;
        shared->done = true;
        return;
    }
    const uint64_t before = count_calls(memory);
    repeats(s, &expected);
    const uint64_t total = count_calls(memory) - before;
    const uint64_t all = total * (memory ? 2 : MODES - 2);
    if (s->slow) points = (points + 3) / 4;
    const uint64_t mean = points && all > points ? (all + points - 1) / points : 1;
    int first = shared->n ? shared->mode : memory ? 0 : 2; /* go on behind a crash */
    shared->calls = total;
    for (int i = first; i < MODES && modes[i].memory == memory; i++)
        walk_mode(s, i, i == first ? shared->n : 0, total, mean, &seed, &expected);
    if (!repeats(s, &expected)) tell(s, &modes[shared->mode], 0, "does not work after the walk", BRN_OK);
    shared->done = true;
}

/* ------------------------------------------------------------------ the parent */

static void walk(const scenario *s, bool memory, uint64_t points, uint64_t seed)
{
    memset(shared, 0, sizeof *shared);
    for (int crashes = 0; !shared->done && crashes < CRASHES_MAX; crashes++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            walk_child(s, memory, points, seed + (uint64_t)crashes);
            fflush(stdout);
            _exit(0);
        }
        int ended = 0;
        waitpid(child, &ended, 0);
        if (shared->done) break;
        printf("FAILED %s, %s call %llu: ended by %s %d\n", s->name, modes[shared->mode].name,
               (unsigned long long)shared->n, WIFSIGNALED(ended) ? "signal" : "exit",
               WIFSIGNALED(ended) ? WTERMSIG(ended) : WEXITSTATUS(ended));
        shared->found++;
        shared->points++;
    }
    printf("%-16s %8llu calls %8llu points %4llu found\n", s->name, (unsigned long long)shared->calls,
           (unsigned long long)shared->points, (unsigned long long)shared->found);
}

static bool make_world(const char *folder)
{
    fflush(stdout);
    pid_t child = fork(); /* a process that has computed in threads must not fork again */
    if (child == 0) {
        brn_status status = world_make(&place, folder);
        if (status != BRN_OK) printf("FAILED the world: %s\n", brn_error_message());
        fflush(stdout);
        _exit(status != BRN_OK);
    }
    int ended = 1;
    waitpid(child, &ended, 0);
    world_name(&place, folder);
    return ended == 0;
}

static char scratch[64];

static bool scratch_world(void)
{
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(scratch, sizeof scratch, "%s/burnish-faults-XXXXXX", base);
    return mkdtemp(scratch) && make_world(scratch);
}

static void scratch_remove(void)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    if (system(command) != 0) printf("could not remove %s\n", scratch);
}

static int conclude(const char *what, uint64_t points, uint64_t found, int passed, int failed)
{
    printf("%s: failing calls walked\npoints %llu\nfound %llu\nscenarios %d\n", what,
           (unsigned long long)points, (unsigned long long)found, passed + failed);
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0;
}

static int walk_all(bool memory, uint64_t points, uint64_t seed, const char *only)
{
    uint64_t all_points = 0, all_found = 0;
    int passed = 0, failed = 0;
    if (!scratch_world()) return 1;
    for (int i = 0; i < scenario_count; i++) {
        if (only && strcmp(only, scenarios[i].name) != 0) continue;
        walk(&scenarios[i], memory, points, seed);
        all_points += shared->points;
        all_found += shared->found;
        if (shared->found) failed++;
        else passed++;
    }
    scratch_remove();
    return conclude(memory ? "memory" : "files", all_points, all_found, passed, failed);
}

static int kill_all(const char *what, uint64_t stride, uint64_t whole)
{
    uint64_t points = 0;
    if (!scratch_world()) return 1;
    const uint64_t found = kills_walk(&place, what, stride, whole, &points);
    scratch_remove();
    return conclude("kills", points, found, !found, found != 0);
}

static uint64_t number(const char *text) { return strtoull(text, NULL, 10); }

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return 1;
    if (argc >= 4 && (strcmp(argv[1], "memory") == 0 || strcmp(argv[1], "files") == 0))
        return walk_all(argv[1][0] == 'm', number(argv[2]), number(argv[3]), argc > 4 ? argv[4] : NULL);
    if (argc == 4 && strncmp(argv[1], "kills", 5) == 0)
        return kill_all(argv[1][5] ? "resume" : "save", number(argv[2]), number(argv[3]));
    if (argc == 5 && strcmp(argv[1], "once") == 0) { /* the process that is killed */
        world_name(&place, argv[2]);
        return kills_once(&place, argv[3], number(argv[4]));
    }
    for (int i = 0; i < scenario_count; i++) printf("%s\n", scenarios[i].name);
    return argc != 2 || strcmp(argv[1], "list") != 0;
}
