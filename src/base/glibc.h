/* SPDX-License-Identifier: Apache-2.0
 * What keeps binaries running on glibc before the one they were built with: hypot got a new version in 2.35 (it no longer
 * sets errno); we ask for the old one, whose values are the same. Include it where hypot is called. */
#ifndef BURNISH_BASE_GLIBC_H
#define BURNISH_BASE_GLIBC_H

#include <math.h> /* defines __GLIBC__ */

#if defined __x86_64__ && defined __GLIBC__
__asm__(".symver hypot, hypot@GLIBC_2.2.5");
#endif

#endif
