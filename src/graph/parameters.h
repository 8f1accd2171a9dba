/* SPDX-License-Identifier: Apache-2.0
 * Inside of the parameter store: what plans read. */
#ifndef BRN__GRAPH_PARAMETERS_H
#define BRN__GRAPH_PARAMETERS_H

#include "burnish/parameters.h"
#include "graph/rows.h"

/* Grows with every change of the parameter's values: the key of packed copies. */
uint64_t brn__parameters_version(const brn_parameters *parameters, int index);
void brn__parameters_touch_one(brn_parameters *parameters, int index);
/* First element of a parameter's values in the flat buffer. */
void *brn__parameters_address(brn_parameters *parameters, int index);

/* The flat gradient buffer, which must exist, without giving up what is known of its rows. */
void *brn__parameters_gradients(const brn_parameters *parameters);
/* Rows of a parameter's gradient; no capacity until a plan has listed them. */
brn__rows *brn__parameters_rows(brn_parameters *parameters, int index);
/* Room for `capacity` rows; what is listed stays. */
brn_status brn__parameters_reserve_rows(brn_parameters *parameters, int index, int64_t capacity);
/* Lists the rows that hold anything but zeros now. */
brn_status brn__parameters_find_rows(brn_parameters *parameters, int index);

#endif
