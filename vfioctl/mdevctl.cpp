// SPDX-License-Identifier: LGPL-2.1-or-later
#include <array>
#include <cstring>
#include <optional>
#include <ostream>

#include "vfioctl/command_line.hpp"
#include "vfioctl/mdev_verbs.hpp"
#include "vfioctl/version.hpp"

/// A drop-in for mdevctl, as libvirt and scripts call it: `--opt=value`, `-p=value`, JSON on /dev/stdin, text
/// with the newline that mdevctl adds, "Error: ..." and status 1, usage and status 2. A warning is ours in
/// its words; nobody parses those.
namespace vfioctl {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct Named {
    const char* name;
    MdevVerb verb;
    const char* summary;
};
constexpr std::array kVerbs = {
    Named{"define", MdevVerb::kDefine, "Define a persistent mediated device"},
    Named{"list", MdevVerb::kList, "List mediated devices"},
    Named{"modify", MdevVerb::kModify, "Modify the definition of a mediated device"},
    Named{"start", MdevVerb::kStart, "Start a mediated device"},
    Named{"stop", MdevVerb::kStop, "Stop a mediated device"},
    Named{"types", MdevVerb::kTypes, "List available mediated device types"},
    Named{"undefine", MdevVerb::kUndefine, "Undefine a persistent mediated device"},
};
/// What mdevctl's udev rule calls when a parent appears.
constexpr const char* kStartParent = "start-parent-mdevs";

std::string usage_text() {
    std::string out = "mdevctl, by vfioctl " + std::string(kVersion) +
                      "\nMediated devices as mdevctl has them\n\nUSAGE:\n    mdevctl <SUBCOMMAND>\n\nSUBCOMMANDS:\n";
    for (const Named& each : kVerbs) {
        std::string name = each.name;
        name.resize(12, ' ');
        out += "    " + name + each.summary + "\n";
    }
    return out;
}

std::string verb_text(const Named& verb) {
    std::string out =
        std::string("mdevctl ") + verb.name + "\n" + verb.summary + "\n\nOPTIONS:\n";
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

int wrong_usage(Session& session, const std::string& what) {
    session.err << "error: " << printable(what) << "\n\nFor more information try --help\n";
    return kUsage;
}

int failed(Session& session, const sysfs::Error& error) {
    sysfs::Error cause = error;
    session.err << "Error: " << error.text() << "\n";
    if (error.errnum != 0 && !error.reason.empty())
        session.err << "\nCaused by:\n    " << std::strerror(error.errnum) << " (os error "
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

Outcome<Arguments> parse(MdevVerb verb, const std::vector<std::string>& words) {
    std::vector<OptionSpec> specs = mdev_options(verb);
    specs.push_back({"help", 'h', Takes::kNothing, "", ""});
    auto arguments = parse_words(specs, without_short_equals(words), nullptr);
    if (!arguments || arguments->has("help"))
        return arguments;
    if (!arguments->words.empty())
        return fail(ExitCode::kUsage, arguments->words.front(), "was not expected here");
    if (auto good = check_mdev_options(verb, *arguments); !good)
        return propagate(good);
    return arguments;
}

int run_named(Session& session, const Named& named, const std::vector<std::string>& words) {
    const auto arguments = parse(named.verb, words);
    if (!arguments) {
        const Failure& failure = arguments.error();
        return wrong_usage(session, failure.what.empty() ? failure.why
                                                         : failure.what + ": " + failure.why);
    }
    if (arguments->has("help")) {
        session.out << verb_text(named);
        return 0;
    }
    MdevOffice office(session, MdevOffice::As::kMdevctl,
                      arguments->has("force") ? binding::Force::kYes : binding::Force::kNo);
    const auto answer = run_mdev_verb(named.verb, office.desk(), *arguments);
    if (!answer)
        return failed(session, answer.error());
    const bool lists = named.verb == MdevVerb::kList || named.verb == MdevVerb::kTypes;
    if (lists || !answer->text.empty())
        session.out << answer->text << "\n";
    return 0;
}

int start_parent(Session& session, const std::vector<std::string>& words) {
    if (words.size() != 1)
        return wrong_usage(session, std::string(kStartParent) + " needs one parent");
    MdevOffice office(session, MdevOffice::As::kMdevctl, binding::Force::kNo);
    const auto started = start_parent_mdevs(office.desk(), words.front());
    return started ? 0 : failed(session, started.error());
}

}  // namespace

int run_as_mdevctl(Session& session, const std::vector<std::string>& words) {
    if (words.empty()) {
        session.err << usage_text();
        return kUsage;
    }
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    const std::string& word = words.front();
    if (word == "--version" || word == "-V") {
        session.out << "mdevctl 1.4.0 (vfioctl " << kVersion << ")\n";
        return 0;
    }
    if (word == "--help" || word == "-h" || word == "help") {
        session.out << usage_text();
        return 0;
    }
    if (word == kStartParent)
        return start_parent(session, rest);
    for (const Named& each : kVerbs)
        if (word == each.name)
            return run_named(session, each, rest);
    return wrong_usage(session, "unknown command '" + word + "'");
}

}  // namespace vfioctl
