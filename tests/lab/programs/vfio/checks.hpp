// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "vfio/calls.hpp"

/// The results of a lab program, printed like those of check.sh: "ok" or "not ok", and why.
class Checks {
  public:
    void that(bool holds, const std::string& sentence, const std::string& why = {}) {
        failures_ += holds ? 0 : 1;
        std::printf("%s - %s\n", holds ? "ok" : "not ok", sentence.c_str());
        if (!holds && !why.empty())
            std::printf("#   %s\n", why.c_str());
        std::fflush(stdout);
    }
    template <typename T>
    bool works(const vfio::Result<T>& result, const std::string& sentence) {
        that(result.has_value(), sentence,
             result ? "" : result.error().text() + " [" + result.error().hint + "]");
        return result.has_value();
    }
    template <typename T>
    void fails(int errnum, const vfio::Result<T>& result, const std::string& sentence) {
        that(!result && result.error().errnum == errnum, sentence,
             result ? "it worked" : result.error().text() + " [" + result.error().hint + "]");
    }
    [[nodiscard]] int status() const { return failures_ == 0 ? 0 : 1; }

  private:
    int failures_ = 0;
};

/// Memory of this process, aligned to `alignment`, written to so that it is allocated. `advice` is
/// madvise's, given before.
inline std::uint64_t memory(std::uint64_t length, std::uint64_t alignment = 4096,
                            int advice = MADV_NORMAL) {
    auto* raw = static_cast<char*>(::mmap(nullptr, length + alignment, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    const auto start = (reinterpret_cast<std::uint64_t>(raw) + alignment - 1) & ~(alignment - 1);
    if (advice != MADV_NORMAL)
        ::madvise(reinterpret_cast<void*>(start), length, advice);
    for (std::uint64_t at = 0; at < length; at += 4096)
        *reinterpret_cast<volatile char*>(start + at) = 1;
    return start;
}
