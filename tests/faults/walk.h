/* SPDX-License-Identifier: Apache-2.0
 * Walks the failure paths of scenarios: each is run again and again with the n-th allocation, or the
 * n-th system call on a file, failing.
 *
 * After every run: no block is left that was not there before, no descriptor, no temporary file; the
 * status says what happened; and where the scenario says that all went well, its results are those of a
 * run without faults. At the end of a walk it runs once more, undisturbed. */
#ifndef BRN_TESTS_FAULTS_WALK_H
#define BRN_TESTS_FAULTS_WALK_H

#include "burnish/image.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What scenarios work with: made once, read by all. */
typedef struct world {
    char folder[256];   /* of everything below */
    char pictures[300]; /* train/ and valid/ of two classes */
    char run[300];      /* of a finished training */
    char stopped[300];  /* of one that was stopped in its second epoch */
    char weights[300];  /* folder of weight files, one a container */
    char cache[300];    /* BURNISH_CACHE */
    char out[300];      /* emptied before every run: what a scenario writes goes here */
} world;

/* What a run came to. */
typedef struct outcome {
    uint64_t digest; /* of all results */
    int told;        /* bad files and warnings that the library told of */
} outcome;

void outcome_add(outcome *out, const void *bytes, size_t length);
brn_status outcome_add_file(outcome *out, const char *path);

typedef struct scenario {
    const char *name;
    brn_status (*run)(const world *w, outcome *out); /* frees all it makes, whatever happens */
    bool slow; /* a quarter of the points are enough where not all are walked */
} scenario;

extern const scenario scenarios[];
extern const int scenario_count;

/* Names the places of a world below a folder, and makes what is there. */
void world_name(world *w, const char *folder);
/* A training of one epoch of two batches, its state saved after each. */
brn_image_options world_options(const world *w, const char *run);
brn_status world_make(world *w, const char *folder);
/* Empties w->out and w->cache; the number of temporary files that were there. */
int world_clear(const world *w);
/* Copies the files of a folder into a new one. */
bool world_copy(const char *folder, const char *to);

#endif
