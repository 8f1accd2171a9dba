/* SPDX-License-Identifier: Apache-2.0
 * Streams made by hand, as the interface describes them. */
#include "burnish/arrow.h"
#include "base/alloc.h"
#include "data/table/table.h"
#include "test.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { MOST = 16 };

/* A stream of batches that lie in the test; what is released is counted. */
typedef struct made {
    struct ArrowSchema schema, children[MOST], words;
    struct ArrowSchema *child_list[MOST];
    struct ArrowArray arrays[2][MOST], dictionary;
    struct ArrowArray *array_list[2][MOST];
    int columns, batches, given, released;
    int64_t rows[2], offset;
    int code; /* of the last get_next */
} made;

static void release_schema(struct ArrowSchema *schema)
{
    ((made *)schema->private_data)->released++;
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    ((made *)array->private_data)->released++;
    array->release = NULL;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    ((made *)stream->private_data)->released++;
    stream->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    made *m = stream->private_data;
    *out = m->schema;
    out->format = "+s";
    out->n_children = m->columns;
    for (int i = 0; i < m->columns; i++) m->child_list[i] = &m->children[i];
    out->children = m->child_list;
    out->private_data = m;
    out->release = release_schema;
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    made *m = stream->private_data;
    *out = (struct ArrowArray){0};
    if (m->given == m->batches) return m->code;
    for (int i = 0; i < m->columns; i++) m->array_list[m->given][i] = &m->arrays[m->given][i];
    *out = (struct ArrowArray){.length = m->rows[m->given],
                               .offset = m->offset,
                               .n_children = m->columns,
                               .children = m->array_list[m->given],
                               .release = release_array,
                               .private_data = m};
    m->given++;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "the disk is gone";
}

static void add(made *m, const char *name, const char *format, const void **buffers, int64_t count,
                int64_t length)
{
    m->children[m->columns] = (struct ArrowSchema){.name = name, .format = format};
    m->arrays[0][m->columns] =
        (struct ArrowArray){.length = length, .n_buffers = count, .buffers = buffers};
    m->arrays[1][m->columns] = m->arrays[0][m->columns];
    m->columns++;
}

static brn_status open_made(made *m, brn_table **out)
{
    const brn_table_options options = brn_table_defaults();
    struct ArrowArrayStream stream = {get_schema, get_next, get_last_error, release_stream, m};
    brn_status status = brn_table_open_arrow(&stream, &options, out);
    assert_null(stream.release);
    assert_int_equal(m->released, m->given + 2); /* batches, schema, stream */
    return status;
}

#define BUFFERS(...) ((const void *[]){__VA_ARGS__})

TEST(arrow_values_of_every_kind_are_read)
{
    static const uint8_t valid = 0x5;
    static const int8_t bytes[] = {-1, 9, 3};
    static const uint64_t large[] = {1, UINT64_MAX, 2};
    static const float floats[] = {.5f, NAN, 2};
    static const uint16_t halves[] = {0x3C00, 0xC000, 0x0001};
    static const uint8_t truths = 0x2;
    static const int32_t offsets[] = {0, 2, 2, 5}, days[] = {16647, 0, -1};
    static const int64_t nanoseconds[] = {1500, -1, 0}, large_offsets[] = {0, 1, 2, 3};
    static const char text[] = "07abc";
    static const uint8_t indices[] = {0, 0, 1};
    static const int64_t decimals[] = {12345, 0, -5, -1, 100, 0};
    static const char far[] = "xxxlonger than twelve";
    char views[3][16] = {{0}};
    int32_t length = 18, place[] = {0, 3};
    views[0][0] = 2, memcpy(views[0] + 4, "ab", 2);
    memcpy(views[2], &length, 4), memcpy(views[2] + 8, place, 8);
    made m = {.batches = 1, .rows = {3}};
    add(&m, "byte", "c", BUFFERS(&valid, bytes), 2, 3);
    add(&m, "large", "L", BUFFERS(NULL, large), 2, 3);
    add(&m, "float", "f", BUFFERS(NULL, floats), 2, 3);
    add(&m, "half", "e", BUFFERS(NULL, halves), 2, 3);
    add(&m, "truth", "b", BUFFERS(NULL, &truths), 2, 3);
    add(&m, "text", "u", BUFFERS(NULL, offsets, text), 3, 3);
    add(&m, "long", "U", BUFFERS(NULL, large_offsets, "789"), 3, 3);
    add(&m, "view", "vu", BUFFERS(NULL, views, far, NULL), 4, 3);
    add(&m, "day", "tdD", BUFFERS(NULL, days), 2, 3);
    add(&m, "moment", "tsn:Europe/Berlin", BUFFERS(NULL, nanoseconds), 2, 3);
    add(&m, "none", "n", NULL, 0, 3);
    add(&m, "money", "d:10,2", BUFFERS(NULL, decimals), 2, 3);
    add(&m, "word", "C", BUFFERS(&valid, indices), 2, 3);
    m.words = (struct ArrowSchema){.format = "u"};
    m.dictionary =
        (struct ArrowArray){.length = 2, .n_buffers = 3, .buffers = BUFFERS(NULL, offsets, "xyz")};
    m.children[12].dictionary = &m.words;
    m.arrays[0][12].dictionary = &m.dictionary;
    brn_table *table;
    assert_ok(open_made(&m, &table));
    const brn__column *c = table->columns;
    assert_int_equal(table->row_count, 3);
    assert_true(c[0].type == BRN_COLUMN_INTEGER && c[0].integers[0] == -1 &&
                c[0].missing_count == 1);
    assert_true(c[1].type == BRN_COLUMN_REAL && c[1].reals[1] == 0x1p64 && c[1].reals[2] == 2);
    assert_true(c[2].reals[0] == .5 && c[2].missing_count == 1 && c[2].reals[2] == 2);
    assert_true(c[3].reals[0] == 1 && c[3].reals[1] == -2 && c[3].reals[2] == 0x1p-24);
    assert_true(c[4].type == BRN_COLUMN_BOOLEAN && !c[4].codes[0] && c[4].codes[1] == 1);
    assert_true(c[5].type == BRN_COLUMN_TEXT && c[5].missing_count == 1); /* "" is missing */
    assert_memory_equal(c[5].words.words[0].bytes, "07", 2);
    assert_int_equal(c[6].type, BRN_COLUMN_TEXT);
    assert_int_equal(c[7].words.count, 2);
    assert_memory_equal(c[7].words.words[1].bytes, "longer than twelve", 18);
    assert_true(c[8].type == BRN_COLUMN_DATE && c[8].integers[2] == INT64_C(-86400000000));
    assert_true(c[9].integers[0] == 1 && c[9].integers[1] == -1);
    assert_true(c[10].missing_count == 3);
    assert_true(c[11].reals[0] == 123.45 && c[11].reals[1] == -.05 && c[11].reals[2] == 1);
    assert_true(c[12].missing_count == 2); /* of the bitmap, and an empty word */
    brn_table_close(table);
}

