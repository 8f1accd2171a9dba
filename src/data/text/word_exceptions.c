/* SPDX-License-Identifier: Apache-2.0
 * English words that are split, or kept whole, by name. Capitals and the curly apostrophe do not
 * matter, but for abbreviations. */
#include "data/text/tokens.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { MOST_BYTES = 15 }; /* of the longest of them */

/* Endings behind a pronoun or an adverb, as bits. */
enum { D = 1, LL = 2, VE = 4, RE = 8, S = 16, M = 32 };

static const struct ending {
    const char *with, *without;
    int bit;
} ENDINGS[] = {
    {"'d", "d", D}, {"'ll", "ll", LL}, {"'ve", "ve", VE}, {"'re", "re", RE}, {"'s", "s", S}, {"'m", "m", M},
};

/* Which endings a subject has with an apostrophe, and without: "hell" and "were" are words. */
static const struct subject {
    const char *word;
    int with, without;
} SUBJECTS[] = {
    {"i", D | LL | VE | M, D | VE | M},
    {"he", D | LL | S, D | S},
    {"she", D | LL | S, S},
    {"it", D | LL | S, D | LL},
    {"we", D | LL | VE | RE, D | VE},
    {"you", D | LL | VE | RE, D | LL | VE | RE},
    {"they", D | LL | VE | RE, D | LL | VE | RE},
    {"this", D | LL | S, D | LL | S},
    {"that", D | LL | S, D | LL | S},
    {"these", D | LL | VE | RE, D | LL | VE | RE},
    {"those", D | LL | VE | RE, D | LL | VE | RE},
    {"there", D | LL | VE | RE | S, D | LL | VE | RE | S},
    {"how", D | LL | VE | RE | S, D | LL | VE | RE | S},
    {"what", D | LL | VE | RE | S, D | LL | VE | RE | S},
    {"when", D | LL | VE | RE | S, D | LL | VE | RE | S},
    {"where", D | LL | VE | RE | S, D | LL | VE | RE | S},
    {"why", D | LL | VE | RE | S, D | LL | VE | RE | S},
    {"who", D | LL | VE | RE | S, D | LL | VE | S},
};

/* Verbs before n't; those of the first list also before n't've. */
static const char *const VERBS[] = {"ca",   "could", "do",    "does",   "did", "had",  "may",  "might",
                                    "must", "need",  "ought", "should", "sha", "wo",   "would"};
static const char *const OTHER_VERBS[] = {"ai", "are", "is", "was", "were", "have", "has", "dare"};
static const char *const MODALS[] = {"could", "might", "must", "not", "should", "would"}; /* 've */

