// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fake/temp_dir.hpp"
#include "tests/unit/vfioctl/hosts.hpp"
#include "tests/unit/vfioctl/misuses.hpp"
#include "tests/unit/vfioctl/program.hpp"

/// What users get wrong: each ends with the right status, one line that says what is wrong and one that helps,
/// and nothing on stdout.
namespace tests {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out = "vfioctl";
    for (const std::string& word : words)
        out += " '" + word + "'";
    return out;
}

TEST(Misuse, EndsWithTheRightStatusAndOneHelpfulLine) {
    const fake::TempDir root;
    write_workstation(root.path());
    ASSERT_GE(misuses().size(), 40U);
    for (const Misuse& misuse : misuses()) {
        std::vector<std::string> arguments;
        for (const std::string& word : misuse.arguments)
            arguments.push_back(replaced(word, "@", root.path()));
        const Ran ran = run_vfioctl(arguments);
        EXPECT_EQ(ran.status, misuse.status) << joined(misuse.arguments);
        EXPECT_EQ(ran.out, "") << joined(misuse.arguments);
        EXPECT_EQ(replaced(ran.err, root.path(), "@"), misuse.says) << joined(misuse.arguments);
        EXPECT_LE(std::count(ran.err.begin(), ran.err.end(), '\n'), 2) << ran.err;
    }
}

}  // namespace
}  // namespace tests
