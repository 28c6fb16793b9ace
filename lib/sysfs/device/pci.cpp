// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/pci.hpp"

#include <algorithm>
#include <charconv>

#include "sysfs/device/names.hpp"

namespace sysfs {

namespace {

constexpr std::uint32_t kClassPciBridge = 0x0604;
constexpr std::uint32_t kClassCardbusBridge = 0x0607;
constexpr std::uint8_t kHeaderNormal = 0;
constexpr std::uint8_t kHeaderBridge = 1;
constexpr std::uint8_t kHeaderCardbus = 2;

/// uevent's ids come without "0x" and without leading zeros ("60000" is a class).
std::optional<std::uint32_t> bare_hex(std::optional<std::string_view> text) {
    std::uint32_t value = 0;
    if (!text)
        return std::nullopt;
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, value, 16);
    return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

std::optional<std::uint16_t> id16(std::optional<std::uint64_t> value) {
    return value && *value <= 0xffff ? std::optional(static_cast<std::uint16_t>(*value))
                                     : std::nullopt;
}

/// "8086:0D57" of uevent, or the two attributes where there is no such line.
void read_id_pair(const DeviceDir& device, std::string_view key, const std::string& prefix,
                  std::optional<std::uint16_t>& vendor, std::optional<std::uint16_t>& product) {
    if (const auto pair = device.uevent(key)) {
        const std::size_t colon = pair->find(':');
        if (colon != std::string_view::npos) {
            vendor = id16(bare_hex(pair->substr(0, colon)));
            product = id16(bare_hex(pair->substr(colon + 1)));
        }
    }
    if (!vendor)
        vendor = id16(device.id(prefix + "vendor"));
    if (!product)
        product = id16(device.id(prefix + "device"));
}

/// The header type without reading config space, which would resume a suspended device (a GPU in
/// D3cold takes a second). The kernel shows secondary_bus_number exactly for bridge headers (4.15),
/// and gives no device with a normal header the class of a PCI bridge (pci_setup_device). Only a
/// capture of an older kernel needs config space.
std::optional<std::uint8_t> header_type(const DeviceDir& device,
                                        std::optional<std::uint32_t> class_code) {
    const std::uint32_t subclass = class_code.value_or(0) >> 8U;
    if (subclass == kClassCardbusBridge)
        return kHeaderCardbus;
    if (subclass == kClassPciBridge || device.has("secondary_bus_number"))
        return kHeaderBridge;
    if (class_code && subclass >> 8U != 0x06)
        return kHeaderNormal;
    constexpr std::size_t kHeaderTypeAt = 0x0e;
    if (const auto config = device.dir().read_bytes("config", kHeaderTypeAt + 1);
        config && config->size() > kHeaderTypeAt)
        return static_cast<std::uint8_t>((*config)[kHeaderTypeAt] & 0x7f);
    return class_code ? std::optional(kHeaderNormal) : std::nullopt;
}

std::vector<std::string> words(std::string_view text) {
    constexpr std::string_view kBlank = " \t\n";
    std::vector<std::string> out;
    for (std::size_t at = text.find_first_not_of(kBlank); at != std::string_view::npos;) {
        const std::size_t end = std::min(text.find_first_of(kBlank, at), text.size());
        out.emplace_back(text.substr(at, end - at));
        at = text.find_first_not_of(kBlank, end);
    }
    return out;
}

}  // namespace

HardwareIds read_ids(const DeviceDir& device) {
    HardwareIds out;
    read_id_pair(device, "PCI_ID", "", out.vendor, out.device);
    read_id_pair(device, "PCI_SUBSYS_ID", "subsystem_", out.subsystem_vendor, out.subsystem_device);
    out.class_code = bare_hex(device.uevent("PCI_CLASS"));
    if (!out.class_code)
        if (const auto code = device.id("class"); code && *code <= 0xffffff)
            out.class_code = static_cast<std::uint32_t>(*code);
    return out;
}

std::optional<std::uint8_t> read_revision(const DeviceDir& device) {
    const auto revision = device.id("revision");
    if (!revision || *revision > 0xff)
        return std::nullopt;
    return static_cast<std::uint8_t>(*revision);
}

void read_pci(const DeviceDir& device, Device& out) {
    out.header_type = header_type(device, out.ids.class_code);
    if (const auto boot = device.number("boot_vga"))
        out.boot_vga = *boot != 0;
}

std::vector<std::string> read_reset_methods(const DeviceDir& device) {
    return words(device.attr("reset_method").value_or(""));
}

std::string pci_path(std::string_view syspath) {
    std::string out;
    for (std::size_t at = 0; at < syspath.size();) {
        const std::size_t end = std::min(syspath.find('/', at), syspath.size());
        const std::string_view part = syspath.substr(at, end - at);
        at = end + 1;
        if (part.starts_with("pci") && part.find(':') != std::string_view::npos)
            out += (out.empty() ? "" : "/") + std::string(part);
        else if (!out.empty() && scan_pci_address(part))
            out += "/" + std::string(part.substr(part.rfind(':') + 1));
    }
    return out;
}

Slots Slots::read(const Root& root) {
    Slots out;
    const auto dir = base::Dir::open(root.path("/sys/bus/pci/slots"));
    const auto names = dir ? dir->entries() : base::propagate(dir);
    if (!names)
        return out;
    for (const std::string& name : *names)
        if (auto address = dir->attr(name + "/address"))
            out.names_.emplace(std::move(*address), name);
    return out;
}

std::optional<std::string> Slots::find(std::string_view address) const {
    if (names_.empty())
        return std::nullopt;
    // A slot has all functions of one device number; one without a number has the whole bus behind
    // it.
    for (const char end : {'.', ':'})
        if (const auto slot = names_.find(address.substr(0, address.rfind(end)));
            slot != names_.end())
            return slot->second;
    return std::nullopt;
}

}  // namespace sysfs
