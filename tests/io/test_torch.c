/* SPDX-License-Identifier: Apache-2.0
 * Damaged and hostile files of torch.save, legacy, zip and tar. */
#include "build.h"
#include "io/bytes.h"
#include "io/pickle.h"
#include "io/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEGACY = 1, ZIP = 2, TAR = 4 };

static void refuse(const build_file *file, int kinds, brn_status status, const char *part)
{
    if (kinds & LEGACY) {
        brn__text bytes = {0};
        build_legacy(&bytes, file);
        assert_refused(bytes.bytes, bytes.length, status, part);
        brn__text_free(&bytes);
    }
    if (kinds & ZIP) {
        brn__text bytes = {0};
        build_zip(&bytes, file);
        assert_refused(bytes.bytes, bytes.length, status, part);
        brn__text_free(&bytes);
    }
    if (kinds & TAR) {
        brn__text bytes = {0};
        build_tar(&bytes, file);
        assert_refused(bytes.bytes, bytes.length, status, part);
        brn__text_free(&bytes);
    }
}

#define REFUSED(kinds, part, ...)                                                                  \
    do {                                                                                           \
        build_file f = build_defaults();                                                           \
        __VA_ARGS__;                                                                               \
        refuse(&f, kinds, BRN_ERROR_INPUT, part);                                                  \
    } while (0)

static void accept(const build_file *file)
{
    brn__text legacy = {0}, zip = {0}, tar = {0};
    build_legacy(&legacy, file);
    build_zip(&zip, file);
    build_tar(&tar, file);
    assert_ok(build_try(legacy.bytes, legacy.length));
    assert_ok(build_try(zip.bytes, zip.length));
    assert_ok(build_try(tar.bytes, tar.length));
    brn__text_free(&tar);
    brn__text_free(&legacy);
    brn__text_free(&zip);
}

#define ACCEPTED(...)                                                                              \
    do {                                                                                           \
        build_file f = build_defaults();                                                           \
        __VA_ARGS__;                                                                               \
        accept(&f);                                                                                \
    } while (0)

TEST(built_files_are_right_before_they_are_damaged)
{
    ACCEPTED((void)0);
    ACCEPTED(f.shape.dims[1] = 2);                           /* leaves the end unused */
    ACCEPTED(f.shape.dims[1] = 2, f.offset = 1);             /* reaches the last element */
    ACCEPTED(f.strides[0] = 1, f.strides[1] = 2);            /* transposed */
    ACCEPTED(f.shape.dims[0] = 0, f.offset = 6);             /* empty, at the end */
    ACCEPTED(f.shape.dims[0] = 1, f.strides[0] = INT64_MAX); /* a stride that is never used */
    ACCEPTED(f.zip64 = 1);
    ACCEPTED(f.zip64 = 2);
    ACCEPTED(f.storage_type = "HalfStorage", f.stored_bytes = 12);
    ACCEPTED(f.storage_type = "BoolStorage", f.stored_bytes = 6);
}

TEST(tensor_that_leaves_its_storage_is_refused)
{
    REFUSED(LEGACY | ZIP | TAR, "leaves its storage", f.offset = 1);
    REFUSED(LEGACY | ZIP | TAR, "leaves its storage", f.offset = INT64_MAX);
    REFUSED(LEGACY | ZIP | TAR, "leaves its storage", f.shape.dims[0] = 0, f.offset = 7);
    REFUSED(LEGACY | ZIP | TAR, "leaves its storage", f.shape.dims[0] = 3);
    REFUSED(LEGACY | ZIP | TAR, "leaves its storage", f.strides[0] = 4);
    REFUSED(LEGACY | ZIP | TAR, "leaves its storage", f.strides[0] = INT64_MAX);
    REFUSED(LEGACY | ZIP | TAR, "leaves its storage", f.strides[0] = 1 + INT64_MAX / 2,
            f.strides[1] = 1 + INT64_MAX / 2);
    REFUSED(LEGACY | ZIP | TAR, "overflows", f.shape.dims[0] = f.shape.dims[1] = (int64_t)1 << 32);
    REFUSED(LEGACY | ZIP | TAR, "expanded too far", f.shape.dims[0] = 1 << 20, f.strides[0] = 0);
    REFUSED(LEGACY | ZIP | TAR, "expanded too far", f.shape.dims[0] = INT64_MAX / 4, f.strides[0] = 0);
}

TEST(negative_numbers_and_wrong_ranks_are_refused)
{
    REFUSED(LEGACY | ZIP | TAR, "offset", f.offset = -1);
    REFUSED(LEGACY | ZIP | TAR, "offset", f.offset = INT64_MIN);
    REFUSED(LEGACY | ZIP | TAR, "a negative integer", f.shape.dims[0] = -2);
    REFUSED(LEGACY | ZIP | TAR, "a negative integer", f.strides[1] = -1);
    REFUSED(LEGACY | ZIP, "2 dimensions with 1 strides", f.stride_rank = 1);
    REFUSED(LEGACY | ZIP, "2 dimensions with 3 strides", f.stride_rank = 3);
    REFUSED(LEGACY | ZIP, "-5 elements", f.storage_count = -5);
}

