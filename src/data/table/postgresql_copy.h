/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL's binary COPY format: a head of 19 bytes, then tuples (a count of fields, and for each
 * its length and bytes, all big-endian), then a count of -1. What a server says is checked like any
 * file. */
#ifndef BRN__DATA_TABLE_POSTGRESQL_COPY_H
#define BRN__DATA_TABLE_POSTGRESQL_COPY_H

#include "data/table/builder.h"

/* How a field's bytes are to be understood. */
typedef enum brn__pg_form {
    BRN__PG_TEXT,
    BRN__PG_BOOLEAN,
    BRN__PG_INTEGER, /* of 2, 4 or 8 bytes */
    BRN__PG_FLOAT4,  /* as its shortest decimal text, as in a file */
    BRN__PG_FLOAT8,
    BRN__PG_NUMERIC,   /* digits to the base 10,000 */
    BRN__PG_DATE,      /* days since 2000-01-01 */
    BRN__PG_TIMESTAMP, /* microseconds since then */
} brn__pg_form;

/* The form of a type's binary values by its number (pg_type.oid); false: it must be cast to text.
 */
bool brn__pg_form_of(unsigned type, brn__pg_form *out);

typedef struct brn__pg_copy {
    brn__builder *builder;     /* has the columns; borrowed */
    const brn__pg_form *forms; /* (columns), borrowed */
    int64_t columns;
    unsigned char *pending; /* bytes of a tuple that is not whole yet; owned */
    size_t length, capacity;
    bool headed, ended; /* the head, the end have been seen */
} brn__pg_copy;

/* The next bytes of the stream. BRN_ERROR_INPUT for what is no such stream. */
brn_status brn__pg_copy_take(brn__pg_copy *copy, const void *bytes, size_t length);
/* After the last bytes: BRN_ERROR_INPUT when the stream was cut off. */
brn_status brn__pg_copy_end(const brn__pg_copy *copy);
void brn__pg_copy_deinit(brn__pg_copy *copy);

#endif
