// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/cli/invocation.hpp"

#include <algorithm>
#include <utility>

#include "base/join.hpp"
#include "vfioctl/cli/command_options.hpp"
#include "vfioctl/cli/command_table.hpp"
#include "vfioctl/cli/external_verbs.hpp"
#include "vfioctl/cli/option_parser.hpp"

namespace vfioctl {
namespace {

/// Which command a line that does not parse was most likely about.
const Command* likely_command(const std::vector<std::string>& words) {
    for (const std::string& word : words)
        for (const Command& command : commands())
            if (word == command.name)
                return &command;
    return nullptr;
}

bool is_mdev(const Command& command) {
    return command.name.starts_with("mdev ");
}

/// The options of `mdev` are mdevctl's, with other letters and arguments than those of other
/// commands: -p is a parent there. The first word that is neither a global option nor its value
/// decides which options apply.
bool is_about_mdevs(const std::vector<std::string>& words) {
    const auto takes_value = [](const std::string& word) {
        const auto& options = global_options();
        return std::any_of(options.begin(), options.end(), [&](const OptionSpec& spec) {
            return spec.arity != OptionArity::kFlag && word == "--" + std::string(spec.name);
        });
    };
    for (std::size_t i = 0; i < words.size(); i += takes_value(words[i]) ? 2 : 1)
        if (!words[i].starts_with('-'))
            return words[i] == "mdev";
    return false;
}

/// The command that `words` begin with; a name of two words wins over one of one.
CliResult<const Command*> find_command(const std::vector<std::string>& words) {
    std::vector<std::string> names;
    std::vector<std::string> seconds;
    for (const Command& command : commands()) {
        const std::string name(command.name);
        const std::size_t gap = name.find(' ');
        if (words[0] == name ||
            (gap != std::string::npos && words.size() > 1 && words[0] + " " + words[1] == name))
            return &command;
        if (gap != std::string::npos && words[0] == name.substr(0, gap))
            seconds.push_back(name.substr(gap + 1));
        names.push_back(name.substr(0, gap));
    }
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (seconds.empty()) {
        names.emplace_back("help");
        const std::string meant = command_hint(words[0], names);
        return fail(ExitCode::kUsage, words[0], "unknown command",
                    meant.empty() ? help_hint(nullptr) : meant);
    }
    const std::string list = base::join(seconds, ", ");
    if (words.size() == 1)
        return fail(ExitCode::kUsage, words[0], "say what to do", "one of: " + list);
    const std::string meant = command_hint(words[0] + " " + words[1], seconds);
    return fail(ExitCode::kUsage, words[0] + " " + words[1], "unknown command",
                meant.empty() ? "one of: " + list : meant);
}

/// `COMMAND --help` and `help COMMAND`: of the program, a family ("policy"), or a command.
CliResult<Invocation> find_help(const std::vector<std::string>& words) {
    Invocation out;
    out.kind = Invocation::InvocationKind::kHelp;
    if (words.empty())
        return out;
    if (words.size() == 1 && !family(words[0]).empty()) {
        out.family = words[0];
        return out;
    }
    out.command = TRY(find_command(words));
    return out;
}

CliResult<GlobalOptions> parse_global_options(const Arguments& arguments) {
    GlobalOptions out;
    if (arguments.has("json"))
        out.format = Format::kJson;
    if (arguments.has("direct"))
        out.transport = Transport::kDirect;
    out.policies = arguments.all("policy");
    for (const std::string& path : out.policies)
        if (path.empty())
            return fail(ExitCode::kUsage, "--policy", "needs a file or directory");
    if (const auto root = arguments.one("root")) {
        if (root->empty())
            return fail(ExitCode::kUsage, "--root", "needs a directory");
        out.root.prefix = root->substr(0, root->find_last_not_of('/') + 1);
    }
    if (const auto when = arguments.one("color")) {
        if (*when != "auto" && *when != "always" && *when != "never")
            return fail(ExitCode::kUsage, "--color " + *when, "unknown value",
                        "one of: auto, always, never");
        out.color = *when == "auto"     ? Color::kAuto
                    : *when == "always" ? Color::kAlways
                                        : Color::kNever;
    }
    return out;
}

CliResult<void> check_words(const Command& command, const Arguments& arguments) {
    const std::string name(command.name);
    const std::size_t count = arguments.words.size();
    const std::string usage =
        "usage: vfioctl " + name + (command.words.empty() ? "" : " " + std::string(command.words));
    if (count < command.least)
        return fail(ExitCode::kUsage, name, "needs " + std::string(command.words), usage);
    if (command.most != kAnyNumber && count > command.most)
        return fail(ExitCode::kUsage, name, "unexpected '" + arguments.words[command.most] + "'",
                    usage);
    for (const std::string& word : arguments.words)
        if (word.empty())
            return fail(ExitCode::kUsage, name, "an argument is empty", usage);
    return {};
}

}  // namespace

CliResult<Invocation> parse_command_line(const std::vector<std::string>& words) {
    std::vector<const Command*> every;
    const bool about_mdevs = is_about_mdevs(words);
    for (const Command& command : commands())
        if (is_mdev(command) == about_mdevs)
            every.push_back(&command);
    auto loose = TRY(parse_options(merged_options(every), words, likely_command(words)));
    Invocation out;
    if (loose.has("version")) {
        out.kind = Invocation::InvocationKind::kShowVersion;
        return out;
    }
    const bool help_word = !loose.words.empty() && loose.words[0] == "help";
    if (help_word)
        loose.words.erase(loose.words.begin());
    if (help_word || loose.has("help"))
        return find_help(loose.words);
    if (loose.words.empty())
        return fail(ExitCode::kUsage, "", "no command given", help_hint(nullptr));
    out.command = TRY(find_command(loose.words));
    auto arguments = TRY(parse_options(merged_options({out.command}), words, out.command));
    const auto name_words = 1 + std::count(out.command->name.begin(), out.command->name.end(), ' ');
    arguments.words.erase(arguments.words.begin(), arguments.words.begin() + name_words);
    auto global = TRY(parse_global_options(arguments));
    TRY(check_words(*out.command, arguments));
    out.global = std::move(global);
    out.arguments = std::move(arguments);
    return out;
}

bool asks_for_json(const std::vector<std::string>& words) {
    return std::find(words.begin(), std::find(words.begin(), words.end(), "--"), "--json") !=
           std::find(words.begin(), words.end(), "--");
}

}  // namespace vfioctl
