/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256.h"
#include "data/image/gather.h"
#include "data/image/transform.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static brn__picture noise_picture(int width, int height)
{
    brn__picture picture;
    assert_ok(brn__picture_new(width, height, "noise", &picture));
    brn__random random = brn__random_new(brn__philox_key(5, "noise"), 0, 0, 0);
    for (int i = 0; i < width * height * 3; i++)
        picture.pixels[i] = (uint8_t)brn__random_word(&random);
    return picture;
}

/* A transform without normalisation: the result is in [0, 1]. */
static brn__image_transform plain_transform(int size)
{
    brn__image_transform transform = brn__image_transform_defaults(size);
    for (int i = 0; i < 3; i++) transform.mean[i] = 0, transform.deviation[i] = 1;
    return transform;
}

/* Runs that are repeated or resumed see the same pictures, also after a transform is added: what the
 * default draws and how it samples stays as it is to the bit. (Samples are whole 64ths of a grey level;
 * lighting, which rounds in floating point, is tested by its formula.) */
TEST(the_default_view_keeps_its_bits)
{
    enum { S = 48, VALUES = 3 * S * S };
    static const int sides[][2] = {{60, 50}, {48, 48}, {90, 200}, {333, 150}, {40, 31}, {120, 97}};
    static float out[VALUES];
    static int16_t samples[VALUES];
    const brn__image_transform transform = plain_transform(S);
    brn__sha256 *sha;
    assert_ok(brn__sha256_new(&sha));
    for (uint32_t i = 0; i < 24; i++) {
        brn__picture picture = noise_picture(sides[i % 6][0], sides[i % 6][1]);
        brn__random random = brn__random_new(brn__philox_key(7, "augment"), 1, i, 0);
        brn__augment drawn = brn__augment_draw(&transform.training, &random);
        const int64_t light[] = {llround(drawn.balance * 1e9), llround(drawn.contrast * 1e9)};
        assert_ok(brn__sha256_add(sha, light, sizeof light));
        drawn.balance = drawn.contrast = 0;
        assert_ok(brn__image_transform_apply_drawn(&transform, &picture, &drawn, out));
        for (int k = 0; k < VALUES; k++) samples[k] = (int16_t)lroundf(out[k] * (64 * 255));
        assert_ok(brn__sha256_add(sha, samples, sizeof samples));
        brn__picture_free(&picture);
    }
    char hex[65];
    assert_ok(brn__sha256_hex(sha, hex));
    brn__sha256_free(sha);
    assert_string_equal(hex, "056352c49b3e80c563e32d35a3ae820830189990716f3574e6ec858e0d50fa68");
}
