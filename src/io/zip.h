/* SPDX-License-Identifier: Apache-2.0
 * A reader of zip archives whose members are stored, not compressed: what torch.save writes.
 * Zip64 is understood; several disks, encryption and compression are refused. */
#ifndef BRN__IO_ZIP_H
#define BRN__IO_ZIP_H

#include "base/arena.h"
#include "io/names.h"

typedef struct brn__zip_member {
    const char *name; /* in the archive's bytes, not terminated */
    size_t name_length;
    const unsigned char *bytes;
    size_t length;
    uint32_t checksum; /* CRC-32 as the directory says */
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
/* The member of that name, its CRC-32 checked; an error when it is absent or damaged. */
brn_status brn__zip_member_of(brn__zip *zip, const char *name, const brn__zip_member **out);

#endif
