/* SPDX-License-Identifier: Apache-2.0
 * The loops of steppers.c for one element type: REAL, NAME(name), SQRT. Included twice, no guard.
 * Coefficients are computed in double and rounded once. */

#define STEPPER(name) static void NAME(name)(const brn__step_block *b)
#define EACH for (int64_t i = 0; i < b->count; i++)

STEPPER(decay_coupled)
{
    const REAL decay = (REAL)b->weight_decay, *restrict p = b->p;
    REAL *restrict d = b->d;
    EACH d[i] += decay * p[i];
}

STEPPER(decay_decoupled)
{
    const REAL keep = (REAL)(1 - b->learning_rate * b->weight_decay);
    REAL *restrict p = b->p;
    EACH p[i] *= keep;
}

STEPPER(average)
{
    const REAL momentum = (REAL)b->momentum;
    REAL *restrict d = b->d, *restrict m = b->m;
    if (momentum == 0) return;
    EACH d[i] = m[i] = momentum * m[i] + d[i];
}

STEPPER(average_ahead)
{
    const REAL momentum = (REAL)b->momentum;
    REAL *restrict d = b->d, *restrict m = b->m;
    if (momentum == 0) return;
    EACH
    {
        m[i] = momentum * m[i] + d[i];
        d[i] += momentum * m[i];
    }
}

STEPPER(average_damped)
{
    const REAL momentum = (REAL)b->momentum, rest = (REAL)(1 - b->momentum);
    const REAL *restrict d = b->d;
    REAL *restrict m = b->m;
    EACH m[i] = momentum * m[i] + rest * d[i];
}

STEPPER(square)
{
    const REAL momentum = (REAL)b->square_momentum, rest = (REAL)(1 - b->square_momentum);
    const REAL *restrict d = b->d;
    REAL *restrict v = b->v;
    EACH v[i] = momentum * v[i] + rest * d[i] * d[i];
}

STEPPER(square_sum)
{
    const REAL *restrict d = b->d;
    REAL *restrict v = b->v;
    EACH v[i] += d[i] * d[i];
}

STEPPER(divide_by_root)
{
    const REAL epsilon = (REAL)b->epsilon, *restrict v = b->v;
    REAL *restrict d = b->d;
    EACH d[i] /= SQRT(v[i]) + epsilon;
}

STEPPER(adam)
{
    const REAL epsilon = (REAL)b->epsilon, scale = (REAL)(1 / b->debias_average),
               root = (REAL)(1 / sqrt(b->debias_square));
    const REAL *restrict m = b->m, *restrict v = b->v;
    REAL *restrict d = b->d;
    EACH d[i] = scale * m[i] / (SQRT(v[i]) * root + epsilon);
}

STEPPER(radam)
{
    if (b->rectification > 0) {
        const REAL scale = (REAL)b->rectification;
        REAL *restrict d = b->d;
        NAME(adam)(b);
        EACH d[i] *= scale;
    } else {
        const REAL scale = (REAL)(1 / b->debias_average), *restrict m = b->m;
        REAL *restrict d = b->d;
        EACH d[i] = scale * m[i];
    }
}

STEPPER(scale_by_trust)
{
    const REAL trust = (REAL)b->trust;
    REAL *restrict d = b->d;
    EACH d[i] *= trust;
}

STEPPER(descend)
{
    const REAL rate = (REAL)b->learning_rate, *restrict d = b->d;
    REAL *restrict p = b->p;
    EACH p[i] -= rate * d[i];
}

STEPPER(remember)
{
    const REAL *restrict p = b->p;
    REAL *restrict slow = b->s;
    EACH slow[i] = p[i];
}

STEPPER(look_ahead)
{
    const REAL share = (REAL)b->lookahead_share;
    REAL *restrict p = b->p, *restrict slow = b->s;
    EACH p[i] = slow[i] += share * (p[i] - slow[i]);
}

static void NAME(scale_gradient)(const void *gradient, double scale, double limit, void *d, int64_t count)
{
    const REAL factor = (REAL)scale, most = (REAL)limit, *restrict g = gradient;
    REAL *restrict out = d;
    if (limit > 0) /* what is not a number stays none */
        for (int64_t i = 0; i < count; i++) out[i] = g[i] > most ? most : g[i] < -most ? -most : g[i];
    else
        for (int64_t i = 0; i < count; i++) out[i] = factor * g[i];
}

static double NAME(sum_of_squares)(const void *values, int64_t count)
{
    const REAL *restrict x = values;
    double lanes[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (int j = 0; j < 8; j++) lanes[j] += (double)x[i + j] * (double)x[i + j];
    for (; i < count; i++) lanes[i % 8] += (double)x[i] * (double)x[i];
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
           ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

/* ADAM's whole list in one pass: what was read for one stepper is at hand for the next. */
static void NAME(adam_block)(const brn__step_block *b, const void *gradient, double gradient_scale)
{
    const REAL factor = (REAL)gradient_scale, *restrict g = gradient;
    const REAL keep = (REAL)(1 - b->learning_rate * b->weight_decay), rate = (REAL)b->learning_rate;
    const REAL mu = (REAL)b->momentum, rest = (REAL)(1 - b->momentum);
    const REAL nu = (REAL)b->square_momentum, other = (REAL)(1 - b->square_momentum);
    const REAL epsilon = (REAL)b->epsilon, scale = (REAL)(1 / b->debias_average),
               root = (REAL)(1 / sqrt(b->debias_square));
    REAL *restrict p = b->p, *restrict m = b->m, *restrict v = b->v;
    EACH
    {
        const REAL d = factor * g[i];
        const REAL mean = mu * m[i] + rest * d, square = nu * v[i] + other * d * d;
        m[i] = mean;
        v[i] = square;
        p[i] = keep * p[i] - rate * (scale * mean / (SQRT(square) * root + epsilon));
    }
}

const brn__stepper_set NAME(brn__stepper_set) = {
    .steppers =
        {
#define X(name) [BRN__STEPPER_##name] = NAME(name),
            BRN__STEPPER_LIST(X)
#undef X
        },
    .scale_gradient = NAME(scale_gradient),
    .sum_of_squares = NAME(sum_of_squares),
    .adam_block = NAME(adam_block),
};

#undef STEPPER
#undef EACH
