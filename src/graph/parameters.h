/* SPDX-License-Identifier: Apache-2.0
 * Inside of the parameter store: what plans read. */
#ifndef BRN__GRAPH_PARAMETERS_H
#define BRN__GRAPH_PARAMETERS_H

#include "burnish/parameters.h"

/* Grows with every change of the parameter's values: the key of packed copies. */
uint64_t brn__parameters_version(const brn_parameters *parameters, int index);
void brn__parameters_touch_one(brn_parameters *parameters, int index);
/* First element of a parameter's values in the flat buffer. */
void *brn__parameters_address(brn_parameters *parameters, int index);

#endif
