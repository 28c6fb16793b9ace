// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/attributes.hpp"

#include <algorithm>
#include <span>

#include "base/try.hpp"

namespace binding {
namespace {

using base::Code;
using base::fail;
using base::Result;
using policy::DeviceAttribute;
using sysfs::DeviceTarget;

Result<policy::AttributeTexts> read_attributes(JournaledKernel& journaled,
                                               const DeviceTarget& target,
                                               const std::string& name) {
    sysfs::ScanOptions wanted;
    wanted.attrs = policy::attributes_to_read(name);
    const auto found = TRY(journaled.kernel().devices(std::span(&target.id, 1), wanted));
    const sysfs::Device* now = found.find(target.id);
    if (now == nullptr)
        return fail(Code::kGone, "read " + name, target.id.display(), "no such device");
    return now->attrs;
}

Result<void> write_attribute(JournaledKernel& journaled, const DeviceTarget& target,
                             const DeviceAttribute& wanted) {
    const auto& [name, value] = wanted;
    const auto texts = TRY(read_attributes(journaled, target, name));
    const auto before = policy::attribute_value(texts, name);
    if (before == value)
        return {};
    if (const auto refusal = policy::attribute_refusal(texts, wanted); refusal || !before)
        return fail(Code::kUnsupported, "set " + name, target.id.display(),
                    refusal.value_or("its present value cannot be read"));
    TRY(journaled.write_attr(target, name, value, *before));
    const auto after = TRY(read_attributes(journaled, target, name));
    const auto now = policy::attribute_value(after, name);
    if (now == value)
        return {};
    return fail(Code::kRefused, "set " + name, target.id.display(),
                "is " + now.value_or("gone") + " after " + value + " was written");
}

}  // namespace

Result<void> write_attributes(JournaledKernel& journaled, const DeviceTarget& target,
                              const std::vector<DeviceAttribute>& wanted,
                              policy::AttributePhase phase) {
    for (const DeviceAttribute& each : wanted)
        if (policy::attribute_phase(each.first) == phase)
            TRY(write_attribute(journaled, target, each));
    return {};
}

bool is_attribute(const SideEffect& made) {
    return made.op == policy::Op::kSetAttr &&
           policy::is_device_attribute(policy::split_assignment(made.value).first);
}

bool needs_unbound_device(const ManagedDevice& managed) {
    return std::any_of(
        managed.side_effects.begin(), managed.side_effects.end(), [](const SideEffect& made) {
            return made.op == policy::Op::kSetAttr &&
                   policy::needs_unbound_device(policy::split_assignment(made.value).first);
        });
}

Result<void> restore_attribute(JournaledKernel& journaled, const DeviceTarget& target,
                               const SideEffect& made) {
    const auto [name, ours] = policy::split_assignment(made.value);
    const auto texts = read_attributes(journaled, target, name);
    // Another program has set another value since: it stays.
    if (!texts || policy::attribute_value(*texts, name) != ours)
        return {};
    return journaled.write_attr(target, name, policy::split_assignment(made.before).second, ours);
}

}  // namespace binding
