/* SPDX-License-Identifier: Apache-2.0
 * Reads a .model file: a message in the encoding of Protocol Buffers (sentencepiece_model.proto). */
#include "data/text/subword_model.h"
#include "base/alloc.h"
#include "base/files.h"
#include "data/table/csv_reader.h"
#include "data/text/vocabulary.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { UNIGRAM = 1, PAIRS = 2, BYTES = 256, REPLACEMENT_MAX = 256, PIECES_MAX = 1 << 24 };

static brn_status wrong(const char *what) { return brn__fail(BRN_ERROR_INPUT, "no SentencePiece model: %s", what); }

/* ------------------------------------------------------------------ messages */

typedef struct field {
    uint64_t number;
    uint64_t whole; /* a varint, or 4 or 8 bytes */
    brn__span text; /* bytes with a length */
    bool is_text;
} field;

static bool take_varint(brn__span *message, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64 && message->length; shift += 7) {
        const uint64_t byte = (unsigned char)*message->bytes;
        message->bytes++, message->length--;
        *out |= (byte & 127) << shift;
        if (byte < 128) return true;
    }
    return false;
}

static bool take_fixed(brn__span *message, size_t bytes, uint64_t *out)
{
    if (message->length < bytes) return false;
    *out = 0;
    for (size_t i = 0; i < bytes; i++) *out |= (uint64_t)(unsigned char)message->bytes[i] << 8 * i;
    message->bytes += bytes, message->length -= bytes;
    return true;
}

static bool take_text(brn__span *message, brn__span *out)
{
    uint64_t length;
    if (!take_varint(message, &length) || length > message->length) return false;
    *out = (brn__span){message->bytes, (size_t)length};
    message->bytes += length, message->length -= (size_t)length;
    return true;
}

/* The next field of a message that has bytes left. */
static bool take_field(brn__span *message, field *out)
{
    uint64_t key;
    *out = (field){0};
    if (!take_varint(message, &key)) return false;
    out->number = key >> 3;
    switch (key & 7) {
    case 0: return take_varint(message, &out->whole);
    case 1: return take_fixed(message, 8, &out->whole);
    case 2: return out->is_text = true, take_text(message, &out->text);
    case 5: return take_fixed(message, 4, &out->whole);
    default: return false;
    }
}

/* ------------------------------------------------------------------ its parts */

static bool is_utf8(brn__span text)
{
    const char *end = text.bytes + text.length;
    return brn__csv_bad_byte(text.bytes, end) == end && !memchr(text.bytes, 0, text.length);
}

static brn_status read_piece(brn__span message, brn__subword *out)
{
    field f;
    *out = (brn__subword){.text = {"", 0}, .kind = BRN__SUBWORD_NORMAL};
    while (message.length) {
        if (!take_field(&message, &f)) return wrong("a piece ends too early");
        if (f.number == 1 && f.is_text) out->text = f.text;
        if (f.number == 2 && !f.is_text) {
            const uint32_t bits = (uint32_t)f.whole;
            memcpy(&out->score, &bits, sizeof bits);
        }
        if (f.number == 3 && !f.is_text) {
            if (f.whole < BRN__SUBWORD_NORMAL || f.whole > BRN__SUBWORD_BYTE) return wrong("a piece of an unknown kind");
            out->kind = (brn__subword_kind)f.whole;
        }
    }
    if (out->text.length < 1 || out->text.length > BRN__TOKEN_BYTES || !is_utf8(out->text))
        return wrong("a piece that is empty, longer than 1024 bytes, or not UTF-8");
    return isfinite(out->score) ? BRN_OK : wrong("a score that is no number");
}

static brn_status read_training(brn__span message, brn__subwords *out)
{
    field f;
    while (message.length) {
        if (!take_field(&message, &f)) return wrong("the settings of its training end too early");
        if (f.is_text) continue;
        if (f.number == 3) out->model_kind = f.whole > PAIRS ? 0 : (int64_t)f.whole;
        if (f.number == 24) out->suffix = f.whole != 0;
        if (f.number == 35) out->fallback = f.whole != 0;
    }
    return BRN_OK;
}

