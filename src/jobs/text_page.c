/* SPDX-License-Identifier: Apache-2.0
 * report.html of a text run. */
#include "base/alloc.h"
#include "base/files.h"
#include "jobs/run_facts.h"
#include "jobs/text_job.h"
#include "report/run_page.h"

#include <stdio.h>

enum { FIGURE_BYTES = 32, CONFUSED_MAX = 20 };

static void figures(const brn__text_page *page, brn__html_pair *pairs, char (*texts)[FIGURE_BYTES], int *count)
{
    brn_metric metrics[BRN__TEXT_METRICS];
    *count = brn__text_metrics(&page->result->score, metrics);
    for (int i = 0; i < *count; i++) {
        snprintf(texts[i], FIGURE_BYTES, "%.4f", metrics[i].value);
        pairs[i] = (brn__html_pair){metrics[i].name, texts[i]};
    }
    snprintf(texts[*count], FIGURE_BYTES, "%lld", (long long)page->result->train_count);
    pairs[*count] = (brn__html_pair){"texts that train", texts[*count]};
    ++*count;
    snprintf(texts[*count], FIGURE_BYTES, "%lld", (long long)page->result->vocabulary);
    pairs[*count] = (brn__html_pair){"words known", texts[*count]};
    ++*count;
}

/* The most frequent mistakes, by repeated search: there are few. */
static int list_confused(const brn__text_page *page, brn__report_confused *out)
{
    const int64_t k = page->output_count;
    int count = 0;
    int64_t below = INT64_MAX;
    while (count < CONFUSED_MAX) {
        int64_t best = 0, found = 0;
        for (int64_t i = 0; i < k * k; i++)
            if (i / k != i % k && page->confusion[i] > best && page->confusion[i] < below) best = page->confusion[i];
        for (int64_t i = 0; best > 0 && i < k * k && count < CONFUSED_MAX; i++)
            if (i / k != i % k && page->confusion[i] == best)
                out[count++] = (brn__report_confused){page->outputs[i / k], page->outputs[i % k], best}, found++;
        if (!found) break;
        below = best;
    }
    return count;
}

static void write_confusion(brn__text *out, const brn__text_page *page)
{
    brn__report_confused confused[CONFUSED_MAX];
    if (!page->confusion) return;
    const brn__run_confusion part = {.classes = page->outputs,
                                     .class_count = page->output_count,
                                     .confusion = page->confusion,
                                     .confused = confused,
                                     .confused_count = list_confused(page, confused),
                                     .items = "texts"};
    brn__run_page_confusion(out, &part);
}

static brn_status make(const brn__text_page *page, const brn__run_table *history, const brn__config_facts *config,
                       const brn__facts *provenance, brn__text *out)
{
    brn__html_pair pairs[BRN__TEXT_METRICS + 2];
    char texts[BRN__TEXT_METRICS + 2][FIGURE_BYTES];
    brn__run_head head = {.title = "Text classifier", .subtitle = page->run};
    figures(page, pairs, texts, &head.figures.count);
    head.figures.pairs = pairs;
    const brn__run_curves curves = {.history = history, .items = "texts"};
    const brn__report_list options = {config->facts.pairs, config->facts.count};
    const brn__report_list facts = {provenance->pairs, provenance->count};
    brn__html_begin(out, head.title);
    brn__run_page_head(out, &head);
    brn__run_page_curves(out, &curves);
    write_confusion(out, page);
    brn__run_page_list(out, "configuration", "Configuration", &options);
    brn__run_page_list(out, "provenance", "Where it comes from", &facts);
    brn__html_end(out, "Made by burnish.");
    return brn__text_finish(out);
}

brn_status brn__text_page_write(const char *path, const brn__text_page *page)
{
    brn__run_table history = {0};
    brn__config_facts config = {0};
    brn__facts provenance = {0};
    brn__text out = {0};
    brn_status status = brn__run_table_read(page->history, &history);
    if (status == BRN_OK) status = brn__config_facts_read(page->run, &config);
    if (status == BRN_OK) status = brn__provenance_facts(page->run, &config, &history, &provenance);
    if (status == BRN_OK) status = make(page, &history, &config, &provenance, &out);
    if (status == BRN_OK) status = brn__replace_file(path, out.bytes, out.length);
    brn__text_free(&out);
    brn__facts_free(&provenance);
    brn__config_facts_free(&config);
    brn__run_table_free(&history);
    return status;
}
