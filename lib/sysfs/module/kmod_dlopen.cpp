// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module/kmod_dlopen.hpp"

#if BINDD_DLOPEN

#include <libkmod.h>

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

// clang-format on

DLOPEN_LIBRARY_NOTE(kmod, "libkmod.so.2", "required",
                    "Loads drivers' modules and reads their aliases")

KMOD_FUNCTIONS(DLOPEN_ADDRESS)

constexpr base::DlopenSymbol kKmodSymbols[] = {KMOD_FUNCTIONS(DLOPEN_SYMBOL)};

}  // namespace

KMOD_FUNCTIONS(DLOPEN_WRAPPER)

base::Result<void> sysfs::require_kmod() {
    static const auto kOpened = base::open_library("libkmod.so.2", kKmodSymbols);
    return kOpened;
}

#else

base::Result<void> sysfs::require_kmod() {
    return {};
}

#endif
