// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/dlopen.hpp"

#include <dlfcn.h>

#include <vector>

namespace base {

Result<void> open_library(const char* soname, std::span<const DlopenSymbol> symbols) {
    void* const handle = ::dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    std::vector<void*> addresses;
    for (const DlopenSymbol& symbol : symbols) {
        void* const address = handle == nullptr ? nullptr : ::dlsym(handle, symbol.name);
        if (address == nullptr)
            return fail(Code::kUnsupported, {}, {}, ::dlerror());
        addresses.push_back(address);
    }
    for (std::size_t at = 0; at < symbols.size(); ++at)
        symbols[at].set(addresses[at]);
    return {};
}

}  // namespace base
