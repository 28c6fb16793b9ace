// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module/kmod_context.hpp"

#include <cerrno>

#include "base/try.hpp"
#include "sysfs/module/kmod_dlopen.hpp"

namespace sysfs {
namespace {

void discard_log(void* /*data*/, int /*priority*/, const char* /*file*/, int /*line*/,
                 const char* /*function*/, const char* /*format*/, va_list /*args*/) {}

}  // namespace

base::Result<KmodContext> open_kmod(const std::string& dir, KmodConfiguration configuration) {
    TRY(require_kmod());
    const char* const none[] = {nullptr};
    KmodContext context(kmod_new(dir.empty() ? nullptr : dir.c_str(),
                                 configuration == KmodConfiguration::kNone ? none : nullptr));
    if (!context)
        return base::fail_errno(ENOMEM, {}, "libkmod");
    kmod_set_log_fn(context.get(), discard_log, nullptr);
    return context;
}

}  // namespace sysfs