TEST(storage_whose_size_is_not_the_files_is_refused)
{
    REFUSED(LEGACY, "has 7 elements; expected 6", f.stored_count = 7);
    REFUSED(LEGACY, "has -1 elements", f.stored_count = -1);
    REFUSED(TAR, "-1 elements", f.stored_count = -1);
    REFUSED(TAR, "leaves its storage \"100\" of 6", f.storage_count = 7);
    REFUSED(TAR, "a view of -5 elements", f.storage_count = -5);
    REFUSED(TAR, "storages", f.stored_bytes = 23);
    REFUSED(TAR, "storages", f.stored_bytes = 25);
    REFUSED(TAR, "1099511627776 bytes wanted", f.stored_count = 1LL << 38);
    REFUSED(TAR, "elements", f.stored_count = INT64_MAX);
    REFUSED(TAR, "storages", f.storage_type = "DoubleStorage");
    REFUSED(LEGACY, "the file is cut short", f.stored_bytes = 23);
    REFUSED(LEGACY, "1 bytes behind the last storage", f.stored_bytes = 25);
    REFUSED(LEGACY, "needs 1099511627776 bytes", f.storage_count = f.stored_count = 1LL << 38);
    REFUSED(ZIP, "need 24 bytes, the member has 23", f.stored_bytes = 23);
    REFUSED(ZIP, "need 24 bytes, the member has 28", f.stored_bytes = 28);
    REFUSED(ZIP, "need 400 bytes, the member has 24", f.storage_count = 100);
    REFUSED(LEGACY | ZIP, "elements", f.storage_count = f.stored_count = INT64_MAX);
    REFUSED(LEGACY | ZIP, "elements", f.storage_count = f.stored_count = (1LL << 62) + 6);
    REFUSED(ZIP, "need 48 bytes", f.storage_type = "DoubleStorage");
    REFUSED(LEGACY, "the file is cut short", f.storage_type = "DoubleStorage");
}

TEST(missing_or_unknown_storage_is_refused)
{
    REFUSED(ZIP, "\"a/data/0\" is missing", f.key = "1");
    REFUSED(LEGACY, "none that a tensor uses", f.key = "1");
    REFUSED(LEGACY | ZIP | TAR, "torch.ComplexFloatStorage", f.storage_type = "ComplexFloatStorage");
    REFUSED(LEGACY | ZIP, "no (\"storage\", type", f.storage_type = "Size");
}

TEST(foreign_byte_order_and_protocol_are_refused)
{
    build_file file = build_defaults();
    file.big_endian = true;
    refuse(&file, LEGACY | TAR, BRN_ERROR_UNSUPPORTED, "big-endian");
    refuse(&file, ZIP, BRN_ERROR_UNSUPPORTED, "byte order \"big\"");
    REFUSED(LEGACY, "protocol other than 1001", f.protocol = 1000);
}

TEST(damaged_zip_members_are_refused)
{
    REFUSED(ZIP, "\"a/data/0\" is damaged: CRC-32", f.checksum_change = 1);
    REFUSED(ZIP, "is compressed (deflated); expected stored", f.method = 8);
    REFUSED(ZIP, "is compressed by method 9; expected stored or deflated", f.method = 9);
    REFUSED(ZIP, "is encrypted", f.flags = 1);
}

/* Finds the n-th (from 0) place of a four-byte signature. */
static size_t place_of(const brn__text *file, uint32_t signature, int n)
{
    for (size_t at = 0; at + 4 <= file->length; at++)
        if (brn__read_u32((const unsigned char *)file->bytes + at) == signature && n-- == 0)
            return at;
    fail();
    return 0;
}

typedef struct patch {
    uint32_t signature;
    int n, offset, bytes; /* which record, and which field of it */
    int64_t value;
    const char *part;
} patch;

enum {
    LOCAL = 0x04034B50,
    CENTRAL = 0x02014B50,
    END = 0x06054B50,
    END64 = 0x06064B50,
    LOCATOR = 0x07064B50,
};

static void refuse_patched(const patch *patches, size_t count, bool zip64)
{
    for (size_t i = 0; i < count; i++) {
        brn__text file = {0};
        build_file right = build_defaults();
        right.zip64 = zip64;
        build_zip(&file, &right);
        size_t at = place_of(&file, patches[i].signature, patches[i].n) + (size_t)patches[i].offset;
        for (int k = 0; k < patches[i].bytes; k++)
            file.bytes[at + (size_t)k] = (char)((uint64_t)patches[i].value >> (8 * k));
        assert_refused(file.bytes, file.length, BRN_ERROR_INPUT, patches[i].part);
        brn__text_free(&file);
    }
}

