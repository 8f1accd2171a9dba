/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BRN__IO_ADDRESS_H
#define BRN__IO_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Not this machine, a private or link-local network, multicast or another special block (RFC 6890);
 * an IPv4 address inside an IPv6 one counts as itself. False for other families. */
bool brn__address_is_public(const struct sockaddr *address);

#endif
