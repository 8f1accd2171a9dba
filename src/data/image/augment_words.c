/* SPDX-License-Identifier: Apache-2.0
 * The words are a table: a line says which fields a word sets. Parsing, printing, checking and help all
 * come from it. */
#include "data/image/augment_words.h"
#include "base/status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind {
    REAL,
    WHOLE,
    FLAG,  /* a bool that the word sets */
    CHOICE /* an int that the word sets to `value` */
} kind;

typedef struct number {
    const char *name; /* NULL ends the list */
    kind kind;
    size_t offset;
    double value; /* when the word is given without it */
    double low, high;
} number;

enum { NUMBERS_MAX = 6, WORD_MAX = 64 };

typedef struct word {
    const char *name, *summary;
    number numbers[NUMBERS_MAX + 1];
} word;

#define AT(field) offsetof(brn__augment_options, field)
#define SHARE(field, value) {"probability", REAL, AT(field), value, 0, 1}
#define SAYS(field, value) {"choice", CHOICE, AT(field), value, 0, 0}

/* clang-format off */
static const word words[] = {
    {"zoom", "scales the shorter side (or zooms the square) by least .. most",
     {{"most", REAL, AT(max_zoom), 1.1, 0.1, 10}, {"least", REAL, AT(min_zoom), 1, 0.1, 10},
      SHARE(zoom_probability, 0.75)}},
    {"rotate", "turns by up to so many degrees either way",
     {{"degrees", REAL, AT(max_rotation), 10, 0, 180}, SHARE(rotation_probability, 0.75)}},
    {"flip", "left-right", {SHARE(flip_probability, 0.5)}},
    {"quarter-turns", "0 to 3 quarter turns", {{"on", FLAG, AT(dihedral), 1, 0, 1}}},
    {"symmetry", "one of the eight symmetries of a square", {SHARE(symmetry_probability, 0.5)}},
    {"lighting", "brightness added and contrast multiplied",
     {{"balance", REAL, AT(max_balance), 0.05, 0, 1}, {"contrast", REAL, AT(max_contrast), 0.05, 0, 1}}},
    {"logit-lighting", "brightness and contrast of logits (fastai 2)",
     {{"most", REAL, AT(max_lighting), 0.2, 0, 0.99}, SHARE(lighting_probability, 0.75)}},
    {"warp", "perspective", {{"most", REAL, AT(max_warp), 0.2, 0, 0.35}, SHARE(warp_probability, 0.75)}},
    {"stretch", "one axis by 1 .. 1 + most",
     {{"most", REAL, AT(max_stretch), 0.1, 0, 4}, SHARE(stretch_probability, 1)}},
    {"zoom-in", "enlarges by 1 + least .. 1 + most about the centre",
     {{"most", REAL, AT(max_enlarge), 0.1, 0, 9}, {"least", REAL, AT(min_enlarge), 0, 0, 9},
      SHARE(enlarge_probability, 1)}},
    {"rotate-zoom", "at most one of rotation, zoom about the centre, stretch",
     {{"degrees", REAL, AT(choice_rotation), 10, 0, 180}, {"zoom", REAL, AT(choice_enlarge), 0.1, 0, 9},
      {"stretch", REAL, AT(choice_stretch), 0.1, 0, 4}, SHARE(choice_shares[0], 0.25),
      SHARE(choice_shares[1], 0.25), SHARE(choice_shares[2], 0.25)}},
    {"resized-crop", "a crop of random area and aspect (RandomResizedCrop)",
     {{"least area", REAL, AT(min_scale), 0.08, 0.001, 1}, {"least aspect", REAL, AT(min_aspect), 3.0 / 4, 0.05, 20},
      {"most aspect", REAL, AT(max_aspect), 4.0 / 3, 0.05, 20}}},
    {"random-crop", "a square at a random place", {SAYS(crop, BRN__CROP_RANDOM)}},
    {"centre-crop", "the square in the middle", {SAYS(crop, BRN__CROP_CENTRE)}},
    {"squash", "all of the picture, its sides made equal", {SAYS(crop, BRN__CROP_SQUASH)}},
    {"whole", "all of the picture, padded", {SAYS(crop, BRN__CROP_WHOLE)}},
    {"googlenet", "a crop of random area and aspect (GoogleNetResize)",
     {SAYS(crop, BRN__CROP_GOOGLENET), {"least area", REAL, AT(googlenet_area), 0.08, 0.001, 1},
      {"least aspect", REAL, AT(googlenet_low), 0.75, 0.05, 20},
      {"most aspect", REAL, AT(googlenet_high), 1.333, 0.05, 20}, SHARE(googlenet_swap, 0.5)}},
    {"pad", "lets the crop reach so many pixels beyond the picture", {{"pixels", WHOLE, AT(pad), 4, 0, 4096}}},
    {"reflect", "beyond the edge: c b a | a b c", {SAYS(pad_mode, BRN__PAD_REFLECT)}},
    {"mirror", "beyond the edge: c b | a b c", {SAYS(pad_mode, BRN__PAD_MIRROR)}},
    {"edge", "beyond the edge: a a | a b c", {SAYS(pad_mode, BRN__PAD_EDGE)}},
    {"zeros", "beyond the edge: black", {SAYS(pad_mode, BRN__PAD_ZEROS)}},
    {"bilinear", "samples between four pixels", {SAYS(sample_mode, BRN__SAMPLE_BILINEAR)}},
    {"nearest", "samples the nearest pixel", {SAYS(sample_mode, BRN__SAMPLE_NEAREST)}},
    {"bicubic", "samples among sixteen pixels", {SAYS(sample_mode, BRN__SAMPLE_BICUBIC)}},
    {"presize", "a square of so many pixels first (0: the result's), the rest inside it (fastai 2)",
     {{"choice", FLAG, AT(square_first), 1, 1, 1}, {"pixels", WHOLE, AT(item_size), 0, 0, 8192}}},
    {"min-scale", "a square of random area inside the square (fastai 2)",
     {{"least area", REAL, AT(crop_scale), 0.75, 0.001, 1}}},
    {"blur", "a Gaussian of 2 strength - 1 pixels",
     {{"strength", WHOLE, AT(blur_strength), 5, 0, 32}, SHARE(blur_probability, 0.5)}},
    {"cutout", "black squares",
     {{"holes", WHOLE, AT(cutout_holes), 1, 0, BRN__AUGMENT_HOLES}, {"length", WHOLE, AT(cutout_length), 16, 0, 4096},
      SHARE(cutout_probability, 0.5)}},
    {"erase", "rectangles of noise (RandomErasing)",
     {SHARE(erase_probability, 0.5), {"least area", REAL, AT(erase_min), 0, 0, 1},
      {"most area", REAL, AT(erase_max), 0.3, 0, 1}, {"least aspect", REAL, AT(erase_aspect), 0.3, 0.01, 1},
      {"count", WHOLE, AT(erase_count), 1, 1, BRN__AUGMENT_PATCHES}}},
};

