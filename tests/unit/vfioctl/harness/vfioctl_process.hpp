// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

namespace tests {

/// What a run of the real binary printed and how it ended.
struct ProcessOutput {
    int status = -1;  ///< exit status; 128 + N for signal N
    std::string out;
    std::string err;
};

/// Runs vfioctl with these arguments in this directory, nothing on stdin, and only these variables
/// in its environment beside PATH. Not through a shell.
[[nodiscard]] ProcessOutput run_vfioctl(const std::vector<std::string>& arguments,
                                        const std::string& directory = ".",
                                        const std::vector<std::string>& environment = {"LC_ALL=C"});

}  // namespace tests
