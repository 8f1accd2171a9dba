/* SPDX-License-Identifier: Apache-2.0 */
#include "kills.h"
#include "base/alloc.h"
#include "base/system.h"
#include "io/state.h"
#include "jobs/run_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAST = 16, NOT_THERE = 9 };

static void name_run(const world *w, char *out, size_t size)
{
    snprintf(out, size, "%.250s/out/run", w->folder);
}

/* ------------------------------------------------------------------ in the process that may be killed */

static brn_status write_again(const char *run, const brn__state *state, const brn__run_state_facts *facts)
{
    const int64_t count = brn__state_count(state);
    brn__memory_item *items = brn__alloc_zero((size_t)count, sizeof *items);
    if (!items) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < count; i++) {
        const brn__entry *entry = brn__state_entry(state, i);
        items[i] = (brn__memory_item){.name = (char *)(uintptr_t)entry->name,
                                      .dtype = entry->dtype,
                                      .shape = entry->shape,
                                      .data = (void *)(uintptr_t)entry->first};
    }
    brn_status status = brn__run_state_write(run, facts, items, (int)count);
    brn__free(items);
    return status;
}

static brn_status save(const char *run, uint64_t n, uint64_t *calls)
{
    char path[600], note[1024];
    brn__run_state *opened = NULL;
    brn__state *state = NULL;
    snprintf(path, sizeof path, "%s/state.safetensors", run);
    brn_status status = brn__run_state_open(run, 1, &opened, note, sizeof note);
    if (status == BRN_OK) status = brn__state_open(path, &state);
    if (status == BRN_OK) {
        const brn__run_state_facts facts = brn__run_state_facts_of(opened);
        *calls = brn__io_calls();
        brn__io_fault_after(n, BRN__IO_KILL, 0);
        status = write_again(run, state, &facts);
        brn__io_fault_after(0, BRN__IO_KILL, 0);
        *calls = brn__io_calls() - *calls;
    }
    brn__state_close(state);
    brn__run_state_close(opened);
    return status;
}

static brn_status load(const char *run)
{
    char note[1024];
    brn__run_state *state = NULL;
    brn_status status = brn__run_state_open(run, 1, &state, note, sizeof note);
    if (status == BRN_OK && !state) status = brn__fail(BRN_ERROR_INPUT, "%s: no state", run);
    brn__run_state_close(state);
    return status;
}

static brn_status go_on(const char *run, uint64_t n, uint64_t *calls)
{
    *calls = brn__io_calls();
    brn__io_fault_after(n, BRN__IO_KILL, 0);
    brn_status status = brn_image_resume(run, NULL, NULL, NULL);
    brn__io_fault_after(0, BRN__IO_KILL, 0);
    *calls = brn__io_calls() - *calls;
    return status;
}

int kills_once(const world *w, const char *what, uint64_t n)
{
    char run[300], path[600];
    uint64_t calls = 0;
    brn_status status;
    name_run(w, run, sizeof run);
    if (strcmp(what, "save") == 0) status = save(run, n, &calls);
    else if (strcmp(what, "load") == 0) status = load(run);
    else status = go_on(run, n, &calls);
    if (status != BRN_OK) printf("  %s: %s\n", what, brn_error_message());
    snprintf(path, sizeof path, "%s/calls", w->folder);
    FILE *file = fopen(path, "w");
    if (!file) return NOT_THERE;
    fprintf(file, "%llu\n", (unsigned long long)calls);
    return fclose(file) == 0 && status == BRN_OK ? 0 : 1;
}

/* ------------------------------------------------------------------ the parent */

/* What waitpid says. */
static int execute(const world *w, const char *what, uint64_t n)
{
    char number[32];
    snprintf(number, sizeof number, "%llu", (unsigned long long)n);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(120);
        execl("/proc/self/exe", "burnish-faults", "once", w->folder, what, number, (char *)NULL);
        _exit(NOT_THERE);
    }
    int ended = -1;
    return waitpid(child, &ended, 0) == child ? ended : -1;
}

static uint64_t calls_of_last(const world *w)
{
    char path[600];
    unsigned long long calls = 0;
    snprintf(path, sizeof path, "%s/calls", w->folder);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    if (fscanf(file, "%llu", &calls) != 1) calls = 0;
    fclose(file);
    return calls;
}

static bool digest_of_run(const world *w, uint64_t *out)
{
    char run[300], path[600];
    outcome o = {0};
    name_run(w, run, sizeof run);
    snprintf(path, sizeof path, "%s/model.safetensors", run);
    bool there = outcome_add_file(&o, path) == BRN_OK;
    *out = o.digest;
    return there;
}

static bool fresh(const world *w)
{
    char run[300];
    name_run(w, run, sizeof run);
    world_clear(w);
    return world_copy(w->stopped, run);
}

/* Why what a kill left is not as it should be; NULL when it is. */
static const char *look(const world *w, bool to_the_end, uint64_t expected)
{
    uint64_t digest;
    if (execute(w, "load", 0) != 0) return "no state loads";
    if (!to_the_end) return NULL;
    if (execute(w, "resume", 0) != 0) return "the run does not go on";
    return digest_of_run(w, &digest) && digest == expected ? NULL : "the weights are others";
}

uint64_t kills_walk(const world *w, const char *what, uint64_t stride, uint64_t whole, uint64_t *points)
{
    uint64_t expected, found = 0, walked = 0;
    if (!fresh(w) || execute(w, "resume", 0) != 0 || !digest_of_run(w, &expected)) {
        printf("FAILED kills: the run does not go on when nothing is killed\n");
        return 1;
    }
    const bool counted = fresh(w) && execute(w, what, 0) == 0;
    const uint64_t calls = counted ? calls_of_last(w) : 0;
    for (uint64_t n = 1; n <= calls; n += n + LAST >= calls ? 1 : stride, walked++) {
        const char *why = fresh(w) ? NULL : "no copy of the run";
        int ended = why ? 0 : execute(w, what, n);
        if (!why && !(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL)) why = "it was not killed";
        if (!why) why = look(w, walked % whole == 0 || n + LAST >= calls, expected);
        if (why) printf("FAILED kills: %s, call %llu: %s\n", what, (unsigned long long)n, why);
        found += why != NULL;
    }
    printf("%-16s %8llu calls %8llu kills %4llu found\n", what, (unsigned long long)calls,
           (unsigned long long)walked, (unsigned long long)found);
    *points += walked;
    return found + (calls == 0);
}
