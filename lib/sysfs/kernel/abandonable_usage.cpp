// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/kernel/abandonable_usage.hpp"

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/abandonable.hpp"
#include "base/number.hpp"

namespace sysfs {
namespace {

using std::chrono::milliseconds;

/// One pass finds the users of all devices; a busy host takes seconds for it.
constexpr base::CallLimits kTogether{milliseconds(20'000), milliseconds(20'000)};
/// Then each device by itself: that of one may return where that of another does not.
constexpr base::CallLimits kAlone{milliseconds(5'000), milliseconds(10'000)};

constexpr std::size_t kTextsPerUse = 6;

base::CallResult to_texts(const Usage& usage) {
    base::CallResult texts;
    for (const auto& [id, uses] : usage)
        for (const Use& use : uses)
            texts.insert(texts.end(), {id.bus, id.name, std::to_string(static_cast<int>(use.kind)),
                                       use.text, use.evidence, use.essential ? "1" : ""});
    return texts;
}

void add_texts(const base::CallResult& texts, Usage& usage) {
    for (std::size_t at = 0; at + kTextsPerUse <= texts.size(); at += kTextsPerUse)
        usage[{texts[at], texts[at + 1]}].push_back(
            {static_cast<UseKind>(base::parse_decimal(texts[at + 2]).value_or(0)), texts[at + 3],
             texts[at + 4], !texts[at + 5].empty()});
}

void read_one_by_one(const Root& root, const Inventory& inventory,
                     const std::vector<DeviceId>& devices, Usage& usage) {
    const auto found = base::call_abandonably(
        devices.size(),
        [&](std::size_t at) {
            return to_texts(read_usage(root, inventory, std::span(&devices[at], 1)));
        },
        kAlone);
    for (std::size_t at = 0; at < found.size(); ++at)
        if (found[at])
            add_texts(*found[at], usage);
        else
            usage[devices[at]] = {{UseKind::kUnknown, "who uses it is unknown",
                                   "looking for its users does not return"}};
}

}  // namespace

Usage read_usage_abandonably(const Root& root, const Inventory& inventory,
                             std::span<const DeviceId> devices) {
    Usage usage;
    std::vector<DeviceId> readable;
    for (const DeviceId& id : devices) {
        const Device* device = inventory.find(id);
        if (device == nullptr)
            continue;
        usage[id];
        if (device->stuck.empty())  // else it is refused anyway
            readable.push_back(id);
    }
    if (readable.empty())
        return usage;
    const auto found = base::call_abandonably(
        1, [&](std::size_t) { return to_texts(read_usage(root, inventory, readable)); }, kTogether);
    if (found.front())
        add_texts(*found.front(), usage);
    else
        read_one_by_one(root, inventory, readable, usage);
    return usage;
}

}  // namespace sysfs
