// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/listed_devices.hpp"

#include "base/abandonable.hpp"
#include "base/parallel_for.hpp"
#include "sysfs/device/locking_attributes.hpp"

namespace sysfs {
namespace {

/// What may hang, read in a process that is abandoned then. One whose process ends with an error is
/// shown as hanging as well.
std::vector<LockingAttributes> read_abandonably(const std::vector<ListedDevice>& listed,
                                                const ScanOptions& wanted) {
    using std::chrono::milliseconds;
    // VPD comes four bytes at a time, on some devices in many seconds.
    const base::CallLimits limits{milliseconds(500), milliseconds(wanted.serial ? 60'000 : 5'000)};
    const auto texts = base::call_abandonably(
        listed.size(),
        [&](std::size_t at) -> base::CallResult {
            const auto device = listed[at].devices->sub(listed[at].id.name);
            return device ? read_locking_attributes(*device, wanted).to_texts()
                          : base::CallResult();
        },
        limits);
    std::vector<LockingAttributes> out;
    for (const auto& each : texts) {
        out.push_back(LockingAttributes::from_texts(each.value_or(base::CallResult())));
        if (!each)
            out.back().stuck = kReadHangs;
    }
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
