// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "vfio/calls.hpp"
#include "vfio/cap_chain.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

/// An info structure as a kernel call filled it, and the capabilities behind it.
template <typename T>
struct ArgszReply {
    T fixed{};
    std::vector<std::byte> bytes;  ///< the whole buffer, `fixed` in front
};

/// The kernel's argsz protocol. A larger argsz in the answer means that capabilities did not fit,
/// so the call is repeated with that size. The answer may grow between two calls (a device
/// changes), hence a few rounds, not two. `first` carries argsz (set here) and the inputs. `call`
/// is int(void*) and returns 0 or -errno.
template <typename T, typename Call>
[[nodiscard]] Result<ArgszReply<T>> argsz_call(const T& first, Call&& call, std::string operation,
                                               std::string object) {
    constexpr int kRounds = 4;
    constexpr std::size_t kMost = 1024 * 1024;  // no info structure is anywhere near this
    ArgszReply<T> info;
    info.bytes.resize(sizeof(T));
    for (int round = 0; round < kRounds; ++round) {
        T input = first;
        input.argsz = static_cast<std::uint32_t>(info.bytes.size());
        std::memcpy(info.bytes.data(), &input, sizeof input);
        const int answer = call(static_cast<void*>(info.bytes.data()));
        if (answer < 0 && answer != -ENOSPC)
            return fail_call(-answer, std::move(operation), std::move(object));
        std::memcpy(&info.fixed, info.bytes.data(), sizeof info.fixed);
        if (info.fixed.argsz <= info.bytes.size() && answer >= 0)
            return info;
        if (info.fixed.argsz > kMost || info.fixed.argsz <= info.bytes.size())
            break;
        info.bytes.resize(info.fixed.argsz);
        std::fill(info.bytes.begin(), info.bytes.end(), std::byte{0});
    }
    return base::fail(Code::kFailed, std::move(operation), std::move(object),
                      "the kernel keeps asking for a larger buffer");
}

}  // namespace vfio
