/* SPDX-License-Identifier: Apache-2.0
 * fast.ai's rules: each makes one text of another. docs/text.md has them in words. `out` is added to. */
#ifndef BRN__DATA_TEXT_RULES_H
#define BRN__DATA_TEXT_RULES_H

#include "data/text/unicode.h"

typedef void brn__rule(brn__span text, brn__text *out);

/* A text on its way through rules: `text` is in one of the buffers or, at first, the caller's. */
typedef struct brn__rewriting {
    brn__span text;
    brn__text buffers[2]; /* owned; kept from text to text */
    int next;             /* the buffer that is free */
} brn__rewriting;

void brn__rewrite(brn__rewriting *rewriting, brn__rule *rule);
/* Puts one text for another wherever it stands, from left to right. */
void brn__rewrite_all(brn__rewriting *rewriting, const char *from, const char *to);
brn_status brn__rewriting_finish(const brn__rewriting *rewriting);
void brn__rewriting_deinit(brn__rewriting *rewriting);

/* All of fastai 2's rules but the mark of the beginning; the text is stripped at the end. */
void brn__rules_fastai2(brn__rewriting *rewriting);
/* All of 0.7's: repair, repetitions, capitals. */
void brn__rules_fastai07(brn__rewriting *rewriting);

/* Python's html.unescape: references to characters, by number or by HTML 5's names. */
void brn__rule_unescape(brn__span text, brn__text *out);
/* Characters that stand more often than `most` times in a row: " MARK n c ". */
void brn__rule_repeated(brn__span text, size_t most, const char *mark, brn__text *out);
/* A blank around each of `characters` (ASCII). */
void brn__rule_spaced(brn__span text, const char *characters, brn__text *out);
/* One blank for several. */
void brn__rule_single_blanks(brn__span text, brn__text *out);

#endif