TEST(damaged_zip_directory_is_refused)
{
    static const patch patches[] = {
        {END, 0, 0, 4, 0, "no end record"},
        {END, 0, 20, 2, 5, "no end record"}, /* a comment that is not there */
        {END, 0, 4, 2, 1, "several disks"},
        {END, 0, 10, 2, 4, "does not fit"},
        {END, 0, 10, 2, 2, "\"a/data/0\" is missing"},
        {END, 0, 10, 2, 0, "no FOLDER/data.pkl"},
        {END, 0, 10, 2, 0xFFFE, "does not fit"},
        {END, 0, 10, 2, 0xFFFF, "no locator of the zip64"},
        {END, 0, 12, 4, 0x7FFFFFFF, "does not fit"},
        {END, 0, 12, 4, 100, "does not fit"},
        {END, 0, 16, 4, 0x7FFFFFFF, "does not fit"},
        {END, 0, 16, 4, 0xFFFFFFFF, "no locator of the zip64"},
        {END, 0, 16, 4, 0, "the directory ends at byte"},
        {CENTRAL, 1, 0, 4, 0, "the directory is damaged"},
        {CENTRAL, 2, 20, 4, 23, "stored in 23 bytes; expected 24"},
        {CENTRAL, 2, 24, 4, 1000000, "stored in 24 bytes; expected 1000000"},
        {CENTRAL, 2, 24, 4, 0xFFFFFFFF, "stored in 24 bytes"},
        {CENTRAL, 2, 28, 2, 9000, "the directory is cut short"},
        {CENTRAL, 2, 42, 4, 1, "no local header at byte 1"},
        {CENTRAL, 2, 42, 4, 0x7FFFFFFF, "no local header"},
        {CENTRAL, 2, 42, 4, 0xFFFFFFFF, "no local header"},
        {CENTRAL, 2, 42, 4, 0, "has another name in its local header"},
        {CENTRAL, 2, 46, 1, 'b', "has another name in its local header"},
        {LOCAL, 2, 26, 2, 60000, "do not fit"},
        {LOCAL, 2, 28, 2, 60000, "do not fit"},
        {LOCAL, 2, 26, 2, 7, "has another name in its local header"},
        {LOCAL, 2, 0, 4, 0, "no local header"},
    };
    refuse_patched(patches, sizeof patches / sizeof *patches, false);
}

/* Behind the name of a member (10 bytes the first): a foreign field of 5 bytes, then zip64's. */
TEST(damaged_zip64_records_are_refused)
{
    enum { EXTRA = 46 + 10 + 5 };
    static const patch patches[] = {
        {LOCATOR, 0, 0, 4, 0, "no locator of the zip64"},
        {LOCATOR, 0, 8, 8, 0, "no zip64 end record at byte 0"},
        {LOCATOR, 0, 8, 8, -1, "no zip64 end record at byte 18446744073709551615"},
        {END64, 0, 0, 4, 0, "no zip64 end record"},
        {END64, 0, 16, 4, 1, "several disks"},
        {END64, 0, 32, 8, 4, "the directory is damaged"},
        {END64, 0, 32, 8, -1, "18446744073709551615 members"},
        {END64, 0, 40, 8, -1, "does not fit"},
        {END64, 0, 48, 8, -1, "does not fit"},
        {END64, 0, 48, 8, 1, "the directory ends at byte"},
        {CENTRAL, 0, EXTRA + 2, 2, 16, "a short zip64 field"},
        {CENTRAL, 0, EXTRA + 2, 2, 25,
         "no local header at byte 4294967295"}, /* leaves the extra field */
        {CENTRAL, 0, EXTRA, 2, 2, "no local header at byte 4294967295"},
        {CENTRAL, 0, EXTRA + 4, 8, 1, "expected 1"},
        {CENTRAL, 0, EXTRA + 20, 8, -1, "no local header at byte 18446744073709551615"},
        {CENTRAL, 0, EXTRA + 20, 8, 1, "no local header at byte 1"},
    };
    refuse_patched(patches, sizeof patches / sizeof *patches, true);
}

/* Adds to both lengths of the n-th member in the directory. */
static void lengthen(brn__text *file, int n, int bytes)
{
    size_t at = place_of(file, 0x02014B50, n) + 20;
    for (int i = 0; i < 2; i++, at += 4) file->bytes[at] = (char)(file->bytes[at] + bytes);
}

TEST(zip_members_that_overlap_or_leave_the_file_are_refused)
{
    build_file right = build_defaults();
    brn__text file = {0}, long_one = {0};
    build_zip(&file, &right);
    lengthen(&file, 0, 60); /* data.pkl reaches into the next member */
    assert_refused(file.bytes, file.length, BRN_ERROR_INPUT, "overlap");
    build_zip(&long_one, &right);
    lengthen(&long_one, 2, 1); /* the last member reaches into the directory */
    assert_refused(long_one.bytes, long_one.length, BRN_ERROR_INPUT,
                   "25 bytes do not fit the file");
    brn__text_free(&file);
    brn__text_free(&long_one);
}

