/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages in one file: inline style, no scripts, nothing fetched. They are HTML and well-formed XML at
 * once, so that any XML reader can check them. */
#ifndef BRN__REPORT_HTML_H
#define BRN__REPORT_HTML_H

#include "base/text.h"
#include <stdint.h>

/* Adds bytes that someone else chose: markup is escaped, bytes that are not UTF-8, control characters and
 * marks that turn the direction of writing are shown as \xNN. Fit for text and for quoted attributes. */
void brn__html_escape(brn__text *out, const char *bytes);

void brn__html_begin(brn__text *out, const char *title);
void brn__html_end(brn__text *out, const char *footer);

/* A section with a heading; `note` (may be NULL) is a sentence below it. All are escaped. */
void brn__html_section(brn__text *out, const char *id, const char *heading, const char *note);
void brn__html_section_end(brn__text *out);

typedef struct brn__html_pair {
    const char *name, *value;
} brn__html_pair;

/* A table of two columns. */
void brn__html_pairs(brn__text *out, const brn__html_pair *pairs, int count);

/* Parts of the style sheet; NULL ends the list. */
extern const char *const brn__html_style[];

#endif
