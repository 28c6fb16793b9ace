// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/serial.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "sysfs/device/names.hpp"

namespace sysfs {

namespace {

constexpr std::uint8_t kLarge = 0x80;        // large resource: tag, 16 bits of length, data
constexpr std::uint8_t kTagReadOnly = 0x90;  // VPD-R: has SN and, last, RV
constexpr std::uint8_t kTagEndName = 0x0f;   // small resource: 4 bits of name, 3 of length
constexpr std::size_t kKeywordHeader = 3;    // two letters and a length
constexpr std::size_t kExtendedStart = 0x100;
constexpr std::uint32_t kDsnCapability = 0x0003;

std::uint8_t byte(std::string_view data, std::size_t at) {
    return static_cast<std::uint8_t>(data[at]);
}

std::uint32_t little32(std::string_view data, std::size_t at) {
    return byte(data, at) | std::uint32_t{byte(data, at + 1)} << 8U |
           std::uint32_t{byte(data, at + 2)} << 16U | std::uint32_t{byte(data, at + 3)} << 24U;
}

/// The data of a resource. `size` is limited to the bytes read: VPD that ends early is common.
struct Resource {
    std::uint8_t tag = 0;
    std::size_t start = 0;
    std::size_t size = 0;
};

std::optional<Resource> resource_at(std::string_view vpd, std::size_t at) {
    if (at >= vpd.size())
        return std::nullopt;
    Resource out;
    out.tag = byte(vpd, at);
    if ((out.tag & kLarge) == 0) {
        out.start = at + 1;
        out.size = out.tag & 7U;
        out.tag = static_cast<std::uint8_t>(out.tag >> 3U);
    } else {
        if (at + 2 >= vpd.size())
            return std::nullopt;
        out.start = at + 3;
        out.size = byte(vpd, at + 1) | std::size_t{byte(vpd, at + 2)} << 8U;
    }
    out.size = std::min(out.size, vpd.size() - std::min(out.start, vpd.size()));
    return out;
}

std::optional<std::string> printable(std::string_view text) {
    constexpr std::string_view kPadding(" \0\xff", 3);
    const std::size_t last = text.find_last_not_of(kPadding);
    const std::size_t first = text.find_first_not_of(' ');
    if (last == std::string_view::npos || first > last)
        return std::nullopt;
    text = text.substr(first, last - first + 1);
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; }))
        return std::nullopt;
    return std::string(text);
}

/// RV's first byte makes the sum of all bytes from the very start of the VPD up to itself zero.
bool checksum_holds(std::string_view vpd, std::size_t rv_data) {
    const auto sum = std::accumulate(
        vpd.begin(), vpd.begin() + static_cast<std::ptrdiff_t>(rv_data) + 1, 0U,
        [](unsigned total, char c) { return total + static_cast<std::uint8_t>(c); });
    return (sum & 0xffU) == 0;
}

std::optional<std::string> serial_in(std::string_view vpd, const Resource& fields) {
    std::optional<std::string> serial;
    const std::size_t end = fields.start + fields.size;
    for (std::size_t at = fields.start; at + kKeywordHeader <= end;) {
        const std::string_view keyword = vpd.substr(at, 2);
        const std::size_t data = at + kKeywordHeader;
        const std::size_t size = byte(vpd, at + 2);
        if (data + size > end)
            break;  // the field exceeds its resource: the rest cannot be parsed
        if (keyword == "SN" && !serial)
            serial = printable(vpd.substr(data, size));
        if (keyword == "RV" && size > 0 && !checksum_holds(vpd, data))
            return std::nullopt;
        at = data + size;
    }
    return serial;
}

}  // namespace

std::optional<std::string> vpd_serial(std::string_view vpd) {
    for (std::size_t at = 0; const auto resource = resource_at(vpd, at);) {
        if (resource->tag == kTagReadOnly)
            return serial_in(vpd, *resource);
        if (resource->tag == kTagEndName || resource->tag == 0)
            return std::nullopt;  // 0: no VPD at all, the device reads as zeros
        at = resource->start + resource->size;
    }
    return std::nullopt;
}

std::optional<std::string> dsn_serial(std::string_view config) {
    // At most as many capabilities as config space can hold: a list with a cycle ends as well.
    constexpr std::size_t kMostCapabilities = (4096 - kExtendedStart) / 8;
    std::size_t at = kExtendedStart;
    for (std::size_t seen = 0; seen < kMostCapabilities; ++seen) {
        if (at < kExtendedStart || at % 4 != 0 || at + 12 > config.size())
            return std::nullopt;
        const std::uint32_t header = little32(config, at);
        if (header == 0 || header == 0xffffffff)
            return std::nullopt;
        if ((header & 0xffffU) == kDsnCapability)
            break;
        at = header >> 20U;
    }
    if ((little32(config, at) & 0xffffU) != kDsnCapability)
        return std::nullopt;
    const std::string_view number = config.substr(at + 4, 8);
    const auto all = [number](char c) { return number.find_first_not_of(c) == number.npos; };
    if (all('\0') || all('\xff'))
        return std::nullopt;
    std::string out;
    for (std::size_t left = 8; left-- > 0;)
        out += base::to_hex(byte(number, left), 2) + (left > 0 ? "-" : "");
    return out;
}

std::optional<std::string> read_serial(const base::Dir& device) {
    constexpr std::size_t kLongestVpd = 32768;
    constexpr std::size_t kConfigSpace = 4096;
    if (const auto vpd = device.read_bytes("vpd", kLongestVpd))
        if (auto serial = vpd_serial(*vpd))
            return serial;
    const auto config = device.read_bytes("config", kConfigSpace);
    return config ? dsn_serial(*config) : std::nullopt;
}

}  // namespace sysfs
