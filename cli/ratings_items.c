/* SPDX-License-Identifier: Apache-2.0 */
#include "ratings_items.h"
#include "json.h"
#include "output.h"
#include "table_source.h"

#include <inttypes.h>
#include <string.h>

int cli_ratings_open(const cli_call *call, brn_ratings_model **out)
{
    return cli_fail_status(
        brn_ratings_model_open(call->inputs[0], (int)call->values[CLI_THREADS].whole, out));
}

static int read_pairs(const brn_ratings_model *model, const char *source, bool of_items,
                      bool with_values, brn_ratings_pairs *out)
{
    int code = cli_check_table(source);
    if (code == CLI_DONE)
        code = cli_fail_status(
            brn_ratings_pairs_read(model, source, of_items, with_values, out));
    if (code == CLI_DONE && out->unknown)
        cli_warn("%s: %" PRId64 " %s are not known and left out", source, out->unknown,
                 of_items ? "items" : "users");
    return code;
}

int cli_ratings_filter(const cli_call *call, const brn_ratings_model *model,
                       brn_ratings_pairs *among, brn_ratings_filter *out)
{
    const cli_value *v = call->values;
    memset(among, 0, sizeof *among);
    *out = (brn_ratings_filter){.with_seen = v[CLI_WITH_SEEN].flag, .rated_by = v[CLI_RATED_BY].whole};
    if (!v[CLI_AMONG].set) return CLI_DONE;
    int code = read_pairs(model, v[CLI_AMONG].text, true, false, among);
    out->among = among->codes;
    out->among_count = among->count;
    return code;
}

int cli_ratings_pairs(const cli_call *call, const brn_ratings_model *model, bool of_items,
                      brn_ratings_pairs *out)
{
    const char *source = call->values[CLI_NEW_RATINGS].text;
    int code = read_pairs(model, source, of_items, true, out);
    if (code == CLI_DONE && out->count == 0)
        code = cli_fail(CLI_BAD_INPUT, "%s: none of its %s are known", source,
                        of_items ? "items" : "users");
    return code;
}

void cli_ratings_items(const brn_ratings_model *model, const char *event,
                       const brn_ratings_item *items, int64_t count)
{
    char title[1024];
    for (int64_t k = 0; k < count && !cli_output_broken(); k++) {
        const char *name = brn_ratings_model_title(model, items[k].item);
        if (!cli_is_json()) {
            cli_print("%3" PRId64 "  %.4f  %s\n", k + 1, items[k].value,
                      cli_visible(name, title, sizeof title));
            continue;
        }
        cli_json json = cli_json_event(event);
        cli_json_whole(&json, "place", k + 1);
        cli_json_text(&json, "item", brn_ratings_model_item_id(model, items[k].item));
        cli_json_text(&json, "title", name);
        cli_json_real(&json, "value", items[k].value);
        cli_json_whole(&json, "rated_by", brn_ratings_model_rating_count(model, items[k].item));
        cli_json_end(&json);
    }
}

void cli_ratings_done(int64_t count, double seconds)
{
    if (!cli_is_json()) return;
    cli_json json = cli_json_event("done");
    cli_json_whole(&json, "count", count);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}
