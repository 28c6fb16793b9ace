// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/usage_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "sysfs/device/device_reader.hpp"
#include "sysfs/usage/mount_line.hpp"

namespace sysfs {
namespace {

struct Keyboard {
    std::string syspath;
    std::string name;                      ///< "AT Translated Set 2 keyboard (input0)"
    std::vector<std::string> places = {};  ///< what it hangs on; none: a program has made it
};

/// Is this the bitmap of a keyboard's keys? The handler "kbd" takes power buttons and speakers too;
/// udev's rule (its builtin input_id) is that a keyboard has all of the keys 1 to 31: Escape, the
/// digits, and the letters Q to D. The words of the bitmap are hexadecimal, the lowest comes last.
bool is_keyboard(std::string_view keys) {
    constexpr std::uint64_t kFirstKeys = 0xfffffffe;
    keys = keys.substr(0, keys.find_last_not_of(" \n") + 1);
    keys = keys.substr(keys.find_last_of(' ') + 1);
    std::uint64_t lowest = 0;
    std::from_chars(keys.data(), keys.data() + keys.size(), lowest, 16);
    return (lowest & kFirstKeys) == kFirstKeys;
}

std::vector<Keyboard> keyboards_of_class(const Root& root) {
    const std::string base = root.path("/sys/class/input");
    std::vector<Keyboard> keyboards;
    for (const auto& input : base::list_directory(base)) {
        const auto attr = [&](const char* name) {
            return base::read_file(fmt::format("{}/{}/{}", base, input, name)).value_or("");
        };
        if (!input.starts_with("input") || !is_keyboard(attr("capabilities/key")))
            continue;
        const auto link = base::read_link(fmt::format("{}/{}", base, input));
        const std::string name = attr("name");
        keyboards.push_back({syspath_from_link(link.value_or("")),
                             fmt::format("{} ({})", name.substr(0, name.find('\n')), input)});
    }
    return keyboards;
}

/// The same of /proc/bus/input/devices, a paragraph for each device: "N: Name="AT ... keyboard"",
/// "S: Sysfs=/devices/platform/i8042/serio0/input/input0", "B: KEY=402000002 ... fffffffffffffffe".
std::vector<Keyboard> keyboards_of_proc(const Root& root) {
    std::vector<Keyboard> keyboards;
    Keyboard next;
    // Without the table there is no keyboard that could be the last one.
    (void)for_each_line(root.path("/proc/bus/input/devices"), [&](std::string_view line) {
        const auto value = [line](std::string_view key) {
            return line.starts_with(key) ? std::optional(std::string(line.substr(key.size())))
                                         : std::nullopt;
        };
        if (const auto name = value("N: Name=\""))
            next.name = name->substr(0, name->rfind('"'));
        else if (const auto path = value("S: Sysfs="))
            next.syspath = "/sys" + *path;
        else if (const auto keys = value("B: KEY="); keys && is_keyboard(*keys))
            keyboards.push_back(
                {next.syspath, fmt::format("{} ({})", next.name, base::base_name(next.syspath))});
    });
    return keyboards;
}

/// A keyboard of Bluetooth that BlueZ serves is below the virtual device uhid, as 0005:046D:B342.7
/// (BUS_BLUETOOTH), and no attribute tells its adapter: it hangs on each of them.
void set_places(const Root& root, std::vector<Keyboard>& keyboards) {
    std::vector<std::string> adapters;
    for (const auto& name : base::list_directory(root.path("/sys/class/bluetooth"))) {
        if (name.find(':') == std::string::npos)  // "hci0:256" is a connection
            adapters.push_back(syspath_from_link(
                base::read_link(root.path("/sys/class/bluetooth/" + name)).value_or("")));
    }
    for (Keyboard& keyboard : keyboards) {
        if (keyboard.syspath.find("/uhid/0005:") != std::string::npos)
            keyboard.places = adapters;
        else if (!keyboard.syspath.starts_with("/sys/devices/virtual/"))
            keyboard.places = {keyboard.syspath};
    }
}

bool is_below(const Keyboard& keyboard, const Device& device) {
    return !device.syspath.empty() &&
           std::any_of(keyboard.places.begin(), keyboard.places.end(),
                       [&](const auto& place) { return place.starts_with(device.syspath + "/"); });
}

}  // namespace

// A keyboard that a program has made (uinput) does not help whoever sits at the machine.
void find_last_keyboards(const Root& root, std::span<UsageCheck> checks) {
    auto keyboards = keyboards_of_class(root);
    if (keyboards.empty())
        keyboards = keyboards_of_proc(root);
    set_places(root, keyboards);
    const auto stays = [&](const Keyboard& keyboard) {
        return !keyboard.places.empty() &&
               std::none_of(checks.begin(), checks.end(), [&](const UsageCheck& check) {
                   return is_below(keyboard, check.subtree.device);
               });
    };
    if (std::any_of(keyboards.begin(), keyboards.end(), stays))
        return;
    for (auto& check : checks) {
        for (const Keyboard& keyboard : keyboards) {
            if (is_below(keyboard, check.subtree.device))
                check.add(UseKind::kInput, "the last keyboard hangs on it", keyboard.name);
        }
    }
}

}  // namespace sysfs
