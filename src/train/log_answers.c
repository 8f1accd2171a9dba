/* SPDX-License-Identifier: Apache-2.0 */
#include "train/log_answers.h"

#include <math.h>

void brn__log_softmax(const float *logits, int64_t count, float *out)
{
    double largest = -INFINITY, sum = 0;
    for (int64_t k = 0; k < count; k++) largest = logits[k] > largest ? logits[k] : largest;
    for (int64_t k = 0; k < count; k++) sum += exp(logits[k] - largest);
    const double shift = largest + log(sum);
    for (int64_t k = 0; k < count; k++) out[k] = (float)(logits[k] - shift);
}

/* -log(1 + exp(-x)), whose exponential must not overflow. */
void brn__log_sigmoids(const float *logits, int64_t count, float *out)
{
    for (int64_t k = 0; k < count; k++) {
        const double x = (double)logits[k];
        out[k] = (float)(fmin(x, 0) - log1p(exp(-fabs(x))));
    }
}

void brn__log_answers(bool exclusive, int64_t count, int64_t width, float *values)
{
    if (!exclusive) brn__log_sigmoids(values, count * width, values);
    for (int64_t i = 0; exclusive && i < count; i++) brn__log_softmax(values + i * width, width, values + i * width);
}
