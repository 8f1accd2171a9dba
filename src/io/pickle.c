/* SPDX-License-Identifier: Apache-2.0
 * The pickle machine: a stack, marks on it, a memo. Opcodes as in Python's Lib/pickletools.py. */
#include "io/pickle.h"
#include "base/alloc.h"
#include "io/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
/* X(NAME, byte) of what is understood. */
#define OPCODE_LIST(X)                                                                             \
    X(MARK, '(') X(STOP, '.') X(PROTO, 0x80) X(FRAME, 0x95) X(GLOBAL, 'c')                        \
    X(STACK_GLOBAL, 0x93) X(REDUCE, 'R') X(NEWOBJ, 0x81) X(BUILD, 'b') X(BINPERSID, 'Q') X(NONE, 'N') X(NEWTRUE, 0x88)                  \
    X(NEWFALSE, 0x89) X(BININT, 'J') X(BININT1, 'K') X(BININT2, 'M') X(LONG1, 0x8A)                \
    X(BINFLOAT, 'G') X(BINSTRING, 'T') X(SHORT_BINSTRING, 'U') X(BINUNICODE, 'X')                  \
    X(SHORT_BINUNICODE, 0x8C) X(BINUNICODE8, 0x8D) X(EMPTY_TUPLE, ')') X(TUPLE1, 0x85)             \
    X(TUPLE2, 0x86) X(TUPLE3, 0x87) X(TUPLE, 't') X(EMPTY_LIST, ']') X(APPEND, 'a')                \
    X(APPENDS, 'e') X(EMPTY_DICT, '}') X(SETITEM, 's') X(SETITEMS, 'u') X(EMPTY_SET, 0x8F)         \
    X(BINPUT, 'q') X(LONG_BINPUT, 'r') X(MEMOIZE, 0x94) X(BINGET, 'h') X(LONG_BINGET, 'j')

/* ... and of what is refused, for the message. */
#define REFUSED_LIST(X)                                                                            \
    X(POP, '0') X(POP_MARK, '1') X(DUP, '2') X(FLOAT, 'F') X(INT, 'I') X(LONG, 'L')                \
    X(PERSID, 'P') X(STRING, 'S') X(UNICODE, 'V') X(DICT, 'd') X(GET, 'g') X(INST, 'i')            \
    X(LIST, 'l') X(OBJ, 'o') X(PUT, 'p') X(EXT1, 0x82) X(EXT2, 0x83) X(EXT4, 0x84)                 \
    X(LONG4, 0x8B) X(BINBYTES, 'B') X(SHORT_BINBYTES, 'C') X(BINBYTES8, 0x8E)                      \
    X(ADDITEMS, 0x90) X(FROZENSET, 0x91) X(NEWOBJ_EX, 0x92) X(BYTEARRAY8, 0x96) X(NEXT_BUFFER, 0x97) X(READONLY_BUFFER, 0x98)
/* clang-format on */

enum opcode {
#define X(name, byte) OP_##name = byte,
    OPCODE_LIST(X)
#undef X
};

static const char *const opcode_names[256] = {
#define X(name, byte) [byte] = #name,
    OPCODE_LIST(X) REFUSED_LIST(X)
#undef X
};

typedef struct machine {
    brn__pickle_source *source;
    brn__pickle_value **stack;
    size_t height, capacity;
    size_t marks[BRN__PICKLE_MARKS_MAX]; /* stack heights */
    int mark_count;
    brn__pickle_value **memo; /* NULL where not set */
    size_t memo_size, memo_used;
    int64_t opcodes, values;
    unsigned char opcode;
    size_t opcode_at;
} machine;

