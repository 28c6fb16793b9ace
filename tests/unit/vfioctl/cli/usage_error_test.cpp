// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fake/temp_dir.hpp"
#include "tests/unit/vfioctl/cli/usage_error_cases.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"

/// Wrong command lines: each ends with the right status, one line with the error, one with a hint,
/// and nothing on stdout.
namespace tests {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out = "vfioctl";
    for (const std::string& word : words)
        out += " '" + word + "'";
    return out;
}

TEST(UsageError, EndsWithTheRightStatusAndOneHelpfulLine) {
    const fake::TempDir root;
    write_workstation(root.path());
    ASSERT_GE(usage_error_cases().size(), 40U);
    for (const UsageErrorCase& usage_error : usage_error_cases()) {
        std::vector<std::string> arguments;
        for (const std::string& word : usage_error.arguments)
            arguments.push_back(replaced(word, "@", root.path()));
        const ProcessOutput output = run_vfioctl(arguments);
        EXPECT_EQ(output.status, usage_error.status) << joined(usage_error.arguments);
        EXPECT_EQ(output.out, "") << joined(usage_error.arguments);
        EXPECT_EQ(replaced(output.err, root.path(), "@"), usage_error.expected_stderr)
            << joined(usage_error.arguments);
        EXPECT_LE(std::count(output.err.begin(), output.err.end(), '\n'), 2) << output.err;
    }
}

}  // namespace
}  // namespace tests
