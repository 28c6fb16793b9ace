// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bindd/bus/bus_error.hpp"
#include "bindd/controller/job.hpp"

namespace bindd {

/// The value of one option as it came; anything that no option takes is kept by its D-Bus type
/// alone.
struct OtherType {
    std::string signature;
};
using MethodOptionValue =
    std::variant<bool, double, std::string, std::vector<std::string>, OtherType>;
using MethodOptions = std::map<std::string, MethodOptionValue>;

/// What the options of a method come to, once every key is known, every type right and every word
/// one that there is. kOptionNotPermitted otherwise.
[[nodiscard]] BusResult<JobRequest> parse_bind_options(const MethodOptions& options);
[[nodiscard]] BusResult<JobRequest> parse_job_options(
    JobKind kind, const MethodOptions& options);  ///< timeout, dry-run
/// As Bind, but it is carried out in any case.
[[nodiscard]] BusResult<JobRequest> parse_claim_options(const MethodOptions& options);
[[nodiscard]] BusResult<std::string> parse_open_options(const MethodOptions& options);
/// The texts of the one option there is, none when it is absent.
[[nodiscard]] BusResult<std::vector<std::string>> read_text_list(const MethodOptions& options,
                                                                 std::string_view key);
[[nodiscard]] bool has_force(const MethodOptions& options);

}  // namespace bindd
