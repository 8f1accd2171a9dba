/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/described_file.h"
#include "base/status.h"

#include <string.h>

static void add_parameters(void *context, const brn_network_layer *layer)
{
    *(int64_t *)context += layer->parameters;
}

static brn_status check_size(const brn_network *network, const brn__model_file *file, const int64_t *dims, int rank)
{
    int64_t needed = 0;
    BRN__TRY(brn_network_trace(network, dims, rank, brn__model_file_card(file)->class_count, add_parameters, &needed));
    if (needed == brn__model_file_elements(file)) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "network %s has %lld values; the file holds %lld", brn_network_name(network),
                     (long long)needed, (long long)brn__model_file_elements(file));
}

brn_status brn__described_file_read(const brn__model_file *file, const int64_t *dims, int rank, brn_network **out)
{
    const brn__model_card *card = brn__model_file_card(file);
    BRN__TRY(brn_network_read(card->network, strlen(card->network), out));
    const brn_status status = check_size(*out, file, dims, rank);
    if (status == BRN_OK) return BRN_OK;
    brn_network_free(*out);
    *out = NULL;
    return status;
}
