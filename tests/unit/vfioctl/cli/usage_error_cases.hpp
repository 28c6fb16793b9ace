// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

namespace tests {

/// A command line that is wrong, with the exit status and the whole of stderr it deserves. "@"
/// stands for the made-up host's directory.
struct UsageErrorCase {
    int status;
    std::vector<std::string> arguments;
    std::string expected_stderr;
};

[[nodiscard]] const std::vector<UsageErrorCase>& usage_error_cases();

}  // namespace tests
