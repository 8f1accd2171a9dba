/* SPDX-License-Identifier: Apache-2.0 */
#include "layers.h"
#include "output.h"

#include <stdlib.h>

enum { LAYERS_MAX = 16 };

int cli_numbers_of(const char *text, double *out, int most)
{
    for (int count = 0; count < most;) {
        char *end;
        out[count++] = strtod(text, &end);
        if (end == text) return -1;
        if (!*end) return count;
        if (*end != ',') return -1;
        text = end + 1;
    }
    return -1;
}

int cli_take_layers(const cli_call *call, int *count, int64_t *hidden, double *dropout, int most)
{
    double widths[LAYERS_MAX], shares[LAYERS_MAX] = {0};
    const char *words = call->values[CLI_HIDDEN].text, *off = call->values[CLI_DROPOUT].text;
    if (most > LAYERS_MAX) most = LAYERS_MAX;
    if (off && !words) return cli_fail(CLI_WRONG_USE, "--dropout: expected --hidden beside it");
    if (!words) return CLI_DONE;
    int found = cli_numbers_of(words, widths, most);
    if (found < 0)
        return cli_fail(CLI_WRONG_USE, "--hidden %s: expected up to %d widths: 200,100", words,
                        most);
    if (off && cli_numbers_of(off, shares, most) != found)
        return cli_fail(CLI_WRONG_USE, "--dropout %s: expected %d numbers, as --hidden has", off,
                        found);
    *count = found;
    for (int i = 0; i < found; i++) {
        hidden[i] = (int64_t)widths[i];
        dropout[i] = shares[i];
    }
    return CLI_DONE;
}

int cli_take_range(const cli_call *call, bool *has_range, double *low, double *high)
{
    double ends[2];
    const char *text = call->values[CLI_RANGE].text;
    if (!text) return CLI_DONE;
    if (cli_numbers_of(text, ends, 2) != 2)
        return cli_fail(CLI_WRONG_USE, "--range %s: expected two numbers: 0,10", text);
    *has_range = true;
    *low = ends[0];
    *high = ends[1];
    return CLI_DONE;
}
