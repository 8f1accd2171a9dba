/* SPDX-License-Identifier: Apache-2.0
 * The options of a language model's training, which its rate finder takes too. */
#ifndef CLI_LM_SOURCE_H
#define CLI_LM_SOURCE_H

#include "text_source.h"

#include "burnish/lm.h"

/* In a command's list of options. */
#define CLI_LM_OPTIONS                                                                             \
    CLI_LM_RECIPE, CLI_ENCODER, CLI_BACKWARD, CLI_EMBEDDING, CLI_LSTM_HIDDEN, CLI_LAYERS,          \
        CLI_QRNN, CLI_DROPOUT_FACTOR, CLI_BPTT, CLI_VARIABLE_BPTT, CLI_STREAMS, CLI_CLIP, CLI_MOMENTA,       \
        CLI_WEIGHT_DECAY, CLI_VALID, CLI_TEXT_SOURCE_OPTIONS, CLI_SEED, CLI_THREADS,          \
        CLI_PRECISION, CLI_ACTIVATION_CHECKPOINTING

void cli_lm_defaults(cli_value *values);
/* Of a call whose inputs are texts. An exit code; failures are told. */
int cli_lm_take(const cli_call *call, cli_text_source *source, brn_lm_options *out);

#endif
