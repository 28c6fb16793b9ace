// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/try.hpp"
#include "policy/model/diagnostic.hpp"
#include "vfioctl/context/exit_code.hpp"

namespace vfioctl {

/// Why a command failed: printed as `vfioctl: WHAT: WHY` and a line `hint: ...`, below the
/// diagnostics of policy files if those are the cause.
struct Failure {
    ExitCode code = ExitCode::kFailed;
    std::string what;
    std::string why;
    std::string hint;
    std::vector<policy::Diagnostic> diagnostics;
};

template <typename T>
using CliResult = tl::expected<T, Failure>;

[[nodiscard]] tl::unexpected<Failure> fail(ExitCode code, std::string what, std::string why,
                                           std::string hint = {});
/// A library's error; its code decides how the program ends.
[[nodiscard]] tl::unexpected<Failure> fail(const base::Error& error);
/// A library's result as a command's, for TRY.
template <typename T>
[[nodiscard]] CliResult<T> to_cli(base::Result<T> result) {
    if (!result)
        return fail(result.error());
    if constexpr (std::is_void_v<T>)
        return {};
    else
        return *std::move(result);
}
/// Pass a failure on to the caller's caller.
template <typename T>
[[nodiscard]] tl::unexpected<Failure> propagate(const CliResult<T>& failed) {
    return tl::unexpected<Failure>(failed.error());
}

/// What goes to stderr; every line ends in '\n'.
[[nodiscard]] std::string failure_text(const Failure& failure);
/// `{code, text, hint}`, with `exit` (the exit status) and `diagnostics` beside them.
[[nodiscard]] nlohmann::ordered_json failure_json(const Failure& failure);

[[nodiscard]] nlohmann::ordered_json diagnostics_json(
    const std::vector<policy::Diagnostic>& diagnostics);

/// Control characters of what the user or a file gave us become '?': a terminal takes no orders
/// from it.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace vfioctl
