// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/sriov.hpp"

#include <span>

#include "base/try.hpp"
#include "binding/transaction/attributes.hpp"
#include "binding/transaction/mdevs.hpp"
#include "binding/transaction/node_access.hpp"
#include "sysfs/device/names.hpp"

namespace binding {
namespace {

using base::Code;
using base::fail;
using base::Result;
using sysfs::DeviceTarget;

constexpr const char* kAutoprobe = "sriov_drivers_autoprobe";

/// With the kernel's own number of VFs, which a worker may wait for: while another program makes
/// some, their links appear one after the other under the device's lock.
Result<sysfs::SriovPf> read_pf(JournaledKernel& journaled, const DeviceTarget& pf) {
    sysfs::ScanOptions wanted;
    wanted.attrs = {"sriov_numvfs"};
    const auto found = TRY(journaled.kernel().devices(std::span(&pf.id, 1), wanted));
    const sysfs::Device* now = found.find(pf.id);
    if (now == nullptr)
        return fail(Code::kNotFound, "set VFs", pf.id.display(), "no such device");
    if (!now->sriov)
        return fail(Code::kUnsupported, "set VFs", pf.id.display(),
                    "is no SR-IOV physical function");
    sysfs::SriovPf sriov = *now->sriov;
    if (const auto number = now->attrs.find("sriov_numvfs"); number != now->attrs.end())
        sriov.enabled = static_cast<std::uint32_t>(
            base::parse_kernel_number(number->second).value_or(sriov.enabled));
    return sriov;
}

Result<void> write_count(JournaledKernel& journaled, const DeviceTarget& pf, std::uint32_t count,
                         std::uint32_t enabled) {
    // Non-zero to other non-zero is EBUSY: 0 first.
    if (enabled != 0 && count != 0)
        TRY(journaled.set_vfs(pf, 0, enabled));
    return journaled.set_vfs(pf, count, enabled);
}

/// The write returns before the VFs are there, and they come in any order.
Result<void> wait_for_links(JournaledKernel& journaled, const DeviceTarget& pf, std::uint32_t count,
                            Milliseconds timeout) {
    std::size_t there = 0;
    const bool all = journaled.wait_for(timeout, "wait for the VFs of " + pf.id.display(), [&] {
        const auto now = read_pf(journaled, pf);
        there = now ? now->vfs.size() : 0;
        return there == count;
    });
    if (all)
        return {};
    return fail(Code::kTimeout, "wait for VFs", pf.id.display(),
                std::to_string(there) + " of " + std::to_string(count) + " appeared");
}

}  // namespace

Result<void> enable_vfs(JournaledKernel& journaled, const DeviceTarget& pf, std::uint32_t count,
                        Milliseconds timeout) {
    const auto now = TRY(read_pf(journaled, pf));
    if (now.enabled == count)
        return {};
    if (count > now.total)
        return fail(Code::kInvalid, "set VFs", pf.id.display(),
                    "has at most " + std::to_string(now.total));
    const bool keep_off = count != 0 && now.autoprobe == true;
    if (keep_off)
        TRY(journaled.write_attr(pf, kAutoprobe, "0", "1"));
    TRY(write_count(journaled, pf, count, now.enabled));
    TRY(wait_for_links(journaled, pf, count, timeout));
    return keep_off ? journaled.write_attr(pf, kAutoprobe, "1", "0") : Result<void>();
}

Result<void> remove_side_effect(JournaledKernel& journaled, const DeviceTarget& target,
                                const SideEffect& made, Milliseconds timeout) {
    if (made.op == policy::Op::kCreateMdev) {
        const policy::MdevSpec spec = decode_mdev(made.value, made.before);
        const auto mdev = journaled.kernel().device({"mdev", made.value});
        const bool ours = mdev && mdev->mdev && mdev->mdev->type == spec.type;
        return ours ? journaled.remove_mdev(target.id, spec) : Result<void>();
    }
    if (made.op == policy::Op::kSetAccess)
        return restore_access(journaled, target.id, made);
    if (made.op == policy::Op::kSetAttr)
        return is_attribute(made) ? restore_attribute(journaled, target, made)
                                  : remove_vgpu(journaled, target, made);
    const auto before = base::parse_decimal(made.before);
    const auto now = read_pf(journaled, target);
    // Another program has set another number since: it stays.
    if (!before || !now || std::to_string(now->enabled) != made.value || now->enabled == *before)
        return {};
    const auto count = static_cast<std::uint32_t>(*before);
    TRY(write_count(journaled, target, count, now->enabled));
    return wait_for_links(journaled, target, count, timeout);
}

}  // namespace binding
