/* SPDX-License-Identifier: Apache-2.0
 * Models of SentencePiece. What is read cuts texts into tokens that are UTF-8, neither empty nor too long. */
#include "base/text.h"
#include "data/table/csv_reader.h"
#include "data/text/subwords.h"
#include "data/text/vocabulary.h"
#include "fuzz.h"

#include <string.h>

static void check_tokens(const brn__token_list *list)
{
    const char *p = list->bytes.bytes;
    for (int64_t i = 0; i < list->count; i++) {
        brn__fuzz_require(list->lengths[i] > 0 && list->lengths[i] <= BRN__TOKEN_BYTES);
        brn__fuzz_require(brn__csv_bad_byte(p, p + list->lengths[i]) == p + list->lengths[i]);
        p += list->lengths[i];
    }
    brn__fuzz_require(!list->count || p == list->bytes.bytes + list->bytes.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const texts[] = {"  the King of\t<a>France  ", "e\xCC\x81\xEF\xAC\x81nd \xE3\x80\x80xyxxmaj",
                                        "\xF0\x9F\x98\x80\xE6\x97\xA5", "aaaaaaaaaaaaaaaaaaaaaaaa"};
    brn__subwords *model;
    brn__subword_room room = {0};
    const brn_status status = brn__subwords_read(data, size, &model);
    if (status != BRN_OK) {
        brn__fuzz_refused(status, "");
        return 0;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        brn__token_list list = {0};
        brn__fuzz_require(brn__split_subwords(model, (brn__span){texts[i], strlen(texts[i])}, &room, &list) == BRN_OK);
        brn__fuzz_require(brn__tokens_finish(&list) == BRN_OK);
        check_tokens(&list);
        brn__tokens_deinit(&list);
    }
    brn__subword_room_deinit(&room);
    brn__subwords_free(model);
    return 0;
}
