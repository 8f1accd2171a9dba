/* SPDX-License-Identifier: Apache-2.0
 * Where the time of a network goes: each step of its plan beside what the machine can do (the roofline
 * of Williams, Waterman and Patterson, 2009).
 *
 *     brn_profile profile;
 *     brn_image_bench_options options = brn_image_bench_defaults();
 *     options.architecture = "resnet50";
 *     brn_image_profile(&options, seconds, &profile);
 *     for (int i = 0; i < profile.count; i++)
 *         printf("%s %.3f ms\n", profile.steps[i].name, profile.steps[i].seconds * 1e3);
 *     brn_profile_free(&profile);
 */
#ifndef BURNISH_PROFILE_H
#define BURNISH_PROFILE_H

#include "burnish/image.h"
#include "burnish/status.h"
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What this machine reached, in the same process and with the same threads, best of several tries. */
typedef struct brn_machine_peak {
    double flops_per_second; /* a product of two square matrices of 1024, in the profile's precision */
    double bytes_per_second; /* adding two arrays of 64 MB into a third: what is read and written */
} brn_machine_peak;

typedef struct brn_profile_step {
    const char *op, *name, *implementation; /* conv2d, layer1.0.conv1.conv2d, dnnl:... */
    double seconds;                         /* of one run, the fastest of the rounds; > 0; with one thread processor time */
    double share;                           /* of all steps' seconds: they add up to 1 */
    double flops;                           /* 0 where an op does not count them */
    double bytes;                           /* of its inputs and outputs, each once */
    double roof;                            /* least seconds at the peaks / seconds; past 1 for what caches hold */
    bool compute_bound;                     /* that least is set by flops, not by bytes */
} brn_profile_step;

typedef struct brn_profile {
    brn_profile_step *steps; /* in the order of execution; those that ran in every round */
    int count;
    double seconds; /* sum of the steps' */
    brn_machine_peak peak;
} brn_profile;

/* One architecture with random weights and pictures, as in brn_image_bench: seconds[rounds] gets the time
 * of whole steps. The peaks are of the same precision. The caller frees the profile. BRN_ERROR_USAGE for an unknown
 * architecture and sizes that make no sense. */
BRN_API brn_status brn_image_profile(const brn_image_bench_options *options, double *seconds, brn_profile *out);
BRN_API void brn_profile_free(brn_profile *profile);

#ifdef __cplusplus
}
#endif
#endif