/* What a name stands for; those that begin with "none" are sets. The nearest is looked for in this
 * order. */
static const struct {
    const char *name, *text;
} names[] = {
    {"side-on", "none,zoom,rotate,flip,lighting"},
    {"top-down", "none,zoom,rotate,flip,quarter-turns,lighting"},
    {"basic", "none,zoom,rotate,lighting"},
    {"fastai2", "none,zoom,rotate,flip,logit-lighting,warp,mirror,presize"},
    {"none", "none"},
    {"dihedral", "flip,quarter-turns"},
};
/* clang-format on */

enum {
    WORDS = sizeof words / sizeof *words,
    NAMES = sizeof names / sizeof *names,
};

static brn__augment_options no_options(void)
{
    brn__augment_options none = brn__augment_defaults();
    none.max_zoom = 1;
    none.max_rotation = none.flip_probability = none.max_balance = none.max_contrast = 0;
    return none;
}

/* ------------------------------------------------------------------ fields */

static bool is_silent(const number *n) { return n->kind == CHOICE || n->low == n->high; }

static double get(const brn__augment_options *options, const number *n)
{
    const char *field = (const char *)options + n->offset;
    switch (n->kind) {
    case FLAG: return *(const bool *)field;
    case WHOLE:
    case CHOICE: return *(const int *)field;
    case REAL: break;
    }
    return *(const double *)field;
}

static void set(brn__augment_options *options, const number *n, double value)
{
    char *field = (char *)options + n->offset;
    switch (n->kind) {
    case FLAG: *(bool *)field = value != 0; return;
    case WHOLE:
    case CHOICE: *(int *)field = (int)value; return;
    case REAL: *(double *)field = value; return;
    }
}

/* The numbers of a word that are written, in order. */
static int spoken(const word *w, const number *out[NUMBERS_MAX])
{
    int count = 0;
    for (const number *n = w->numbers; n->name; n++)
        if (!is_silent(n)) out[count++] = n;
    return count;
}

/* ------------------------------------------------------------------ parsing */

static brn_status unknown(const char *name)
{
    brn__text known = {0};
    for (int i = 0; i < NAMES; i++) brn__text_printf(&known, "%s%s", i ? ", " : "", names[i].name);
    for (int i = 0; i < WORDS; i++) brn__text_printf(&known, ", %s", words[i].name);
    brn_status status = brn__text_finish(&known);
    if (status == BRN_OK)
        status = brn__fail(BRN_ERROR_USAGE, "augment: there is no \"%s\"; known are %s", name,
                           known.bytes);
    brn__text_free(&known);
    return status;
}

