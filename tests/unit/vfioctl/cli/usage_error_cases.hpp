// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

namespace tests {

/// A wrong command line, with its exit status and all of its stderr. "@" is the directory of the
/// sample host.
struct UsageErrorCase {
    int status;
    std::vector<std::string> arguments;
    std::string expected_stderr;
};

[[nodiscard]] const std::vector<UsageErrorCase>& usage_error_cases();

}  // namespace tests