/* Bytes of the double array, the array, and behind it the replacements. */
static brn_status read_rules(brn__span text, brn__subwords *out)
{
    uint64_t bytes;
    if (!text.length) return BRN_OK;
    if (!take_fixed(&text, 4, &bytes) || bytes >= text.length || bytes % 4 || bytes == 0)
        return wrong("the rules of its normalisation are damaged");
    out->units = (brn__span){text.bytes, (size_t)bytes};
    out->replacements = (brn__span){text.bytes + bytes, text.length - (size_t)bytes};
    const char *p = out->replacements.bytes, *end = p + out->replacements.length;
    if (end[-1]) return wrong("a replacement without an end");
    for (size_t length; p < end; p += length + 1) {
        length = strlen(p);
        if (length > REPLACEMENT_MAX || !brn__is_utf8(p))
            return wrong("a replacement that is longer than 256 bytes, or not UTF-8");
    }
    return BRN_OK;
}

static brn_status read_normalisation(brn__span message, brn__subwords *out)
{
    field f;
    while (message.length) {
        if (!take_field(&message, &f)) return wrong("the settings of its normalisation end too early");
        if (f.number == 2 && f.is_text) BRN__TRY(read_rules(f.text, out));
        if (f.is_text) continue;
        if (f.number == 3) out->prefix = f.whole != 0;
        if (f.number == 4) out->trims = f.whole != 0;
        if (f.number == 5) out->escapes = f.whole != 0;
    }
    return BRN_OK;
}

