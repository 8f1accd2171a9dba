/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BRN__DATA_TEXT_HTML_ENTITIES_H
#define BRN__DATA_TEXT_HTML_ENTITIES_H

typedef struct brn__html_entity {
    const char *name;  /* without &, with the semicolon unless it may be left out */
    const char *value; /* UTF-8 */
} brn__html_entity;

extern const brn__html_entity brn__html_entities[]; /* sorted by name, by bytes */
extern const int brn__html_entity_count;

#endif
