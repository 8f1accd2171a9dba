/* SPDX-License-Identifier: Apache-2.0
 * The options of a text classifier's training, which its rate finder takes too. */
#ifndef CLI_TEXT_REQUEST_H
#define CLI_TEXT_REQUEST_H

#include "text_answers.h"

/* In a command's list of options: those that both have. */
#define CLI_TEXT_REQUEST_OPTIONS                                                                   \
    CLI_TEXT_ENCODER, CLI_BACKWARD, CLI_TEXT_TARGET, CLI_LABEL_COLUMN, CLI_TAG_SEPARATOR,          \
        CLI_EMBEDDING, CLI_LSTM_HIDDEN, CLI_LAYERS, CLI_QRNN, CLI_DROPOUT_FACTOR, CLI_BPTT,        \
        CLI_MAX_LENGTH, CLI_RATE_FACTOR, CLI_WEIGHT_DECAY, CLI_CLIP, CLI_TEXTS, CLI_VALID,         \
        CLI_TEXT_SOURCE_OPTIONS, CLI_SEED, CLI_THREADS,          \
        CLI_PRECISION

typedef struct cli_text_request {
    cli_text_labels labels; /* what the options point to */
    brn_text_train_options options;
} cli_text_request;

void cli_text_request_defaults(cli_value *values);
/* Of a call whose inputs are texts. An exit code; failures are told. Free it either way. */
int cli_text_request_take(const cli_call *call, cli_text_request *out);
void cli_text_request_free(cli_text_request *request);

#endif