static brn_status count_pieces(brn__subwords *s)
{
    brn__span message = {s->bytes, s->length};
    field f;
    while (message.length) {
        if (!take_field(&message, &f)) return wrong("it ends too early, or is something else");
        s->count += f.number == 1 && f.is_text;
    }
    if (s->count < 1 || s->count > PIECES_MAX) return wrong("no pieces, or too many");
    s->items = brn__alloc_array((size_t)s->count, sizeof *s->items);
    return s->items ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status read_parts(brn__subwords *s)
{
    brn__span message = {s->bytes, s->length};
    field f;
    for (int64_t i = 0; message.length && take_field(&message, &f);) {
        if (!f.is_text) continue;
        if (f.number == 1) BRN__TRY(read_piece(f.text, &s->items[i++]));
        if (f.number == 2) BRN__TRY(read_training(f.text, s));
        if (f.number == 3) BRN__TRY(read_normalisation(f.text, s));
    }
    if (s->model_kind == UNIGRAM || s->model_kind == PAIRS) return BRN_OK;
    return brn__fail(BRN_ERROR_UNSUPPORTED, "SentencePiece model: neither unigram nor byte-pair encoding");
}

/* ------------------------------------------------------------------ the tree of pieces */

static brn__subword_step *step_of(const brn__subwords *s, uint32_t node, char byte)
{
    const uint64_t key = ((uint64_t)node << 8 | (unsigned char)byte) + 1;
    uint64_t at = key * 0x9E3779B97F4A7C15u >> 20;
    for (at &= s->step_mask; s->steps[at].key && s->steps[at].key != key;) at = (at + 1) & s->step_mask;
    return &s->steps[at];
}

uint32_t brn__subword_follow(const brn__subwords *s, uint32_t node, char byte) { return step_of(s, node, byte)->node; }

int32_t brn__subword_find(const brn__subwords *s, brn__span text)
{
    uint32_t node = 0;
    for (size_t i = 0; i < text.length; i++) {
        node = brn__subword_follow(s, node, text.bytes[i]);
        if (!node) return -1;
    }
    return s->pieces[node];
}

size_t brn__subword_user_prefix(const brn__subwords *s, brn__span text)
{
    size_t longest = 0;
    uint32_t node = 0;
    for (size_t i = 0; s->has_user && i < text.length; i++) {
        node = brn__subword_follow(s, node, text.bytes[i]);
        if (!node) break;
        const int32_t piece = s->pieces[node];
        if (piece >= 0 && s->items[piece].kind == BRN__SUBWORD_USER) longest = i + 1;
    }
    return longest;
}

static brn_status make_tree(brn__subwords *s)
{
    size_t most = 1;
    uint32_t nodes = 1;
    uint64_t steps = 16;
    for (int64_t i = 0; i < s->count; i++) most += s->items[i].text.length;
    while (steps < 2 * most) steps *= 2;
    s->step_mask = steps - 1;
    s->steps = brn__alloc_zero(steps, sizeof *s->steps);
    s->pieces = brn__alloc_array(most, sizeof *s->pieces);
    if (!s->steps || !s->pieces) return BRN_ERROR_NO_MEMORY;
    for (size_t i = 0; i < most; i++) s->pieces[i] = -1;
    for (int64_t i = 0; i < s->count; i++) {
        const brn__span text = s->items[i].text;
        uint32_t node = 0;
        for (size_t k = 0; k < text.length; k++) {
            brn__subword_step *step = step_of(s, node, text.bytes[k]);
            if (!step->key) *step = (brn__subword_step){((uint64_t)node << 8 | (unsigned char)text.bytes[k]) + 1, nodes++};
            node = step->node;
        }
        if (s->pieces[node] >= 0) return wrong("a piece is there twice");
        s->pieces[node] = (int32_t)i;
    }
    return BRN_OK;
}

/* ------------------------------------------------------------------ all of it */

bool brn__subword_byte(const char *piece, char *byte)
{
    static const char digits[] = "0123456789ABCDEF";
    if (strncmp(piece, "<0x", 3) != 0 || strlen(piece) != 6 || piece[5] != '>') return false;
    const char *high = strchr(digits, piece[3]), *low = strchr(digits, piece[4]);
    if (!high || !low) return false;
    *byte = (char)(unsigned char)((high - digits) << 4 | (low - digits));
    return true;
}

static brn_status check_pieces(brn__subwords *s)
{
    int64_t unknown = 0;
    s->least = FLT_MAX;
    s->most = FLT_MIN; /* so SentencePiece begins */
    for (int64_t i = 0; i < s->count; i++) {
        const brn__subword *piece = &s->items[i];
        unknown += piece->kind == BRN__SUBWORD_UNKNOWN;
        s->has_user |= piece->kind == BRN__SUBWORD_USER;
        s->has_unused |= piece->kind == BRN__SUBWORD_UNUSED;
        if (piece->kind != BRN__SUBWORD_NORMAL) continue;
        s->least = fminf(s->least, piece->score);
        s->most = fmaxf(s->most, piece->score);
    }
    if (unknown != 1) return wrong("not one piece for what is not known");
    for (int b = 0; s->fallback && b < BYTES; b++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", b);
        const int32_t piece = brn__subword_find(s, (brn__span){name, 6});
        if (piece < 0 || s->items[piece].kind != BRN__SUBWORD_BYTE) return wrong("a byte without a piece");
    }
    return BRN_OK;
}

static brn_status read_model(brn__subwords *s)
{
    s->model_kind = UNIGRAM;
    s->prefix = s->trims = s->escapes = true;
    BRN__TRY(count_pieces(s));
    BRN__TRY(read_parts(s));
    BRN__TRY(make_tree(s));
    return check_pieces(s);
}

brn_status brn__subwords_read(const void *bytes, size_t length, brn__subwords **out)
{
    *out = NULL;
    if (length < 1 || length > BRN__SUBWORDS_BYTES_MAX) return wrong("an empty file, or more than 64 MiB");
    brn__subwords *s = brn__alloc_zero(1, sizeof *s);
    if (!s) return BRN_ERROR_NO_MEMORY;
    s->length = length;
    s->bytes = brn__alloc(length);
    brn_status status = s->bytes ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        memcpy(s->bytes, bytes, length);
        status = read_model(s);
    }
    if (status == BRN_OK) *out = s;
    else brn__subwords_free(s);
    return status;
}

brn_status brn__subwords_open(const char *path, brn__subwords **out)
{
    char *bytes;
    size_t length;
    *out = NULL;
    BRN__TRY(brn__read_file(path, BRN__SUBWORDS_BYTES_MAX, &bytes, &length));
    const brn_status status = brn__subwords_read(bytes, length, out);
    brn__free(bytes);
    return status == BRN_ERROR_INPUT || status == BRN_ERROR_UNSUPPORTED ? brn__fail_within(status, "%s", path) : status;
}

void brn__subwords_free(brn__subwords *s)
{
    if (!s) return;
    brn__free(s->bytes);
    brn__free(s->items);
    brn__free(s->steps);
    brn__free(s->pieces);
    brn__free(s);
}

brn__span brn__subwords_bytes(const brn__subwords *s) { return (brn__span){s->bytes, s->length}; }
