/* SPDX-License-Identifier: Apache-2.0 */
extern int brn__simd_placeholder;
