/* SPDX-License-Identifier: Apache-2.0
 * The backends of this build; adding one adds a line here and a folder (docs/add_a_backend.md). */
#ifndef BRN__BACKENDS_BACKEND_LIST_H
#define BRN__BACKENDS_BACKEND_LIST_H

#include "graph/backend.h"

#define BRN__BACKEND_LIST(X) X(reference) X(cpu)

#define X(name) extern const brn__backend brn__backend_##name;
BRN__BACKEND_LIST(X)
#undef X

#endif
