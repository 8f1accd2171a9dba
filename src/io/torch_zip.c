/* SPDX-License-Identifier: Apache-2.0
 * torch.save since 1.6: a zip archive of one folder with data.pkl, byteorder (absent: little) and
 * data/KEY, one member a storage. */
#include "io/bytes.h"
#include "io/torch.h"
#include "io/zip.h"

#include <string.h>

typedef struct archive {
    brn__zip zip;
    const char *folder; /* the one at the top, with its slash, not terminated */
    size_t folder_length;
} archive;

/* The member `name` of the top folder. */
static brn_status member_of(brn__torch_reader *reader, const char *name, size_t length,
                            const brn__zip_member **out)
{
    archive *a = reader->container;
    char path[1024];
    if (length >= sizeof path - a->folder_length)
        return brn__fail(BRN_ERROR_INPUT, "zip: a member's name of %zu bytes", length);
    memcpy(path, a->folder, a->folder_length);
    memcpy(path + a->folder_length, name, length);
    path[a->folder_length + length] = '\0';
    if (strlen(path) != a->folder_length + length)
        return brn__fail(BRN_ERROR_INPUT, "zip: a member's name holds a zero byte");
    return brn__zip_member_of(&a->zip, path, out);
}

static brn_status find_storage(brn__torch_reader *reader, const brn__torch_storage *wanted,
                               const brn__torch_storage **out)
{
    char name[512];
    static const char folder[] = "data/";
    if (wanted->key_length > sizeof name - sizeof folder)
        return brn__fail(BRN_ERROR_INPUT, "a storage's key of %zu bytes", wanted->key_length);
    memcpy(name, folder, sizeof folder - 1);
    memcpy(name + sizeof folder - 1, wanted->key, wanted->key_length);
    const brn__zip_member *member;
    BRN__TRY(member_of(reader, name, sizeof folder - 1 + wanted->key_length, &member));
    size_t bytes = (size_t)wanted->count * brn_dtype_bytes(wanted->dtype);
    if (member->length != bytes)
        return brn__fail(BRN_ERROR_INPUT,
                         "storage \"%s\": %lld elements of %s need %zu bytes, the member has %zu",
                         BRN__QUOTE(wanted->key, wanted->key_length), (long long)wanted->count,
                         brn_dtype_name(wanted->dtype), bytes, member->length);
    brn__torch_storage *storage = brn__arena_copy(&reader->state->arena, wanted, sizeof *wanted);
    if (!storage) return BRN_ERROR_NO_MEMORY;
    storage->bytes = member->bytes;
    *out = storage;
    return BRN_OK;
}

/* The folder of the only member called FOLDER/data.pkl. */
static brn_status find_folder(archive *a)
{
    static const char wanted[] = "/data.pkl";
    const size_t length = sizeof wanted - 1;
    for (int64_t i = 0; i < a->zip.count; i++) {
        const brn__zip_member *member = &a->zip.members[i];
        if (member->name_length <= length || member->name_length > 512 ||
            memcmp(member->name + member->name_length - length, wanted, length) != 0 ||
            memchr(member->name, '/', member->name_length - length))
            continue;
        if (a->folder) return brn__fail(BRN_ERROR_INPUT, "zip: two folders hold a data.pkl");
        a->folder = member->name;
        a->folder_length = member->name_length - length + 1;
    }
    if (!a->folder)
        return brn__fail(BRN_ERROR_INPUT, "zip: no FOLDER/data.pkl; expected a file of torch.save");
    return BRN_OK;
}

static brn_status check_byte_order(brn__torch_reader *reader)
{
    archive *a = reader->container;
    char path[1024];
    memcpy(path, a->folder, a->folder_length);
    strcpy(path + a->folder_length, "byteorder");
    if (brn__name_table_find(&a->zip.names, path, strlen(path)) < 0) return BRN_OK;
    const brn__zip_member *member;
    BRN__TRY(brn__zip_member_of(&a->zip, path, &member));
    if (member->length != 6 || memcmp(member->bytes, "little", 6) != 0)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "byte order \"%s\"; expected \"little\"",
                         BRN__QUOTE((const char *)member->bytes, member->length));
    return BRN_OK;
}

static brn_status read_archive(brn__torch_reader *reader)
{
    archive *a = reader->container;
    brn__state *state = reader->state;
    const brn__zip_member *member;
    const brn__pickle_value *root;
    BRN__TRY(brn__zip_open(state->bytes, state->length, &state->arena, &a->zip));
    BRN__TRY(find_folder(a));
    BRN__TRY(check_byte_order(reader));
    BRN__TRY(member_of(reader, "data.pkl", 8, &member));
    reader->source = (brn__pickle_source){.bytes = member->bytes, .length = member->length};
    BRN__TRY(brn__torch_unpickle(reader, &root));
    if (reader->source.position != member->length)
        return brn__fail(BRN_ERROR_INPUT, "data.pkl: %zu bytes behind its end",
                         member->length - reader->source.position);
    return brn__torch_add_entries(reader, root);
}

static brn_status read(brn__state *state)
{
    archive a = {0};
    brn__torch_reader reader = {.state = state, .find_storage = find_storage, .container = &a};
    brn_status status = read_archive(&reader);
    brn__zip_close(&a.zip);
    return status;
}

const brn__container brn__container_torch_zip = {
    .name = "PyTorch zip", .matches = brn__zip_matches, .read = read};
