/* SPDX-License-Identifier: Apache-2.0
 * "Did you mean ...?" */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

/* Edits (insert, delete, replace, swap neighbours) that make `a` of `b`; long words count as far. */
int cli_distance(const char *a, const char *b);
/* Whether a word that is `distance` away from what was typed is worth naming. */
int cli_is_near(const char *typed, int distance);

#endif
