/* SPDX-License-Identifier: Apache-2.0
 * Python's pickle as data: an interpreter of the opcodes that weight files use, over typed values.
 *
 * It never calls anything. What GLOBAL, REDUCE, NEWOBJ and BINPERSID mean is up to the caller's
 * rules, which build plain values; without a rule the opcode is refused. Everything is bounded:
 * opcodes, values, stack, memo, nesting, string length. */
#ifndef BRN__IO_PICKLE_H
#define BRN__IO_PICKLE_H

#include "base/arena.h"
#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BRN__PICKLE_OPCODES_MAX = 20000000,
    BRN__PICKLE_VALUES_MAX = 2000000,
    BRN__PICKLE_STACK_MAX = 1000000,
    BRN__PICKLE_MEMO_MAX = 2000000,
    BRN__PICKLE_MARKS_MAX = 256,
    BRN__PICKLE_DEPTH_MAX = 64,
    BRN__PICKLE_STRING_MAX = 1 << 20, /* bytes */
};

/* X(NAME, name in messages) */
#define BRN__PICKLE_KIND_LIST(X)                                                                   \
    X(NONE, "None")                                                                                \
    X(BOOL, "a bool")                                                                              \
    X(INTEGER, "an integer")                                                                       \
    X(BIG_INTEGER, "an integer beyond 64 bits")                                                    \
    X(REAL, "a float")                                                                             \
    X(STRING, "a string")                                                                          \
    X(TUPLE, "a tuple")                                                                            \
    X(LIST, "a list")                                                                              \
    X(DICT, "a dict")                                                                              \
    X(SET, "a set")                                                                                \
    X(OBJECT, "an object") /* made by the caller's rules */

typedef enum brn__pickle_kind {
#define X(name, text) BRN__PICKLE_##name,
    BRN__PICKLE_KIND_LIST(X)
#undef X
} brn__pickle_kind;

typedef struct brn__pickle_value brn__pickle_value;
struct brn__pickle_value {
    brn__pickle_kind kind;
    int depth; /* of nesting: 0 for what holds no values */
    union {
        int64_t integer; /* BOOL too */
        double real;
        struct {
            const char *bytes; /* in the file, not terminated */
            size_t length;
        } string;
        struct {
            brn__pickle_value **items; /* of a DICT: key, value, key, value */
            size_t count, capacity;    /* of items */
        } list;                        /* TUPLE, LIST, DICT */
        struct {
            int type;     /* the rules' own numbering */
            void *object; /* the rules' own object */
        } object;
    } as;
};

typedef struct brn__pickle_source brn__pickle_source;

typedef struct brn__pickle_rules {
    /* What "module name" stands for; refuses what it doesn't know. */
    brn_status (*global)(brn__pickle_source *source, const char *module, size_t module_length,
                         const char *name, size_t name_length, brn__pickle_value **out);
    /* `callable(*arguments)` as data; `is_new` for callable.__new__. */
    brn_status (*reduce)(brn__pickle_source *source, const brn__pickle_value *callable,
                         const brn__pickle_value *arguments, bool is_new, brn__pickle_value **out);
    brn_status (*persistent)(brn__pickle_source *source, const brn__pickle_value *id,
                             brn__pickle_value **out);
} brn__pickle_rules;

struct brn__pickle_source {
    const unsigned char *bytes;
    size_t length, position;        /* reading starts at `position` and moves it behind STOP */
    brn__arena *arena;              /* the values live here */
    const brn__pickle_rules *rules; /* any function may be NULL */
    void *context;                  /* the rules' */
};

brn_status brn__pickle_read(brn__pickle_source *source, const brn__pickle_value **out);

const char *brn__pickle_kind_text(const brn__pickle_value *value);
/* NULL (recorded as no memory) on failure. */
brn__pickle_value *brn__pickle_new(brn__pickle_source *source, brn__pickle_kind kind);
bool brn__pickle_is_string(const brn__pickle_value *value, const char *text);
/* The value of a dict under a string key, the last when there are several; NULL when absent. */
const brn__pickle_value *brn__pickle_get(const brn__pickle_value *dict, const char *key);
/* Adds to a LIST or TUPLE (value) or a DICT (key, then value), keeping `depth`. */
brn_status brn__pickle_append(brn__pickle_source *source, brn__pickle_value *list,
                              brn__pickle_value *item);

#endif
