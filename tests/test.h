/* SPDX-License-Identifier: Apache-2.0
 * One binary, `burnish-test [filter]`. A test registers itself:
 *
 *     TEST(philox_gives_the_published_vectors) { assert_int_equal(...); }
 *
 * cmocka's assertions print both values. skip() counts a test as skipped. Tests are named as
 * sentences; `filter` is a wildcard pattern on "file: sentence". */
#ifndef BRN_TESTS_TEST_H
#define BRN_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "burnish/status.h"

void test_register(const char *file, const char *name, void (*function)(void));

#define TEST(name)                                                                                 \
    static void name(void);                                                                        \
    __attribute__((constructor)) static void register_##name(void)                                 \
    {                                                                                              \
        test_register(__FILE__, #name, name);                                                      \
    }                                                                                              \
    static void name(void)

/* Fails with the library's message when the call does not return BRN_OK. */
#define assert_ok(call) test_assert_status((call), BRN_OK, #call, __FILE__, __LINE__)
/* Fails unless the call returns `expected`; the message must then contain `part` ("" = any). */
#define assert_fails(call, expected, part)                                                         \
    do {                                                                                           \
        test_assert_status((call), (expected), #call, __FILE__, __LINE__);                         \
        test_assert_message((part), __FILE__, __LINE__);                                           \
    } while (0)
/* |a - b| <= tolerance * max(1, |b|), with both values printed. */
#define assert_close(a, b, tolerance) test_assert_close((a), (b), (tolerance), __FILE__, __LINE__)

void test_assert_status(brn_status got, brn_status expected, const char *what, const char *file,
                        int line);
void test_assert_message(const char *part, const char *file, int line);
void test_assert_close(double a, double b, double tolerance, const char *file, int line);

/* The folder of real data (BURNISH_DATA), or NULL: the test then calls skip(). */
const char *test_data_folder(void);
/* $BURNISH_DATA/name in a static buffer; skips the test when the file or folder is absent. */
const char *test_data_path(const char *name);
/* A fresh empty folder for this test, removed when the program ends. Static buffer. */
const char *test_scratch_folder(void);
/* Root of the source tree (for tests/golden/...). */
const char *test_source_path(const char *name);

#endif
