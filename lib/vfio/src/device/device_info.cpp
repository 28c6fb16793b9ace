// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/device_info.hpp"

#include <algorithm>
#include <array>

#include "vfio/abi/device.hpp"
#include "vfio/src/abi/argsz_call.hpp"
#include "vfio/src/abi/s390.hpp"

namespace vfio {
namespace {

/// A structure that later kernels extended: fields that the capability lacks are 0. Nothing when it
/// has less than `least` bytes.
template <typename T>
std::optional<T> grown(const Capability& capability, std::size_t least) {
    if (capability.bytes.size() < least)
        return std::nullopt;
    T value{};
    std::memcpy(&value, capability.bytes.data(), std::min(sizeof value, capability.bytes.size()));
    return value;
}

std::optional<ZpciBase> zpci_base(const Capability& capability) {
    const auto cap = grown<abi::DeviceCapZpciBase>(capability, abi::kZpciBaseV1Size);
    if (!cap)
        return std::nullopt;
    ZpciBase base{.start_dma = cap->start_dma,
                  .end_dma = cap->end_dma,
                  .pchid = cap->pchid,
                  .vfn = cap->vfn,
                  .fmb_length = cap->fmb_length,
                  .pft = cap->pft,
                  .gid = cap->gid,
                  .fh = std::nullopt};
    if (capability.version >= 2)
        base.fh = cap->fh;
    return base;
}

std::optional<ZpciGroup> zpci_group(const Capability& capability) {
    const auto cap = grown<abi::DeviceCapZpciGroup>(capability, abi::kZpciGroupV1Size);
    if (!cap)
        return std::nullopt;
    ZpciGroup group{.dasm = cap->dasm,
                    .msi_addr = cap->msi_addr,
                    .flags = cap->flags,
                    .mui = cap->mui,
                    .noi = cap->noi,
                    .maxstbl = cap->maxstbl,
                    .version = cap->version,
                    .imaxstbl = std::nullopt};
    if (capability.version >= 2)
        group.imaxstbl = cap->imaxstbl;
    return group;
}

/// Utility string and function path: a length, and at most that many bytes.
std::optional<std::vector<std::uint8_t>> zpci_bytes(const Capability& capability) {
    const auto cap = capability.as<abi::DeviceCapZpciBytes>();
    if (!cap)
        return std::nullopt;
    const auto first = capability.bytes.begin() + sizeof(abi::DeviceCapZpciBytes);
    const auto there = static_cast<std::size_t>(capability.bytes.end() - first);
    std::vector<std::uint8_t> bytes(std::min<std::size_t>(cap->size, there));
    std::transform(first, first + static_cast<std::ptrdiff_t>(bytes.size()), bytes.begin(),
                   [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
    return bytes;
}

/// The utility string is EBCDIC; letters, digits and blanks are what administrators give it.
std::string from_ebcdic(const std::vector<std::uint8_t>& bytes) {
    std::string text;
    const auto in = [](std::uint8_t c, std::uint8_t first, std::uint8_t count) {
        return c >= first && c < first + count;
    };
    for (const std::uint8_t c : bytes) {
        if (in(c, 0xf0, 10))
            text += static_cast<char>('0' + (c - 0xf0));
        else if (in(c, 0xc1, 9))
            text += static_cast<char>('A' + (c - 0xc1));
        else if (in(c, 0xd1, 9))
            text += static_cast<char>('J' + (c - 0xd1));
        else if (in(c, 0xe2, 8))
            text += static_cast<char>('S' + (c - 0xe2));
        else if (in(c, 0x81, 9))
            text += static_cast<char>('a' + (c - 0x81));
        else if (in(c, 0x91, 9))
            text += static_cast<char>('j' + (c - 0x91));
        else if (in(c, 0xa2, 8))
            text += static_cast<char>('s' + (c - 0xa2));
        else if (c == 0x40)
            text += ' ';
        else if (c != 0)
            text += '.';
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

void decode_capability(DeviceInfo& info, const Capability& capability) {
    switch (capability.id) {
        case abi::kDeviceCapZpciBase:
            info.zpci_base = zpci_base(capability);
            break;
        case abi::kDeviceCapZpciGroup:
            info.zpci_group = zpci_group(capability);
            break;
        case abi::kDeviceCapZpciUtil:
            if (const auto bytes = zpci_bytes(capability))
                info.zpci_util = from_ebcdic(*bytes);
            break;
        case abi::kDeviceCapZpciPfip:
            info.zpci_path = zpci_bytes(capability);
            break;
        case abi::kDeviceCapPciAtomicComp:
            if (const auto cap = capability.as<abi::DeviceCapPciAtomicComp>())
                info.atomics = AtomicCompletion{.bits32 = (cap->flags & abi::kAtomicComp32) != 0,
                                                .bits64 = (cap->flags & abi::kAtomicComp64) != 0,
                                                .bits128 = (cap->flags & abi::kAtomicComp128) != 0};
            break;
        default:  // the kernel may add ids; unknown ones stay in `caps`
            break;
    }
}

constexpr std::array kFlagNames = {
    std::pair{abi::kDeviceReset, "reset"},       std::pair{abi::kDevicePci, "pci"},
    std::pair{abi::kDevicePlatform, "platform"}, std::pair{abi::kDeviceAmba, "amba"},
    std::pair{abi::kDeviceCcw, "ccw"},           std::pair{abi::kDeviceAp, "ap"},
    std::pair{abi::kDeviceFslMc, "fsl-mc"},      std::pair{abi::kDeviceCaps, "caps"},
    std::pair{abi::kDeviceCdx, "cdx"},
};

}  // namespace

bool DeviceInfo::can_reset() const {
    return (flags & abi::kDeviceReset) != 0;
}
bool DeviceInfo::is_pci() const {
    return (flags & abi::kDevicePci) != 0;
}

DeviceInfo parse_device_info(std::span<const std::byte> bytes) {
    DeviceInfo info;
    abi::DeviceInfoHeader raw{};
    if (bytes.size() < abi::kDeviceInfoOldSize)
        return info;
    std::memcpy(&raw, bytes.data(), std::min(sizeof raw, bytes.size()));
    info.flags = raw.flags;
    info.regions = raw.num_regions;
    info.irqs = raw.num_irqs;
    if ((raw.flags & abi::kDeviceCaps) != 0)
        info.caps = read_cap_chain(bytes, sizeof raw, raw.cap_offset);
    for (const Capability& capability : info.caps.caps)
        decode_capability(info, capability);
    return info;
}

Result<DeviceInfo> read_device_info(Calls& calls, const DeviceFd& fd, const std::string& device) {
    auto info = argsz_call(
        abi::DeviceInfoHeader{},
        [&](void* buffer) { return device_call(calls, fd, abi::DeviceCall::kGetInfo, buffer); },
        "device info", device);
    if (!info)
        return base::propagate(info);
    return parse_device_info(info->bytes);
}

std::vector<std::string> device_flag_names(std::uint32_t flags) {
    std::vector<std::string> names;
    for (const auto& [bit, name] : kFlagNames) {
        if ((flags & bit) != 0)
            names.emplace_back(name);
        flags &= ~bit;
    }
    if (flags != 0)
        names.push_back(hex_text(flags));
    return names;
}

std::string device_cap_name(std::uint16_t id) {
    switch (id) {
        case abi::kDeviceCapZpciBase:
            return "zpci-base";
        case abi::kDeviceCapZpciGroup:
            return "zpci-group";
        case abi::kDeviceCapZpciUtil:
            return "zpci-util";
        case abi::kDeviceCapZpciPfip:
            return "zpci-pfip";
        case abi::kDeviceCapPciAtomicComp:
            return "pci-atomic-completion";
        default:
            return "id " + std::to_string(id);
    }
}

}  // namespace vfio
