// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/cli/option_parser.hpp"

#include <algorithm>
#include <boost/program_options.hpp>

#include "base/edit_distance.hpp"
#include "vfioctl/cli/command_options.hpp"
#include "vfioctl/cli/command_table.hpp"
#include "vfioctl/cli/external_verbs.hpp"

/// The only file that uses Boost.Program_options; its exceptions end here.
namespace vfioctl {
namespace {

namespace po = boost::program_options;
namespace po_style = po::command_line_style;

constexpr const char* kWords = "words";

// As getopt_long, without abbreviations: their meaning would change when an option is added.
constexpr int kStyle = po_style::allow_long | po_style::long_allow_adjacent |
                       po_style::long_allow_next | po_style::allow_short |
                       po_style::allow_dash_for_short | po_style::short_allow_adjacent |
                       po_style::short_allow_next | po_style::allow_sticky;

void describe(const OptionSpec& spec, po::options_description& into) {
    std::string names(spec.name);
    if (spec.letter != '\0')
        names += std::string(",") + spec.letter;
    switch (spec.arity) {
        case OptionArity::kFlag:
            into.add_options()(names.c_str(), po::bool_switch(), "");
            break;
        case OptionArity::kSingle:
            into.add_options()(names.c_str(), po::value<std::string>(), "");
            break;
        case OptionArity::kRepeated:
            into.add_options()(names.c_str(), po::value<std::vector<std::string>>()->composing(),
                               "");
            break;
    }
}

Arguments parse_with(const std::vector<OptionSpec>& specs, const std::vector<std::string>& words) {
    po::options_description options;
    for (const OptionSpec& spec : specs)
        describe(spec, options);
    options.add_options()(kWords, po::value<std::vector<std::string>>()->composing(), "");
    po::positional_options_description positions;
    positions.add(kWords, -1);
    po::variables_map map;
    po::store(
        po::command_line_parser(words).options(options).positional(positions).style(kStyle).run(),
        map);
    Arguments out;
    if (map.count(kWords) > 0)
        out.words = map[kWords].as<std::vector<std::string>>();
    for (const OptionSpec& spec : specs) {
        const std::string name(spec.name);
        if (map.count(name) == 0)
            continue;
        if (spec.arity == OptionArity::kFlag && map[name].as<bool>())
            out.flags.insert(name);
        if (spec.arity == OptionArity::kSingle)
            out.values[name] = {map[name].as<std::string>()};
        if (spec.arity == OptionArity::kRepeated)
            out.values[name] = map[name].as<std::vector<std::string>>();
    }
    return out;
}

std::string bare_name(const std::string& option) {
    return option.substr(std::min(option.find_first_not_of('-'), option.size()));
}

/// An option that this command does not take: another command's, a misspelled one, or unknown.
tl::unexpected<Failure> unknown_option(const std::string& option, const Command* command) {
    const std::string bare = bare_name(option);
    std::string takers;
    for (const Command& other : commands())
        for (const OptionSpec& spec : other.options)
            if (spec.name == bare || (bare.size() == 1 && spec.letter == bare[0]))
                takers += (takers.empty() ? "" : ", ") + std::string(other.name);
    if (command != nullptr && !takers.empty())
        return fail(ExitCode::kUsage, option, std::string(command->name) + " takes no such option",
                    "it is an option of: " + takers);
    std::vector<std::string> names;
    for (const OptionSpec& spec :
         merged_options(command == nullptr ? std::vector<const Command*>{} : std::vector{command}))
        names.push_back("--" + std::string(spec.name));
    std::string meant = did_you_mean("--" + bare, names);
    if (meant.empty() && command == nullptr) {  // dpdk-devbind's commands are options
        std::vector<std::string> known;
        for (const Command& other : commands())
            known.emplace_back(other.name);
        meant = command_hint(bare, known);
    }
    return fail(ExitCode::kUsage, option, "unknown option",
                meant.empty() ? help_hint(command) : meant);
}

/// "--root DIR: read /sys ... below DIR", for a known option that was given wrongly.
/// Commands have options of the same name: the command's own comes first.
std::string option_hint(const std::string& option, std::vector<OptionSpec> specs,
                        const Command* command) {
    const std::string bare = bare_name(option);
    if (command != nullptr)
        specs.insert(specs.begin(), command->options.begin(), command->options.end());
    for (const OptionSpec& spec : specs)
        if (spec.name == bare) {
            const std::string argument(spec.argument);
            return "--" + bare + (argument.empty() ? "" : " " + argument) + ": " +
                   std::string(spec.help);
        }
    return {};
}

}  // namespace

std::string help_hint(const Command* command) {
    return command == nullptr ? "vfioctl --help lists commands and options"
                              : "see: vfioctl " + std::string(command->name) + " --help";
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& names) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::string near = base::did_you_mean(word, views);
    if (!near.empty() || word.size() < 3)
        return near;
    std::string only;
    for (const std::string& name : names) {
        if (!name.starts_with(word))
            continue;
        if (!only.empty())
            return {};
        only = name;
    }
    return only.empty() ? only : "did you mean '" + only + "'?";
}

CliResult<Arguments> parse_options(const std::vector<OptionSpec>& specs,
                                   const std::vector<std::string>& words, const Command* command) {
    try {
        return parse_with(specs, words);
    } catch (const po::unknown_option& error) {
        return unknown_option(error.get_option_name(), command);
    } catch (const po::multiple_occurrences& error) {
        return fail(ExitCode::kUsage, error.get_option_name(), "given more than once",
                    option_hint(error.get_option_name(), specs, command));
    } catch (const po::invalid_command_line_syntax& error) {
        const bool missing = error.kind() == po::invalid_syntax::missing_parameter ||
                             error.kind() == po::invalid_syntax::empty_adjacent_parameter;
        return fail(ExitCode::kUsage, error.get_option_name(),
                    missing ? "needs a value" : "takes no value",
                    option_hint(error.get_option_name(), specs, command));
    } catch (const po::error& error) {
        return fail(ExitCode::kUsage, "command line", error.what(), help_hint(command));
    }
}

}  // namespace vfioctl
