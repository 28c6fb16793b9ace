// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/hosts/archive_dlopen.hpp"

#if BINDD_DLOPEN

#include "base/dlopen.hpp"

/// libarchive is opened by `capture` and for --root FILE.tar alone: it brings 14 more libraries,
/// ICU among them.

namespace {

// clang-format off
#define ARCHIVE_FUNCTIONS(F) \
    F(archive*, archive_write_new, (), ()) \
    F(int, archive_write_set_format_pax_restricted, (archive* a), (a)) \
    F(int, archive_write_add_filter_by_name, (archive* a, const char* name), (a, name)) \
    F(int, archive_write_set_options, (archive* a, const char* options), (a, options)) \
    F(int, archive_write_open_fd, (archive* a, int fd), (a, fd)) \
    F(int, archive_write_header, (archive* a, archive_entry* entry), (a, entry)) \
    F(la_ssize_t, archive_write_data, (archive* a, const void* bytes, size_t size), (a, bytes, size)) \
    F(int, archive_write_close, (archive* a), (a)) \
    F(int, archive_write_free, (archive* a), (a)) \
    F(int, archive_errno, (archive* a), (a)) \
    F(const char*, archive_error_string, (archive* a), (a)) \
    F(archive*, archive_read_new, (), ()) \
    F(int, archive_read_support_filter_all, (archive* a), (a)) \
    F(int, archive_read_support_format_tar, (archive* a), (a)) \
    F(int, archive_read_open_fd, (archive* a, int fd, size_t block), (a, fd, block)) \
    F(int, archive_read_next_header, (archive* a, archive_entry** entry), (a, entry)) \
    F(la_ssize_t, archive_read_data, (archive* a, void* bytes, size_t size), (a, bytes, size)) \
    F(int, archive_read_free, (archive* a), (a)) \
    F(const char*, archive_entry_pathname, (archive_entry* entry), (entry)) \
    F(const char*, archive_entry_symlink, (archive_entry* entry), (entry)) \
    F(mode_t, archive_entry_filetype, (archive_entry* entry), (entry)) \
    F(archive_entry*, archive_entry_new, (), ()) \
    F(void, archive_entry_free, (archive_entry* entry), (entry)) \
    F(void, archive_entry_set_pathname, (archive_entry* entry, const char* path), (entry, path)) \
    F(void, archive_entry_set_symlink, (archive_entry* entry, const char* to), (entry, to)) \
    F(void, archive_entry_set_filetype, (archive_entry* entry, unsigned type), (entry, type)) \
    F(void, archive_entry_set_perm, (archive_entry* entry, mode_t mode), (entry, mode)) \
    F(void, archive_entry_set_size, (archive_entry* entry, la_int64_t size), (entry, size)) \
    F(void, archive_entry_set_mtime, (archive_entry* entry, time_t seconds, long nanoseconds), (entry, seconds, nanoseconds)) \
    F(void, archive_entry_set_uname, (archive_entry* entry, const char* name), (entry, name)) \
    F(void, archive_entry_set_gname, (archive_entry* entry, const char* name), (entry, name))
// clang-format on

#define ARCHIVE_SONAME "libarchive.so.13"
DLOPEN_LIBRARY_NOTE(archive, ARCHIVE_SONAME, "suggested",
                    "Writes and reads the archives of capture")

ARCHIVE_FUNCTIONS(DLOPEN_ADDRESS)
constexpr base::DlopenSymbol kArchiveSymbols[] = {ARCHIVE_FUNCTIONS(DLOPEN_SYMBOL)};

}  // namespace

ARCHIVE_FUNCTIONS(DLOPEN_WRAPPER)

bool vfioctl::has_libarchive() {
    return base::open_library(ARCHIVE_SONAME, kArchiveSymbols).has_value();
}

#else

bool vfioctl::has_libarchive() {
    return true;
}

#endif
