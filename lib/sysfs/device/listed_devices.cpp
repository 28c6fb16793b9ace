// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/listed_devices.hpp"

#include <chrono>

#include "base/abandonable.hpp"
#include "base/parallel_for.hpp"
#include "sysfs/device/locking_attributes.hpp"

namespace sysfs {
namespace {

using std::chrono::milliseconds;

/// How long for one that does not return.
constexpr milliseconds kDeadline{5'000};
/// VPD comes four bytes at a time, on some devices in many seconds.
constexpr milliseconds kSerialDeadline{60'000};

/// What may hang, read in a process that is abandoned then. One whose process ends with an error is
/// shown as hanging as well.
std::vector<LockingAttributes> read_within(milliseconds deadline,
                                           const std::vector<const ListedDevice*>& listed,
                                           const ScanOptions& wanted) {
    const auto texts = base::call_abandonably(
        listed.size(),
        [&](std::size_t at) -> base::CallResult {
            const auto device = listed[at]->devices->sub(listed[at]->id.name);
            return device ? read_locking_attributes(*device, wanted).to_texts()
                          : base::CallResult();
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
    std::vector<const ListedDevice*> all;
    for (const ListedDevice& each : listed)
        all.push_back(&each);
    ScanOptions without_serial = wanted;
    without_serial.serial = false;
    std::vector<LockingAttributes> out = read_within(kDeadline, all, without_serial);
    if (!wanted.serial)
        return out;
    std::vector<std::size_t> places;
    std::vector<const ListedDevice*> answering;
    for (std::size_t at = 0; at < out.size(); ++at)
        if (out[at].stuck.empty()) {
            places.push_back(at);
            answering.push_back(all[at]);
        }
    std::vector<LockingAttributes> with_serial = read_within(kSerialDeadline, answering, wanted);
    for (std::size_t at = 0; at < places.size(); ++at)
        out[places[at]] = std::move(with_serial[at]);
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
