/* SPDX-License-Identifier: Apache-2.0
 * Byte-pair encoding (Sennrich et al. 2016): of all neighbours that make a piece together those with the best score are
 * joined, from left to right, until there are none. */
#include "base/alloc.h"
#include "data/text/subword_model.h"

#include <string.h>

typedef struct symbol {
    int32_t before, next; /* -1: none */
    int32_t begin, bytes; /* 0 bytes: joined to the one before */
    bool whole;           /* the user's: not to be joined */
} symbol;

typedef struct pair {
    float score;
    int32_t left, right, bytes;
} pair;

typedef struct joining {
    const brn__subwords *subwords;
    brn__span text;
    symbol *symbols; /* (count) */
    pair *pairs;     /* (pair_count): a heap, the best first */
    int32_t *cuts;   /* of pieces that may not stay: bytes of their left part; NULL: there are none */
    int32_t count;
    int64_t pair_count;
    brn__subword_out out;
} joining;

/* ------------------------------------------------------------------ the heap */

static bool is_better(const pair *a, const pair *b)
{
    return a->score > b->score || (a->score == b->score && a->left < b->left);
}

static void push(joining *j, pair added)
{
    int64_t at = j->pair_count++;
    for (; at > 0 && is_better(&added, &j->pairs[(at - 1) / 2]); at = (at - 1) / 2) j->pairs[at] = j->pairs[(at - 1) / 2];
    j->pairs[at] = added;
}

static pair pop(joining *j)
{
    const pair best = j->pairs[0], last = j->pairs[--j->pair_count];
    int64_t at = 0;
    for (int64_t child; (child = 2 * at + 1) < j->pair_count; at = child) {
        if (child + 1 < j->pair_count && is_better(&j->pairs[child + 1], &j->pairs[child])) child++;
        if (!is_better(&j->pairs[child], &last)) break;
        j->pairs[at] = j->pairs[child];
    }
    j->pairs[at] = last;
    return best;
}

/* ------------------------------------------------------------------ joining */

static brn__span part_of(const joining *j, int32_t begin, int32_t bytes)
{
    return (brn__span){j->text.bytes + begin, (size_t)bytes};
}

static void offer(joining *j, int32_t left, int32_t right)
{
    if (left < 0 || right < 0 || j->symbols[left].whole || j->symbols[right].whole) return;
    const int32_t bytes = j->symbols[left].bytes + j->symbols[right].bytes;
    const int32_t piece = brn__subword_find(j->subwords, part_of(j, j->symbols[left].begin, bytes));
    if (piece < 0) return;
    const brn__subword *found = &j->subwords->items[piece];
    if (found->kind != BRN__SUBWORD_NORMAL && found->kind != BRN__SUBWORD_USER && found->kind != BRN__SUBWORD_UNUSED)
        return;
    if (found->kind == BRN__SUBWORD_UNUSED) j->cuts[piece] = j->symbols[left].bytes;
    push(j, (pair){found->score, left, right, bytes});
}

static void join_pair(joining *j, pair p)
{
    symbol *left = &j->symbols[p.left], *right = &j->symbols[p.right];
    if (!left->bytes || !right->bytes || left->bytes + right->bytes != p.bytes) return; /* others were better */
    left->bytes = p.bytes;
    left->next = right->next;
    if (right->next >= 0) j->symbols[right->next].before = p.left;
    right->bytes = 0;
    offer(j, left->before, p.left);
    offer(j, p.left, left->next);
}

static void cut_symbols(joining *j)
{
    int32_t code;
    for (size_t at = 0; at < j->text.length;) {
        const brn__span rest = {j->text.bytes + at, j->text.length - at};
        const size_t user = brn__subword_user_prefix(j->subwords, rest);
        const size_t bytes = user ? user : (size_t)brn__code_point(rest.bytes, &code);
        j->symbols[j->count] = (symbol){j->count - 1, j->count + 1, (int32_t)at, (int32_t)bytes, user > 0};
        j->count++;
        at += bytes;
    }
    j->symbols[j->count - 1].next = -1;
}

/* A piece that may not stay is cut as it was joined. */
static void add_symbol(joining *j, int32_t begin, int32_t bytes)
{
    const brn__span text = part_of(j, begin, bytes);
    const int32_t piece = brn__subword_find(j->subwords, text);
    const int32_t left = piece >= 0 && j->cuts && j->subwords->items[piece].kind == BRN__SUBWORD_UNUSED ? j->cuts[piece] : 0;
    if (left) {
        add_symbol(j, begin, left);
        add_symbol(j, begin + left, bytes - left);
    } else {
        brn__subword_add(&j->out, text, piece);
    }
}

static brn_status make_cuts(joining *j, brn__subword_room *room)
{
    const int64_t count = j->subwords->count;
    if (!j->subwords->has_unused) return BRN_OK;
    if (room->cut_count < count) {
        brn__free(room->cuts);
        room->cuts = brn__alloc_array((size_t)count, sizeof *room->cuts);
        room->cut_count = room->cuts ? count : 0;
        if (!room->cuts) return BRN_ERROR_NO_MEMORY;
    }
    memset(room->cuts, 0, (size_t)count * sizeof *room->cuts);
    j->cuts = room->cuts;
    return BRN_OK;
}

brn_status brn__subword_pairs(const brn__subwords *s, brn__span text, brn__subword_room *room, brn__token_list *list)
{
    /* Every character begins a pair, and every joining makes two more. */
    const size_t most = text.length;
    joining j = {.subwords = s, .text = text, .out = {.subwords = s, .list = list}};
    j.symbols = brn__subword_room_of(room, most * sizeof *j.symbols + 3 * most * sizeof *j.pairs);
    if (!j.symbols) return BRN_ERROR_NO_MEMORY;
    j.pairs = (pair *)(void *)(j.symbols + most);
    BRN__TRY(make_cuts(&j, room));
    cut_symbols(&j);
    for (int32_t i = 1; i < j.count; i++) offer(&j, i - 1, i);
    while (j.pair_count) join_pair(&j, pop(&j));
    for (int32_t i = 0; i >= 0; i = j.symbols[i].next) add_symbol(&j, j.symbols[i].begin, j.symbols[i].bytes);
    brn__subword_add_end(&j.out);
    return BRN_OK;
}
