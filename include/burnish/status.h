/* SPDX-License-Identifier: Apache-2.0
 *
 * Status codes and the message that goes with a failure.
 *
 * Every fallible function returns a brn_status. On failure a sentence that names the thing and
 * what was expected is kept in a record of the calling thread:
 *
 *     if (brn_image_train(&options, &run) != BRN_OK)
 *         fprintf(stderr, "%s\n", brn_error_message());
 */
#ifndef BURNISH_STATUS_H
#define BURNISH_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BRN_API __attribute__((visibility("default")))
#else
#define BRN_API
#endif

/* X(NAME, value, sentence). The only list of status codes: enum, names and texts come from it. */
#define BRN_STATUS_LIST(X)                                                                         \
    X(OK, 0, "done")                                                                               \
    X(ERROR_INPUT, 1, "bad input: a file, a row, a shape or a value is not what was expected")     \
    X(ERROR_USAGE, 2, "wrong use: an option or a call is not known or does not fit")               \
    X(ERROR_DIVERGED, 3, "training diverged: the loss is not a number")                            \
    X(ERROR_NO_MEMORY, 4, "no memory")                                                             \
    X(ERROR_IO, 5, "a file could not be read or written")                                          \
    X(ERROR_NETWORK, 6, "the network failed")                                                      \
    X(ERROR_UNSUPPORTED, 7, "this build, backend or processor cannot do it")                       \
    X(ERROR_INTERRUPTED, 8, "interrupted; the state was saved where there was one")                \
    X(ERROR_INTERNAL, 9, "an error of the library itself")

typedef enum brn_status {
#define X(name, value, sentence) BRN_##name = value,
    BRN_STATUS_LIST(X)
#undef X
} brn_status;

/* The code's name, for example "ERROR_INPUT". Static storage. */
BRN_API const char *brn_status_name(brn_status status);

/* The code's general sentence. Static storage. */
BRN_API const char *brn_status_sentence(brn_status status);

/* The sentence of the last failure in this thread ("" when there was none). Success does not clear
 * it. Owned by the library; lives until the next failure in this thread. */
BRN_API const char *brn_error_message(void);

#ifdef __cplusplus
}
#endif
#endif
