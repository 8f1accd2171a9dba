/* SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include <stdbool.h>
#include <string.h>

/* Bytes of the UTF-8 character at `text`; 0 when it is none (too long, surrogate, past U+10FFFF). */
static int character_bytes(const unsigned char *text)
{
    if (text[0] < 0x80) return 1;
    if (text[0] < 0xc2 || text[0] > 0xf4) return 0;
    int length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    for (int i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    if (text[0] == 0xe0 && text[1] < 0xa0) return 0;
    if (text[0] == 0xed && text[1] >= 0xa0) return 0;
    if (text[0] == 0xf0 && text[1] < 0x90) return 0;
    if (text[0] == 0xf4 && text[1] >= 0x90) return 0;
    return length;
}

/* Control characters (C0, DEL, C1), marks of direction (U+200E, 200F, 202A-202E, 2066-2069), and what XML
 * has no place for (U+FFFE, U+FFFF). */
static bool is_hidden(const unsigned char *c, int length)
{
    if (length == 1) return c[0] < 0x20 || c[0] == 0x7f;
    if (length == 2) return c[0] == 0xc2 && c[1] < 0xa0;
    if (length != 3) return false;
    if (c[0] == 0xef) return c[1] == 0xbf && c[2] >= 0xbe;
    if (c[0] != 0xe2) return false;
    if (c[1] == 0x80) return c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xaa && c[2] <= 0xae);
    return c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9;
}

static void add_character(brn__text *out, const char *c, int length)
{
    switch (*c) {
    case '&': brn__text_add(out, "&amp;"); break;
    case '<': brn__text_add(out, "&lt;"); break;
    case '>': brn__text_add(out, "&gt;"); break;
    case '"': brn__text_add(out, "&quot;"); break;
    case '\'': brn__text_add(out, "&#39;"); break;
    default: brn__text_add_bytes(out, c, (size_t)length);
    }
}

void brn__html_escape(brn__text *out, const char *bytes)
{
    while (*bytes) {
        int length = character_bytes((const unsigned char *)bytes);
        if (length && !is_hidden((const unsigned char *)bytes, length)) {
            add_character(out, bytes, length);
        } else {
            length = length ? length : 1;
            for (int i = 0; i < length; i++)
                brn__text_printf(out, "\\x%02x", (unsigned char)bytes[i]);
        }
        bytes += length;
    }
}

void brn__html_begin(brn__text *out, const char *title)
{
    brn__text_add(out, "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">"
                       "<head><meta charset=\"utf-8\"/>"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
                       "<meta name=\"color-scheme\" content=\"light dark\"/>"
                       "<meta name=\"referrer\" content=\"no-referrer\"/>"
                       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                       "img-src data:; style-src 'unsafe-inline'\"/><title>");
    brn__html_escape(out, title);
    brn__text_add(out, "</title><style>");
    for (int i = 0; brn__html_style[i]; i++) brn__text_add(out, brn__html_style[i]);
    brn__text_add(out, "</style></head>\n<body><main>\n");
}

void brn__html_end(brn__text *out, const char *footer)
{
    brn__text_add(out, "<footer>");
    brn__html_escape(out, footer);
    brn__text_add(out, "</footer></main></body></html>\n");
}

void brn__html_section(brn__text *out, const char *id, const char *heading, const char *note)
{
    brn__text_printf(out, "<section id=\"%s\"><h2>", id);
    brn__html_escape(out, heading);
    brn__text_add(out, "</h2>\n");
    if (!note) return;
    brn__text_add(out, "<p class=\"note\">");
    brn__html_escape(out, note);
    brn__text_add(out, "</p>\n");
}

void brn__html_section_end(brn__text *out)
{
    brn__text_add(out, "</section>\n");
}

void brn__html_pairs(brn__text *out, const brn__html_pair *pairs, int count)
{
    brn__text_add(out, "<table class=\"pairs\"><tbody>");
    for (int i = 0; i < count; i++) {
        brn__text_add(out, "<tr><th scope=\"row\">");
        brn__html_escape(out, pairs[i].name);
        brn__text_add(out, "</th><td>");
        brn__html_escape(out, pairs[i].value);
        brn__text_add(out, "</td></tr>\n");
    }
    brn__text_add(out, "</tbody></table>\n");
}
