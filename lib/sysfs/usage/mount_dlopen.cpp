// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libmount/libmount.h>

#include "base/dlopen_wrapper.hpp"

DLOPEN_LIBRARY_NOTE(mount, "libmount.so.1", "required", "Finds what is mounted from a device")

#define MOUNT(RETURN, NAME, PARAMETERS, ARGUMENTS) \
    DLOPEN_WRAPPER("libmount.so.1", RETURN, NAME, PARAMETERS, ARGUMENTS)

MOUNT(libmnt_iter*, mnt_new_iter, (int direction), (direction))
MOUNT(void, mnt_free_iter, (libmnt_iter * at), (at))
MOUNT(libmnt_table*, mnt_new_table, (void), ())
MOUNT(void, mnt_unref_table, (libmnt_table * table), (table))
MOUNT(int, mnt_table_parse_stream, (libmnt_table * table, FILE* file, const char* name),
      (table, file, name))
MOUNT(int, mnt_table_parse_swaps, (libmnt_table * table, const char* path), (table, path))
MOUNT(int, mnt_table_next_fs, (libmnt_table * table, libmnt_iter* at, libmnt_fs** out),
      (table, at, out))
MOUNT(dev_t, mnt_fs_get_devno, (libmnt_fs * fs), (fs))
MOUNT(const char*, mnt_fs_get_fstype, (libmnt_fs * fs), (fs))
MOUNT(const char*, mnt_fs_get_source, (libmnt_fs * fs), (fs))
MOUNT(const char*, mnt_fs_get_swaptype, (libmnt_fs * fs), (fs))
MOUNT(const char*, mnt_fs_get_target, (libmnt_fs * fs), (fs))