/* Others: the parts have a bar between; no bar: kept whole. */
static const char *const WORDS[] = {
    "can|not", "c'm|on", "gon|na", "got|ta", "let|'s", "y'|all", "y|all", "i|'m|a", "how|'d|'y", "'s", "'d", "'ll",
    "'re", "'em", "'bout", "'cause", "'cos", "'coz", "'cuz", "'nuff", "goin'", "doin'", "havin'", "lovin'",
    "nothin'", "nuthin'", "ol'", "somethin'", "ma'am", "o'clock", "and/or", "w/o", "a.m.", "p.m.", "e.g.",
    "i.e.", "co.", "v.s.", "vs.",
};
/* Abbreviations, in these capitals only. */
static const char *const ABBREVIATIONS[] = {
    "Adm.", "Ak.", "Ala.", "Apr.", "Ariz.", "Ark.", "Aug.", "Bros.", "C++", "Calif.", "Colo.", "Conn.", "Corp.",
    "D.C.", "Dec.", "Del.", "Dr.", "Feb.", "Fla.", "Ga.", "Gen.", "Gov.", "Ia.", "Id.", "Ill.", "Inc.", "Ind.",
    "Jan.", "Jr.", "Jul.", "Jun.", "Kan.", "Kans.", "Ky.", "La.", "Ltd.", "Mar.", "Mass.", "Md.", "Messrs.",
    "Mich.", "Minn.", "Miss.", "Mo.", "Mont.", "Mr.", "Mrs.", "Ms.", "Mt.", "N.C.", "N.D.", "N.H.", "N.J.",
    "N.M.", "N.Y.", "Neb.", "Nebr.", "Nev.", "Nov.", "Oct.", "Okla.", "Ore.", "Pa.", "Ph.D.", "Prof.", "Rep.",
    "Rev.", "S.C.", "Sen.", "Sep.", "Sept.", "St.", "Tenn.", "Va.", "Wash.", "Wis.",
};
static const char *const FACES[] = {
    ":)",  ":-)", ":))", ":-))", ":)))", ":-)))", "(:", "(-:", "=)", "(=", ":]", ":-]", "[:", "[-:", "[=", "=]",
    ":o)", "(o:", ":}",  ":-}",  "8)",   "8-)",   "(-8", ";)", ";-)", "(;", "(-;", ":(", ":-(", ":((", ":-((",
    ":(((", ":-(((", "):", ")-:", "=(", ">:(", ":')", ":'-)", ":'(", ":'-(", ":/", ":-/", "=/", "=|", ":|",
    ":-|", ":1", ":p", ":-p", ":o", ":-o", ":0", ":-0", ":()", ">:o", ":*", ":-*", ":3", ":-3", "=3", ":>",
    ":->", ":x", ":-x", "</3", "<3", "<33", "<333", "0.0", "0.o", "0_0", "0_o", "o.0", "o.o", "o_0", "o_o",
    "v.v", "v_v", "^_^", "^__^", "^___^", "-_-", "-__-", "._.", ">.<", ">.>", "<.<", ">_<", "@_@", "(^_^)", "(-_-)",
    "(*_*)", "(>_<)", "(._.)", ";_;", ":D", ":-D", ";D", ";-D", "=D", "8D", "8-D", "xD", "XD", "xDD", "XDD", "''",
    "\\\")", "<space>",
};

/* ---- the table: all of these, spelled out once ---- */

typedef struct entry {
    char word[MOST_BYTES + 1]; /* empty: a free slot */
    uint8_t lengths[BRN__WORD_PARTS]; /* of the parts; 0: there is none */
} entry;

enum { SLOTS = 4096 };
static entry small_words[SLOTS]; /* in small letters */
static entry exact_words[SLOTS]; /* faces and abbreviations: as they are */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static entry *find(entry *table, const char *word, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)word[i]) * 16777619u;
    for (uint32_t at = hash % SLOTS;; at = (at + 1) % SLOTS)
        if (!*table[at].word || (strlen(table[at].word) == length && memcmp(table[at].word, word, length) == 0))
            return &table[at];
}

static void enter(entry *table, const char *a, const char *b, const char *c)
{
    char word[4 * MOST_BYTES];
    snprintf(word, sizeof word, "%s%s%s", a, b, c);
    entry *e = find(table, word, strlen(word));
    if (*e->word) return; /* the first says how */
    snprintf(e->word, sizeof e->word, "%s", word);
    e->lengths[0] = (uint8_t)strlen(a), e->lengths[1] = (uint8_t)strlen(b), e->lengths[2] = (uint8_t)strlen(c);
}

/* "can|not" */
static void enter_listed(entry *table, const char *listed)
{
    char copy[2 * MOST_BYTES], *parts[BRN__WORD_PARTS] = {copy, "", ""};
    snprintf(copy, sizeof copy, "%s", listed);
    int count = 1;
    for (char *p = copy; *p; p++) {
        if (*p != '|' || count == BRN__WORD_PARTS) continue;
        *p = '\0';
        parts[count++] = p + 1;
    }
    enter(table, parts[0], parts[1], parts[2]);
}

