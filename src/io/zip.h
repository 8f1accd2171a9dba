/* SPDX-License-Identifier: Apache-2.0
 * A reader of zip archives. Members that are stored, as torch.save writes them, are seen in place;
 * deflated ones are unpacked. Zip64 is understood; several disks, encryption and other methods of
 * compression are refused. */
#ifndef BRN__IO_ZIP_H
#define BRN__IO_ZIP_H

#include "base/arena.h"
#include "io/names.h"

typedef struct brn__zip_member {
    const char *name; /* in the archive's bytes, not terminated */
    size_t name_length;
    const unsigned char *bytes; /* as they lie in the archive */
    size_t length;
    bool deflated;
    uint64_t unpacked; /* length, once unpacked */
    uint32_t checksum; /* CRC-32 of the unpacked bytes as the directory says; 0: not known */
    bool verified;
} brn__zip_member;

typedef struct brn__zip {
    brn__zip_member *members; /* in the directory's order; of the arena */
    int64_t count;
    brn__name_table names;
} brn__zip;

bool brn__zip_matches(const unsigned char *bytes, size_t length);
/* Reads the directory; every member lies within the bytes and none overlaps another. */
brn_status brn__zip_open(const unsigned char *bytes, size_t length, brn__arena *arena,
                         brn__zip *out);
void brn__zip_close(brn__zip *zip); /* a zeroed one is fine */
/* The member of that name, its CRC-32 checked; an error when it is absent, damaged or deflated. */
brn_status brn__zip_member_of(brn__zip *zip, const char *name, const brn__zip_member **out);
/* A copy of the member, unpacked and its CRC-32 checked, which must have exactly `length` bytes.
 * brn__free. */
brn_status brn__zip_unpack(const brn__zip *zip, const char *name, size_t length,
                           unsigned char **out);

#endif