TEST(arrow_batches_follow_each_other_with_their_offsets)
{
    static const int32_t values[] = {9, 1, 2, 3};
    static const uint8_t valid = 0xB;
    made m = {.batches = 2, .rows = {2, 2}, .offset = 1};
    add(&m, "x", "i", BUFFERS(&valid, values), 2, 3);
    m.arrays[1][0].offset = 0;
    m.arrays[0][0].offset = 1;
    m.arrays[0][0].length = 3;
    brn_table *table;
    assert_ok(open_made(&m, &table));
    const brn__column *c = table->columns;
    assert_int_equal(table->row_count, 4);
    assert_true(brn__column_is_missing(c, 0) && c->integers[1] == 3 && c->integers[2] == 1);
    assert_true(brn__column_is_missing(c, 3));
    brn_table_close(table);
}

TEST(arrow_streams_that_do_not_fit_are_refused)
{
    static const int32_t values[] = {1, 2, 3}, offsets[] = {0, 3, 2};
    brn_table *table;
    made m = {.batches = 1, .rows = {3}};
    add(&m, "x", "+l", BUFFERS(NULL, values), 2, 3);
    assert_fails(open_made(&m, &table), BRN_ERROR_INPUT, "column \"x\" has the format \"+l\"");
    assert_null(table);
    made short_one = {.batches = 1, .rows = {3}};
    add(&short_one, "x", "i", BUFFERS(NULL, values), 2, 2);
    assert_fails(open_made(&short_one, &table), BRN_ERROR_INPUT, "fewer values than the batch");
    made back = {.batches = 1, .rows = {2}};
    add(&back, "x", "u", BUFFERS(NULL, offsets, "abc"), 3, 2);
    assert_fails(open_made(&back, &table), BRN_ERROR_INPUT,
                 "row 2, column \"x\": offsets that go back");
    made without = {.batches = 1, .rows = {2}};
    add(&without, "x", "i", BUFFERS(NULL, NULL), 2, 2);
    assert_fails(open_made(&without, &table), BRN_ERROR_INPUT, "not whole");
    made failing = {.code = EIO};
    add(&failing, "x", "i", BUFFERS(NULL, values), 2, 3);
    assert_fails(open_made(&failing, &table), BRN_ERROR_INPUT,
                 "the stream failed: the disk is gone");
    made wide = {.batches = 1, .rows = {1}};
    add(&wide, "x", "d:40,2,256", BUFFERS(NULL, values), 2, 3);
    assert_fails(open_made(&wide, &table), BRN_ERROR_INPUT, "d:40,2,256");
    made beyond = {.batches = 1, .rows = {3}, .words = {.format = "i"}};
    add(&beyond, "x", "i", BUFFERS(NULL, values), 2, 3);
    beyond.dictionary =
        (struct ArrowArray){.length = 3, .n_buffers = 2, .buffers = BUFFERS(NULL, values)};
    beyond.children[0].dictionary = &beyond.words;
    beyond.arrays[0][0].dictionary = &beyond.dictionary;
    assert_fails(open_made(&beyond, &table), BRN_ERROR_INPUT, "beyond the dictionary");
    const brn_table_options options = brn_table_defaults();
    assert_fails(brn_table_open_arrow(NULL, &options, &table), BRN_ERROR_USAGE,
                 "expected a stream");
}
