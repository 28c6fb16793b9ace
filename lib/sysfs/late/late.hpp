// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>

/// A function of a shared library that is opened at the first call, not at the program's start: `vfioctl
/// list` needs neither libkmod nor libmount, and libkmod alone brings libcrypto, whose relocations took
/// four fifths of the start. The callers use the library's own header and know nothing of it. A library
/// that is not there ends the program as the loader would, in its words and with its exit status: a
/// host whose mounts cannot be read must not look as if it had none.
namespace sysfs::late {

template <typename Function>
[[nodiscard]] Function* function(const char* library, const char* name) {
    void* const handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void* const found = handle == nullptr ? nullptr : ::dlsym(handle, name);
    if (found == nullptr) {
        constexpr int kLoadersStatus = 127;
        std::fprintf(stderr, "error while loading shared libraries: %s\n", ::dlerror());
        ::_exit(kLoadersStatus);
    }
    return reinterpret_cast<Function*>(found);
}

}  // namespace sysfs::late

/// Defines NAME, as its library's header declares it.
#define SYSFS_LATE(LIBRARY, RETURN, NAME, PARAMETERS, ARGUMENTS)                      \
    extern "C" __attribute__((visibility("hidden"))) RETURN NAME PARAMETERS {         \
        static auto* const call = sysfs::late::function<decltype(NAME)>(LIBRARY, #NAME); \
        return call ARGUMENTS;                                                        \
    }