TEST(zip_members_that_share_a_name_are_refused)
{
    build_file right = build_defaults();
    brn__text file = {0};
    right.key = "000"; /* a name as long as the other */
    build_zip(&file, &right);
    memcpy(file.bytes + place_of(&file, 0x04034B50, 2) + 30, "a/data.pkl", 10);
    memcpy(file.bytes + place_of(&file, 0x02014B50, 2) + 46, "a/data.pkl", 10);
    assert_refused(file.bytes, file.length, BRN_ERROR_INPUT,
                   "two members are named \"a/data.pkl\"");
    brn__text_free(&file);
}

/* A tar of four members whose contents are given; NULL: none of that name. */
static void refuse_members(const brn__text contents[4], brn_status status, const char *part)
{
    static const char *const names[] = {"sys_info", "storages", "tensors", "pickle"};
    brn__text file = {0};
    for (int i = 0; i < 4; i++)
        if (contents[i].bytes) build_tar_member(&file, names[i], '0', &contents[i]);
    for (int i = 0; i < 1024; i++) build_byte(&file, 0);
    assert_refused(file.bytes, file.length, status, part);
    brn__text_free(&file);
}

#define T(text) {.bytes = text, .length = sizeof text - 1}
#define SYSTEM T("}X\015\0\0\0little_endian\x88s.")
#define STORE_6 "K\1.(K\1Nctorch\nByteStorage\nt.\6\0\0\0\0\0\0\0abcdef"
#define TENSOR_6 "K\1.(K\2K\1ctorch\nByteTensor\nt."
#define ONE_DIM "\1\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

