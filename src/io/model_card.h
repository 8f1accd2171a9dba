/* SPDX-License-Identifier: Apache-2.0
 * The JSON object of a model file (model_file.h). */
#ifndef BRN__IO_MODEL_CARD_H
#define BRN__IO_MODEL_CARD_H

#include "base/arena.h"
#include "io/model_file.h"

/* Fails when the card is one that brn__model_card_read would refuse. brn__free. */
brn_status brn__model_card_write(const brn__model_card *card, char **out);
/* The card's texts live in the arena. Messages don't name the file. */
brn_status brn__model_card_read(const char *json, brn__arena *arena, brn__model_card *out);

#endif
