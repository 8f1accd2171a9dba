/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PRECISION_H
#define CLI_PRECISION_H

#include "options.h"

#include "burnish/precision.h"

/* What --precision says; FP32 when it is not given. */
brn_precision cli_precision(const cli_value *values);

#endif
