// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/container.hpp"

#include <cerrno>
#include <utility>

#include "base/name_table.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

namespace {

/// From 1.
constexpr base::NameTable<abi::Extension::kUpdateVaddr> kExtensionNames{"",
                                                                        "VFIO_TYPE1_IOMMU",
                                                                        "VFIO_SPAPR_TCE_IOMMU",
                                                                        "VFIO_TYPE1v2_IOMMU",
                                                                        "VFIO_DMA_CC_IOMMU",
                                                                        "VFIO_EEH",
                                                                        "nesting (withdrawn)",
                                                                        "VFIO_SPAPR_TCE_v2_IOMMU",
                                                                        "VFIO_NOIOMMU_IOMMU",
                                                                        "VFIO_UNMAP_ALL",
                                                                        "VFIO_UPDATE_VADDR"};

constexpr ErrnoHint kSetContainerHints[] = {
    {EPERM,
     "noiommu groups and groups with an IOMMU do not mix, and another owner may have the group's "
     "DMA"},
    {EBUSY, "this backend takes one group per container, or a native driver has the group's DMA"},
    {ENODEV, "the group has no device any more"},
    {EBADF, "the fd is neither a container's nor an iommufd's"},
    {EBADFD, "the fd is neither a container's nor an iommufd's"},
};

bool is_in_container(Calls& calls, const GroupFd& group) {
    abi::VfioGroupStatus status{.argsz = sizeof status, .flags = 0};
    return calls.group(group, abi::GroupCall::kGetStatus, &status) >= 0 &&
           (status.flags & abi::kGroupContainerSet) != 0;
}

}  // namespace

std::string_view name(abi::Extension extension) {
    return kExtensionNames[extension];
}

Result<unsigned> Container::check(abi::Extension extension) const {
    const int answer =
        call(abi::ContainerCall::kCheckExtension, Argument(static_cast<unsigned long>(extension)));
    if (answer < 0)
        return fail_call(-answer, "ask for " + std::string(name(extension)), "container");
    return static_cast<unsigned>(answer);
}

/// SET_IOMMU's errno says little (ENODEV when no driver took it); CHECK_EXTENSION says whether this
/// kernel has the driver at all. Asked on failure only: success needs no question.
std::string Container::set_iommu_hint(int errnum) const {
    const auto offered = check(extension_);
    if (offered && *offered == 0)
        return "this kernel or platform does not offer " + std::string(name(extension_));
    if (extension_ == abi::Extension::kSpaprTceV2)
        return "offered, but this device has no dynamic DMA windows";
    return attach_hint(errnum);
}

Result<void> Container::add(const GroupFd& group, const std::string& object) {
    if (std::exchange(first_, FirstGroup::kToAttach) == FirstGroup::kAttached) {
        ++groups_;
        return {};
    }
    int fd = fd_.get();
    int answer =
        retry(calls_, [&] { return calls_.group(group, abi::GroupCall::kSetContainer, &fd); });
    if (answer < 0)
        return fail_call(-answer, "put into a container", object,
                         answer == -EINVAL && is_in_container(calls_, group)
                             ? "the group is in a container already"
                             : find_hint(kSetContainerHints, -answer, attach_hint(-answer)));
    if (groups_ == 0) {
        answer =
            call(abi::ContainerCall::kSetIommu, Argument(static_cast<unsigned long>(extension_)));
        if (answer < 0) {
            auto failed = fail_call(-answer, "set " + std::string(name(extension_)), object,
                                    set_iommu_hint(-answer));
            // The group must not stay behind in a container without an IOMMU.
            static_cast<void>(calls_.group(group, abi::GroupCall::kUnsetContainer, nullptr));
            return failed;
        }
    }
    ++groups_;
    return {};
}

Result<void> Container::remove(const GroupFd& group, const std::string& object) {
    const int answer = retry(
        calls_, [&] { return calls_.group(group, abi::GroupCall::kUnsetContainer, nullptr); });
    if (answer < 0)
        return fail_call(-answer, "take out of its container", object,
                         answer == -EBUSY ? "a device of the group is still open" : "");
    if (groups_ > 0)
        --groups_;
    return {};
}

}  // namespace vfio
