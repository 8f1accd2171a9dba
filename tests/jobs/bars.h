/* SPDX-License-Identifier: Apache-2.0
 * Pictures that tests make: a bright bar, lying or upright, on noise. */
#ifndef BRN_TESTS_JOBS_BARS_H
#define BRN_TESTS_JOBS_BARS_H

#include <stdint.h>

enum { BARS_SIDE = 40 };

/* RGB (BARS_SIDE, BARS_SIDE, 3); label 0: lying. Another number, another place and noise. */
void bars_paint(uint8_t *pixels, int label, uint32_t number);
/* The same as a PNG file. */
void bars_write(const char *path, int label, uint32_t number);
/* {train,valid}/{lying,upright}/N.png in the test's scratch folder; so many of each label. Static buffer. */
const char *bars_make_folder(int train, int valid);

#endif
