/* SPDX-License-Identifier: Apache-2.0
 * What was drawn, in words. */
#include "data/image/augment_words.h"

#include <math.h>

/* ", name value" when there is something to say. */
static void tell(brn__text *out, const char *name, double value, double none, const char *unit)
{
    if (value == none) return;
    brn__text_printf(out, "%s%s %.3g%s", out->length ? ", " : "", name, value, unit);
}

void brn__augment_tell(const brn__augment *drawn, brn__text *out)
{
    if (!drawn->area_crop && drawn->crop != BRN__CROP_GOOGLENET)
        tell(out, "zoom", drawn->zoom, 1, "");
    if (drawn->area_crop || drawn->crop == BRN__CROP_GOOGLENET)
        tell(out, "area", drawn->area[0], 0, "");
    tell(out, "square's area", drawn->crop_area, 0, "");
    tell(out, "rotated", drawn->angle, 0, " degrees");
    tell(out, "quarter turns", drawn->quarter_turns, 0, "");
    if (drawn->flip) brn__text_printf(out, "%sflipped", out->length ? ", " : "");
    tell(out, "enlarged", 1 + drawn->enlarge, 1, "");
    tell(out, "stretched across", 1 + drawn->stretch_across, 1, "");
    tell(out, "stretched down", 1 + drawn->stretch_down, 1, "");
    tell(out, "warped across", drawn->warp_across, 0, "");
    tell(out, "warped down", drawn->warp_down, 0, "");
    tell(out, "balance", drawn->balance, 0, "");
    tell(out, "contrast", drawn->contrast, 0, "");
    tell(out, "logits plus", drawn->brightness, 0, "");
    tell(out, "logits times", exp(drawn->log_contrast), 1, "");
    tell(out, "blurred over", 2 * drawn->blur_radius + 1, 1, " pixels");
    tell(out, "holes", drawn->hole_count, 0, "");
    tell(out, "patches of noise", drawn->patch_count, 0, "");
    if (!out->length) brn__text_add(out, "as it is");
}
