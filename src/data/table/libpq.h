/* SPDX-License-Identifier: Apache-2.0
 * libpq by dlopen, so that a program which asks no server starts without it. */
#ifndef BRN__DATA_TABLE_LIBPQ_H
#define BRN__DATA_TABLE_LIBPQ_H

#include "base/status.h"
#include <libpq-fe.h>

/* X(member, function) */
#define BRN__LIBPQ_LIST(X)                                                                         \
    X(connect, PQconnectdbParams)                                                                  \
    X(status, PQstatus)                                                                            \
    X(error, PQerrorMessage)                                                                       \
    X(finish, PQfinish)                                                                            \
    X(exec, PQexec)                                                                                \
    X(exec_with, PQexecParams)                                                                     \
    X(prepare, PQprepare)                                                                          \
    X(describe, PQdescribePrepared)                                                                \
    X(result, PQgetResult)                                                                         \
    X(result_status, PQresultStatus)                                                               \
    X(clear, PQclear)                                                                              \
    X(field_count, PQnfields)                                                                      \
    X(field_name, PQfname)                                                                         \
    X(field_type, PQftype)                                                                         \
    X(is_null, PQgetisnull)                                                                        \
    X(value, PQgetvalue)                                                                           \
    X(copy_data, PQgetCopyData)                                                                    \
    X(free, PQfreemem)

typedef struct brn__libpq {
#define X(member, function) __typeof__(function) *member;
    BRN__LIBPQ_LIST(X)
#undef X
} brn__libpq;

/* Loads it at the first call. BRN_ERROR_UNSUPPORTED when it is absent. */
brn_status brn__libpq_load(const brn__libpq **out);

#endif
