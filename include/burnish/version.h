/* SPDX-License-Identifier: Apache-2.0
 *
 * What this build is and what it can do.
 */
#ifndef BURNISH_VERSION_H
#define BURNISH_VERSION_H

#include "burnish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BRN_VERSION "0.1.0"

BRN_API const char *brn_version(void);          /* of the library that runs: "0.1.0" */
BRN_API const char *brn_instruction_set(void);  /* that our kernels use here: "avx512", "avx2", "portable" */
BRN_API const char *brn_backend_name(int index); /* "reference", "cpu"; NULL past the last */
BRN_API const char *brn_onednn_version(void);    /* "3.2.0" */
BRN_API int brn_processors(void);                /* threads used by default */

#ifdef __cplusplus
}
#endif
#endif