static brn_status refuse(const machine *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static brn_status refuse(const machine *m, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *name = opcode_names[m->opcode];
    return brn__fail(BRN_ERROR_INPUT, "pickle opcode %s (0x%02X) at byte %zu: %s",
                     name ? name : "unknown", m->opcode, m->opcode_at, text);
}

/* Adds the opcode and its place to a failure of a rule or of brn__pickle_append. */
static brn_status within(const machine *m, brn_status status)
{
    if (status == BRN_OK || status == BRN_ERROR_NO_MEMORY) return status;
    const char *name = opcode_names[m->opcode];
    return brn__fail_within(status, "pickle opcode %s (0x%02X) at byte %zu",
                            name ? name : "unknown", m->opcode, m->opcode_at);
}

/* The next `count` bytes. */
static brn_status take(machine *m, size_t count, const unsigned char **out)
{
    brn__pickle_source *source = m->source;
    if (count > source->length - source->position)
        return refuse(m, "%zu bytes wanted, %zu left", count, source->length - source->position);
    *out = source->bytes + source->position;
    source->position += count;
    return BRN_OK;
}

static brn_status take_number(machine *m, int bytes, uint64_t *out)
{
    const unsigned char *at;
    BRN__TRY(take(m, (size_t)bytes, &at));
    *out = brn__little_endian(at, bytes);
    return BRN_OK;
}

/* Text up to a newline, which is passed over. */
static brn_status take_line(machine *m, const char **text, size_t *length)
{
    brn__pickle_source *source = m->source;
    const unsigned char *from = source->bytes + source->position;
    size_t left = source->length - source->position;
    const unsigned char *newline = memchr(from, '\n', left < 1024 ? left : 1024);
    if (!newline) return refuse(m, "a name without an end");
    *text = (const char *)from;
    *length = (size_t)(newline - from);
    source->position += *length + 1;
    return BRN_OK;
}

static brn_status push(machine *m, brn__pickle_value *value)
{
    if (m->height >= BRN__PICKLE_STACK_MAX)
        return refuse(m, "more than %d values on the stack", BRN__PICKLE_STACK_MAX);
    if (m->height == m->capacity) {
        size_t capacity = m->capacity ? 2 * m->capacity : 256;
        brn__pickle_value **stack = brn__realloc(m->stack, capacity * sizeof(brn__pickle_value *));
        if (!stack) return BRN_ERROR_NO_MEMORY;
        m->stack = stack;
        m->capacity = capacity;
    }
    m->stack[m->height++] = value;
    return BRN_OK;
}

/* Values above the topmost mark: only they may be used. */
static size_t available(const machine *m)
{
    return m->height - (m->mark_count ? m->marks[m->mark_count - 1] : 0);
}

static brn_status pop(machine *m, brn__pickle_value **out)
{
    if (available(m) == 0) return refuse(m, "the stack is empty");
    *out = m->stack[--m->height];
    return BRN_OK;
}

/* Removes the topmost mark; the values above it stay, *count of them. */
static brn_status pop_mark(machine *m, size_t *count)
{
    if (m->mark_count == 0) return refuse(m, "no mark on the stack");
    *count = available(m);
    m->mark_count--;
    return BRN_OK;
}

static brn_status make(machine *m, brn__pickle_kind kind, brn__pickle_value **out)
{
    if (++m->values > BRN__PICKLE_VALUES_MAX)
        return refuse(m, "more than %d values", BRN__PICKLE_VALUES_MAX);
    *out = brn__pickle_new(m->source, kind);
    return *out ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status push_new(machine *m, brn__pickle_kind kind)
{
    brn__pickle_value *value;
    BRN__TRY(make(m, kind, &value));
    return push(m, value);
}

static brn_status push_integer(machine *m, brn__pickle_kind kind, int64_t integer)
{
    brn__pickle_value *value;
    BRN__TRY(make(m, kind, &value));
    value->as.integer = integer;
    return push(m, value);
}

static brn_status op_integer(machine *m, int bytes)
{
    uint64_t number;
    BRN__TRY(take_number(m, bytes, &number));
    return push_integer(m, BRN__PICKLE_INTEGER, bytes == 4 ? (int32_t)number : (int64_t)number);
}

/* Two's complement of any length up to 255 bytes. */
static brn_status op_long1(machine *m)
{
    uint64_t bytes, number = 0;
    const unsigned char *at;
    BRN__TRY(take_number(m, 1, &bytes));
    BRN__TRY(take(m, (size_t)bytes, &at));
    if (bytes > 8) return push_new(m, BRN__PICKLE_BIG_INTEGER);
    if (bytes) number = brn__little_endian(at, (int)bytes);
    if (bytes && bytes < 8 && at[bytes - 1] & 0x80) number |= ~(uint64_t)0 << (8 * bytes);
    return push_integer(m, BRN__PICKLE_INTEGER, (int64_t)number);
}

static brn_status op_float(machine *m)
{
    const unsigned char *at;
    brn__pickle_value *value;
    uint64_t bits = 0;
    BRN__TRY(take(m, 8, &at));
    BRN__TRY(make(m, BRN__PICKLE_REAL, &value));
    for (int i = 0; i < 8; i++) bits = bits << 8 | at[i]; /* the only big-endian number */
    memcpy(&value->as.real, &bits, sizeof bits);
    return push(m, value);
}

static brn_status op_string(machine *m, int length_bytes)
{
    uint64_t length;
    const unsigned char *at;
    brn__pickle_value *value;
    BRN__TRY(take_number(m, length_bytes, &length));
    if (length > BRN__PICKLE_STRING_MAX)
        return refuse(m, "a string of %llu bytes; expected at most %d", (unsigned long long)length,
                      BRN__PICKLE_STRING_MAX);
    BRN__TRY(take(m, (size_t)length, &at));
    BRN__TRY(make(m, BRN__PICKLE_STRING, &value));
    value->as.string.bytes = (const char *)at;
    value->as.string.length = (size_t)length;
    return push(m, value);
}

/* A tuple of the topmost `count` values. */
static brn_status op_tuple(machine *m, size_t count)
{
    brn__pickle_value *tuple;
    if (available(m) < count) return refuse(m, "the stack is empty");
    BRN__TRY(make(m, BRN__PICKLE_TUPLE, &tuple));
    m->height -= count;
    for (size_t i = 0; i < count; i++)
        BRN__TRY(within(m, brn__pickle_append(m->source, tuple, m->stack[m->height + i])));
    return push(m, tuple);
}

/* Adds the topmost `count` values to the list or dict below them. */
static brn_status op_add(machine *m, brn__pickle_kind kind, size_t count)
{
    if (available(m) < count + 1) return refuse(m, "the stack is empty");
    if (kind == BRN__PICKLE_DICT && count % 2) return refuse(m, "a key without a value");
    m->height -= count;
    brn__pickle_value *target = m->stack[m->height - 1];
    if (target->kind != kind)
        return refuse(m, "expected %s to add to, got %s",
                      brn__pickle_kind_text(&(brn__pickle_value){.kind = kind}),
                      brn__pickle_kind_text(target));
    for (size_t i = 0; i < count; i++) {
        brn__pickle_value *item = m->stack[m->height + i];
        if (kind == BRN__PICKLE_DICT && i % 2 == 0 &&
            (item->kind == BRN__PICKLE_LIST || item->kind == BRN__PICKLE_DICT ||
             item->kind == BRN__PICKLE_SET))
            return refuse(m, "%s as a key of a dict", brn__pickle_kind_text(item));
        BRN__TRY(within(m, brn__pickle_append(m->source, target, item)));
    }
    return BRN_OK;
}

static brn_status op_put(machine *m, uint64_t index)
{
    if (available(m) == 0) return refuse(m, "the stack is empty");
    if (index >= BRN__PICKLE_MEMO_MAX)
        return refuse(m, "memo place %llu; expected less than %d", (unsigned long long)index,
                      BRN__PICKLE_MEMO_MAX);
    if (index >= m->memo_size) {
        size_t size = m->memo_size ? m->memo_size : 256;
        while (size <= index) size *= 2;
        brn__pickle_value **memo = brn__realloc(m->memo, size * sizeof(brn__pickle_value *));
        if (!memo) return BRN_ERROR_NO_MEMORY;
        memset(memo + m->memo_size, 0, (size - m->memo_size) * sizeof *memo);
        m->memo = memo;
        m->memo_size = size;
    }
    m->memo_used += !m->memo[index];
    m->memo[index] = m->stack[m->height - 1];
    return BRN_OK;
}

static brn_status op_get(machine *m, uint64_t index)
{
    if (index >= m->memo_size || !m->memo[index])
        return refuse(m, "memo place %llu is empty", (unsigned long long)index);
    return push(m, m->memo[index]);
}

static brn_status push_global(machine *m, const char *module, size_t module_length,
                              const char *name, size_t name_length)
{
    brn__pickle_value *value;
    if (!m->source->rules || !m->source->rules->global)
        return refuse(m, "%s.%s: no objects are expected here", BRN__QUOTE(module, module_length),
                      BRN__QUOTE(name, name_length));
    if (++m->values > BRN__PICKLE_VALUES_MAX)
        return refuse(m, "more than %d values", BRN__PICKLE_VALUES_MAX);
    BRN__TRY(within(
        m, m->source->rules->global(m->source, module, module_length, name, name_length, &value)));
    return push(m, value);
}

static brn_status op_global(machine *m)
{
    const char *module, *name;
    size_t module_length, name_length;
    BRN__TRY(take_line(m, &module, &module_length));
    BRN__TRY(take_line(m, &name, &name_length));
    return push_global(m, module, module_length, name, name_length);
}

static brn_status op_stack_global(machine *m)
{
    brn__pickle_value *module, *name;
    BRN__TRY(pop(m, &name));
    BRN__TRY(pop(m, &module));
    if (module->kind != BRN__PICKLE_STRING || name->kind != BRN__PICKLE_STRING)
        return refuse(m, "expected two strings, got %s and %s", brn__pickle_kind_text(module),
                      brn__pickle_kind_text(name));
    return push_global(m, module->as.string.bytes, module->as.string.length,
                       name->as.string.bytes, name->as.string.length);
}

static brn_status op_reduce(machine *m)
{
    brn__pickle_value *arguments, *callable, *value;
    BRN__TRY(pop(m, &arguments));
    BRN__TRY(pop(m, &callable));
    if (arguments->kind != BRN__PICKLE_TUPLE)
        return refuse(m, "expected a tuple of arguments, got %s", brn__pickle_kind_text(arguments));
    if (callable->kind != BRN__PICKLE_OBJECT || !m->source->rules || !m->source->rules->reduce)
        return refuse(m, "%s is nothing that can be built", brn__pickle_kind_text(callable));
    if (++m->values > BRN__PICKLE_VALUES_MAX)
        return refuse(m, "more than %d values", BRN__PICKLE_VALUES_MAX);
    BRN__TRY(within(m, m->source->rules->reduce(m->source, callable, arguments,
                                                m->opcode == OP_NEWOBJ, &value)));
    return push(m, value);
}

static brn_status op_persistent(machine *m)
{
    brn__pickle_value *id, *value;
    BRN__TRY(pop(m, &id));
    if (!m->source->rules || !m->source->rules->persistent)
        return refuse(m, "no persistent objects are expected here");
    if (++m->values > BRN__PICKLE_VALUES_MAX)
        return refuse(m, "more than %d values", BRN__PICKLE_VALUES_MAX);
    BRN__TRY(within(m, m->source->rules->persistent(m->source, id, &value)));
    return push(m, value);
}

/* Attributes of an OrderedDict (a module's `_metadata`): looked at, not kept. */
static brn_status op_build(machine *m)
{
    brn__pickle_value *attributes;
    BRN__TRY(pop(m, &attributes));
    if (available(m) == 0) return refuse(m, "the stack is empty");
    const brn__pickle_value *target = m->stack[m->height - 1];
    if (target->kind != BRN__PICKLE_DICT || attributes->kind != BRN__PICKLE_DICT)
        return refuse(m, "expected a dict with a dict of attributes, got %s with %s",
                      brn__pickle_kind_text(target), brn__pickle_kind_text(attributes));
    return BRN_OK;
}

static brn_status op_mark(machine *m)
{
    if (m->mark_count == BRN__PICKLE_MARKS_MAX)
        return refuse(m, "more than %d open marks", BRN__PICKLE_MARKS_MAX);
    m->marks[m->mark_count++] = m->height;
    return BRN_OK;
}

static brn_status op_protocol(machine *m)
{
    uint64_t protocol;
    BRN__TRY(take_number(m, 1, &protocol));
    if (protocol < 2 || protocol > 5)
        return refuse(m, "protocol %llu; expected 2 to 5", (unsigned long long)protocol);
    return BRN_OK;
}

static brn_status op_frame(machine *m)
{
    uint64_t length;
    BRN__TRY(take_number(m, 8, &length));
    if (length > m->source->length - m->source->position)
        return refuse(m, "a frame of %llu bytes, %zu left", (unsigned long long)length,
                      m->source->length - m->source->position);
    return BRN_OK;
}

static brn_status with_number(machine *m, int bytes, brn_status (*operation)(machine *, uint64_t))
{
    uint64_t number;
    BRN__TRY(take_number(m, bytes, &number));
    return operation(m, number);
}

static brn_status with_mark(machine *m)
{
    size_t count;
    BRN__TRY(pop_mark(m, &count));
    if (m->opcode == OP_TUPLE) return op_tuple(m, count);
    return op_add(m, m->opcode == OP_APPENDS ? BRN__PICKLE_LIST : BRN__PICKLE_DICT, count);
}

static brn_status step(machine *m)
{
    switch (m->opcode) {
    case OP_MARK: return op_mark(m);
    case OP_PROTO: return op_protocol(m);
    case OP_FRAME: return op_frame(m);
    case OP_GLOBAL: return op_global(m);
    case OP_STACK_GLOBAL: return op_stack_global(m);
    case OP_REDUCE:
    case OP_NEWOBJ: return op_reduce(m);
    case OP_BUILD: return op_build(m);
    case OP_BINPERSID: return op_persistent(m);
    case OP_NONE: return push_new(m, BRN__PICKLE_NONE);
    case OP_NEWTRUE: return push_integer(m, BRN__PICKLE_BOOL, 1);
    case OP_NEWFALSE: return push_integer(m, BRN__PICKLE_BOOL, 0);
    case OP_BININT: return op_integer(m, 4);
    case OP_BININT1: return op_integer(m, 1);
    case OP_BININT2: return op_integer(m, 2);
    case OP_LONG1: return op_long1(m);
    case OP_BINFLOAT: return op_float(m);
    case OP_BINSTRING:
    case OP_BINUNICODE: return op_string(m, 4);
    case OP_SHORT_BINSTRING:
    case OP_SHORT_BINUNICODE: return op_string(m, 1);
    case OP_BINUNICODE8: return op_string(m, 8);
    case OP_EMPTY_TUPLE: return op_tuple(m, 0);
    case OP_TUPLE1: return op_tuple(m, 1);
    case OP_TUPLE2: return op_tuple(m, 2);
    case OP_TUPLE3: return op_tuple(m, 3);
    case OP_EMPTY_LIST: return push_new(m, BRN__PICKLE_LIST);
    case OP_EMPTY_DICT: return push_new(m, BRN__PICKLE_DICT);
    case OP_EMPTY_SET: return push_new(m, BRN__PICKLE_SET);
    case OP_APPEND: return op_add(m, BRN__PICKLE_LIST, 1);
    case OP_SETITEM: return op_add(m, BRN__PICKLE_DICT, 2);
    case OP_TUPLE:
    case OP_APPENDS:
    case OP_SETITEMS: return with_mark(m);
    case OP_BINPUT: return with_number(m, 1, op_put);
    case OP_LONG_BINPUT: return with_number(m, 4, op_put);
    case OP_MEMOIZE: return op_put(m, m->memo_used);
    case OP_BINGET: return with_number(m, 1, op_get);
    case OP_LONG_BINGET: return with_number(m, 4, op_get);
    default: return refuse(m, "not one that weight files use; nothing in a file is executed");
    }
}

static brn_status run(machine *m, const brn__pickle_value **out)
{
    brn__pickle_source *source = m->source;
    for (;;) {
        if (source->position >= source->length)
            return brn__fail(BRN_ERROR_INPUT, "pickle: no STOP before its end at byte %zu",
                             source->length);
        m->opcode_at = source->position;
        m->opcode = source->bytes[source->position++];
        if (++m->opcodes > BRN__PICKLE_OPCODES_MAX)
            return refuse(m, "more than %d opcodes", BRN__PICKLE_OPCODES_MAX);
        if (m->opcode == OP_STOP) break;
        BRN__TRY(step(m));
    }
    if (m->height != 1 || m->mark_count)
        return refuse(m, "%zu values and %d marks on the stack; expected one value", m->height,
                      m->mark_count);
    *out = m->stack[0];
    return BRN_OK;
}

brn_status brn__pickle_read(brn__pickle_source *source, const brn__pickle_value **out)
{
    machine *m = brn__alloc_zero(1, sizeof *m);
    if (!m) return BRN_ERROR_NO_MEMORY;
    m->source = source;
    brn_status status = run(m, out);
    brn__free(m->stack);
    brn__free(m->memo);
    brn__free(m);
    return status;
}
