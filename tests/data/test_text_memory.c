/* SPDX-License-Identifier: Apache-2.0
 * Large and hostile texts in little memory: a process of its own may take so much more, and no more. */
#include "base/alloc.h"
#include "base/text.h"
#include "data/texts.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Bytes of address space that this process has. */
static size_t address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    if (fscanf(file, "%lu", &pages) != 1) pages = 0;
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The tokens of a text that is read with at most `more` bytes; -1 when it fails, -2 when it needs more. */
static long tokens_within(const char *path, size_t more, const brn_text_options *options)
{
    int ends[2];
    long tokens = -3;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit limit = {address_space() + more, address_space() + more};
        brn__corpus *corpus;
        setrlimit(RLIMIT_AS, &limit);
        brn_status status = brn__text_open(&path, 1, options, NULL, NULL, NULL, &corpus);
        long found = status == BRN_OK ? (long)corpus->token_count : status == BRN_ERROR_NO_MEMORY ? -2 : -1;
        _exit(write(ends[1], &found, sizeof found) != sizeof found);
    }
    close(ends[1]);
    if (read(ends[0], &tokens, sizeof tokens) != sizeof tokens) tokens = -4;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return tokens;
}

static void skip_under_sanitizers(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();
#endif
}

TEST(a_line_of_32_mb_takes_little_memory)
{
    skip_under_sanitizers();
    const char *folder = test_scratch_folder();
    brn_text_options options = brn_text_defaults();
    brn__text text = {0};
    options.threads = 1;
    while (text.length < 32 << 20) brn__text_add(&text, "The quick brown fox isn't QUICK; it naps... ");
    const char *path = texts_write(folder, "line.txt", text.bytes, text.length);
    long words = tokens_within(path, (size_t)160 << 20, &options);
    assert_true(words > 9000000);
    memset(text.bytes, 'x', text.length); /* and no blank at all */
    path = texts_write(folder, "line.txt", text.bytes, text.length);
    assert_true(tokens_within(path, (size_t)160 << 20, &options) > 32);
    brn__text_free(&text);
}

TEST(a_million_different_words_take_little_memory)
{
    skip_under_sanitizers();
    const char *folder = test_scratch_folder();
    brn_text_options options = brn_text_defaults();
    brn__text text = {0};
    options.threads = 1;
    options.tokens = BRN_TEXT_BLANKS;
    options.document = BRN_TEXT_PER_LINE;
    for (unsigned i = 0; i < 1000000; i++) brn__text_printf(&text, "w%07x\n", i * 2654435761u >> 4);
    const char *path = texts_write(folder, "words.txt", text.bytes, text.length);
    assert_true(tokens_within(path, (size_t)160 << 20, &options) >= 2000000);
    assert_int_equal(tokens_within(path, (size_t)24 << 20, &options), -2); /* the limit is one */
    brn__text_free(&text);
}
