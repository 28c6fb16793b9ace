// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/cli/invocation.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "vfioctl/cli/command_options.hpp"
#include "vfioctl/cli/command_table.hpp"
#include "vfioctl/cli/help.hpp"
#include "vfioctl/context/option_values.hpp"
#include "vfioctl/render/list_columns.hpp"

namespace vfioctl {
namespace {

using std::chrono::milliseconds;

Invocation parsed(const std::vector<std::string>& words) {
    auto invocation = parse_command_line(words);
    EXPECT_TRUE(invocation) << invocation.error().why;
    return invocation ? *invocation : Invocation{};
}

Failure refused(const std::vector<std::string>& words) {
    const auto invocation = parse_command_line(words);
    EXPECT_FALSE(invocation);
    return invocation ? Failure{} : invocation.error();
}

TEST(Options, StandBeforeOrAfterTheCommand) {
    const Invocation before =
        parsed({"--json", "--dry-run", "--driver", "vfio-pci", "bind", "eth0"});
    const Invocation after = parsed({"bind", "eth0", "--driver=vfio-pci", "--dry-run", "--json"});
    for (const Invocation& invocation : {before, after}) {
        EXPECT_EQ(invocation.command->name, "bind");
        EXPECT_EQ(invocation.global.format, Format::kJson);
        EXPECT_EQ(invocation.arguments.words, std::vector<std::string>{"eth0"});
        EXPECT_TRUE(invocation.arguments.has("dry-run"));
        EXPECT_EQ(invocation.arguments.one("driver"), "vfio-pci");
    }
}

TEST(Options, TakeTheCommandsOfTwoWords) {
    const Invocation invocation = parsed({"policy", "--json", "check", "a.yaml", "b.yaml"});
    EXPECT_EQ(invocation.command->name, "policy check");
    EXPECT_EQ(invocation.arguments.words, (std::vector<std::string>{"a.yaml", "b.yaml"}));
}

TEST(Options, ShortOnesMayStickTogether) {
    const Invocation invocation = parsed({"list", "-anoADDRESS", "-o", "+STATE"});
    EXPECT_TRUE(invocation.arguments.has("all"));
    EXPECT_TRUE(invocation.arguments.has("noheadings"));
    EXPECT_EQ(invocation.arguments.all("output"), (std::vector<std::string>{"ADDRESS", "+STATE"}));
}

TEST(Options, WordsBehindTwoDashesAreNoOptions) {
    EXPECT_EQ(parsed({"show", "--", "--json"}).arguments.words, std::vector<std::string>{"--json"});
    EXPECT_FALSE(asks_for_json({"show", "--", "--json"}));
    EXPECT_TRUE(asks_for_json({"show", "--json", "--"}));
}

TEST(Options, AnAbbreviationIsNotGuessed) {
    EXPECT_EQ(refused({"list", "--js"}).why, "unknown option");
    EXPECT_EQ(refused({"plan", "--detailed"}).hint, "did you mean '--detailed-exitcode'?");
}

TEST(Options, HelpAndVersionNeedNothingElse) {
    EXPECT_EQ(parsed({"--help"}).kind, Invocation::InvocationKind::kHelp);
    EXPECT_EQ(parsed({"--version", "frobnicate"}).kind, Invocation::InvocationKind::kShowVersion);
    const Invocation of_bind = parsed({"bind", "-h"});
    EXPECT_EQ(of_bind.kind, Invocation::InvocationKind::kHelp);
    EXPECT_EQ(of_bind.command->name, "bind");
}

TEST(Options, AFamilyHasHelpAndHelpIsACommand) {
    for (const char* family : {"policy", "export", "import", "mdev"}) {
        EXPECT_EQ(parsed({family, "--help"}).family, family);
        EXPECT_EQ(parsed({"help", family}).family, family);
    }
    EXPECT_EQ(parsed({"help"}).command, nullptr);
    EXPECT_EQ(parsed({"help", "policy", "check"}).command->name, "policy check");
    EXPECT_EQ(parsed({"help", "bind"}).kind, Invocation::InvocationKind::kHelp);
    EXPECT_EQ(refused({"help", "bnd"}).hint, "did you mean 'bind'?");
    EXPECT_NE(family_help("policy").find("policy check [PATH...]"), std::string::npos);
    for (const ListColumn& column : list_columns())
        EXPECT_NE(command_help(*parsed({"list"}).command).find(column.help), std::string::npos);
}

// `unbind` is one letter from `bind` and means the opposite.
TEST(Options, VerbsOfOtherToolsNameTheCommandThatDoesTheSame) {
    const std::map<std::string, std::string> commands = {{"unbind", "release"},
                                                         {"unbnd", "release"},
                                                         {"un-bind", "release"},
                                                         {"reattach", "release"},
                                                         {"unset-override", "release"},
                                                         {"nodedev-reattach", "release"},
                                                         {"set-override", "bind"},
                                                         {"nodedev-detach", "bind"},
                                                         {"ls", "list"},
                                                         {"lspci", "list"},
                                                         {"list-devices", "list"},
                                                         {"nodedev-list", "list"},
                                                         {"--unbind", "release"},
                                                         {"--bind", "bind"},
                                                         {"start", "mdev start"},
                                                         {"nodedev-destroy", "mdev stop"}};
    for (const auto& [verb, command] : commands)
        EXPECT_TRUE(refused({verb, "01:00.0"}).hint.starts_with("did you mean '" + command + "'?"))
            << verb << ": " << refused({verb, "01:00.0"}).hint;
    EXPECT_EQ(refused({"mdev", "create"}).hint, "did you mean 'mdev start'?");
    EXPECT_NE(refused({"attach", "01:00.0"}).hint.find("release returns it"), std::string::npos);
    for (const char* verb : {"detach", "attach", "rebind"}) {
        EXPECT_NE(refused({verb}).hint.find("bind gives"), std::string::npos) << verb;
        EXPECT_NE(refused({verb}).hint.find("release returns"), std::string::npos) << verb;
    }
}

TEST(Options, TheRootLosesItsTrailingSlashes) {
    EXPECT_EQ(parsed({"list", "--root", "/tmp/host//"}).global.root.prefix, "/tmp/host");
    EXPECT_TRUE(parsed({"list", "--root", "/"}).global.root.is_live());
}

TEST(Options, ATimeoutIsANumberOfSeconds) {
    const auto of = [](const std::string& text) {
        return parse_timeout(parsed({"apply", "--timeout=" + text}).arguments, milliseconds(1));
    };
    EXPECT_EQ(*of("30"), milliseconds(30'000));
    EXPECT_EQ(*of("0.25"), milliseconds(250));
    for (const char* wrong : {"0", "-1", "nan", "inf", "5s", "1e9", "0x10", " 5"})
        EXPECT_FALSE(of(wrong)) << wrong;
    EXPECT_EQ(*parse_timeout({}, milliseconds(7)), milliseconds(7));
}

TEST(Options, CommasSeparateAndEmptyPartsStay) {
    EXPECT_EQ(split_commas({"a,b", "c"}), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(split_commas({",a"}), (std::vector<std::string>{"", "a"}));
}

void expect_one_meaning_each(const std::vector<OptionSpec>& options) {
    std::map<std::string_view, OptionArity> takes;
    std::map<char, std::string_view> letters;
    for (const OptionSpec& option : options) {
        EXPECT_EQ(takes.emplace(option.name, option.arity).first->second, option.arity)
            << option.name;
        EXPECT_EQ(option.argument.empty(), option.arity == OptionArity::kFlag) << option.name;
        if (option.letter != '\0') {
            EXPECT_EQ(letters.emplace(option.letter, option.name).first->second, option.name);
        }
    }
}

// What the two-stage parse rests on. The options of `mdev` are mdevctl's and never parsed with
// others.
TEST(CommandTable, AnOptionTakesTheSameInEveryCommand) {
    std::vector<OptionSpec> ours = global_options();
    std::vector<OptionSpec> mdevctls = global_options();
    for (const Command& command : commands()) {
        auto& all = command.name.starts_with("mdev ") ? mdevctls : ours;
        all.insert(all.end(), command.options.begin(), command.options.end());
    }
    expect_one_meaning_each(ours);
    expect_one_meaning_each(mdevctls);
}

// -p is --persist elsewhere and takes no value; behind `mdev` it is mdevctl's, wherever the global
// options are.
TEST(Options, BehindMdevAreMdevctls) {
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"mdev", "list", "-p", "mtty", "-d"},
          {"--root", "/mdev", "mdev", "list", "-dp", "mtty"},
          {"--json", "mdev", "list", "--parent=mtty", "--defined"}}) {
        const auto invocation = parse_command_line(words);
        ASSERT_TRUE(invocation) << invocation.error().why;
        EXPECT_EQ(invocation->command->name, "mdev list");
        EXPECT_EQ(invocation->arguments.one("parent"), "mtty");
        EXPECT_TRUE(invocation->arguments.has("defined"));
    }
}

TEST(CommandTable, NamesAreUniqueAndEveryCommandRuns) {
    std::set<std::string_view> names;
    for (const Command& command : commands()) {
        EXPECT_TRUE(names.insert(command.name).second) << command.name;
        EXPECT_NE(command.run, nullptr) << command.name;
        EXPECT_LE(command.least, command.most) << command.name;
    }
}

}  // namespace
}  // namespace vfioctl
