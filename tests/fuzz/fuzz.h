/* SPDX-License-Identifier: Apache-2.0
 * What the fuzz harnesses share. A harness is one file fuzz_NAME.c with LLVMFuzzerTestOneInput, and
 * a folder of seeds (tests/fuzz/seeds says from where). A reader may refuse an input or accept it;
 * it may not crash, leak, hang, or accept what breaks its own promises (brn__fuzz_require).
 *
 * Formats that guard themselves by checksums or lengths have a custom mutator that sets these right
 * after a mutation, seven times in eight, so that what is behind them is reached. Inputs stay files
 * of their format: a finding can be given to the command line as it is. */
#ifndef BRN_TESTS_FUZZ_H
#define BRN_TESTS_FUZZ_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's side of the contract. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);

/* Ends the process, as a finding, when the condition is false. */
#define brn__fuzz_require(condition) brn__fuzz_require_true((condition), #condition)
void brn__fuzz_require_true(int condition, const char *text);

/* A refusal must have one of the statuses that speak of the input, and a sentence that names it. */
void brn__fuzz_refused(brn_status status, const char *name);

/* Opens the bytes as a weight file, reads every tensor. */
void brn__fuzz_state(const uint8_t *data, size_t size);

/* Decodes the bytes as a picture at full size and reduced, checks both against the header. */
void brn__fuzz_picture(const uint8_t *data, size_t size);

/* Writes the bytes as file `name` of a folder of this process's own in memory, which holds only the
 * last one; its path. */
const char *brn__fuzz_file(const char *name, const uint8_t *data, size_t size);
/* That folder. */
const char *brn__fuzz_folder(void);

/* The usual mutator: LLVMFuzzerMutate, then `repair` seven times in eight. */
size_t brn__fuzz_mutate(uint8_t *data, size_t size, size_t size_max, unsigned seed,
                        void (*repair)(uint8_t *data, size_t size));
/* Makes the header of a safetensors file end at its last closing brace. */
void brn__fuzz_repair_safetensors(uint8_t *data, size_t size);

#endif
