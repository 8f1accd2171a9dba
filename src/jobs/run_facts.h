/* SPDX-License-Identifier: Apache-2.0
 * What a run folder tells about itself, whatever the job: for reports. */
#ifndef BRN__JOBS_RUN_FACTS_H
#define BRN__JOBS_RUN_FACTS_H

#include "report/html.h"
#include "report/run_table.h"

/* Pairs that own their texts. */
typedef struct brn__facts {
    brn__html_pair *pairs; /* (count) */
    int count;
} brn__facts;

brn_status brn__facts_add(brn__facts *facts, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void brn__facts_free(brn__facts *facts); /* a zeroed one is fine */

/* From config.json: every option, and by name "data" and "weights" (brn__free; NULL when absent). An
 * unreadable file gives no facts. */
typedef struct brn__config_facts {
    brn__facts facts;
    char *data, *weights, *architecture;
    double seed, threads; /* NaN: not told */
} brn__config_facts;
brn_status brn__config_facts_read(const char *run, brn__config_facts *out);
void brn__config_facts_free(brn__config_facts *config);

/* When the run began and ended, how long its epochs took, and sha256 of its files. */
brn_status brn__provenance_facts(const char *run, const brn__config_facts *config,
                                 const brn__run_table *history, brn__facts *out);

#endif
