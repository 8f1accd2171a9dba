/* SPDX-License-Identifier: Apache-2.0
 * Runs the registered tests through cmocka and closes with "N passed, N failed, N skipped". */
#include "test.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct registered_test {
    char name[256];
    void (*function)(void);
} registered_test;

static registered_test *tests;
static int test_count, test_capacity, passed;
static char scratch_root[64];

void test_register(const char *file, const char *name, void (*function)(void))
{
    if (test_count == test_capacity) {
        test_capacity = test_capacity ? 2 * test_capacity : 256;
        tests = realloc(tests, (size_t)test_capacity * sizeof *tests);
        if (!tests) abort();
    }
    const char *inside = strstr(file, "tests/");
    registered_test *test = &tests[test_count++];
    test->function = function;
    snprintf(test->name, sizeof test->name, "%s: %s", inside ? inside + 6 : file, name);
    for (char *p = strchr(test->name, ':'); *p; p++)
        if (*p == '_') *p = ' ';
}

static void run_registered(void **state)
{
    registered_test *test = *state;
    test->function();
    passed++; /* skip() and failures leave by longjmp before this line */
}

void test_assert_status(brn_status got, brn_status expected, const char *what, const char *file,
                        int line)
{
    if (got == expected) return;
    print_error("%s\n  returned %s, expected %s\n  message: %s\n", what, brn_status_name(got),
                brn_status_name(expected), brn_error_message());
    _fail(file, line);
}

void test_assert_message(const char *part, const char *file, int line)
{
    if (strstr(brn_error_message(), part)) return;
    print_error("message \"%s\" does not contain \"%s\"\n", brn_error_message(), part);
    _fail(file, line);
}

void test_assert_close(double a, double b, double tolerance, const char *file, int line)
{
    if (fabs(a - b) <= tolerance * fmax(1, fabs(b))) return;
    print_error("%.17g is not within %g of %.17g\n", a, tolerance, b);
    _fail(file, line);
}

const char *test_data_folder(void)
{
    const char *folder = getenv("BURNISH_DATA");
    return folder && *folder ? folder : NULL;
}

const char *test_data_path(const char *name)
{
    static char path[4096];
    const char *folder = test_data_folder();
    if (!folder) skip();
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (access(path, R_OK) != 0) skip();
    return path;
}

const char *test_source_path(const char *name)
{
    static char path[4096];
    const char *root = getenv("BURNISH_SOURCE");
    snprintf(path, sizeof path, "%s/%s", root ? root : ".", name);
    return path;
}

const char *test_scratch_folder(void)
{
    static char path[128];
    static int number;
    if (!scratch_root[0]) {
        snprintf(scratch_root, sizeof scratch_root, "/tmp/burnish-test-XXXXXX");
        if (!mkdtemp(scratch_root)) abort();
    }
    snprintf(path, sizeof path, "%s/%d", scratch_root, number++);
    if (mkdir(path, 0700) != 0) abort();
    return path;
}

static int compare_tests(const void *a, const void *b)
{
    return strcmp(((const registered_test *)a)->name, ((const registered_test *)b)->name);
}

int main(int argc, char **argv)
{
    qsort(tests, (size_t)test_count, sizeof *tests, compare_tests);
    struct CMUnitTest *chosen = calloc((size_t)test_count + 1, sizeof *chosen);
    if (!chosen) return 1;
    size_t count = 0;
    for (int i = 0; i < test_count; i++) {
        if (argc > 1 && fnmatch(argv[1], tests[i].name, 0) != 0) continue;
        chosen[count++] = (struct CMUnitTest){.name = tests[i].name,
                                              .test_func = run_registered,
                                              .initial_state = &tests[i]};
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int failed = count ? _cmocka_run_group_tests("burnish", chosen, count, NULL, NULL) : 0;
    if (scratch_root[0]) {
        char command[128];
        snprintf(command, sizeof command, "rm -rf '%s'", scratch_root);
        if (system(command) != 0) fprintf(stderr, "could not remove %s\n", scratch_root);
    }
    printf("burnish-test: %d passed, %d failed, %d skipped\n", passed, failed,
           (int)count - passed - failed);
    free(chosen);
    return failed != 0;
}
