// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/options.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "policy/near.hpp"

/// The only file that knows Boost.Program_options; its exceptions end here.
namespace vfioctl {
namespace {

namespace po = boost::program_options;
namespace style = po::command_line_style;

constexpr const char* kWords = "words";

// Everything that getopt_long users expect, except guessing: an abbreviation that works today would
// change its meaning when an option is added.
constexpr int kStyle = style::allow_long | style::long_allow_adjacent | style::long_allow_next |
                       style::allow_short | style::allow_dash_for_short |
                       style::short_allow_adjacent | style::short_allow_next | style::allow_sticky;

void describe(const OptionSpec& spec, po::options_description& into) {
    std::string names(spec.name);
    if (spec.letter != '\0')
        names += std::string(",") + spec.letter;
    switch (spec.takes) {
        case Takes::kNothing:
            into.add_options()(names.c_str(), po::bool_switch(), "");
            break;
        case Takes::kOne:
            into.add_options()(names.c_str(), po::value<std::string>(), "");
            break;
        case Takes::kSeveral:
            into.add_options()(names.c_str(), po::value<std::vector<std::string>>()->composing(), "");
            break;
    }
}

/// The options of the program and of these commands, each name once.
std::vector<OptionSpec> specs_of(const std::vector<const Command*>& of) {
    std::vector<OptionSpec> specs = global_options();
    for (const Command* command : of)
        for (const OptionSpec& spec : command->options)
            if (std::none_of(specs.begin(), specs.end(),
                             [&](const OptionSpec& known) { return known.name == spec.name; }))
                specs.push_back(spec);
    return specs;
}

Arguments parse_with(const std::vector<OptionSpec>& specs, const std::vector<std::string>& words) {
    po::options_description options;
    for (const OptionSpec& spec : specs)
        describe(spec, options);
    options.add_options()(kWords, po::value<std::vector<std::string>>()->composing(), "");
    po::positional_options_description positions;
    positions.add(kWords, -1);
    po::variables_map map;
    po::store(po::command_line_parser(words).options(options).positional(positions).style(kStyle).run(),
              map);
    Arguments out;
    if (map.count(kWords) > 0)
        out.words = map[kWords].as<std::vector<std::string>>();
    for (const OptionSpec& spec : specs) {
        const std::string name(spec.name);
        if (map.count(name) == 0)
            continue;
        if (spec.takes == Takes::kNothing && map[name].as<bool>())
            out.flags.insert(name);
        if (spec.takes == Takes::kOne)
            out.values[name] = {map[name].as<std::string>()};
        if (spec.takes == Takes::kSeveral)
            out.values[name] = map[name].as<std::vector<std::string>>();
    }
    return out;
}

std::string help_hint(const Command* command) {
    return command == nullptr ? "vfioctl --help lists commands and options"
                              : "see: vfioctl " + std::string(command->name) + " --help";
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& names) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    return policy::did_you_mean(word, views);
}

/// An option that this command does not take: another's, a mistyped one, or none at all.
tl::unexpected<Failure> unknown_option(const std::string& option, const Command* command) {
    const std::string bare = option.substr(std::min(option.find_first_not_of('-'), option.size()));
    std::vector<std::string> takers;
    for (const Command& other : commands())
        for (const OptionSpec& spec : other.options)
            if (spec.name == bare || (bare.size() == 1 && spec.letter == bare[0]))
                takers.emplace_back(other.name);
    if (command != nullptr && !takers.empty()) {
        std::string which;
        for (const std::string& taker : takers)
            which += (which.empty() ? "" : ", ") + taker;
        return fail(ExitCode::kUsage, option, std::string(command->name) + " takes no such option",
                    "it is an option of: " + which);
    }
    std::vector<std::string> names;
    for (const OptionSpec& spec : specs_of(command == nullptr ? std::vector<const Command*>{}
                                                              : std::vector{command}))
        names.push_back("--" + std::string(spec.name));
    const std::string meant = did_you_mean("--" + bare, names);
    return fail(ExitCode::kUsage, option, "unknown option", meant.empty() ? help_hint(command) : meant);
}

Outcome<Arguments> parse_strictly(const std::vector<OptionSpec>& specs,
                                  const std::vector<std::string>& words, const Command* command) {
    try {
        return parse_with(specs, words);
    } catch (const po::unknown_option& error) {
        return unknown_option(error.get_option_name(), command);
    } catch (const po::multiple_occurrences& error) {
        return fail(ExitCode::kUsage, error.get_option_name(), "given more than once",
                    help_hint(command));
    } catch (const po::invalid_command_line_syntax& error) {
        const bool missing = error.kind() == po::invalid_syntax::missing_parameter ||
                             error.kind() == po::invalid_syntax::empty_adjacent_parameter;
        const std::string why = missing ? "needs a value" : "takes no value";
        return fail(ExitCode::kUsage, error.get_option_name(), why, help_hint(command));
    } catch (const po::error& error) {
        return fail(ExitCode::kUsage, "command line", error.what(), help_hint(command));
    }
}

/// The command that `words` begin with; a name of two words wins over one of one.
Outcome<const Command*> find_command(const std::vector<std::string>& words) {
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
        const std::string meant = did_you_mean(words[0], names);
        return fail(ExitCode::kUsage, words[0], "unknown command",
                    meant.empty() ? help_hint(nullptr) : meant);
    }
    std::string list;
    for (const std::string& second : seconds)
        list += (list.empty() ? "" : ", ") + second;
    if (words.size() == 1)
        return fail(ExitCode::kUsage, words[0], "say what to do", "one of: " + list);
    const std::string meant = did_you_mean(words[1], seconds);
    return fail(ExitCode::kUsage, words[0] + " " + words[1], "unknown command",
                meant.empty() ? "one of: " + list : meant);
}

