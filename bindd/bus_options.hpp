// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bindd/bus_fault.hpp"
#include "bindd/job.hpp"

namespace bindd {

/// The value of one option as it came; anything that no option takes is kept by its D-Bus type alone.
struct OtherType {
    std::string signature;
};
using OptionValue = std::variant<bool, double, std::string, std::vector<std::string>, OtherType>;
using Options = std::map<std::string, OptionValue>;

/// What the options of a method come to, once every key is known, every type right and every word one that
/// there is. kOptionNotPermitted otherwise.
[[nodiscard]] Answer<Request> bind_request(const Options& options);
[[nodiscard]] Answer<Request> plain_request(JobKind kind, const Options& options);  ///< timeout, dry-run
/// As Bind, but it is carried out in any case.
[[nodiscard]] Answer<Request> claim_request(const Options& options);
[[nodiscard]] Answer<std::string> open_backend(const Options& options);
/// The texts of the one option there is, none when it is absent.
[[nodiscard]] Answer<std::vector<std::string>> only_texts(const Options& options, std::string_view key);
[[nodiscard]] bool forces(const Options& options);

}  // namespace bindd
