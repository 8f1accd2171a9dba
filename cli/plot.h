/* SPDX-License-Identifier: Apache-2.0
 * A small plot in letters: dots of braille where the terminal speaks UTF-8, asterisks elsewhere. */
#ifndef CLI_PLOT_H
#define CLI_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cli_plot {
    const double *x, *y; /* (count); what is not finite is not drawn, nor x <= 0 with log_x */
    int64_t count;
    bool log_x;
    const double *marks; /* (mark_count): places on the x axis to point at */
    const char *letters; /* (mark_count): what points there */
    int mark_count;
    int columns, rows; /* of the area inside the axes; at least 8 and 2 */
    bool unicode;
} cli_plot;

/* The plot in lines that end in '\n', into `out`, cut to `size` and always ended by a NUL. Says so in a
 * line when there is nothing to draw. */
void cli_plot_draw(const cli_plot *plot, char *out, size_t size);

/* Does the locale of the environment (LC_ALL, LC_CTYPE, LANG) say UTF-8? */
bool cli_speaks_utf8(void);

#endif