static void enter_subjects(void)
{
    for (size_t s = 0; s < sizeof SUBJECTS / sizeof *SUBJECTS; s++)
        for (size_t e = 0; e < sizeof ENDINGS / sizeof *ENDINGS; e++) {
            const struct subject *subject = &SUBJECTS[s];
            const struct ending *ending = &ENDINGS[e];
            if (subject->with & ending->bit) enter(small_words, subject->word, ending->with, "");
            if (subject->without & ending->bit) enter(small_words, subject->word, ending->without, "");
            if (!(ending->bit & (D | LL))) continue;
            enter(small_words, subject->word, ending->with, "'ve"); /* I'd've */
            enter(small_words, subject->word, ending->without, "ve");
        }
}

static void enter_verbs(void)
{
    for (size_t v = 0; v < sizeof VERBS / sizeof *VERBS; v++) {
        enter(small_words, VERBS[v], "n't", "");
        enter(small_words, VERBS[v], "nt", "");
        enter(small_words, VERBS[v], "n't", "'ve");
        enter(small_words, VERBS[v], "nt", "ve");
    }
    for (size_t v = 0; v < sizeof OTHER_VERBS / sizeof *OTHER_VERBS; v++) {
        enter(small_words, OTHER_VERBS[v], "n't", "");
        enter(small_words, OTHER_VERBS[v], "nt", "");
    }
    for (size_t m = 0; m < sizeof MODALS / sizeof *MODALS; m++) {
        enter(small_words, MODALS[m], "'ve", "");
        enter(small_words, MODALS[m], "ve", "");
    }
}

/* 10am, and letters with a full stop */
static void enter_short(void)
{
    static const char *const halves[] = {"am", "pm", "a.m.", "p.m."};
    for (int hour = 1; hour <= 12; hour++) {
        char number[12];
        snprintf(number, sizeof number, "%d", hour);
        for (int i = 0; i < 4; i++) enter(small_words, number, halves[i], "");
    }
    for (char letter = 'a'; letter <= 'z'; letter++) enter(small_words, (char[]){letter, '.', '\0'}, "", "");
}

static void build(void)
{
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) enter_listed(small_words, WORDS[i]);
    enter_subjects();
    enter_verbs();
    enter_short();
    for (size_t i = 0; i < sizeof FACES / sizeof *FACES; i++) enter(exact_words, FACES[i], "", "");
    for (size_t i = 0; i < sizeof ABBREVIATIONS / sizeof *ABBREVIATIONS; i++)
        enter(exact_words, ABBREVIATIONS[i], "", "");
}

/* The word in small ASCII letters and with straight apostrophes, and what its characters took: a curly
 * apostrophe takes three bytes. 0: it is none of ours. */
static size_t plain(brn__span word, char *out, size_t *widths)
{
    size_t used = 0;
    for (size_t i = 0; i < word.length; used++) {
        bool curly = word.length - i >= 3 && memcmp(word.bytes + i, "\xE2\x80\x99", 3) == 0;
        unsigned char c = (unsigned char)word.bytes[i];
        if (used == MOST_BYTES || (c >= 0x80 && !curly)) return 0;
        out[used] = curly ? '\'' : (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        widths[used] = curly ? 3 : 1;
        i += widths[used];
    }
    return used;
}

int brn__word_exception(brn__span word, size_t parts[BRN__WORD_PARTS])
{
    char small[MOST_BYTES];
    size_t widths[MOST_BYTES], *width = widths;
    if (word.length > 3 * MOST_BYTES) return 0;
    pthread_once(&once, build);
    size_t length = plain(word, small, widths);
    const entry *e = length ? find(small_words, small, length) : NULL;
    if (!e || !*e->word) {
        parts[0] = word.length;
        return *find(exact_words, word.bytes, word.length)->word ? 1 : 0;
    }
    int count = 0;
    for (; count < BRN__WORD_PARTS && e->lengths[count]; count++) {
        parts[count] = 0;
        for (int k = 0; k < e->lengths[count]; k++) parts[count] += *width++;
    }
    return count;
}
