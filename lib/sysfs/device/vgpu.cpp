// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/vgpu.hpp"

#include <algorithm>

#include "sysfs/device/names.hpp"

namespace sysfs {

namespace {

constexpr std::string_view kPrefix = "nvidia-";
constexpr const char* kCreatable = "nvidia/creatable_vgpu_types";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// "1145  : NVIDIA L40-1B"; the heading has no number.
std::optional<MdevType> parse_type_line(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    const std::string_view number = trimmed(line.substr(0, colon));
    if (!base::parse_decimal(number))
        return std::nullopt;
    return MdevType{.id = std::string(kPrefix) + std::string(number),
                    .device_api = "vfio-pci",
                    .available = 1,
                    .name = std::string(trimmed(line.substr(colon + 1))),
                    .description = {}};
}

}  // namespace

std::optional<VgpuState> read_vgpu(const DeviceDir& device) {
    if (!device.has("nvidia"))
        return std::nullopt;
    const auto now = device.dir().attr(std::string(kVgpuTypeAttr));
    if (!now || !base::parse_decimal(*now))
        return std::nullopt;
    return VgpuState{*now == kNoVgpu ? std::string() : std::string(kPrefix) + *now};
}

std::vector<MdevType> read_vgpu_types(const DeviceDir& device) {
    std::vector<MdevType> out;
    const std::string text = device.dir().attr(kCreatable).value_or("");
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (auto type = parse_type_line(std::string_view(text).substr(at, end - at)))
            out.push_back(*std::move(type));
        at = end + 1;
    }
    return out;
}

std::optional<std::string> parse_vgpu_type(std::string_view type) {
    if (!type.starts_with(kPrefix) || type == std::string(kPrefix) + std::string(kNoVgpu) ||
        !base::parse_decimal(type.substr(kPrefix.size())))
        return std::nullopt;
    return std::string(type.substr(kPrefix.size()));
}

}  // namespace sysfs
