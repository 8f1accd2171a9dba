/* SPDX-License-Identifier: Apache-2.0
 * What burnish bench train, infer and profile take. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "commands.h"
#include "json.h"

#include "burnish/image.h"

/* In a command's list of options. */
#define CLI_BENCH_OPTIONS CLI_BATCH_SIZE, CLI_SIZE, CLI_THREADS, CLI_PRECISION, CLI_ROUNDS

void cli_bench_defaults(cli_value *values);
/* Of a call whose input is an architecture: borrowed. An exit code; failures are told, and that there is no bfloat16. */
int cli_bench_take(const cli_call *call, bool training, brn_image_bench_options *out);
/* In an event: what it was measured with. */
void cli_bench_json(cli_json *json, const brn_image_bench_options *options);

#endif
