/* SPDX-License-Identifier: Apache-2.0
 * Names what is on a photo: cc classify.c $(pkg-config --cflags --libs burnish) */
#include <burnish/image.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    brn_image_model *model = NULL;
    const float *p; /* (K) probabilities */
    if (argc != 3) return fprintf(stderr, "usage: classify RUN PHOTO\n"), 2;
    if (brn_image_model_open(argv[1], 0, &model) != BRN_OK ||
        brn_image_predict_file(model, argv[2], &p) != BRN_OK)
        return fprintf(stderr, "%s\n", brn_error_message()), 1;
    int64_t best = brn_image_best(p, brn_image_model_classes(model));
    printf("%s %.4f\n", brn_image_model_class(model, best), p[best]);
    brn_image_model_close(model);
    return 0;
}
