// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/cli/mdevctl_program.hpp"

#include <array>
#include <cstring>
#include <optional>
#include <ostream>

#include "binding/mdevctl/mdev_start.hpp"
#include "vfioctl/cli/option_parser.hpp"
#include "vfioctl/mdev/mdev_verbs.hpp"
#include "vfioctl/version.hpp"

/// A drop-in replacement for mdevctl, as libvirt and scripts call it: `--opt=value`, `-p=value`,
/// JSON on /dev/stdin, text with the newline that mdevctl adds, "Error: ..." and status 1, usage
/// and status 2. Only the words of warnings differ.
namespace vfioctl {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct Subcommand {
    const char* name;
    MdevVerb verb;
    const char* summary;
};
constexpr std::array kVerbs = {
    Subcommand{"define", MdevVerb::kDefine, "Define a persistent mediated device"},
    Subcommand{"list", MdevVerb::kList, "List mediated devices"},
    Subcommand{"modify", MdevVerb::kModify, "Modify the definition of a mediated device"},
    Subcommand{"start", MdevVerb::kStart, "Start a mediated device"},
    Subcommand{"stop", MdevVerb::kStop, "Stop a mediated device"},
    Subcommand{"types", MdevVerb::kTypes, "List available mediated device types"},
    Subcommand{"undefine", MdevVerb::kUndefine, "Undefine a persistent mediated device"},
};
/// What mdevctl's udev rule calls when a parent appears.
constexpr const char* kStartParent = "start-parent-mdevs";

std::string usage_text() {
    std::string out = "mdevctl, by vfioctl " + std::string(kVersion) +
                      "\nMediated devices as mdevctl has them\n\nUSAGE:\n    mdevctl "
                      "<SUBCOMMAND>\n\nSUBCOMMANDS:\n";
    for (const Subcommand& each : kVerbs) {
        std::string name = each.name;
        name.resize(12, ' ');
        out += "    " + name + each.summary + "\n";
    }
    return out;
}

std::string subcommand_help(const Subcommand& verb) {
    std::string out = std::string("mdevctl ") + verb.name + "\n" + verb.summary + "\n\nOPTIONS:\n";
    for (const OptionSpec& option : mdev_options(verb.verb)) {
        std::string left = option.letter == '\0' ? "    " : std::string("-") + option.letter + ", ";
        left += "--" + std::string(option.name);
        if (!option.argument.empty())
            left += " <" + std::string(option.argument) + ">";
        left.resize(std::max<std::size_t>(left.size() + 2, 30), ' ');
        out += "    " + left + std::string(option.help) + "\n";
    }
    return out;
}

int print_usage_error(CliContext& cli, const std::string& what) {
    cli.err << "error: " << printable(what) << "\n\nFor more information try --help\n";
    return kUsage;
}

int print_mdevctl_error(CliContext& cli, const base::Error& error) {
    cli.err << "Error: " << base::printable_lines(error.text()) << "\n";
    if (error.errnum != 0 && !error.reason.empty())
        cli.err << "\nCaused by:\n    " << std::strerror(error.errnum) << " (os error "
                << error.errnum << ")\n";
    return kFailed;
}

/// "-p=mtty" is "-p mtty" to mdevctl.
std::vector<std::string> without_short_equals(const std::vector<std::string>& words) {
    std::vector<std::string> out;
    for (const std::string& word : words) {
        const bool is_short = word.size() > 3 && word[0] == '-' && word[1] != '-' && word[2] == '=';
        out.push_back(is_short ? word.substr(0, 2) : word);
        if (is_short)
            out.push_back(word.substr(3));
    }
    return out;
}

CliResult<Arguments> parse(MdevVerb verb, const std::vector<std::string>& words) {
    std::vector<OptionSpec> specs = mdev_options(verb);
    specs.push_back({"help", 'h', OptionArity::kFlag, "", ""});
    auto arguments = parse_options(specs, without_short_equals(words), nullptr);
    if (!arguments || arguments->has("help"))
        return arguments;
    if (!arguments->words.empty())
        return fail(ExitCode::kUsage, arguments->words.front(), "was not expected here");
    TRY(check_mdev_options(verb, *arguments));
    return arguments;
}

int run_subcommand(CliContext& cli, const Subcommand& subcommand,
                   const std::vector<std::string>& words) {
    const auto arguments = parse(subcommand.verb, words);
    if (!arguments) {
        const Failure& failure = arguments.error();
        return print_usage_error(
            cli, failure.what.empty() ? failure.why : failure.what + ": " + failure.why);
    }
    if (arguments->has("help")) {
        cli.out << subcommand_help(subcommand);
        return 0;
    }
    MdevCommandContext mdev_command(
        cli, MdevCommandContext::Program::kMdevctl,
        arguments->has("force") ? binding::Force::kYes : binding::Force::kNo);
    const auto output = run_mdev_verb(subcommand.verb, mdev_command.context(), *arguments);
    if (!output)
        return print_mdevctl_error(cli, output.error());
    const bool lists = subcommand.verb == MdevVerb::kList || subcommand.verb == MdevVerb::kTypes;
    if (lists || !output->text.empty())
        cli.out << base::printable_lines(output->text + "\n");
    return 0;
}

int start_parent(CliContext& cli, const std::vector<std::string>& words) {
    if (words.size() != 1 || (words.front().size() > 1 && words.front().front() == '-'))
        return print_usage_error(cli, std::string(kStartParent) + " needs one parent");
    MdevCommandContext mdev_command(cli, MdevCommandContext::Program::kMdevctl,
                                    binding::Force::kNo);
    const auto started = start_parent_mdevs(mdev_command.context(), words.front());
    return started ? 0 : print_mdevctl_error(cli, started.error());
}

}  // namespace

int run_as_mdevctl(CliContext& cli, const std::vector<std::string>& words) {
    if (words.empty()) {
        cli.err << usage_text();
        return kUsage;
    }
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    const std::string& word = words.front();
    if (word == "--version" || word == "-V") {
        cli.out << "mdevctl 1.4.0 (vfioctl " << kVersion << ")\n";
        return 0;
    }
    if (word == "help" && !rest.empty())
        return run_as_mdevctl(cli, {rest.front(), "--help"});
    if (word == "--help" || word == "-h" || word == "help") {
        cli.out << usage_text();
        return 0;
    }
    if (word == kStartParent)
        return start_parent(cli, rest);
    for (const Subcommand& each : kVerbs)
        if (word == each.name)
            return run_subcommand(cli, each, rest);
    return print_usage_error(cli, "unknown command '" + word + "'");
}

}  // namespace vfioctl
