// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <libkmod.h>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace sysfs {

struct KmodUnref {
    void operator()(kmod_ctx* context) const { kmod_unref(context); }
    void operator()(kmod_module* module) const { kmod_module_unref(module); }
    void operator()(kmod_list* list) const { kmod_module_unref_list(list); }
};
using KmodContext = std::unique_ptr<kmod_ctx, KmodUnref>;
using KmodModule = std::unique_ptr<kmod_module, KmodUnref>;
using KmodList = std::unique_ptr<kmod_list, KmodUnref>;

template <typename Visit>
void for_each_module(const KmodList& list, Visit visit) {
    for (kmod_list* item = list.get(); item != nullptr; item = kmod_list_next(list.get(), item)) {
        const KmodModule module(kmod_module_get_module(item));
        visit(module.get());
    }
}

/// Which of modprobe's configuration libkmod reads.
enum class KmodConfiguration {
    kHost,  ///< this machine's files and kernel command line
    kNone,
};

/// libkmod for the modules in `dir` (empty: of the running kernel). It writes no log: libraries do
/// not print. Fails where libkmod is not installed.
[[nodiscard]] base::Result<KmodContext> open_kmod(const std::string& dir,
                                                  KmodConfiguration configuration);

}  // namespace sysfs
