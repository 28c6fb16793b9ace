// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/vfs.hpp"

#include "binding/mdevs.hpp"

#include "binding/node_access.hpp"
#include "sysfs/names.hpp"

namespace binding {
namespace {

using sysfs::Code;
using sysfs::fail;
using sysfs::Result;
using sysfs::Target;

constexpr const char* kAutoprobe = "sriov_drivers_autoprobe";

Result<sysfs::SriovPf> read_pf(Writer& writer, const Target& pf) {
    const auto now = writer.kernel().device(pf.id);
    if (!now)
        return sysfs::propagate(now);
    if (!now->sriov)
        return fail(Code::kUnsupported, "set VFs", pf.id.display(), "is no SR-IOV physical function");
    return *now->sriov;
}

Result<void> write_count(Writer& writer, const Target& pf, std::uint32_t count,
                         std::uint32_t enabled) {
    // Non-zero to other non-zero is EBUSY: none first.
    if (enabled != 0 && count != 0)
        if (auto none = writer.set_vfs(pf, 0, enabled); !none)
            return none;
    return writer.set_vfs(pf, count, enabled);
}

/// The write returns before the VFs are there, and they come in any order.
Result<void> wait_for_links(Writer& writer, const Target& pf, std::uint32_t count,
                            Milliseconds timeout) {
    std::size_t there = 0;
    const bool all = writer.wait_for(timeout, "wait for the VFs of " + pf.id.display(), [&] {
        const auto now = read_pf(writer, pf);
        there = now ? now->vfs.size() : 0;
        return there == count;
    });
    if (all)
        return {};
    return fail(Code::kTimeout, "wait for VFs", pf.id.display(),
                std::to_string(there) + " of " + std::to_string(count) + " appeared");
}

}  // namespace

Result<void> make_vfs(Writer& writer, const Target& pf, std::uint32_t count, Milliseconds timeout) {
    const auto now = read_pf(writer, pf);
    if (!now)
        return sysfs::propagate(now);
    if (now->enabled == count)
        return {};
    if (count > now->total)
        return fail(Code::kInvalid, "set VFs", pf.id.display(),
                    "has at most " + std::to_string(now->total));
    const bool keep_off = count != 0 && now->autoprobe == true;
    if (keep_off)
        if (auto off = writer.write_attr(pf, kAutoprobe, "0", "1"); !off)
            return off;
    if (auto written = write_count(writer, pf, count, now->enabled); !written)
        return written;
    if (auto there = wait_for_links(writer, pf, count, timeout); !there)
        return there;
    return keep_off ? writer.write_attr(pf, kAutoprobe, "1", "0") : Result<void>();
}

Result<void> unmake(Writer& writer, const Target& target, const Made& made, Milliseconds timeout) {
    if (made.op == policy::Op::kCreateMdev) {
        const auto mdev = writer.kernel().device({"mdev", made.value});
        const bool ours = mdev && mdev->mdev && mdev->mdev->type == made.before;
        return ours ? writer.remove_mdev(target.id, made.before, made.value) : Result<void>();
    }
    if (made.op == policy::Op::kSetAccess)
        return give_back_access(writer, target.id, made);
    if (made.op == policy::Op::kSetAttr)
        return take_vgpu(writer, target, made);
    const auto before = sysfs::parse_decimal(made.before);
    const auto now = read_pf(writer, target);
    // Someone has chosen another number since: theirs.
    if (!before || !now || std::to_string(now->enabled) != made.value || now->enabled == *before)
        return {};
    const auto count = static_cast<std::uint32_t>(*before);
    if (auto written = write_count(writer, target, count, now->enabled); !written)
        return written;
    return wait_for_links(writer, target, count, timeout);
}

}  // namespace binding
