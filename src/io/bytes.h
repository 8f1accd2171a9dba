/* SPDX-License-Identifier: Apache-2.0
 * Little-endian numbers at any address, and hostile bytes made fit for a message. */
#ifndef BRN__IO_BYTES_H
#define BRN__IO_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t brn__little_endian(const unsigned char *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++) value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static inline uint16_t brn__read_u16(const unsigned char *bytes)
{
    return (uint16_t)brn__little_endian(bytes, 2);
}

static inline uint32_t brn__read_u32(const unsigned char *bytes)
{
    return (uint32_t)brn__little_endian(bytes, 4);
}

static inline uint64_t brn__read_u64(const unsigned char *bytes)
{
    return brn__little_endian(bytes, 8);
}

/* A file's text with control bytes replaced, cut to 95 bytes, with automatic lifetime:
 * BRN__QUOTE(bytes, length) inside a call's arguments. */
typedef struct brn__quote_buffer {
    char text[96];
} brn__quote_buffer;
#define BRN__QUOTE(bytes, length) brn__quote((bytes), (length), (brn__quote_buffer){{0}}.text)

static inline const char *brn__quote(const char *bytes, size_t length, char out[96])
{
    size_t used = length < 95 ? length : 95;
    for (size_t i = 0; i < used; i++) {
        unsigned char c = (unsigned char)bytes[i];
        out[i] = (char)(c < 0x20 || c == 0x7F ? '?' : c);
    }
    out[used] = '\0';
    return out;
}

#endif
