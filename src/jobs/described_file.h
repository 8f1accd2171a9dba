/* SPDX-License-Identifier: Apache-2.0
 * Files of networks that are described in them. */
#ifndef BRN__JOBS_DESCRIBED_FILE_H
#define BRN__JOBS_DESCRIBED_FILE_H

#include "burnish/network.h"
#include "io/model_file.h"

/* Reads the card's description (brn_network_free), for inputs (dims). BRN_ERROR_INPUT unless the file holds as many
 * values as the network has: seen before any room is made for them. */
brn_status brn__described_file_read(const brn__model_file *file, const int64_t *dims, int rank, brn_network **out);

#endif