TEST(damaged_tar_members_are_refused)
{
    static const struct {
        brn__text contents[4];
        const char *part;
    } cases[] = {
        {{SYSTEM}, "no member \"pickle\""},
        {{SYSTEM, T("K\0.]."), T("K\0."), T("}.")}, "holds no tensor"},
        {{T("}."), T("K\0.]."), T("K\0."), T("}.")}, "sys_info: no \"little_endian\""},
        {{SYSTEM, T("N.]."), T("K\0."), T("}.")}, "storages: the number of items"},
        {{SYSTEM, T("J\xFF\xFF\xFF\xFF.]."), T("K\0."), T("}.")}, "storages: the number of items"},
        {{SYSTEM, T("J\xFF\xFF\xFF\x7F.]."), T("K\0."), T("}.")}, "storages: the number of items"},
        {{SYSTEM, T("K\1.N.]."), T("K\0."), T("}.")}, "no (id, location, type)"},
        {{SYSTEM, T("K\1.(K\1NNt.]."), T("K\0."), T("}.")}, "no storage type"},
        {{SYSTEM, T(STORE_6 "}."), T("K\0."), T("}.")}, "the views are a dict"},
        {{SYSTEM, T(STORE_6 "]Na."), T("K\0."), T("}.")}, "no (id, root, offset, elements)"},
        {{SYSTEM, T(STORE_6 "](K\3K\7K\0K\1ta."), T("K\0."), T("}.")}, "\"7\" is no storage's"},
        {{SYSTEM, T(STORE_6 "](K\3K\1K\2K\5ta."), T("K\0."), T("}.")}, "a view of 5 elements at 2"},
        {{SYSTEM, T(STORE_6 "](K\1K\1K\0K\1ta."), T("K\0."), T("}.")}, "two items have the id \"1\""},
        {{SYSTEM, T(STORE_6 "].x"), T("K\0."), T("}.")}, "storages: 1 bytes behind its end"},
        {{SYSTEM, T(STORE_6 "]."), T(TENSOR_6), T("}.")}, "tensors: 8 bytes wanted"},
        {{SYSTEM, T(STORE_6 "]."), T(TENSOR_6 ONE_DIM "x"), T("}.")}, "tensors: 1 bytes behind"},
        {{SYSTEM, T(STORE_6 "]."), T(TENSOR_6 "\x09\0\0\0\0\0\0\0"), T("}.")}, "9 dimensions"},
        {{SYSTEM, T(STORE_6 "]."), T("K\1.(K\2K\1ctorch\nCharTensor\nt." ONE_DIM), T("}.")},
         "is not of its storage's type"},
        {{SYSTEM, T(STORE_6 "]."), T("K\1.(K\2K\1ctorch\nByteStorage\nt." ONE_DIM), T("}.")},
         "is not of its storage's type"},
        {{SYSTEM, T(STORE_6 "]."), T("K\1.(K\2K\5ctorch\nByteTensor\nt." ONE_DIM), T("}.")},
         "persistent id \"5\""},
        {{SYSTEM, T(STORE_6 "]."), T(TENSOR_6 ONE_DIM), T("}K\1K\7Qs.")}, "persistent id \"7\""},
        {{SYSTEM, T(STORE_6 "]."), T(TENSOR_6 ONE_DIM), T("}X\1\0\0\0wNQs.")}, "a persistent id is None"},
        {{SYSTEM, T(STORE_6 "]."), T(TENSOR_6 ONE_DIM), T("}X\1\0\0\0wK\1Qs.")}, "holds no tensor"},
        {{SYSTEM, T(STORE_6 "]."), T(TENSOR_6 ONE_DIM), T("K\2Q.")}, "it holds a single tensor"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse_members(cases[i].contents, BRN_ERROR_INPUT, cases[i].part);
}

TEST(damaged_tar_archives_are_refused)
{
    build_file right = build_defaults();
    brn__text file = {0}, twice = {0}, extended = {0};
    static const brn__text nothing = T("K\0."), size = T("18 size=123456789\n");
    build_tar(&file, &right);
    assert_refused(file.bytes, file.length - 512, BRN_ERROR_INPUT, "two blocks of zeros");
    assert_refused(file.bytes, file.length - 1, BRN_ERROR_INPUT, "whole blocks of 512");
    file.bytes[file.length - 1] = 1;
    assert_refused(file.bytes, file.length, BRN_ERROR_INPUT, "something stands behind its end");
    file.bytes[file.length - 1] = 0;
    file.bytes[0] ^= 1;
    assert_refused(file.bytes, file.length, BRN_ERROR_INPUT, "byte 0 is damaged: its checksum");
    file.bytes[0] ^= 1;
    build_tar_member(&twice, "pickle", '0', &nothing);
    brn__text_add_bytes(&twice, file.bytes, file.length);
    assert_refused(twice.bytes, twice.length, BRN_ERROR_INPUT, "two members are named \"pickle\"");
    build_tar_member(&extended, "x", 'x', &size);
    brn__text_add_bytes(&extended, file.bytes, file.length);
    assert_refused(extended.bytes, extended.length, BRN_ERROR_UNSUPPORTED, "with \"size=\"");
    brn__text_free(&file);
    brn__text_free(&twice);
    brn__text_free(&extended);
}

#define P(text) text, sizeof text - 1
#define OS "cos\nsystem\n"
#define ORDERED "ccollections\nOrderedDict\n"

/* What stands for the object in the file, and what the message must say. */
static const struct gadget {
    const char *bytes;
    size_t length;
    const char *part;
} gadgets[] = {
    {P(OS "X\4\0\0\0echo\x85R"), "GLOBAL (0x63)"},
    {P(OS "X\4\0\0\0echo\x85R"), "os.system is no part of a weight file"},
    {P("c__builtin__\neval\n"), "__builtin__.eval"},
    {P("cbuiltins\nexec\n"), "builtins.exec"},
    {P("ctorch\nload\n"), "torch.load"},
    {P("ctorch\nFloatStorage2\n"), "torch.FloatStorage2"},
    {P("ccollections\nOrderedDic\n"), "collections.OrderedDic is"},
    {P("c\n\n"), "is no part of"},
    {P("cevil\x1b[2J\nx\n"), "evil?[2J.x"},
    {P("cos"), "a name without an end"},
    {P("(ios\nsystem\n"), "opcode INST (0x69)"},
    {P("(K\1o"), "opcode OBJ"},
    {P("X\2\0\0\0osX\6\0\0\0system\x93"), "opcode STACK_GLOBAL (0x93)"},
    {P("X\2\0\0\0osX\6\0\0\0system\x93"), "os.system is no part of a weight file"},
    {P("X\2\0\0\0osK\1\x93"), "expected two strings, got a string and an integer"},
    {P("X\2\0\0\0os\x93"), "the stack is empty"},
    {P("\x82\1"), "opcode EXT1"},
    {P(ORDERED ")}\x92"), "opcode NEWOBJ_EX"},
    {P("\x96\1\0\0\0\0\0\0\0a"), "opcode BYTEARRAY8"},
    {P("P1\n"), "opcode PERSID"},
    {P("I1\n"), "opcode INT"},
    {P("0"), "opcode POP"},
    {P("N2"), "opcode DUP"},
    {P("\xFF"), "opcode unknown (0xFF)"},
    {P("\0"), "opcode unknown (0x00)"},
    {P("K\1)R"), "an integer is nothing that can be built"},
    {P("})R"), "a dict is nothing that can be built"},
    {P(ORDERED "K\1R"), "expected a tuple of arguments, got an integer"},
    {P(ORDERED "K\1\x85R"), "OrderedDict of something else"},
    {P(ORDERED "]K\1a\x85R"), "something else than a pair"},
    {P(ORDERED ")\x81"), "only a Parameter is built this way"},
    {P("ctorch\nFloatStorage\n)R"), "nothing to be called"},
    {P("ctorch\nSize\n]\x85R"), "arguments of another type"},
    {P("ctorch.nn.parameter\nParameter\nK\1\x85\x81"), "arguments of another type"},
    {P("ctorch._utils\n_rebuild_parameter\n)R"), "arguments of another type"},
    {P("ctorch._utils\n_rebuild_tensor_v2\n)R"), "from 0 arguments"},
    {P("ctorch._utils\n_rebuild_tensor_v2\n(K\1K\1K\1K\1K\1K\1tR"), "over an integer"},
    {P("K\1}b"), "expected a dict with a dict of attributes, got an integer"},
    {P("}K\1b"), "got a dict with an integer"},
    {P("]K\1K\2s"), "SETITEM (0x73)"},
    {P("]K\1K\2s"), "expected a dict to add to, got a list"},
    {P(")K\1K\2s"), "expected a dict to add to, got a tuple"},
    {P("\x8FK\1K\2s"), "expected a dict to add to, got a set"},
    {P("K\5K\1K\2s"), "expected a dict to add to, got an integer"},
    {P("X\1\0\0\0aK\1K\2s"), "expected a dict to add to, got a string"},
    {P(ORDERED "K\1K\2s"), "expected a dict to add to, got an object"},
    {P("]q\0(K\1K\2u"), "expected a dict to add to, got a list"},
    {P("}(K\1u"), "a key without a value"},
    {P("}K\1a"), "expected a list to add to, got a dict"},
    {P(")K\1a"), "expected a list to add to, got a tuple"},
    {P("}]K\1s"), "a list as a key"},
    {P("}}K\1s"), "a dict as a key"},
    {P("s"), "the stack is empty"},
    {P("\x85"), "the stack is empty"},
    {P("R"), "the stack is empty"},
    {P("Q"), "the stack is empty"},
    {P("b"), "the stack is empty"},
    {P("}b"), "the stack is empty"},
    {P("q\0"), "the stack is empty"},
    {P("\x94"), "the stack is empty"},
    {P("K\1(\x85"), "the stack is empty"}, /* not across the mark */
    {P("}(K\1s"), "the stack is empty"},
    {P("t"), "no mark on the stack"},
    {P("}u"), "no mark on the stack"},
    {P("]e"), "no mark on the stack"},
    {P("h\5"), "memo place 5 is empty"},
    {P("Nq\0j\1\0\0\0"), "memo place 1 is empty"},
    {P("j\xFF\xFF\xFF\xFF"), "memo place 4294967295 is empty"},
    {P("Nr\xFF\xFF\xFF\xFF"), "memo place 4294967295; expected less than"},
    {P("X\xFF\xFF\xFF\x7F"), "a string of 2147483647 bytes; expected at most"},
    {P("X\xFF\xFF\xFF\xFF"), "a string of 4294967295 bytes"},
    {P("\x8D\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), "expected at most"},
    {P("X\0\0\x0F\0abc"), "bytes wanted"},
    {P("\x95\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), "a frame of"},
    {P("\x80\1"), "protocol 1"},
    {P("\x80\x09"), "protocol 9"},
    {P("K\1Q"), "persistent id"},
    {P("K\1K\1K\1\x87Q"), "persistent id"},
    {P("(X\7\0\0\0storageX\2\0\0\0osX\1\0\0\0000X\3\0\0\0cpuK\6tQ"), "persistent id"},
    {P("K\1"), "it holds an integer; expected a dict of tensors"},
    {P("\x8A\x09\1\2\3\4\5\6\7\x08\x09"), "it holds an integer beyond 64 bits"},
    {P("]"), "it holds a list"},
    {P(")"), "it holds a tuple"},
    {P("N"), "it holds None"},
    {P("}"), "holds no tensor"},
    {P("}X\1\0\0\0aK\1s"), "its dict of 1 values holds no tensor"},
    {P("K\1K\2"), "2 values and 0 marks"},
    {P("K\1("), "1 values and 1 marks"},
    {P(""), "0 values"},
};

/* The legacy list of keys must not get in the way, so gadgets are refused as zip files too. */
TEST(gadgets_and_malformed_pickles_are_refused)
{
    for (size_t i = 0; i < sizeof gadgets / sizeof *gadgets; i++) {
        bool object_is_read =
            strstr(gadgets[i].part, "it holds") || strstr(gadgets[i].part, "holds no");
        build_file file = build_defaults();
        file.object = gadgets[i].bytes;
        file.object_length = gadgets[i].length;
        refuse(&file, object_is_read ? ZIP | TAR : LEGACY | ZIP | TAR, BRN_ERROR_INPUT,
               gadgets[i].part);
    }
}

/* object = head, part x count, tail */
static void refuse_repeated(const char *head, const char *part, int count, const char *message)
{
    brn__text object = {0};
    brn__text_add(&object, head);
    for (int i = 0; i < count; i++) brn__text_add(&object, part);
    assert_ok(brn__text_finish(&object));
    build_file file = build_defaults();
    file.object = object.bytes;
    file.object_length = object.length;
    refuse(&file, LEGACY | ZIP | TAR, BRN_ERROR_INPUT, message);
    brn__text_free(&object);
}

TEST(pickle_bombs_are_refused)
{
    refuse_repeated("", "(", 300, "more than 256 open marks");
    refuse_repeated("", "]", 1000001, "values on the stack");
    refuse_repeated("]", "(NNNNNNNNe", 260000, "more than 2000000 values");
    refuse_repeated(")", "\x85", 100, "nested deeper than 64");
    refuse_repeated("]q\1", "h\1a", 100, "nested deeper than 64"); /* a list within itself */
    refuse_repeated(")q\1", "h\1h\1\x86q\1", 100, "nested deeper than 64"); /* doubles each time */
    refuse_repeated("Nq\1]", "h\1a", 10000000, "more than 20000000 opcodes");
}

/* A dict of two names over the one tensor. */
static void build_pair(brn__text *out, const char *first, const char *second, bool integer_key)
{
    build_file file = build_defaults();
    build_raw(out, "}");
    build_string(out, first);
    build_tensor(out, &file);
    build_raw(out, "s");
    if (integer_key)
        build_integer(out, 1);
    else
        build_string(out, second);
    build_tensor(out, &file);
    build_raw(out, "s");
}

TEST(names_of_tensors_are_checked)
{
    static const struct {
        const char *first, *second, *part;
    } cases[] = {{"w", "w", "two tensors are named \"w\""},
                 {"module.w", "module.w", "two tensors are named \"w\""},
                 {"a", "", "a tensor's name has 0 bytes"},
                 {"a", "b\n", "control character"},
                 {"a", NULL, "named by an integer"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        brn__text object = {0};
        build_pair(&object, cases[i].first, cases[i].second, !cases[i].second);
        build_file file = build_defaults();
        file.object = object.bytes;
        file.object_length = object.length;
        refuse(&file, LEGACY | ZIP, BRN_ERROR_INPUT, cases[i].part);
        brn__text_free(&object);
    }
}

TEST(module_prefix_is_dropped_only_when_all_names_have_it)
{
    static const char *const cases[][3] = {{"module.a", "module.b", "a"},
                                           {"module.a", "b", "module.a"},
                                           {"module.a", "module.", "module.a"},
                                           {"module.module.a", "module.b", "module.a"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        brn__text object = {0}, bytes = {0};
        build_pair(&object, cases[i][0], cases[i][1], false);
        build_file file = build_defaults();
        file.object = object.bytes;
        file.object_length = object.length;
        build_legacy(&bytes, &file);
        brn__state *state;
        assert_ok(brn__state_open_bytes("x", bytes.bytes, bytes.length, &state));
        assert_string_equal(brn__state_entry(state, 0)->name, cases[i][2]);
        assert_non_null(brn__state_find(state, cases[i][2]));
        brn__state_close(state);
        brn__text_free(&object);
        brn__text_free(&bytes);
    }
}

/* object = head, a tensor, tail */
static brn_status try_around(const char *head, size_t head_length, const char *tail,
                             size_t tail_length, const char *part)
{
    brn__text object = {0}, bytes = {0};
    build_file file = build_defaults();
    brn__text_add_bytes(&object, head, head_length);
    build_tensor(&object, &file);
    brn__text_add_bytes(&object, tail, tail_length);
    file.object = object.bytes;
    file.object_length = object.length;
    build_zip(&bytes, &file);
    brn_status status = build_try(bytes.bytes, bytes.length);
    if (status != BRN_OK) assert_refused(bytes.bytes, bytes.length, status, part);
    brn__text_free(&object);
    brn__text_free(&bytes);
    return status;
}

TEST(ordered_dict_of_python_2_and_parameters_are_read)
{
    assert_ok(try_around(P(ORDERED "]](X\1\0\0\0w"), P("ea\x85R"), ""));
    assert_ok(try_around(P(ORDERED "]X\1\0\0\0w"),
                         P("\x86"
                           "a\x85R"),
                         ""));
    assert_fails(try_around(P(ORDERED "]K\1"),
                            P("\x86"
                              "a\x85R"),
                            "else than a pair"),
                 BRN_ERROR_INPUT, "");
    assert_ok(try_around(P("}X\1\0\0\0wctorch.nn.parameter\nParameter\n"), P("\x85\x81s"), ""));
    assert_ok(try_around(P("}X\1\0\0\0wctorch._utils\n_rebuild_parameter\n"),
                         P("\x88" ORDERED ")R\x87Rs"), ""));
    assert_fails(try_around(P("}X\1\0\0\0w"), P("K\1K\2ss"), "SETITEM"), BRN_ERROR_INPUT,
                 "expected a dict to add to, got an object");
    assert_fails(try_around(P(""), P(""), "a single tensor"), BRN_ERROR_INPUT, "");
    assert_fails(try_around(P("}X\1\0\0\0w"), P("}bs"), "got an object"), BRN_ERROR_INPUT, "");
}

#define STORAGE_6 "(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpuK\6"
#define REBUILD "}X\1\0\0\0wctorch._utils\n_rebuild_tensor_v2\n("

TEST(tensors_with_more_than_a_plain_view_are_unsupported)
{
    static const struct gadget cases[] = {
        {P(REBUILD STORAGE_6 "(K\1K\1K\1ttQK\0)))))tRs"), "is a view of another storage"},
        {P(REBUILD STORAGE_6 "tQK\0))\x89N}X\3\0\0\0negK\1stRs"), "conjugated or negated"},
        {P(REBUILD STORAGE_6 "tQK\0))\x89NK\1tRs"), "conjugated or negated"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        build_file file = build_defaults();
        file.object = cases[i].bytes;
        file.object_length = cases[i].length;
        refuse(&file, LEGACY | ZIP, BRN_ERROR_UNSUPPORTED, cases[i].part);
    }
    static const struct gadget wrong[] = {
        {P(REBUILD STORAGE_6 "tQK\0(K\1K\1K\1K\1K\1K\1K\1K\1K\1t)\x89NtRs"), "9 dimensions"},
        {P(REBUILD STORAGE_6 "tQK\0K\1)\x89NtRs"), "the size of a tensor is an integer"},
        {P(REBUILD STORAGE_6 "tQK\0N\x85)\x89NtRs"), "the size of a tensor holds None"},
        {P(REBUILD STORAGE_6 "tQK\0)]\x89NtRs"), "the stride of a tensor is a list"},
        {P(REBUILD STORAGE_6 "tQN))\x89NtRs"), "offset"},
        {P(REBUILD STORAGE_6 "tQK\0))\x89tRs"), "from 5 arguments; expected 6"},
        {P(REBUILD STORAGE_6 "tQK\0))\x89N}NtRs"), "from 8 arguments"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        build_file file = build_defaults();
        file.object = wrong[i].bytes;
        file.object_length = wrong[i].length;
        refuse(&file, LEGACY | ZIP, BRN_ERROR_INPUT, wrong[i].part);
    }
}

/* A vocabulary as Python's pickle.dump(["xxunk", ...], protocol=4) writes it. */
TEST(pickled_list_of_strings_is_read)
{
    static const char bytes[] = "\x80\4\x95\x16\0\0\0\0\0\0\0]\x94(\x8C\5xxunk\x94\x8C\6"
                                "caf\xC3\xA9s\x94"
                                "e.";
    brn__arena arena = {0};
    brn__pickle_source source = {
        .bytes = (const unsigned char *)bytes, .length = sizeof bytes - 1, .arena = &arena};
    const brn__pickle_value *list;
    assert_ok(brn__pickle_read(&source, &list));
    assert_int_equal(source.position, sizeof bytes - 1);
    assert_int_equal(list->kind, BRN__PICKLE_LIST);
    assert_int_equal(list->as.list.count, 2);
    assert_true(brn__pickle_is_string(list->as.list.items[0], "xxunk"));
    assert_true(brn__pickle_is_string(list->as.list.items[1], "caf\xC3\xA9s"));
    brn__arena_free(&arena);
}

TEST(pickled_numbers_have_their_values)
{
    static const char bytes[] =
        "(K\xFFM\xFF\xFFJ\xFF\xFF\xFF\xFF\x8A\0\x8A\1\x80\x8A\2\0\x80\x8A\x08"
        "\0\0\0\0\0\0\0\x80G\x3F\xF8\0\0\0\0\0\0\x88\x89t.";
    static const int64_t expected[] = {255, 65535, -1, 0, -128, -32768, INT64_MIN};
    brn__arena arena = {0};
    brn__pickle_source source = {
        .bytes = (const unsigned char *)bytes, .length = sizeof bytes - 1, .arena = &arena};
    const brn__pickle_value *tuple;
    assert_ok(brn__pickle_read(&source, &tuple));
    assert_int_equal(tuple->as.list.count, 10);
    for (int i = 0; i < 7; i++) assert_true(tuple->as.list.items[i]->as.integer == expected[i]);
    assert_close(tuple->as.list.items[7]->as.real, 1.5, 0);
    assert_int_equal(tuple->as.list.items[8]->as.integer, 1);
    assert_int_equal(tuple->as.list.items[9]->as.integer, 0);
    brn__arena_free(&arena);
}

TEST(pickle_without_rules_refuses_objects)
{
    static const char *const texts[] = {"ctorch\nSize\n.", "K\1Q.", "K\1)R."};
    static const char *const parts[] = {"no objects", "no persistent objects", "nothing"};
    for (int i = 0; i < 3; i++) {
        brn__arena arena = {0};
        brn__pickle_source source = {
            .bytes = (const unsigned char *)texts[i], .length = strlen(texts[i]), .arena = &arena};
        const brn__pickle_value *value;
        assert_fails(brn__pickle_read(&source, &value), BRN_ERROR_INPUT, parts[i]);
        brn__arena_free(&arena);
    }
}
