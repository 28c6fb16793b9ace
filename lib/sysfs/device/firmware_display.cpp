// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/firmware_display.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <span>
#include <string_view>

#include "base/path.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/host/memory_map.hpp"

namespace sysfs {
namespace {

/// What /proc/iomem calls such memory: by the driver that has requested it, and "BOOTFB" by the
/// kernel itself (sysfb_create_simplefb()).
constexpr std::string_view kRegions[] = {"BOOTFB",    "efifb",  "vesafb",  "simplefb",
                                         "simpledrm", "efidrm", "vesadrm", "ofdrm"};

std::string resolve(const std::string& path) {
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), ::free);
    return real ? real.get() : std::string();
}

/// "efi-framebuffer.0", "simple-framebuffer.0", "vesa-framebuffer.0"; "fd000000.framebuffer" of a
/// device tree.
bool is_firmware_device(const std::string& dir) {
    return base::base_name(dir).find("framebuffer") != std::string::npos &&
           base::base_name(base::read_link(dir + "/subsystem").value_or("")) == "platform";
}

void add_displays(const Root& root, const std::string& cls, std::string_view prefix,
                  std::vector<FirmwareDisplay>& displays) {
    const std::string base = root.path("/sys/class/" + cls);
    for (const auto& name : base::list_directory(base)) {
        if (!name.starts_with(prefix) || name.find('-') != std::string::npos)  // a connector
            continue;
        std::string dir = resolve(fmt::format("{}/{}/device", base, name));
        if (is_firmware_device(dir))
            displays.push_back({name, std::move(dir)});
    }
}

/// The PCI devices that have such memory, each with the driver that draws in it, or "BOOTFB".
std::map<std::string, std::string> memory_owners(const Root& root) {
    std::map<std::string, std::string> owners;
    visit_memory_map(root, [&owners](std::span<const std::string> path) {
        if (std::find(std::begin(kRegions), std::end(kRegions), path.back()) == std::end(kRegions))
            return;
        const auto owner = std::find_if(path.rbegin(), path.rend(), [](const std::string& name) {
            return scan_pci_address(name).has_value();
        });
        if (owner != path.rend())
            owners[*owner] = path.back();
    });
    return owners;
}

}  // namespace

std::vector<FirmwareDisplay> find_firmware_displays(const Root& root, const Device& device) {
    std::vector<FirmwareDisplay> displays;
    if (device.id.bus != "pci")
        return displays;
    add_displays(root, "graphics", "fb", displays);
    add_displays(root, "drm", "card", displays);
    constexpr std::uint32_t kDisplay = 0x03;
    if (displays.empty() && device.ids.class_code.value_or(0) >> 16 != kDisplay)
        return displays;
    const auto owners = memory_owners(root);
    // Without CONFIG_FB_DEVICE the class has no entry, and the console draws all the same.
    if (const auto own = owners.find(device.id.name);
        displays.empty() && own != owners.end() && own->second != "BOOTFB")
        return {{"fb0 (" + own->second + ")", {}}};
    if (displays.empty())
        return displays;
    // Where no device has the memory (a capture without it) the boot display is taken. The kernel
    // knows it only of class 0300, and where it arbitrates VGA: elsewhere any display may be it.
    constexpr std::uint32_t kVga = 0x0300;
    constexpr std::uint32_t kOtherDisplay = 0x0380;
    const std::uint32_t cls = device.ids.class_code.value_or(0) >> 8;
    const bool may_be_boot_display = device.boot_vga.value_or(cls == kVga || cls == kOtherDisplay);
    const bool is_owner = owners.empty() ? may_be_boot_display : owners.contains(device.id.name);
    return is_owner ? displays : std::vector<FirmwareDisplay>();
}

}  // namespace sysfs
