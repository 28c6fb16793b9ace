// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/host/optional_library.hpp"

#if BINDD_DLOPEN

#include <blkid/blkid.h>
#include <libkmod.h>
#include <libmount/libmount.h>

#include "base/dlopen.hpp"

namespace {

using KmodLogFn = void(void* data, int priority, const char* file, int line, const char* function,
                       const char* format, va_list args);
using KmodInstallFn = int(kmod_module* module, const char* command, void* data);
using KmodPrintFn = void(kmod_module* module, bool install, const char* options);

// clang-format off
#define KMOD_FUNCTIONS(F) \
    F(kmod_ctx*, kmod_new, (const char* dir, const char* const* configs), (dir, configs)) \
    F(kmod_ctx*, kmod_unref, (kmod_ctx* context), (context)) \
    F(void, kmod_set_log_fn, (kmod_ctx* context, KmodLogFn* log, const void* data), (context, log, data)) \
    F(int, kmod_load_resources, (kmod_ctx* context), (context)) \
    F(kmod_list*, kmod_list_next, (const kmod_list* list, const kmod_list* at), (list, at)) \
    F(int, kmod_module_new_from_name, (kmod_ctx* context, const char* name, kmod_module** out), (context, name, out)) \
    F(int, kmod_module_new_from_lookup, (kmod_ctx* context, const char* alias, kmod_list** out), (context, alias, out)) \
    F(int, kmod_module_apply_filter, (const kmod_ctx* context, kmod_filter filter, const kmod_list* list, kmod_list** out), (context, filter, list, out)) \
    F(int, kmod_module_unref_list, (kmod_list* list), (list)) \
    F(kmod_module*, kmod_module_unref, (kmod_module* module), (module)) \
    F(kmod_module*, kmod_module_get_module, (const kmod_list* entry), (entry)) \
    F(const char*, kmod_module_get_name, (const kmod_module* module), (module)) \
    F(const char*, kmod_module_get_path, (const kmod_module* module), (module)) \
    F(int, kmod_module_get_initstate, (const kmod_module* module), (module)) \
    F(int, kmod_module_probe_insert_module, (kmod_module* module, unsigned flags, const char* options, KmodInstallFn* run, const void* data, KmodPrintFn* print), (module, flags, options, run, data, print))

#define MOUNT_FUNCTIONS(F) \
    F(libmnt_iter*, mnt_new_iter, (int direction), (direction)) \
    F(void, mnt_free_iter, (libmnt_iter* at), (at)) \
    F(libmnt_table*, mnt_new_table, (void), ()) \
    F(void, mnt_unref_table, (libmnt_table* table), (table)) \
    F(int, mnt_table_parse_stream, (libmnt_table* table, FILE* file, const char* name), (table, file, name)) \
    F(int, mnt_table_parse_swaps, (libmnt_table* table, const char* path), (table, path)) \
    F(int, mnt_table_next_fs, (libmnt_table* table, libmnt_iter* at, libmnt_fs** out), (table, at, out)) \
    F(dev_t, mnt_fs_get_devno, (libmnt_fs* fs), (fs)) \
    F(const char*, mnt_fs_get_fstype, (libmnt_fs* fs), (fs)) \
    F(const char*, mnt_fs_get_source, (libmnt_fs* fs), (fs)) \
    F(const char*, mnt_fs_get_swaptype, (libmnt_fs* fs), (fs)) \
    F(const char*, mnt_fs_get_target, (libmnt_fs* fs), (fs))

#define BLKID_FUNCTIONS(F) \
    F(blkid_probe, blkid_new_probe, (void), ()) \
    F(void, blkid_free_probe, (blkid_probe probe), (probe)) \
    F(int, blkid_probe_set_device, (blkid_probe probe, int fd, blkid_loff_t at, blkid_loff_t size), (probe, fd, at, size)) \
    F(int, blkid_probe_enable_superblocks, (blkid_probe probe, int enable), (probe, enable)) \
    F(int, blkid_probe_set_superblocks_flags, (blkid_probe probe, int flags), (probe, flags)) \
    F(int, blkid_probe_enable_partitions, (blkid_probe probe, int enable), (probe, enable)) \
    F(int, blkid_do_safeprobe, (blkid_probe probe), (probe)) \
    F(int, blkid_probe_lookup_value, (blkid_probe probe, const char* name, const char** value, size_t* size), (probe, name, value, size))

// clang-format on

DLOPEN_LIBRARY_NOTE(kmod, "libkmod.so.2", "required",
                    "Loads drivers' modules and reads their aliases")
DLOPEN_LIBRARY_NOTE(mount, "libmount.so.1", "required", "Finds what is mounted from a device")
DLOPEN_LIBRARY_NOTE(blkid, "libblkid.so.1", "required",
                    "Finds file systems and raid members on a disk")

KMOD_FUNCTIONS(DLOPEN_ADDRESS)
MOUNT_FUNCTIONS(DLOPEN_ADDRESS)
BLKID_FUNCTIONS(DLOPEN_ADDRESS)

constexpr base::DlopenSymbol kKmodSymbols[] = {KMOD_FUNCTIONS(DLOPEN_SYMBOL)};
constexpr base::DlopenSymbol kMountSymbols[] = {MOUNT_FUNCTIONS(DLOPEN_SYMBOL)};
constexpr base::DlopenSymbol kBlkidSymbols[] = {BLKID_FUNCTIONS(DLOPEN_SYMBOL)};

}  // namespace

KMOD_FUNCTIONS(DLOPEN_WRAPPER)
MOUNT_FUNCTIONS(DLOPEN_WRAPPER)
BLKID_FUNCTIONS(DLOPEN_WRAPPER)

namespace sysfs {

base::Result<void> require_library(OptionalLibrary library) {
    switch (library) {
        case OptionalLibrary::kKmod: {
            static const auto kOpened = base::open_library("libkmod.so.2", kKmodSymbols);
            return kOpened;
        }
        case OptionalLibrary::kMount: {
            static const auto kOpened = base::open_library("libmount.so.1", kMountSymbols);
            return kOpened;
        }
        case OptionalLibrary::kBlkid: {
            static const auto kOpened = base::open_library("libblkid.so.1", kBlkidSymbols);
            return kOpened;
        }
    }
    return {};
}

}  // namespace sysfs

#else

base::Result<void> sysfs::require_library(OptionalLibrary /*library*/) {
    return {};
}

#endif