static brn_status check_number(const word *w, const number *n, double value)
{
    bool whole = n->kind == REAL || value == floor(value);
    if (value >= n->low && value <= n->high && whole) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "augment: %s: %s %g; expected %s%g to %g", w->name, n->name,
                     value, n->kind == REAL ? "" : "a whole number from ", n->low, n->high);
}

/* One word with its numbers, "rotate:10,0.5", already cut out. */
static brn_status apply_word(const word *w, const char *numbers, brn__augment_options *options)
{
    const number *list[NUMBERS_MAX];
    int count = spoken(w, list), given = 0;
    for (const number *n = w->numbers; n->name; n++) set(options, n, n->value);
    while (numbers && *numbers) {
        char *end;
        double value = strtod(numbers, &end);
        size_t length = strcspn(numbers, ",");
        if (end == numbers || (*end && *end != ','))
            return brn__fail(BRN_ERROR_USAGE, "augment: %s: \"%.*s\" is not a number", w->name,
                             (int)length, numbers);
        if (given == count)
            return brn__fail(BRN_ERROR_USAGE, "augment: %s: more than %d number%s", w->name, count,
                             count == 1 ? "" : "s");
        BRN__TRY(check_number(w, list[given], value));
        set(options, list[given++], value);
        numbers = *end ? end + 1 : end;
    }
    return BRN_OK;
}

/* fastai 2's `mult`: scales what is random by nature. */
static brn_status multiply(const char *numbers, brn__augment_options *options)
{
    char *end;
    double factor = numbers ? strtod(numbers, &end) : -1;
    if (!numbers || end == numbers || *end || !(factor >= 0 && factor <= 10))
        return brn__fail(BRN_ERROR_USAGE, "augment: mult: expected one number from 0 to 10");
    options->max_rotation *= factor;
    options->max_lighting *= factor;
    options->max_warp *= factor;
    return BRN_OK;
}

static brn_status parse(const char *text, bool is_first, brn__augment_options *options);

static brn_status apply(char *part, bool is_first, brn__augment_options *options)
{
    char *numbers = strchr(part, ':');
    if (!numbers && strchr(part, ','))
        return brn__fail(BRN_ERROR_USAGE,
                         "augment: \"%s\": numbers follow a word after a colon, as in rotate:10,0.5",
                         part);
    if (numbers) *numbers++ = 0;
    if (numbers && !*numbers)
        return brn__fail(BRN_ERROR_USAGE, "augment: %s: nothing after the colon", part);
    if (strcmp(part, "mult") == 0) return multiply(numbers, options);
    for (int i = 0; i < WORDS; i++)
        if (strcmp(part, words[i].name) == 0) return apply_word(&words[i], numbers, options);
    for (int i = 0; i < NAMES; i++) {
        if (strcmp(part, names[i].name) != 0) continue;
        bool is_set = strncmp(names[i].text, "none", 4) == 0;
        if (is_set && !is_first)
            return brn__fail(BRN_ERROR_USAGE,
                             "augment: %s is a set of transforms: it can only come first", part);
        if (numbers)
            return brn__fail(BRN_ERROR_USAGE, "augment: %s takes no number, got \"%s\"", part,
                             numbers);
        if (is_set) *options = no_options();
        return strcmp(part, "none") == 0 ? BRN_OK : parse(names[i].text, is_first, options);
    }
    return unknown(part);
}

/* A part goes on over a comma while a number follows. */
static size_t part_length(const char *text)
{
    size_t length = strcspn(text, ",");
    while (text[length] && text[length + 1] && strchr("+-.0123456789", text[length + 1]))
        length += 1 + strcspn(text + length + 1, ",");
    return length;
}

static brn_status parse(const char *text, bool is_first, brn__augment_options *options)
{
    for (;; is_first = false) {
        char part[WORD_MAX + 1];
        text += strspn(text, " ");
        size_t length = part_length(text);
        if (length == 0)
            return brn__fail(BRN_ERROR_USAGE,
                             "augment: expected a word before \"%s\"; the word for nothing is none",
                             *text ? text : "the end");
        if (length > WORD_MAX)
            return brn__fail(BRN_ERROR_USAGE, "augment: \"%.*s...\" is too long for a word",
                             WORD_MAX / 2, text);
        memcpy(part, text, length);
        part[length] = 0;
        BRN__TRY(apply(part, is_first, options));
        if (!text[length]) return BRN_OK;
        text += length + 1;
    }
}

