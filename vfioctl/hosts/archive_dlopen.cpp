// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/hosts/archive_dlopen.hpp"

#include "base/dlopen_wrapper.hpp"

/// libarchive, opened by `capture` alone: it brings 14 more libraries, ICU among them.

#define ARCHIVE_SONAME "libarchive.so.13"

DLOPEN_LIBRARY_NOTE(archive, ARCHIVE_SONAME, "suggested", "Writes the archives of capture")

#define ARCHIVE(RETURN, NAME, PARAMETERS, ARGUMENTS) \
    DLOPEN_WRAPPER(ARCHIVE_SONAME, RETURN, NAME, PARAMETERS, ARGUMENTS)

ARCHIVE(archive*, archive_write_new, (), ())
ARCHIVE(int, archive_write_set_format_pax_restricted, (archive * a), (a))
ARCHIVE(int, archive_write_add_filter_by_name, (archive * a, const char* name), (a, name))
ARCHIVE(int, archive_write_set_options, (archive * a, const char* options), (a, options))
ARCHIVE(int, archive_write_open_fd, (archive * a, int fd), (a, fd))
ARCHIVE(int, archive_write_header, (archive * a, archive_entry* entry), (a, entry))
ARCHIVE(la_ssize_t, archive_write_data, (archive * a, const void* bytes, size_t size),
        (a, bytes, size))
ARCHIVE(int, archive_write_close, (archive * a), (a))
ARCHIVE(int, archive_write_free, (archive * a), (a))
ARCHIVE(int, archive_errno, (archive * a), (a))
ARCHIVE(const char*, archive_error_string, (archive * a), (a))
ARCHIVE(archive_entry*, archive_entry_new, (), ())
ARCHIVE(void, archive_entry_free, (archive_entry * entry), (entry))
ARCHIVE(void, archive_entry_set_pathname, (archive_entry * entry, const char* path), (entry, path))
ARCHIVE(void, archive_entry_set_symlink, (archive_entry * entry, const char* to), (entry, to))
ARCHIVE(void, archive_entry_set_filetype, (archive_entry * entry, unsigned type), (entry, type))
ARCHIVE(void, archive_entry_set_perm, (archive_entry * entry, mode_t mode), (entry, mode))
ARCHIVE(void, archive_entry_set_size, (archive_entry * entry, la_int64_t size), (entry, size))
ARCHIVE(void, archive_entry_set_mtime, (archive_entry * entry, time_t seconds, long nanoseconds),
        (entry, seconds, nanoseconds))
ARCHIVE(void, archive_entry_set_uname, (archive_entry * entry, const char* name), (entry, name))
ARCHIVE(void, archive_entry_set_gname, (archive_entry * entry, const char* name), (entry, name))

namespace vfioctl {

bool has_libarchive() {
    return ::dlopen(ARCHIVE_SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) != nullptr;
}

}  // namespace vfioctl
