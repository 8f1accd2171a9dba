/* SPDX-License-Identifier: Apache-2.0 */
#include "io/address.h"
#include "test.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_public(const char *text)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return brn__address_is_public((const struct sockaddr *)&four);
    assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    return brn__address_is_public((const struct sockaddr *)&six);
}

TEST(addresses_of_this_machine_and_private_networks_are_not_public)
{
    static const char *const private[] = {
        "127.0.0.1",       "127.255.255.254", "0.0.0.0",        "10.0.0.1",     "10.255.255.255",
        "100.64.0.1",      "100.127.255.255", "169.254.169.254", "172.16.0.1",  "172.31.255.255",
        "192.168.0.1",     "192.0.0.8",       "198.18.0.1",     "198.19.255.1", "224.0.0.1",
        "255.255.255.255", "::",              "::1",            "fe80::1",      "fc00::1",
        "fd12:3456::1",    "ff02::1",         "::ffff:10.0.0.1", "64:ff9b::7f00:1"};
    static const char *const open[] = {
        "1.1.1.1",         "9.255.255.255", "11.0.0.0",     "100.63.255.255",  "100.128.0.0",
        "126.255.255.255", "128.0.0.1",     "169.253.1.1",  "172.15.255.255",  "172.32.0.0",
        "192.167.1.1",     "192.169.0.0",   "198.17.0.1",   "198.20.0.0",      "223.255.255.255",
        "2606:4700::1111", "2001:4860::1",  "::ffff:1.1.1.1"};
    for (size_t i = 0; i < sizeof private / sizeof *private; i++)
        if (is_public(private[i])) fail_msg("%s", private[i]);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (!is_public(open[i])) fail_msg("%s", open[i]);
    struct sockaddr other = {.sa_family = AF_UNIX};
    assert_false(brn__address_is_public(&other));
}
