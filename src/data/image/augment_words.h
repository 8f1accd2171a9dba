/* SPDX-License-Identifier: Apache-2.0
 * Augmentation as one line of text, for the command line and config.json.
 *
 *     side-on                          fast.ai 0.7's transforms_side_on with max_zoom 1.1 (the default)
 *     side-on,cutout:2,16              with two holes of 16 pixels
 *     none,flip,rotate:20,0.5          only what is listed: 20 degrees either way, half of the time
 *     fastai2,presize:460,min-scale:0.75
 *
 * Words are separated by commas; numbers follow a word after a colon, separated by commas too. A set
 * can only come first; without one the line begins with none. Numbers that are not given have the
 * defaults of the table in augment_words.c, whatever the set says. */
#ifndef BRN__DATA_IMAGE_AUGMENT_WORDS_H
#define BRN__DATA_IMAGE_AUGMENT_WORDS_H

#include "base/text.h"
#include "data/image/augment.h"

/* BRN_ERROR_USAGE, naming the word and what was expected. *out is untouched by a failure. */
brn_status brn__augment_parse(const char *text, brn__augment_options *out);

/* The shortest line that gives these options: the nearest set, then the words that differ, in the order
 * of the table. Adds to `out`. */
void brn__augment_print(const brn__augment_options *options, brn__text *out);

/* Fails with a sentence when a number is out of its range. */
brn_status brn__augment_check(const brn__augment_options *options);

/* Sets and words, a line each: name, numbers, what it does. */
void brn__augment_help(brn__text *out);

/* What was drawn, in words: "zoom 1.04, rotated -3.2 degrees, flipped". `out` is empty before. Where the
 * crop is goes without saying. (augment_tell.c) */
void brn__augment_tell(const brn__augment *drawn, brn__text *out);

#endif
