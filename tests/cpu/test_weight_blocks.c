/* SPDX-License-Identifier: Apache-2.0
 * Reorders of dense weights between canonical order and oneDNN's blocks, whoever makes them, against the definition of
 * the blocks: several numbers of blocks, kernels, threads, and memory that is not aligned. */
#include "backends/cpu/dnnl.h"
#include "backends/cpu/simd/weight_blocks.h"
#include "cpu/one_step.h"
#include "ops/op_list.h"
#include "tensor/tensor.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { GUARD = 64, STAIN = 0x5a };

typedef struct blocks {
    const char *name;
    dnnl_format_tag_t tag;
    dnnl_data_type_t type;
    bool pairs, output_innermost;
} blocks;

static const blocks kinds[] = {
    {"16i16o", dnnl_OIhw16i16o, dnnl_f32, false, true},
    {"16o16i", dnnl_OIhw16o16i, dnnl_f32, false, false},
    {"8i16o2i", dnnl_OIhw8i16o2i, dnnl_bf16, true, true},
    {"8o16i2o", dnnl_OIhw8o16i2o, dnnl_bf16, true, false},
};

/* Where element (o, i, tap) lies. */
static int64_t place(const blocks *kind, int64_t i_blocks, int64_t taps, int64_t o, int64_t i, int64_t tap)
{
    const int64_t block = ((o / 16 * i_blocks + i / 16) * taps + tap) * 256;
    const int64_t inner = (kind->output_innermost ? o : i) % 16, outer = (kind->output_innermost ? i : o) % 16;
    return block + (kind->pairs ? outer / 2 * 32 + inner * 2 + outer % 2 : outer * 16 + inner);
}

/* `by`: the implementation that must do it; NULL: any. */
static void reorder(brn_shape shape, brn__layout from, brn__layout to, int threads, const char *by, void *values, char *made)
{
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn__value value = {brn_input(graph, "w", BRN_DTYPE_F32, shape.dims, shape.rank), 0};
    brn_node *node = brn__node_new(graph, &brn__op_reorder, NULL, &value, 1, "reorder");
    assert_ok(brn_graph_status(graph));
    brn__step step = {.node = node, .backend = brn__backend_find("cpu"), .threads = threads};
    step.kernel = step.backend->kernels[brn__op_reorder.id];
    step.have[0] = step.in[0] = from;
    step.out[0] = to;
    assert_ok(step.kernel->prepare(&step));
    assert_int_equal(step.out[0].bytes, to.bytes);
    if (by) assert_string_equal(step.implementation, by);
    char *scratch = malloc(step.scratch_bytes + 64);
    step.scratch = (void *)(((uintptr_t)scratch + 63) / 64 * 64);
    step.inputs[0] = values;
    step.outputs[0] = made;
    memset(made - GUARD, STAIN, to.bytes + 2 * GUARD);
    assert_ok(step.kernel->run(&step, &(brn__run){0}));
    for (int i = 0; i < GUARD; i++) assert_true(made[-1 - i] == STAIN && made[to.bytes + (size_t)i] == STAIN);
    if (step.kernel->release) step.kernel->release(&step);
    free(scratch);
    brn_graph_free(graph);
}

static void check(const blocks *kind, int64_t o, int64_t i, int64_t side, int threads, size_t off)
{
    const brn_shape shape = brn_shape_of(4, (int64_t[]){o, i, side, side});
    const int64_t count = brn_shape_elements(shape), taps = side * side;
    dnnl_memory_desc_t description;
    assert_int_equal(dnnl_memory_desc_create_with_tag(&description, 4, (dnnl_dims_t){o, i, side, side}, kind->type, kind->tag), 0);
    const brn__layout canonical = {NULL, (size_t)count * sizeof(float)};
    const brn__layout blocked = {description, dnnl_memory_desc_get_size(description)};
    float *w = malloc(canonical.bytes);
    char *memory = aligned_alloc(64, (canonical.bytes + 4 * GUARD + off) / 64 * 64 + 64), *made = memory + GUARD + off;
    assert_non_null(w);
    assert_non_null(memory);
    for (int64_t k = 0; k < count; k++) w[k] = (float)noise(7, k);
    const brn__weight_blocks *loops = brn__weight_blocks_now();
    const char *by = loops && !kind->pairs ? loops->name : loops && side == 1 ? loops->name_bf16 : NULL;
    reorder(shape, canonical, blocked, threads, by, w, made);
    for (int64_t k = 0; k < count; k++) {
        const int64_t at = place(kind, i / 16, taps, k / taps / i, k / taps % i, k % taps);
        const float got = kind->pairs ? brn__bf16_to_float(((uint16_t *)(void *)made)[at]) : ((float *)(void *)made)[at];
        const float want = kind->pairs ? brn__bf16_to_float(brn__float_to_bf16(w[k])) : w[k];
        if (got != want)
            fail_msg("%s of %d x %d x %d x %d: element %d is %.9g, expected %.9g", kind->name, (int)o, (int)i, (int)side,
                     (int)side, (int)k, (double)got, (double)want);
    }
    if (!kind->pairs) {
        char *copy = malloc(blocked.bytes), *back = malloc(canonical.bytes + 2 * GUARD);
        memcpy(copy, made, blocked.bytes);
        reorder(shape, blocked, canonical, threads, NULL, copy, back + GUARD);
        assert_memory_equal(back + GUARD, w, canonical.bytes);
        free(copy), free(back);
    }
    free(w), free(memory);
    dnnl_memory_desc_destroy(description);
}

TEST(weights_are_reordered_to_blocks_and_back)
{
    static const int64_t channels[] = {16, 32, 48, 112}, sides[] = {1, 2, 3};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t o = 0; o < sizeof channels / sizeof *channels; o++)
            for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
                for (size_t s = 0; s < sizeof sides / sizeof *sides; s++)
                    for (int threads = 1; threads <= 3; threads += 2)
                        for (size_t off = 0; off <= 8; off += 8)
                            check(&kinds[k], channels[o], channels[i], sides[s], threads, off);
}
