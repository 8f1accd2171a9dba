/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void brn__base64_add(brn__text *out, const void *bytes, size_t length)
{
    const uint8_t *from = bytes;
    for (size_t i = 0; i < length; i += 3) {
        const size_t left = length - i;
        uint32_t three = (uint32_t)from[i] << 16;
        if (left > 1) three |= (uint32_t)from[i + 1] << 8;
        if (left > 2) three |= from[i + 2];
        const char four[4] = {digits[three >> 18], digits[three >> 12 & 63],
                              left > 1 ? digits[three >> 6 & 63] : '=',
                              left > 2 ? digits[three & 63] : '='};
        brn__text_add_bytes(out, four, sizeof four);
    }
}

bool brn__base64_read(const char *letters, brn__text *out)
{
    signed char value_of[256];
    const size_t length = strlen(letters);
    memset(value_of, -1, sizeof value_of);
    for (int i = 0; i < 64; i++) value_of[(unsigned char)digits[i]] = (signed char)i;
    if (length % 4) return false;
    const size_t filled = length && letters[length - 1] == '=' ? 1 + (letters[length - 2] == '=') : 0;
    for (size_t i = 0; i < length; i += 4) {
        const size_t missing = i + 4 == length ? filled : 0;
        uint32_t three = 0;
        for (size_t k = 0; k < 4; k++) {
            const int value = k >= 4 - missing ? 0 : value_of[(unsigned char)letters[i + k]];
            if (value < 0) return false;
            three = three << 6 | (uint32_t)value;
        }
        const char bytes[3] = {(char)(three >> 16), (char)(three >> 8), (char)three};
        brn__text_add_bytes(out, bytes, 3 - missing);
    }
    return true;
}