Outcome<GlobalOptions> global_of(const Arguments& arguments) {
    GlobalOptions out;
    if (arguments.has("json"))
        out.format = Format::kJson;
    if (arguments.has("direct"))
        out.road = Road::kDirect;
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
        out.colour = *when == "auto"     ? Colour::kAuto
                     : *when == "always" ? Colour::kAlways
                                         : Colour::kNever;
    }
    return out;
}

Outcome<void> check_words(const Command& command, const Arguments& arguments) {
    const std::string name(command.name);
    const std::size_t count = arguments.words.size();
    const std::string usage =
        "usage: vfioctl " + name + (command.words.empty() ? "" : " " + std::string(command.words));
    if (count < command.least)
        return fail(ExitCode::kUsage, name, "needs " + std::string(command.words), usage);
    if (command.most != kAnyNumber && count > command.most)
        return fail(ExitCode::kUsage, name, "unexpected '" + arguments.words[command.most] + "'", usage);
    for (const std::string& word : arguments.words)
        if (word.empty())
            return fail(ExitCode::kUsage, name, "an argument is empty", usage);
    return {};
}

}  // namespace

Outcome<Invocation> parse_command_line(const std::vector<std::string>& words) {
    std::vector<const Command*> every;
    for (const Command& command : commands())
        every.push_back(&command);
    auto loose = parse_strictly(specs_of(every), words, nullptr);
    if (!loose)
        return propagate(loose);
    Invocation out;
    if (loose->has("version")) {
        out.ask = Invocation::Ask::kVersion;
        return out;
    }
    const bool help = loose->has("help");
    if (help)
        out.ask = Invocation::Ask::kHelp;
    if (loose->words.empty()) {
        if (help)
            return out;
        return fail(ExitCode::kUsage, "", "no command given", help_hint(nullptr));
    }
    const auto command = find_command(loose->words);
    if (!command)
        return propagate(command);
    out.command = *command;
    if (help)
        return out;
    auto arguments = parse_strictly(specs_of({out.command}), words, out.command);
    if (!arguments)
        return propagate(arguments);
    const auto name_words = 1 + std::count(out.command->name.begin(), out.command->name.end(), ' ');
    arguments->words.erase(arguments->words.begin(), arguments->words.begin() + name_words);
    auto global = global_of(*arguments);
    if (!global)
        return propagate(global);
    if (auto checked = check_words(*out.command, *arguments); !checked)
        return propagate(checked);
    out.global = std::move(*global);
    out.arguments = std::move(*arguments);
    return out;
}

bool asks_for_json(const std::vector<std::string>& words) {
    return std::find(words.begin(), std::find(words.begin(), words.end(), "--"), "--json") !=
           std::find(words.begin(), words.end(), "--");
}

Outcome<std::chrono::milliseconds> timeout_of(const Arguments& arguments,
                                              std::chrono::milliseconds otherwise) {
    const auto text = arguments.one("timeout");
    if (!text)
        return otherwise;
    double seconds = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    constexpr double kDay = 86'400;
    if (error != std::errc{} || end != text->data() + text->size() || !std::isfinite(seconds) ||
        seconds < 0.001 || seconds > kDay)
        return fail(ExitCode::kUsage, "--timeout " + *text, "not a number of seconds",
                    "between 0.001 and 86400");
    return std::chrono::milliseconds(std::lround(seconds * 1000));
}

std::vector<std::string> split_commas(const std::vector<std::string>& values) {
    std::vector<std::string> out;
    for (const std::string& value : values) {
        std::size_t from = 0;
        for (std::size_t comma = value.find(','); comma != std::string::npos;
             from = comma + 1, comma = value.find(',', from))
            out.push_back(value.substr(from, comma - from));
        out.push_back(value.substr(from));
    }
    return out;
}

}  // namespace vfioctl
