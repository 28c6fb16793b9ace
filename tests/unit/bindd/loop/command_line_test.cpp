// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/command_line.hpp"

#include <gtest/gtest.h>

#include "tests/fake/temp_dir.hpp"

namespace bindd {
namespace {

std::variant<CommandLine, EarlyExit> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "bindd");
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    return parse_command_line(static_cast<int>(words.size()), argv.data());
}

std::string usage_error(const std::vector<std::string>& words) {
    const auto parsed = parse(words);
    const auto* said = std::get_if<EarlyExit>(&parsed);
    return said != nullptr && said->kind == EarlyExit::ExitKind::kWrongUsage ? said->text
                                                                             : "accepted";
}

TEST(DaemonOptions, DefaultToTheStandardDirectories) {
    const auto plain = std::get<CommandLine>(parse({}));
    EXPECT_EQ(plain.daemon.policies,
              (std::vector<std::string>{"/usr/lib/bindd/policies.d", "/run/bindd/policies.d",
                                        "/etc/bindd/policies.d"}));
    EXPECT_EQ(plain.bus, "system");
    EXPECT_EQ(plain.daemon.executor, "");
    EXPECT_EQ(plain.role, CommandLine::Role::kDaemon);
    const auto served = std::get<CommandLine>(parse({"--serve-as-executor"}));
    EXPECT_EQ(served.role, CommandLine::Role::kExecutor);
    EXPECT_EQ(std::get<CommandLine>(parse({"--is-enabled"})).role, CommandLine::Role::kIsEnabled);
    EXPECT_EQ(std::get<CommandLine>(parse({"--executor", "/run/x"})).daemon.executor, "/run/x");
    const auto parsed = std::get<CommandLine>(
        parse({"--policy", "/a", "--policy=/b", "--bus", "none", "--timeout", "5"}));
    EXPECT_EQ(parsed.daemon.policies, (std::vector<std::string>{"/a", "/b"}));
    EXPECT_EQ(parsed.bus, "none");
    EXPECT_EQ(parsed.daemon.timeout, std::chrono::seconds(5));
    EXPECT_EQ(parsed.daemon.apply_mode, ApplyMode::kAutomatic);
    EXPECT_EQ(std::get<CommandLine>(parse({"--apply", "manual"})).daemon.apply_mode,
              ApplyMode::kManual);
}

TEST(DaemonOptions, SayWhatIsWrong) {
    EXPECT_EQ(usage_error({"--timeout", "0"}),
              "bindd: --timeout 0: not a number of seconds\nhint: bindd --help\n");
    EXPECT_EQ(usage_error({"--timeout", "5s"}),
              "bindd: --timeout 5s: not a number of seconds\nhint: bindd --help\n");
    EXPECT_EQ(usage_error({"--apply", "never"}),
              "bindd: --apply never: neither automatic nor manual\nhint: bindd --help\n");
    EXPECT_EQ(usage_error({"--polcy"}),
              "bindd: --polcy: unknown option, or its value is missing\nhint: bindd --help\n");
    EXPECT_EQ(usage_error({"word"}), "bindd: word: takes no words\nhint: bindd --help\n");
}

TEST(DaemonOptions, MayLackTheStandardDirectoriesButNotANamedOne) {
    const fake::TempDir dir;
    EXPECT_TRUE(check_named_policies(std::get<CommandLine>(parse({})).daemon.policies));
    EXPECT_TRUE(check_named_policies({dir.path()}));
    const auto missing = check_named_policies({dir.path(), dir.path() + "/none"});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().text(),
              "--policy " + dir.path() + "/none: No such file or directory");
}

}  // namespace
}  // namespace bindd
