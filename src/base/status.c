/* SPDX-License-Identifier: Apache-2.0
 * The thread-local record of the last failure. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message_record[BRN__MESSAGE_BYTES];

const char *brn_status_name(brn_status status)
{
    switch (status) {
#define X(name, value, sentence)                                                                   \
    case BRN_##name:                                                                               \
        return #name;
        BRN_STATUS_LIST(X)
#undef X
    }
    return "UNKNOWN";
}

const char *brn_status_sentence(brn_status status)
{
    switch (status) {
#define X(name, value, sentence)                                                                   \
    case BRN_##name:                                                                               \
        return sentence;
        BRN_STATUS_LIST(X)
#undef X
    }
    return "unknown status";
}

const char *brn_error_message(void) { return message_record; }

brn_status brn__fail(brn_status status, const char *format, ...)
{
    char text[BRN__MESSAGE_BYTES]; /* arguments may point into the record itself */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(message_record, text, sizeof text);
    return status;
}

brn_status brn__fail_within(brn_status status, const char *format, ...)
{
    char text[BRN__MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, ": %s", message_record);
    memcpy(message_record, text, sizeof text);
    return status;
}

brn_status brn__fail_again(brn_status status, const char *message)
{
    return brn__fail(status, "%s", message);
}
