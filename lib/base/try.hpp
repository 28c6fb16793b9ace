// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

/// Result propagation. Not installed: the macro is not part of the API of lib/vfio.
namespace base::detail {

/// The value of a successful result, moved out; nothing for a result without one.
template <typename Expected>
auto take_value(Expected&& result) {
    if constexpr (!std::is_void_v<typename std::remove_cvref_t<Expected>::value_type>)
        return *std::forward<Expected>(result);
}

}  // namespace base::detail

/// Evaluates an expression of type tl::expected. On success its value is the value of the macro; on
/// failure the enclosing function returns the error:
///
/// const Inventory inventory = TRY(kernel.inventory({})); TRY(journal.append(record));
///
/// A statement expression of g++ and clang. It can be nested, so its variable may shadow another.
// clang-format off
#define TRY(...)                                                                              \
    __extension__({                                                                           \
        _Pragma("GCC diagnostic push")                                                        \
        _Pragma("GCC diagnostic ignored \"-Wshadow\"")                                        \
        auto&& try_result_ = (__VA_ARGS__);                                                   \
        _Pragma("GCC diagnostic pop")                                                         \
        if (!try_result_)                                                                     \
            return tl::unexpected(std::forward<decltype(try_result_)>(try_result_).error());  \
        base::detail::take_value(std::forward<decltype(try_result_)>(try_result_));           \
    })
// clang-format on
