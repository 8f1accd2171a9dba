/* SPDX-License-Identifier: Apache-2.0
 * What burnish bench train, infer and profile take. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "commands.h"

#include "burnish/image.h"

/* In a command's list of options. */
#define CLI_BENCH_OPTIONS CLI_BATCH_SIZE, CLI_SIZE, CLI_THREADS, CLI_PRECISION, CLI_ROUNDS

void cli_bench_defaults(cli_value *values);
/* Of a call whose input is an architecture: borrowed. */
brn_image_bench_options cli_bench_options(const cli_call *call, bool training);

#endif
