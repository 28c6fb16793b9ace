// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/options.hpp"

#include <gtest/gtest.h>

namespace bindd {
namespace {

std::variant<CommandLine, Words> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "bindd");
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    return parse_command_line(static_cast<int>(words.size()), argv.data());
}

std::string wrong(const std::vector<std::string>& words) {
    const auto parsed = parse(words);
    const auto* said = std::get_if<Words>(&parsed);
    return said != nullptr && said->kind == Words::Kind::kWrongUsage ? said->text : "accepted";
}

TEST(DaemonOptions, TakeTheStandardPlacesUnlessTold) {
    const auto plain = std::get<CommandLine>(parse({}));
    EXPECT_EQ(plain.daemon.policies,
              (std::vector<std::string>{"/usr/lib/bindd/policies.d", "/run/bindd/policies.d",
                                        "/etc/bindd/policies.d"}));
    EXPECT_EQ(plain.bus, "system");
    EXPECT_EQ(plain.daemon.executor, "");
    EXPECT_EQ(plain.part, CommandLine::Part::kDaemon);
    const auto served = std::get<CommandLine>(parse({"--serve-as-executor"}));
    EXPECT_EQ(served.part, CommandLine::Part::kExecutor);
    EXPECT_EQ(std::get<CommandLine>(parse({"--executor", "/run/x"})).daemon.executor, "/run/x");
    const auto told = std::get<CommandLine>(
        parse({"--policy", "/a", "--policy=/b", "--bus", "none", "--timeout", "5"}));
    EXPECT_EQ(told.daemon.policies, (std::vector<std::string>{"/a", "/b"}));
    EXPECT_EQ(told.bus, "none");
    EXPECT_EQ(told.daemon.timeout, std::chrono::seconds(5));
}

TEST(DaemonOptions, SayWhatIsWrong) {
    EXPECT_EQ(wrong({"--timeout", "0"}),
              "bindd: --timeout 0: not a number of seconds\nhint: bindd --help\n");
    EXPECT_EQ(wrong({"--timeout", "5s"}),
              "bindd: --timeout 5s: not a number of seconds\nhint: bindd --help\n");
    EXPECT_EQ(wrong({"--polcy"}),
              "bindd: --polcy: unknown option, or its value is missing\nhint: bindd --help\n");
    EXPECT_EQ(wrong({"word"}), "bindd: word: takes no words\nhint: bindd --help\n");
}

}  // namespace
}  // namespace bindd
