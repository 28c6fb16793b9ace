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

/// The console that draws on displays, if it is bound: "frame buffer device" of fbcon, or "VGA+" of
/// vgacon. Another one is the dummy, and a kernel without VT has none.
struct TextConsole {
    std::string name;  ///< "vtcon1"
    enum class Kind { kNoVt, kUnbound, kFramebuffer, kVga } kind = Kind::kNoVt;
};

TextConsole text_console(const Root& root) {
    const std::string base = root.path("/sys/class/vtconsole");
    TextConsole found;
    for (const auto& name : base::list_directory(base)) {
        if (found.kind == TextConsole::Kind::kNoVt)
            found.kind = TextConsole::Kind::kUnbound;
        const auto console = base::Dir::open(fmt::format("{}/{}", base, name));
        if (!console || console->attr("bind") != "1")
            continue;
        const std::string what = console->attr("name").value_or("");
        if (what.find("frame buffer") != std::string::npos)
            return {name, TextConsole::Kind::kFramebuffer};
        if (what.find("VGA") != std::string::npos)
            found = {name, TextConsole::Kind::kVga};
    }
    return found;
}

void find_text_console(const Root& root, UsageCheck& check) {
    const DeviceSubtree& subtree = check.subtree;
    const bool boot = subtree.device.boot_vga.value_or(false);
    if (subtree.framebuffers.empty() && subtree.firmware_display.empty() && !boot)
        return;
    const TextConsole console = text_console(root);
    switch (console.kind) {
        case TextConsole::Kind::kUnbound:
            return;
        case TextConsole::Kind::kNoVt:
            if (!subtree.firmware_display.empty())
                check.add(UseKind::kConsole, "the firmware's picture is on it",
                          subtree.firmware_display + " is in its memory, and the kernel has no VT");
            return;
        case TextConsole::Kind::kVga:
            if (boot)
                check.add(UseKind::kConsole, "the text console is on it",
                          console.name + " draws VGA text, and it is the boot display");
            return;
        case TextConsole::Kind::kFramebuffer:
            if (!subtree.framebuffers.empty())
                check.add(UseKind::kConsole, "the text console is on it",
                          fmt::format("{} carries {}{}", subtree.framebuffers.front(), console.name,
                                      boot ? ", and it is the boot display" : ""));
            return;
    }
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
            connector->attr("enabled") == "enabled" &&
            connector->attr("dpms").value_or("On") == "On")
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

// The terminal of a mainframe's console belongs to no device ("ttyS0" of con3215, "tty3270"), and
// its driver does not tell on which of its devices the console is.
void find_mainframe_terminal(const Root& root, UsageCheck& check) {
    const std::string consoles = base::read_file(root.path("/proc/consoles")).value_or("");
    const std::string devices = root.path("/sys/bus/ccw/devices/");
    for (const auto& name : check.subtree.bus_names) {
        const auto dir = base::Dir::open(devices + name);
        const std::string driver = dir ? dir->link_name("driver").value_or("") : "";
        const std::string terminal = driver == "3215" ? "ttyS0" : "tty3270";
        if ((driver == "3215" || driver == "3270") &&
            ("\n" + consoles).find("\n" + terminal) != std::string::npos)
            check.add(UseKind::kConsole, "the kernel's console may be on it",
                      fmt::format("{} by {}", terminal, name));
    }
}

}  // namespace

void find_console(const Root& root, UsageCheck& check) {
    const DeviceSubtree& subtree = check.subtree;
    find_text_console(root, check);
    find_display(root, check);
    if (!subtree.nodes.empty())
        find_serial(root, check);
    if (subtree.device.id.bus == "css" || subtree.device.id.bus == "ccw")
        find_mainframe_terminal(root, check);
}

}  // namespace sysfs
