// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/listed_devices.hpp"

#include <chrono>
#include <functional>
#include <numeric>

#include "base/abandonable.hpp"
#include "base/parallel_for.hpp"
#include "sysfs/device/locking_attributes.hpp"
#include "sysfs/device/serial.hpp"

namespace sysfs {
namespace {

using std::chrono::milliseconds;

/// How long for one that does not return.
constexpr milliseconds kDeadline{5'000};
/// VPD comes four bytes at a time, on some devices in many seconds.
constexpr milliseconds kSerialDeadline{60'000};

/// What `read` finds of the devices at these places, in a process that is abandoned when it hangs.
/// One whose process ends with an error is shown as hanging as well.
std::vector<LockingAttributes> read_within(
    milliseconds deadline, const std::vector<ListedDevice>& listed,
    const std::vector<std::size_t>& places,
    const std::function<LockingAttributes(const base::Dir&)>& read) {
    const auto texts =
        base::call_abandonably(places.size(),
                               [&](std::size_t at) -> base::CallResult {
                                   const ListedDevice& one = listed[places[at]];
                                   const auto device = one.devices->sub(one.id.name);
                                   return device ? read(*device).to_texts() : base::CallResult();
                               },
                               {milliseconds(500), deadline});
    std::vector<LockingAttributes> out;
    for (const auto& each : texts) {
        out.push_back(LockingAttributes::from_texts(each.value_or(base::CallResult())));
        if (!each)
            out.back().stuck = kReadHangs;
    }
    return out;
}

/// Serial numbers come last, and not of a device that hangs already: it would be waited for as long
/// as for a slow one.
std::vector<LockingAttributes> read_abandonably(const std::vector<ListedDevice>& listed,
                                                const ScanOptions& wanted) {
    std::vector<std::size_t> places(listed.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    ScanOptions first = wanted;
    first.serial = false;
    std::vector<LockingAttributes> out = read_within(
        kDeadline, listed, places,
        [&](const base::Dir& device) { return read_locking_attributes(device, first); });
    if (!wanted.serial)
        return out;
    std::erase_if(places, [&](std::size_t at) { return !out[at].stuck.empty(); });
    auto serials = read_within(kSerialDeadline, listed, places, [](const base::Dir& device) {
        LockingAttributes one;
        one.serial = read_serial(device);
        return one;
    });
    for (std::size_t at = 0; at < places.size(); ++at)
        if (serials[at].stuck.empty())
            out[places[at]].serial = std::move(serials[at].serial);
        else
            out[places[at]] = std::move(serials[at]);
    return out;
}

}  // namespace

std::vector<base::Result<Device>> read_listed(const std::vector<ListedDevice>& listed,
                                              const ScanContext& context) {
    std::vector<LockingAttributes> known;
    if (context.hanging == HangingReads::kAbandon)
        known = read_abandonably(listed, context.wanted);
    std::vector<base::Result<Device>> devices(listed.size());
    base::parallel_for(listed.size(), [&](std::size_t at) {
        devices[at] = read_from(*listed[at].devices, listed[at].id, context,
                                known.empty() ? nullptr : &known[at]);
    });
    return devices;
}

}  // namespace sysfs
