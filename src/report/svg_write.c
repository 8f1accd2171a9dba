/* SPDX-License-Identifier: Apache-2.0
 * Pictures as files of their own. */
#include "base/files.h"
#include "report/html.h"
#include "report/svg.h"

#include <string.h>

/* A picture of a page has its look from the page; on its own it carries it along. */
static void add_style(const brn__text *picture, brn__text *out)
{
    static const char after[] = "</title>";
    const char *place = strstr(picture->bytes, after) + strlen(after);
    brn__text_add_bytes(out, picture->bytes, (size_t)(place - picture->bytes));
    brn__text_add(out, "<style>svg{background:var(--card)}text{font-family:system-ui,sans-serif}\n");
    for (int i = 0; brn__html_style[i]; i++)
        if (strstr(brn__html_style[i], ":root") || strstr(brn__html_style[i], "svg.plot"))
            brn__text_add(out, brn__html_style[i]);
    brn__text_add(out, "</style>");
    brn__text_add(out, place);
}

brn_status brn__svg_write(const char *path, brn__text *picture)
{
    brn__text file = {0};
    brn_status status = brn__text_finish(picture);
    if (status == BRN_OK) {
        add_style(picture, &file);
        status = brn__text_finish(&file);
    }
    if (status == BRN_OK) status = brn__replace_file(path, file.bytes, file.length);
    brn__text_free(&file);
    return status;
}
