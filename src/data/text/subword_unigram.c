/* SPDX-License-Identifier: Apache-2.0
 * The likeliest pieces of a text under a unigram model (Kudo 2018), found from left to right; and pieces on their
 * way out of either model. Sums are rounded as SentencePiece rounds them, so that ties fall alike. */
#include "base/alloc.h"
#include "data/text/subword_model.h"

#include <stdio.h>

static const float UNKNOWN_PENALTY = 10;
static const double USER_PENALTY = .1;

/* ------------------------------------------------------------------ out */

static void add_unknown(brn__subword_out *out)
{
    char name[8];
    const brn__span text = out->unknown;
    for (size_t i = 0; out->subwords->fallback && i < text.length; i++) {
        snprintf(name, sizeof name, "<0x%02X>", (unsigned)(unsigned char)text.bytes[i]);
        brn__tokens_add(out->list, name, 6);
    }
    if (!out->subwords->fallback) brn__tokens_add(out->list, text.bytes, text.length);
    out->unknown.length = 0;
}

void brn__subword_add(brn__subword_out *out, brn__span text, int32_t piece)
{
    if (piece < 0 || out->subwords->items[piece].kind == BRN__SUBWORD_UNKNOWN) {
        if (!out->unknown.length) out->unknown.bytes = text.bytes;
        out->unknown.length += text.length;
        return;
    }
    brn__subword_add_end(out);
    brn__tokens_add(out->list, text.bytes, text.length);
}

void brn__subword_add_end(brn__subword_out *out)
{
    if (out->unknown.length) add_unknown(out);
}

/* ------------------------------------------------------------------ the best way */

typedef struct place { /* the best way to it, and on from it */
    float score;
    int32_t piece, begin, end; /* begin -1: not reached */
} place;

static void offer(place *to, float score, int32_t begin, int32_t piece)
{
    if (to->begin >= 0 && !(score > to->score)) return;
    *to = (place){.score = score, .piece = piece, .begin = begin, .end = -1};
}

static float score_of(const brn__subwords *s, int32_t piece, size_t length)
{
    if (s->items[piece].kind == BRN__SUBWORD_USER) return (float)((double)((float)length * s->most) - USER_PENALTY);
    return s->items[piece].score;
}

/* All pieces that begin at `at`, whose character has `bytes`. */
static void offer_pieces(const brn__subwords *s, brn__span text, size_t at, size_t bytes, place *places)
{
    const float before = places[at].score;
    bool covered = false;
    uint32_t node = 0;
    for (size_t end = at; end < text.length;) {
        node = brn__subword_follow(s, node, text.bytes[end++]);
        if (!node) break;
        const int32_t piece = s->pieces[node];
        if (piece < 0) continue;
        const brn__subword_kind kind = s->items[piece].kind;
        if (kind != BRN__SUBWORD_NORMAL && kind != BRN__SUBWORD_USER) continue;
        offer(&places[end], score_of(s, piece, end - at) + before, (int32_t)at, piece);
        covered |= end - at == bytes;
    }
    if (!covered) offer(&places[at + bytes], s->least - UNKNOWN_PENALTY + before, (int32_t)at, -1);
}

brn_status brn__subword_unigram(const brn__subwords *s, brn__span text, brn__subword_room *room, brn__token_list *list)
{
    int32_t code;
    place *places = brn__subword_room_of(room, (text.length + 1) * sizeof *places);
    if (!places) return BRN_ERROR_NO_MEMORY;
    for (size_t i = 0; i <= text.length; i++) places[i] = (place){.score = 0, .piece = -1, .begin = -1, .end = -1};
    for (size_t at = 0; at < text.length;) {
        const size_t bytes = (size_t)brn__code_point(text.bytes + at, &code);
        offer_pieces(s, text, at, bytes, places);
        at += bytes;
    }
    for (int32_t end = (int32_t)text.length; end > 0; end = places[end].begin) places[places[end].begin].end = end;
    brn__subword_out out = {.subwords = s, .list = list};
    for (int32_t at = 0, end; (size_t)at < text.length; at = end) {
        end = places[at].end;
        brn__subword_add(&out, (brn__span){text.bytes + at, (size_t)(end - at)}, places[end].piece);
    }
    brn__subword_add_end(&out);
    return BRN_OK;
}

/* ------------------------------------------------------------------ either model */

void *brn__subword_room_of(brn__subword_room *room, size_t bytes)
{
    if (bytes <= room->bytes) return room->memory;
    brn__free(room->memory);
    room->memory = brn__alloc(bytes);
    room->bytes = room->memory ? bytes : 0;
    return room->memory;
}

void brn__subword_room_deinit(brn__subword_room *room)
{
    brn__text_free(&room->text);
    brn__free(room->memory);
    brn__free(room->cuts);
}

brn_status brn__split_subwords(const brn__subwords *s, brn__span text, brn__subword_room *room, brn__token_list *out)
{
    room->text.length = 0;
    brn__subword_normalise(s, text, &room->text);
    BRN__TRY(brn__text_finish(&room->text));
    const brn__span normal = {room->text.bytes, room->text.length};
    if (!normal.length) return BRN_OK;
    return s->model_kind == 1 ? brn__subword_unigram(s, normal, room, out) : brn__subword_pairs(s, normal, room, out);
}
