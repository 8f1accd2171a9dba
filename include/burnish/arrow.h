/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables from memory by Arrow's C stream interface, which pandas, polars, pyarrow, DuckDB and
 * others export: no file, no text in between.
 *
 *     struct ArrowArrayStream stream;
 *     export_somehow(&stream);
 *     brn_table *table;
 *     brn_table_options options = brn_table_defaults();
 *     if (brn_table_open_arrow(&stream, &options, &table) != BRN_OK) ...brn_error_message()...
 *
 * The three structures are those of https://arrow.apache.org/docs/format/CDataInterface.html and
 * CStreamInterface.html, under the guards that all who declare them share.
 */
#ifndef BURNISH_ARROW_H
#define BURNISH_ARROW_H

#include "burnish/table_data.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children, *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out); /* 0, or an errno */
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/* Reads a whole stream of record batches (a struct, "+s"), and releases it whatever happens. Values
 * are copied. Columns may be integers, floats (of 2, 4 or 8 bytes), decimals of 128 bits, booleans,
 * texts (plain, large or views), dates, timestamps, null, and dictionaries of these. Of `options`,
 * types and missing words count. Whole numbers beyond 64 bits with a sign become doubles. The
 * table's name is "arrow". BRN_ERROR_INPUT names a column of another type, and what the stream says
 * when it fails. The caller closes. */
BRN_API brn_status brn_table_open_arrow(struct ArrowArrayStream *stream,
                                        const brn_table_options *options, brn_table **out);

#ifdef __cplusplus
}
#endif
#endif
