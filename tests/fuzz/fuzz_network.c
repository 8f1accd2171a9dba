/* SPDX-License-Identifier: Apache-2.0
 * Descriptions of networks. What is read must be what can be written and read again; on pictures and on rows it
 * is built or refused, and what is built keeps to the limits. */
#include "fuzz.h"
#include "burnish/network.h"

#include <string.h>

static void note(void *context, const brn_network_layer *layer)
{
    *(int64_t *)context += layer->parameters;
    brn__fuzz_require(layer->shape.rank >= 2 && layer->group >= 0 && layer->parameters >= 0);
}

static void trace(const brn_network *network, const int64_t *dims, int rank)
{
    int64_t parameters = 0;
    const brn_status status = brn_network_trace(network, dims, rank, 3, note, &parameters);
    if (status != BRN_OK) brn__fuzz_refused(status, "");
    else brn__fuzz_require(parameters <= BRN_NETWORK_PARAMETERS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn_network *network, *again;
    const brn_status status = brn_network_read((const char *)data, size, &network);
    if (status != BRN_OK) {
        brn__fuzz_refused(status, "network");
        return 0;
    }
    const char *text = brn_network_text(network);
    brn__fuzz_require(brn_network_read(text, strlen(text), &again) == BRN_OK);
    brn__fuzz_require(strcmp(text, brn_network_text(again)) == 0);
    brn__fuzz_require(brn_network_groups(network) == brn_network_groups(again));
    trace(network, (int64_t[]){3, 32, 32}, 3);
    trace(network, (int64_t[]){6}, 1);
    brn_network_free(again);
    brn_network_free(network);
    return 0;
}