brn_status brn__augment_parse(const char *text, brn__augment_options *out)
{
    brn__augment_options options = no_options();
    BRN__TRY(parse(text, true, &options));
    BRN__TRY(brn__augment_check(&options));
    *out = options;
    return BRN_OK;
}

/* ------------------------------------------------------------------ checking */

static brn_status check_order(const char *what, double low, double high)
{
    if (low <= high) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "augment: %s: the least is %g and the most %g", what, low,
                     high);
}

brn_status brn__augment_check(const brn__augment_options *o)
{
    for (int i = 0; i < WORDS; i++)
        for (const number *n = words[i].numbers; n->name; n++)
            if (!is_silent(n)) BRN__TRY(check_number(&words[i], n, get(o, n)));
    BRN__TRY(check_order("zoom", o->min_zoom, o->max_zoom));
    BRN__TRY(check_order("zoom-in", o->max_enlarge > 0 ? o->min_enlarge : 0, o->max_enlarge));
    BRN__TRY(check_order("resized-crop: aspect", o->min_aspect, o->max_aspect));
    BRN__TRY(check_order("googlenet: aspect", o->googlenet_low, o->googlenet_high));
    BRN__TRY(check_order("erase: area", o->erase_min, o->erase_max));
    double shares = o->choice_shares[0] + o->choice_shares[1] + o->choice_shares[2];
    if (shares > 1 + 1e-9)
        return brn__fail(BRN_ERROR_USAGE,
                         "augment: rotate-zoom: probabilities that add up to %g; expected at most 1",
                         shares);
    return BRN_OK;
}

/* ------------------------------------------------------------------ printing */

/* Whether the word must be said to get from one to the other. A choice is said by the word that makes
 * it. */
static bool must_say(const word *w, const brn__augment_options *from,
                     const brn__augment_options *to)
{
    bool differs = false;
    for (const number *n = w->numbers; n->name; n++) {
        if (is_silent(n) && get(to, n) != n->value) return false;
        differs |= get(from, n) != get(to, n);
    }
    return differs;
}

/* With as few digits as give the number back. */
static void print_number(double value, brn__text *out)
{
    char text[40];
    int digits = 3;
    do snprintf(text, sizeof text, "%.*g", digits++, value);
    while (strtod(text, NULL) != value && digits <= 17);
    brn__text_add(out, text);
}

static void print_word(const word *w, const brn__augment_options *options, brn__text *out)
{
    const number *list[NUMBERS_MAX];
    int count = spoken(w, list);
    while (count > 0 && get(options, list[count - 1]) == list[count - 1]->value) count--;
    brn__text_add(out, w->name);
    for (int i = 0; i < count; i++) {
        brn__text_add(out, i ? "," : ":");
        print_number(get(options, list[i]), out);
    }
}

/* Words to say after a name; to `out` when it is not NULL. */
static int say(brn__augment_options from, const brn__augment_options *to, brn__text *out)
{
    int count = 0;
    for (int i = 0; i < WORDS; i++) {
        if (!must_say(&words[i], &from, to)) continue;
        if (out) {
            brn__text_add(out, ",");
            print_word(&words[i], to, out);
        }
        for (const number *n = words[i].numbers; n->name; n++) set(&from, n, get(to, n));
        count++;
    }
    return count;
}

void brn__augment_print(const brn__augment_options *options, brn__text *out)
{
    int best = -1, fewest = WORDS + 1;
    brn__augment_options base = no_options();
    for (int i = 0; i < NAMES; i++) {
        brn__augment_options from = no_options();
        bool is_set = strncmp(names[i].text, "none", 4) == 0;
        if (!is_set || parse(names[i].text, true, &from) != BRN_OK) continue;
        if (from.square_first && !options->square_first) continue; /* no word takes it back */
        int count = say(from, options, NULL);
        if (count < fewest) fewest = count, best = i, base = from;
    }
    brn__text_add(out, names[best].name);
    say(base, options, out);
}

void brn__augment_help(brn__text *out)
{
    for (int i = 0; i < NAMES; i++)
        brn__text_printf(out, "%-16s %s\n", names[i].name,
                         i < NAMES - 2 ? names[i].text + strlen("none,") : names[i].text);
    for (int i = 0; i < WORDS; i++) {
        const number *list[NUMBERS_MAX];
        int count = spoken(&words[i], list);
        brn__text_printf(out, "%-16s %s", words[i].name, words[i].summary);
        for (int k = 0; k < count; k++)
            brn__text_printf(out, "%s%s = %g", k ? ", " : "; ", list[k]->name, list[k]->value);
        brn__text_add(out, "\n");
    }
}
