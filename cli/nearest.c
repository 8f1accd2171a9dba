/* SPDX-License-Identifier: Apache-2.0
 * Edit distance with neighbours swapped (Damerau 1964), over three rows of the table. */
#include "nearest.h"

#include <string.h>

enum { WORD_MAX = 63, FAR = 1000 };

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

int cli_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    int before[WORD_MAX + 1] = {0}, last[WORD_MAX + 1], row[WORD_MAX + 1];
    if (n > WORD_MAX || m > WORD_MAX) return FAR;
    for (size_t j = 0; j <= m; j++) last[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int best =
                smaller(smaller(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = smaller(best, before[j - 2] + 1);
            row[j] = best;
        }
        memcpy(before, last, sizeof before);
        memcpy(last, row, sizeof last);
    }
    return last[m];
}

int cli_is_near(const char *typed, int distance)
{
    int length = (int)strlen(typed);
    return distance <= (length < 6 ? 2 : length / 3 + 1);
}
