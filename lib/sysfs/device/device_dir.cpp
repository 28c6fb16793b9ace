// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/device_dir.hpp"

#include <algorithm>

#include "base/try.hpp"
#include "sysfs/device/names.hpp"

namespace sysfs {

std::optional<std::uint64_t> parse_hardware_id(const std::string& text) {
    return base::parse_kernel_number(text.starts_with("0x") ? text : "0x" + text);
}

base::Result<DeviceDir> DeviceDir::open(const base::Dir& devices, const std::string& name) {
    base::DirListing listing;
    base::Dir dir = TRY(devices.sub_listed(name, listing));
    return DeviceDir(std::move(dir), std::move(listing));
}

bool DeviceDir::relist() {
    listing_ = {};
    return dir_.relist(listing_) && listing_.has("uevent");
}

std::optional<std::uint64_t> DeviceDir::number(const std::string& name) const {
    const auto text = attr(name);
    return text ? base::parse_kernel_number(*text) : std::nullopt;
}

std::optional<std::uint64_t> DeviceDir::id(const std::string& name) const {
    const auto text = attr(name);
    return text ? parse_hardware_id(*text) : std::nullopt;
}

std::optional<std::string_view> DeviceDir::uevent(std::string_view key) const {
    std::string_view rest = uevent_;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.size() > key.size() + 1 && line.starts_with(key) && line[key.size()] == '=')
            return line.substr(key.size() + 1);
    }
    return std::nullopt;
}

}  // namespace sysfs
