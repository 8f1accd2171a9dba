/* SPDX-License-Identifier: Apache-2.0
 * Inside of SentencePiece models. */
#ifndef BRN__DATA_TEXT_SUBWORD_MODEL_H
#define BRN__DATA_TEXT_SUBWORD_MODEL_H

#include "data/text/subwords.h"

typedef enum brn__subword_kind { /* as the file has them */
    BRN__SUBWORD_NORMAL = 1,
    BRN__SUBWORD_UNKNOWN,
    BRN__SUBWORD_CONTROL,
    BRN__SUBWORD_USER, /* never cut, never normalised */
    BRN__SUBWORD_UNUSED,
    BRN__SUBWORD_BYTE,
} brn__subword_kind;

typedef struct brn__subword {
    brn__span text; /* in the file's bytes */
    float score;
    brn__subword_kind kind;
} brn__subword;

/* A step from a node by a byte; `key` 0: free. */
typedef struct brn__subword_step {
    uint64_t key;
    uint32_t node;
} brn__subword_step;

struct brn__subwords {
    char *bytes; /* (length), owned */
    size_t length;
    brn__subword *items; /* (count), owned */
    int64_t count;
    brn__subword_step *steps; /* (step_mask + 1): all pieces as a tree, in a hash table; owned */
    uint64_t step_mask;
    int32_t *pieces; /* (nodes): the piece that ends there; -1: none; owned */
    float least, most;           /* scores of normal pieces */
    brn__span units;             /* of the rules' double array, 4 bytes each, little-endian */
    brn__span replacements;      /* texts that end in NUL */
    int64_t model_kind;          /* 1 unigram, 2 byte-pair encoding */
    bool fallback;               /* bytes in place of what is not known */
    bool prefix, suffix;         /* a blank before the text, or behind it */
    bool trims, escapes;         /* blanks: one for several; written as U+2581 */
    bool has_user, has_unused;
};

/* The node behind `node` (0: the first) by this byte; 0: there is none. */
uint32_t brn__subword_follow(const brn__subwords *subwords, uint32_t node, char byte);
/* The piece that is this text; -1: none. */
int32_t brn__subword_find(const brn__subwords *subwords, brn__span text);
/* Bytes of the longest piece of the user's at the beginning of the text; 0: none. */
size_t brn__subword_user_prefix(const brn__subwords *subwords, brn__span text);

/* Adds the text as the model wants to see it. */
void brn__subword_normalise(const brn__subwords *subwords, brn__span text, brn__text *out);
/* Adds pieces of a text that is normalised, which is not empty. */
brn_status brn__subword_unigram(const brn__subwords *subwords, brn__span text, brn__subword_room *room,
                                brn__token_list *out);
brn_status brn__subword_pairs(const brn__subwords *subwords, brn__span text, brn__subword_room *room,
                              brn__token_list *out);

/* Pieces on their way out: what is not known becomes one token as long as it goes on, or its bytes. */
typedef struct brn__subword_out {
    const brn__subwords *subwords;
    brn__token_list *list;
    brn__span unknown; /* not added yet */
} brn__subword_out;
void brn__subword_add(brn__subword_out *out, brn__span text, int32_t piece);
void brn__subword_add_end(brn__subword_out *out);

/* Room of at least so many bytes; NULL without memory. */
void *brn__subword_room_of(brn__subword_room *room, size_t bytes);

#endif
