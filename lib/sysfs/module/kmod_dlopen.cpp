// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libkmod.h>

#include "base/dlopen_wrapper.hpp"

DLOPEN_LIBRARY_NOTE(kmod, "libkmod.so.2", "required",
                    "Loads drivers' modules and reads their aliases")

#define KMOD(RETURN, NAME, PARAMETERS, ARGUMENTS) \
    DLOPEN_WRAPPER("libkmod.so.2", RETURN, NAME, PARAMETERS, ARGUMENTS)

using KmodLogFn = void(void* data, int priority, const char* file, int line, const char* function,
                       const char* format, va_list args);
using KmodInstallFn = int(kmod_module* module, const char* command, void* data);
using KmodPrintFn = void(kmod_module* module, bool install, const char* options);

KMOD(kmod_ctx*, kmod_new, (const char* dir, const char* const* configs), (dir, configs))
KMOD(kmod_ctx*, kmod_unref, (kmod_ctx * context), (context))
KMOD(void, kmod_set_log_fn, (kmod_ctx * context, KmodLogFn* log, const void* data),
     (context, log, data))
KMOD(int, kmod_load_resources, (kmod_ctx * context), (context))
KMOD(kmod_list*, kmod_list_next, (const kmod_list* list, const kmod_list* at), (list, at))
KMOD(int, kmod_module_new_from_name, (kmod_ctx * context, const char* name, kmod_module** out),
     (context, name, out))
KMOD(int, kmod_module_new_from_lookup, (kmod_ctx * context, const char* alias, kmod_list** out),
     (context, alias, out))
KMOD(int, kmod_module_apply_filter,
     (const kmod_ctx* context, kmod_filter filter, const kmod_list* list, kmod_list** out),
     (context, filter, list, out))
KMOD(int, kmod_module_unref_list, (kmod_list * list), (list))
KMOD(kmod_module*, kmod_module_unref, (kmod_module * module), (module))
KMOD(kmod_module*, kmod_module_get_module, (const kmod_list* entry), (entry))
KMOD(const char*, kmod_module_get_name, (const kmod_module* module), (module))
KMOD(const char*, kmod_module_get_path, (const kmod_module* module), (module))
KMOD(int, kmod_module_get_initstate, (const kmod_module* module), (module))
KMOD(int, kmod_module_probe_insert_module,
     (kmod_module * module, unsigned flags, const char* options, KmodInstallFn* run,
      const void* data, KmodPrintFn* print),
     (module, flags, options, run, data, print))
