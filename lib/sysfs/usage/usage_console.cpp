// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/usage_console.hpp"

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "base/path.hpp"

namespace sysfs {
namespace {

/// "vtcon1", if a framebuffer console is bound: vtcon0 is usually the dummy, the other fbcon.
std::optional<std::string> bound_console(const Root& root) {
    const std::string base = root.path("/sys/class/vtconsole");
    for (const auto& name : base::list_directory(base)) {
        const auto console = base::Dir::open(fmt::format("{}/{}", base, name));
        if (console && console->attr("bind") == "1" &&
            console->attr("name").value_or("").find("frame buffer") != std::string::npos)
            return name;
    }
    return std::nullopt;
}

/// A framebuffer of the firmware (efifb, vesafb, simpledrm) is below no PCI device, but it uses the
/// memory of the boot display: unbinding the display removes the console.
std::optional<std::string> firmware_framebuffer(const Root& root) {
    const std::string base = root.path("/sys/class/graphics");
    for (const auto& name : base::list_directory(base)) {
        const std::string device =
            base::read_link(fmt::format("{}/{}/device", base, name)).value_or("");
        const std::string bus = base::base_name(
            base::read_link(fmt::format("{}/{}/device/subsystem", base, name)).value_or(""));
        if (name.starts_with("fb") && !device.empty() && bus == "platform")
            return name;
    }
    return std::nullopt;
}

void find_framebuffer(const Root& root, UsageCheck& check) {
    const auto console = bound_console(root);
    if (!console)
        return;
    const bool boot = check.subtree.device.boot_vga.value_or(false);
    std::optional<std::string> framebuffer;
    if (!check.subtree.framebuffers.empty())
        framebuffer = check.subtree.framebuffers.front();
    else if (boot)
        framebuffer = firmware_framebuffer(root);
    if (framebuffer)
        check.add(UseKind::kConsole, "the text console is on it",
                  fmt::format("{} carries {}{}", *framebuffer, *console,
                              boot ? ", and it is the boot display" : ""));
}

bool is_flag(const std::string& field) {
    return field == "y" || field == "n";
}

/// One line of "command tgid dev master a uid magic [name id]": the program, if it is the master.
/// Columns are located by the two flags: a command may contain blanks, and newer kernels add
/// columns.
std::optional<std::string> master_in(const std::string& line) {
    std::istringstream stream(line);
    const std::vector<std::string> fields{std::istream_iterator<std::string>(stream), {}};
    for (std::size_t at = 3; at + 1 < fields.size(); ++at) {
        if (is_flag(fields[at]) && is_flag(fields[at + 1]))
            return fields[at] == "y"
                       ? std::optional(fmt::format("{} (pid {})", fields[0], fields[at - 2]))
                       : std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::string> master_of(const Root& root, const std::string& card) {
    const std::string number = card.substr(std::string_view("card").size());
    std::istringstream lines(
        base::read_file(root.path("/sys/kernel/debug/dri/" + number + "/clients")).value_or(""));
    std::string line;
    while (std::getline(lines, line)) {
        if (auto master = master_in(line))
            return master;
    }
    return std::nullopt;
}

// The master of a card is read from debugfs, if that is readable: opening the card to ask it could
// make us the master. Else a connector that shows a picture counts.
void find_display(const Root& root, UsageCheck& check) {
    for (const auto& card : check.subtree.cards) {
        if (const auto master = master_of(root, card))
            check.add(UseKind::kConsole, "a program draws on it",
                      fmt::format("{} is the master of {}", *master, card));
    }
    for (const auto& path : check.subtree.connectors) {
        const auto connector = base::Dir::open(path);
        if (connector && connector->attr("status") == "connected" &&
            connector->attr("enabled") == "enabled" && connector->attr("dpms") == "On")
            check.add(UseKind::kConsole, "a screen shows its picture",
                      base::base_name(path) + " is connected and on");
    }
}

// "ttyS4 -W- (EC a) 4:68": a console of the kernel, with the number of its node at the end.
void find_serial(const Root& root, UsageCheck& check) {
    std::istringstream lines(base::read_file(root.path("/proc/consoles")).value_or(""));
    std::string line;
    while (std::getline(lines, line)) {
        const std::string number = line.substr(line.find_last_of(' ') + 1);
        const auto parsed = parse_node_number(NodeKind::kChar, number);
        const auto node = parsed ? check.subtree.nodes.find(*parsed) : check.subtree.nodes.end();
        if (node != check.subtree.nodes.end())
            check.add(UseKind::kConsole, "the kernel's console is on it",
                      "console on " + node->second.name);
    }
}

}  // namespace

void find_console(const Root& root, UsageCheck& check) {
    const DeviceSubtree& subtree = check.subtree;
    if (subtree.device.boot_vga.value_or(false) || !subtree.framebuffers.empty())
        find_framebuffer(root, check);
    find_display(root, check);
    if (!subtree.nodes.empty())
        find_serial(root, check);
}

}  // namespace sysfs
