/* SPDX-License-Identifier: Apache-2.0
 * What a step need not visit: gradients of tables come with a list of their rows that can be other than
 * zero (graph/rows.h). */
#include "optim/optimizer.h"

#include <string.h>

const brn__part *brn__part_of(const brn_optimizer *optimizer, const brn_parameter_info *info)
{
    for (int i = 0; i < optimizer->part_count; i++)
        if (info->offset >= optimizer->parts[i].begin && info->offset < optimizer->parts[i].end)
            return &optimizer->parts[i];
    return NULL;
}

/* Marks blocks of the part by a range of elements: all that touch it, or only those wholly inside. */
static void mark(brn_optimizer *optimizer, const brn__part *part, int64_t begin, int64_t end,
                 bool inside_only, unsigned char value)
{
    begin -= part->begin, end -= part->begin;
    const bool at_end = end == part->end - part->begin;
    int64_t first = begin / BRN__STEP_BLOCK, last = end / BRN__STEP_BLOCK; /* last: not included */
    if (inside_only) first = (begin + BRN__STEP_BLOCK - 1) / BRN__STEP_BLOCK;
    if (!inside_only || at_end) last = (end + BRN__STEP_BLOCK - 1) / BRN__STEP_BLOCK;
    if (last > first)
        memset(optimizer->still + part->first_block + first, value, (size_t)(last - first));
}

static void mark_parameter(brn_optimizer *optimizer, const brn_parameter_info *info,
                           const brn__rows *rows)
{
    const brn__part *part = brn__part_of(optimizer, info);
    const int64_t width = info->shape.dims[0] ? info->count / info->shape.dims[0] : 0;
    if (!part || width == 0) return;
    mark(optimizer, part, info->offset, info->offset + info->count, true, 1);
    for (int64_t i = 0; i < rows->count; i++) {
        const int64_t begin = info->offset + rows->rows[i] * width;
        mark(optimizer, part, begin, begin + width, false, 0);
    }
}

void brn__mark_still(brn_optimizer *optimizer)
{
    memset(optimizer->still, 0, (size_t)optimizer->block_count);
    for (int i = 0; i < brn_parameters_count(optimizer->parameters); i++) {
        const brn__rows *rows = brn__parameters_rows(optimizer->parameters, i);
        if (!rows->listed) continue;
        const brn_parameter_info info = brn_parameters_info(optimizer->parameters, i);
        mark_parameter(optimizer, &info, rows);
    }
}

void brn__choose_tables(brn_optimizer *optimizer, uint64_t learning_groups)
{
    optimizer->table_count = 0;
    for (int i = 0; optimizer->options.lazy && i < brn_parameters_count(optimizer->parameters); i++)
        if (brn__parameters_rows(optimizer->parameters, i)->listed &&
            learning_groups >> brn_parameters_info(optimizer->parameters, i).group & 1)
            optimizer->tables[optimizer->table_count++] = i;
}

bool brn__leaves_still(const brn_optimizer *optimizer, const brn__part *part,
                       const brn_group_settings *settings)
{
    const brn_optimizer_options *options = &optimizer->options;
    const bool decays = (part->is_decayed || options->decay_all) && settings->weight_decay != 0;
    if (decays || options->lookahead_every > 0) return false;
    if (options->kind == BRN_OPTIMIZER_SGD) return settings->momentum == 0;
    return options->kind == BRN_OPTIMIZER_ADAGRAD && options->epsilon > 0;
}

int64_t brn__next_dense(const brn_optimizer *optimizer, int64_t *begin, int64_t end)
{
    for (int i = 0; i < optimizer->table_count; i++) {
        const brn_parameter_info info =
            brn_parameters_info(optimizer->parameters, optimizer->tables[i]);
        if (info.offset + info.count <= *begin) continue;
        if (info.offset > *begin) return info.offset < end ? info.offset : end;
        *begin = info.offset + info.count; /* inside the table: behind it */
        if (*begin >= end) return *begin = end;
    }
    return end;
}
