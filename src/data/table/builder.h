/* SPDX-License-Identifier: Apache-2.0
 * Builds a table value by value, from sources that know types of their own: databases, Arrow.
 *
 *     brn__builder_new("sqlite:shop.db?sales", &options, &builder);
 *     brn__builder_name(builder, "store");
 *     brn__builder_name(builder, "sold_on");
 *     for (each row) {
 *         brn__builder_integer(builder, 0, store);
 *         brn__builder_field(builder, 1, (brn__slice){text, length});
 *     }
 *     brn__builder_finish(builder, &table);
 *     brn__builder_free(builder);
 *
 * A column becomes what all of its values are, by the rules of a file of separated values: whole
 * numbers among numbers are numbers; values of kinds that do not go together become words. A field
 * is understood as it would be in such a file; a text is a word whatever it looks like. Words for
 * missing values mean missing here too. */
#ifndef BRN__DATA_TABLE_BUILDER_H
#define BRN__DATA_TABLE_BUILDER_H

#include "data/table/table.h"

typedef struct brn__builder brn__builder;

/* `name` is the table's, for messages; `options` gives types, missing words, the order of dates in
 * fields. Both are borrowed. */
brn_status brn__builder_new(const char *name, const brn_table_options *options, brn__builder **out);
void brn__builder_free(brn__builder *builder); /* NULL is fine */

/* Adds a column. BRN_ERROR_INPUT when there is one of that name. */
brn_status brn__builder_name(brn__builder *builder, const char *name);

/* The next value of a column (0, 1, ...). Columns may be filled in any order. BRN_ERROR_INPUT names
 * row and column of a text that is not UTF-8. */
brn_status brn__builder_missing(brn__builder *builder, int64_t column);
brn_status brn__builder_integer(brn__builder *builder, int64_t column, int64_t value);
brn_status brn__builder_real(brn__builder *builder, int64_t column,
                             double value); /* NaN: missing */
brn_status brn__builder_boolean(brn__builder *builder, int64_t column, bool value);
/* Microseconds since 1970-01-01 UTC, within the years 1 to 9999. */
brn_status brn__builder_date(brn__builder *builder, int64_t column, int64_t value);
brn_status brn__builder_field(brn__builder *builder, int64_t column, brn__slice value);
brn_status brn__builder_text(brn__builder *builder, int64_t column, brn__slice value);

/* "NAME: row N, column "C": ", then the sentence: for what a source finds wrong with a value. */
brn_status brn__builder_refuse(const brn__builder *builder, int64_t column, const char *sentence)
    __attribute__((warn_unused_result));

/* The builder is empty afterwards. BRN_ERROR_INPUT names a value that is not of a given type. */
brn_status brn__builder_finish(brn__builder *builder, brn_table **out);

#endif
