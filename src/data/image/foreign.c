/* SPDX-License-Identifier: Apache-2.0
 * What is no picture of ours is named, so that who collected the files knows what went wrong: other
 * picture formats, and what servers send instead of pictures. */
#include "data/image/picture.h"

#include <string.h>
#include <strings.h>

typedef struct foreign {
    const char *signature; /* '?' stands for any byte */
    size_t bytes;
    const char *kind;
} foreign;

/* The first that matches counts. */
static const foreign foreigns[] = {
    {"GIF8", 4, "a GIF picture"},
    {"BM????\0\0\0\0", 10, "a BMP picture"},
    {"II*\0", 4, "a TIFF picture"},
    {"MM\0*", 4, "a TIFF picture"},
    {"????ftypavif", 12, "an AVIF picture"},
    {"????ftypavis", 12, "an AVIF picture"},
    {"????ftyphei", 11, "a HEIC picture"},
    {"????ftyphev", 11, "a HEIC picture"},
    {"????ftypmif1", 12, "a HEIC picture"},
    {"????ftypmsf1", 12, "a HEIC picture"},
    {"????ftyp", 8, "a video"},
    {"RIFF????AVI ", 12, "a video"},
    {"RIFF????WAVE", 12, "a sound"},
    {"\x1A\x45\xDF\xA3", 4, "a video"},
    {"\xFF\x0A", 2, "a JPEG XL picture"},
    {"\0\0\0\x0CJXL ", 8, "a JPEG XL picture"},
    {"\0\0\0\x0CjP  ", 8, "a JPEG 2000 picture"},
    {"\0\0\1\0", 4, "an icon"},
    {"8BPS", 4, "a Photoshop picture"},
    {"%PDF", 4, "a PDF document"},
    {"PK\3\4", 4, "a zip archive"},
    {"\x1F\x8B", 2, "a gzip archive"},
    {"7z\xBC\xAF\x27\x1C", 6, "a 7z archive"},
};

/* Words that a page or a drawing begins with, in any case. */
static const struct {
    const char *word, *kind;
} words[] = {
    {"<!doctype html", "an HTML page"}, {"<html", "an HTML page"}, {"<head", "an HTML page"},
    {"<svg", "an SVG drawing"},         {"<?xml", "an XML text"},
};

/* UTF-8 or ASCII, as far as a glance tells: no control characters but white space. */
static bool is_text(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length && i < 256; i++) {
        bool space = bytes[i] >= '\t' && bytes[i] <= '\r';
        if ((bytes[i] < 0x20 && !space) || bytes[i] == 0x7F || bytes[i] >= 0xF8) return false;
    }
    return true;
}

static const char *text_kind(const uint8_t *bytes, size_t length)
{
    size_t skip = length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (skip < length && (bytes[skip] == ' ' || (bytes[skip] >= '\t' && bytes[skip] <= '\r')))
        skip++;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t letters = strlen(words[i].word);
        if (length - skip >= letters &&
            strncasecmp((const char *)bytes + skip, words[i].word, letters) == 0)
            return words[i].kind;
    }
    return is_text(bytes, length) ? "a text" : NULL;
}

const char *brn__foreign_kind(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < sizeof foreigns / sizeof *foreigns; i++)
        if (brn__signature_matches(foreigns[i].signature, foreigns[i].bytes, bytes, length))
            return foreigns[i].kind;
    return length ? text_kind(bytes, length) : NULL;
}
