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
#include "base/utf8.hpp"
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

/// What devices, users and files gave us is shown through it: a terminal takes no orders from them.
using base::printable;
/// The same for a text of several lines (diagnostics of policy files, errors of the daemon), which
/// it keeps; the last one ends in '\n' as well.
[[nodiscard]] std::string whole_lines(std::string_view text);

}  // namespace vfioctl
