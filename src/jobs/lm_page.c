/* SPDX-License-Identifier: Apache-2.0
 * report.html of a language model's run: its figures, curves, what it writes, and what it was made from. */
#include "base/alloc.h"
#include "base/files.h"
#include "jobs/lm_job.h"
#include "jobs/run_facts.h"
#include "report/run_page.h"

#include <math.h>
#include <stdio.h>

enum { SAMPLES = 3 };

typedef struct parts {
    brn__run_table history, curve;
    brn__config_facts config;
    brn__facts figures, samples, provenance;
    brn__text page;
} parts;

static brn_status add_figures(const brn_lm_result *r, brn__facts *out)
{
    const brn_metric metrics[] = {
        {"perplexity", r->perplexity}, {"accuracy", r->accuracy}, {"validation loss", r->valid_loss}};
    for (int i = 0; i < 3; i++)
        if (isfinite(metrics[i].value)) BRN__TRY(brn__facts_add(out, metrics[i].name, "%.4f", metrics[i].value));
    BRN__TRY(brn__facts_add(out, "tokens that train", "%lld", (long long)r->train_tokens));
    BRN__TRY(brn__facts_add(out, "tokens that validate", "%lld", (long long)r->valid_tokens));
    return brn__facts_add(out, "words known", "%lld", (long long)r->vocabulary);
}

/* What the model, which is in its file by now, writes from nothing. */
static brn_status add_samples(const char *run, int threads, brn__facts *out)
{
    brn_lm_model *model;
    BRN__TRY(brn_lm_model_open(run, threads, &model));
    brn_lm_generation how = brn_lm_generation_defaults();
    brn_status status = BRN_OK;
    for (int i = 0; status == BRN_OK && i < SAMPLES; i++) {
        char name[32], *text = NULL;
        how.seed = (uint64_t)i + 1;
        snprintf(name, sizeof name, "seed %d", i + 1);
        status = brn_lm_generate(model, NULL, &how, &text);
        if (status == BRN_OK) status = brn__facts_add(out, name, "%s", text);
        brn_lm_text_free(text);
    }
    brn_lm_model_close(model);
    return status;
}

static brn_status collect(const brn_lm_result *result, int threads, parts *p)
{
    char path[4160];
    const char *run = result->run;
    snprintf(path, sizeof path, "%s/history.csv", run);
    BRN__TRY(brn__run_table_read(path, &p->history));
    snprintf(path, sizeof path, "%s/curve.csv", run);
    BRN__TRY(brn__run_table_read(path, &p->curve));
    BRN__TRY(brn__config_facts_read(run, &p->config));
    BRN__TRY(add_figures(result, &p->figures));
    BRN__TRY(add_samples(run, threads, &p->samples));
    return brn__provenance_facts(run, &p->config, &p->history, &p->provenance);
}

static brn__report_list list_of(const brn__facts *facts) { return (brn__report_list){facts->pairs, facts->count}; }

static brn_status make(const brn_lm_result *result, parts *p)
{
    const brn__run_head head = {
        .title = "Language model", .subtitle = result->run, .figures = list_of(&p->figures)};
    const brn__run_curves curves = {.history = &p->history, .curve = &p->curve, .items = "tokens"};
    const brn__report_list samples = list_of(&p->samples), options = list_of(&p->config.facts),
                           facts = list_of(&p->provenance);
    brn__html_begin(&p->page, head.title);
    brn__run_page_head(&p->page, &head);
    brn__run_page_curves(&p->page, &curves);
    brn__run_page_list(&p->page, "samples", "What it writes", &samples);
    brn__run_page_list(&p->page, "configuration", "Configuration", &options);
    brn__run_page_list(&p->page, "provenance", "Where it comes from", &facts);
    brn__html_end(&p->page, "Made by burnish.");
    return brn__text_finish(&p->page);
}

brn_status brn__lm_page_write(const char *path, const brn_lm_result *result, int threads)
{
    parts p = {0};
    brn_status status = collect(result, threads, &p);
    if (status == BRN_OK) status = make(result, &p);
    if (status == BRN_OK) status = brn__replace_file(path, p.page.bytes, p.page.length);
    brn__text_free(&p.page);
    brn__facts_free(&p.figures);
    brn__facts_free(&p.samples);
    brn__facts_free(&p.provenance);
    brn__config_facts_free(&p.config);
    brn__run_table_free(&p.history);
    brn__run_table_free(&p.curve);
    return status;
}
