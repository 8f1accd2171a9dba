/* SPDX-License-Identifier: Apache-2.0
 * Logits as logarithms of probabilities, without going through the probabilities. */
#ifndef BRN__TRAIN_LOG_ANSWERS_H
#define BRN__TRAIN_LOG_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

/* logits and out have (count); they may be the same. */
void brn__log_softmax(const float *logits, int64_t count, float *out);
void brn__log_sigmoids(const float *logits, int64_t count, float *out);
/* Logits (count, width), where they stand: of classes that exclude each other by row, of others each by itself. */
void brn__log_answers(bool exclusive, int64_t count, int64_t width, float *values);

#endif
