/* SPDX-License-Identifier: Apache-2.0
 * A pixel as one vector of four lanes (red, green, blue, and a fourth that means nothing), and
 * BRN__CLONES, which before a function compiles it for several instruction sets; the program's
 * loader picks one, so that results are the same on one machine always. */
#ifndef BRN__DATA_IMAGE_LANES_H
#define BRN__DATA_IMAGE_LANES_H

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define BRN__CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define BRN__CLONES
#endif

typedef int32_t brn__integers4 __attribute__((vector_size(16)));

/* The four bytes at `pixel` as integers; little-endian. Reads one byte past an RGB pixel, which
 * BRN__PICTURE_SLACK allows. Two interleavings with zero are what every vector unit does well. */
__attribute__((always_inline)) static inline brn__integers4 brn__load_pixel(const uint8_t *pixel)
{
    typedef uint8_t bytes16 __attribute__((vector_size(16)));
    typedef uint16_t shorts8 __attribute__((vector_size(16)));
    uint32_t word;
    memcpy(&word, pixel, sizeof word);
    bytes16 bytes = (bytes16)(brn__integers4){(int32_t)word, 0, 0, 0};
    shorts8 shorts = (shorts8)__builtin_shufflevector(bytes, (bytes16){0}, 0, 16, 1, 17, 2, 18, 3,
                                                      19, 4, 20, 5, 21, 6, 22, 7, 23);
    return (brn__integers4)__builtin_shufflevector(shorts, (shorts8){0}, 0, 8, 1, 9, 2, 10, 3, 11);
}

#endif
