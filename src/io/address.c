/* SPDX-License-Identifier: Apache-2.0 */
#include "io/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static bool is_public4(uint32_t address)
{
    static const struct {
        uint32_t network;
        int bits;
    } special[] = {
        {0x00000000, 8},  /* this network */
        {0x0A000000, 8},  /* 10: private */
        {0x64400000, 10}, /* 100.64: shared */
        {0x7F000000, 8},  /* 127: loopback */
        {0xA9FE0000, 16}, /* 169.254: link-local, cloud metadata */
        {0xAC100000, 12}, /* 172.16: private */
        {0xC0000000, 24}, /* 192.0.0: protocol assignments */
        {0xC0A80000, 16}, /* 192.168: private */
        {0xC6120000, 15}, /* 198.18: benchmarks */
        {0xE0000000, 3},  /* multicast, reserved, broadcast */
    };
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if ((address ^ special[i].network) >> (32 - special[i].bits) == 0) return false;
    return true;
}

static uint32_t last4(const uint8_t *bytes)
{
    return (uint32_t)bytes[12] << 24 | (uint32_t)bytes[13] << 16 | (uint32_t)bytes[14] << 8 | bytes[15];
}

static bool is_public6(const uint8_t bytes[16])
{
    static const uint8_t zero[12], mapped[12] = {[10] = 0xFF, [11] = 0xFF},
                                   translated[12] = {0x00, 0x64, 0xFF, 0x9B};
    if (memcmp(bytes, zero, 12) == 0) return false; /* ::, ::1 and the old IPv4-compatible ones */
    if (memcmp(bytes, mapped, 12) == 0 || memcmp(bytes, translated, 12) == 0)
        return is_public4(last4(bytes));
    /* Global unicast is 2000::/3; what lies outside is local, multicast or not in use. */
    return bytes[0] >> 5 == 1;
}

bool brn__address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, address, sizeof four);
        return is_public4(ntohl(four.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof six);
        return is_public6(six.sin6_addr.s6_addr);
    }
    return false;
}
