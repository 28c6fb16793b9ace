// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/cli/help.hpp"

#include <algorithm>
#include <utility>

#include "vfioctl/cli/command_options.hpp"
#include "vfioctl/cli/command_table.hpp"

namespace vfioctl {
namespace {

using HelpLines = std::vector<std::pair<std::string, std::string>>;

std::string aligned(const HelpLines& lines) {
    std::size_t width = 0;
    for (const auto& [left, right] : lines)
        width = std::max(width, left.size());
    std::string out;
    for (const auto& [left, right] : lines)
        out += "  " + left + std::string(width - left.size() + 2, ' ') + right + "\n";
    return out;
}

HelpLines option_lines(const std::vector<OptionSpec>& options) {
    HelpLines lines;
    for (const OptionSpec& option : options) {
        std::string left = option.letter == '\0' ? "    " : std::string("-") + option.letter + ", ";
        left += "--" + std::string(option.name);
        if (!option.argument.empty())
            left += " " + std::string(option.argument);
        lines.emplace_back(left, option.help);
    }
    return lines;
}

HelpLines command_lines(const std::vector<const Command*>& of) {
    HelpLines lines;
    for (const Command* command : of) {
        std::string left(command->name);
        if (!command->words.empty())
            left += " " + std::string(command->words);
        lines.emplace_back(left, command->summary);
    }
    return lines;
}

}  // namespace

std::string program_help() {
    std::vector<const Command*> all;
    for (const Command& command : commands())
        all.push_back(&command);
    HelpLines lines = command_lines(all);
    lines.emplace_back("help [COMMAND [SUB]]", "this help, or a command's, as --help");
    return "Usage: vfioctl [OPTION]... COMMAND [ARGUMENT]...\n\n"
           "Decide which driver each device gets, bind devices to VFIO, and restore them.\n\n"
           "Commands:\n" +
           aligned(lines) + "\nOptions, before or after the command:\n" +
           aligned(option_lines(global_options())) +
           "\nA DEVICE is 0000:01:00.0, 01:00.0, BUS/NAME, an mdev's UUID, a netdev's name, a "
           "glob,\n"
           "VENDOR:DEVICE, pci_0000_01_00_0, or a path below /sys or /dev.\n"
           "Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused, 4 partly done, 5 no such "
           "device,\n"
           "6 timed out. See `vfioctl COMMAND --help` and vfioctl(1).\n";
}

std::string family_help(const std::string& name) {
    return "Usage: vfioctl " + name + " COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:\n" +
           aligned(command_lines(family(name))) + "\nOptions of any command:\n" +
           aligned(option_lines(global_options())) + "\nSee `vfioctl " + name +
           " COMMAND --help`.\n";
}

std::string command_help(const Command& command) {
    std::string summary(command.summary);
    summary[0] = static_cast<char>(summary[0] >= 'a' && summary[0] <= 'z' ? summary[0] - 'a' + 'A'
                                                                          : summary[0]);
    std::string out = "Usage: vfioctl " + std::string(command.name);
    if (!command.options.empty())
        out += " [OPTION]...";
    if (!command.words.empty())
        out += " " + std::string(command.words);
    out += "\n\n" + summary + ".\n";
    if (!command.options.empty())
        out += "\nOptions:\n" + aligned(option_lines(command.options));
    if (command.more_help != nullptr)
        out += "\n" + command.more_help();
    return out + "\nOptions of any command:\n" + aligned(option_lines(global_options()));
}

}  // namespace vfioctl
