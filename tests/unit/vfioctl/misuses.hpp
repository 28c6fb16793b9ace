// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

namespace tests {

/// A command line that is wrong, with the exit status and the whole of stderr it deserves. "@" stands for
/// the made-up host's directory.
struct Misuse {
    int status;
    std::vector<std::string> arguments;
    std::string says;
};

[[nodiscard]] const std::vector<Misuse>& misuses();

}  // namespace tests
