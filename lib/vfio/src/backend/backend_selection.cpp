// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/backend_selection.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"
#include "vfio/src/backend/blockers.hpp"
#include "vfio/src/backend/noiommu_backend.hpp"
#include "vfio/src/backend/spapr_backend.hpp"
#include "vfio/src/backend/type1_backend.hpp"

namespace vfio {

namespace {

/// Tries the backends for one device. The group is opened once, for all tries.
class BackendSelector {
  public:
    BackendSelector(Calls& calls, const DeviceNodes& nodes, const OpenOptions& options)
        : calls_(calls), nodes_(nodes), options_(options) {}

    Result<AttachedDevice> try_backend(Backend backend);
    Result<AttachedDevice> attach_to(const std::shared_ptr<AddressSpace>& space);

  private:
    [[nodiscard]] std::optional<std::string> unsupported_reason(Backend backend) const;
    Result<AttachedDevice> open_by_cdev(std::shared_ptr<AddressSpace> space);
    Result<AttachedDevice> open_by_group(std::shared_ptr<AddressSpace> space);
    Result<std::unique_ptr<IommuBackend>> make_backend(Backend backend);
    Result<void> open_group();
    /// Is this process' descriptor of the node one that keeps others out, or the one of this
    /// attempt?
    enum class OwnDescriptor { kHolds, kJustOpened };
    std::string seen_holders(const std::string& path, OwnDescriptor own) const;
    Error with_holders(Error error, const std::string& path) const;
    Result<DeviceFd> device_of_group();

    Calls& calls_;
    const DeviceNodes& nodes_;
    const OpenOptions& options_;
    GroupFd group_;
};

std::string node(const std::string& name) {
    return "/dev/vfio/" + name;
}

/// Why a backend is impossible, as far as no system call is needed to know it.
std::optional<std::string> BackendSelector::unsupported_reason(Backend backend) const {
    const bool noiommu = nodes_.group && nodes_.group->starts_with("noiommu-");
    if (backend == Backend::kIommufd) {
        if (!nodes_.cdev)
            return noiommu ? "the device has no IOMMU" : "the device has no cdev";
        return std::nullopt;
    }
    if (options_.page_table == PageTable::kNestParent)
        return "nesting needs a page table of iommufd";
    if (!nodes_.group)
        return "the device has no VFIO group";
    if (noiommu != (backend == Backend::kNoiommu))
        return noiommu ? "the device has no IOMMU" : "the device has an IOMMU";
    return std::nullopt;
}

Result<std::unique_ptr<IommuBackend>> BackendSelector::make_backend(Backend backend) {
    if (backend == Backend::kIommufd) {
        const auto iommu = TRY(open_iommu(calls_));
        auto ioas = TRY(Ioas::allocate(iommu));
        return std::make_unique<IommufdBackend>(std::move(ioas), options_.page_table);
    }
    auto fd = TRY(open_node<ContainerFd>(
        calls_, backend == Backend::kIommufdCompat ? "/dev/iommu" : "/dev/vfio/vfio"));
    switch (backend) {
        case Backend::kIommufd:
            break;
        case Backend::kIommufdCompat:
        case Backend::kType1v2:
        case Backend::kType1:
            return std::make_unique<Type1Backend>(calls_, std::move(fd), backend);
        case Backend::kSpaprV2:
            return std::make_unique<SpaprV2Backend>(calls_, std::move(fd));
        case Backend::kSpaprV1:
            return std::make_unique<SpaprV1Backend>(calls_, std::move(fd));
        case Backend::kNoiommu:
            return std::make_unique<NoiommuBackend>(calls_, std::move(fd));
    }
    return base::fail(Code::kInvalid, "choose a backend", nodes_.name, "no such backend");
}

/// What can be seen of those that have the node, or else the device's cdev, open or mapped. A
/// device that was opened through its group is mapped without a node's name.
std::string BackendSelector::seen_holders(const std::string& path, OwnDescriptor own) const {
    const auto find = [&](const std::string& of) {
        std::vector<Holder> found = find_node_holders({options_.root}, of);
        if (own == OwnDescriptor::kJustOpened)
            std::erase_if(found, [](const Holder& holder) {
                return holder.pid == ::getpid() && holder.hold == Holder::Hold::kOpen;
            });
        return found;
    };
    std::vector<Holder> holders = find(path);
    if (holders.empty() && nodes_.cdev)
        holders = find(node("devices/" + *nodes_.cdev));
    if (!holders.empty())
        return text(holders);
    holders = find_node_holders({options_.root}, kDeviceOfSomeGroup);
    std::erase_if(holders, [](const Holder& holder) { return holder.hold == Holder::Hold::kOpen; });
    return holders.empty() ? "" : "a device of some group is " + text(holders);
}

/// EBUSY: the node is open. EINVAL: the device is, and a cdev only once (vfio_df_open()).
Error BackendSelector::with_holders(Error error, const std::string& path) const {
    if (error.errnum != EBUSY && error.errnum != EINVAL)
        return error;
    const std::string holders = seen_holders(
        path, error.errnum == EBUSY ? OwnDescriptor::kHolds : OwnDescriptor::kJustOpened);
    if (!holders.empty())
        error.hint = holders + (error.hint.empty() ? "" : "; ") + error.hint;
    return error;
}

Result<void> BackendSelector::open_group() {
    if (group_.valid())
        return {};
    const std::string path = node(*nodes_.group);
    auto group = open_node<GroupFd>(calls_, path);
    if (!group)
        return tl::unexpected<Error>(with_holders(std::move(group.error()), path));
    abi::VfioGroupStatus status{.argsz = sizeof status, .flags = 0};
    const int answer = calls_.group(*group, abi::GroupCall::kGetStatus, &status);
    if (answer < 0)
        return fail_call(-answer, "get the group's status", path);
    if ((status.flags & abi::kGroupViable) == 0) {
        // iommu_group_dma_owner_claimed(): by a native driver, or by another user of VFIO.
        const std::string blockers = text(find_group_blockers({options_.root}, *nodes_.group));
        return base::fail(Code::kRefused, "use", path, "the group is not viable",
                          blockers.empty() ? seen_holders(path, OwnDescriptor::kJustOpened)
                                           : blockers + " would do DMA beside it");
    }
    group_ = std::move(*group);
    return {};
}

Result<DeviceFd> BackendSelector::device_of_group() {
    std::string request = nodes_.name;
    if (nodes_.token) {
        static constexpr char kDigits[] = "0123456789abcdef";
        request += " vf_token=";
        for (std::size_t i = 0; i < nodes_.token->size(); ++i) {
            if (i == 4 || i == 6 || i == 8 || i == 10)
                request += '-';
            request += kDigits[(*nodes_.token)[i] >> 4];
            request += kDigits[(*nodes_.token)[i] & 15];
        }
    }
    const int fd = retry(
        calls_, [&] { return calls_.group(group_, abi::GroupCall::kGetDeviceFd, request.data()); });
    if (fd < 0)
        return fail_call(-fd, "open the device", nodes_.name,
                         fd == -EACCES                   ? "the VF token is missing or wrong"
                         : fd == -EINVAL && nodes_.token ? "a VF token is given but not needed"
                         : fd == -ENODEV ? "the group has no such device, or it is not VFIO's"
                                         : attach_hint(-fd));
    return DeviceFd(UniqueFd(fd));
}

Result<AttachedDevice> BackendSelector::open_by_cdev(std::shared_ptr<AddressSpace> space) {
    const std::string path = node("devices/" + *nodes_.cdev);
    auto device = open_node<DeviceFd>(calls_, path);
    if (!device)
        return tl::unexpected<Error>(with_holders(std::move(device.error()), path));
    auto bound = space->attach_device({.fd = *device, .name = nodes_.name, .token = nodes_.token});
    if (!bound)
        return tl::unexpected<Error>(with_holders(std::move(bound.error()), path));
    return AttachedDevice{.space = std::move(space), .device = std::move(*device), .bound = *bound};
}

Result<AttachedDevice> BackendSelector::open_by_group(std::shared_ptr<AddressSpace> space) {
    TRY(open_group());
    const std::string path = node(*nodes_.group);
    TRY(space->attach_group(group_, path));
    auto device = device_of_group();
    if (!device) {
        static_cast<void>(space->detach_group(group_, path));
        return tl::unexpected<Error>(space->explain_refusal(std::move(device.error()), path));
    }
    TRY(space->device_opened());
    return AttachedDevice{
        .space = std::move(space), .group = std::move(group_), .device = std::move(*device)};
}

Result<AttachedDevice> BackendSelector::try_backend(Backend backend) {
    if (const auto why = unsupported_reason(backend))
        return base::fail(Code::kUnsupported, "open through " + std::string(name(backend)),
                          nodes_.name, *why);
    auto iommu_backend = TRY(make_backend(backend));
    return attach_to(AddressSpace::create(calls_, std::move(iommu_backend)));
}

Result<AttachedDevice> BackendSelector::attach_to(const std::shared_ptr<AddressSpace>& space) {
    const bool cdev = space->backend() == Backend::kIommufd;
    if (cdev ? !nodes_.cdev : !nodes_.group)
        return base::fail(Code::kUnsupported, "open", nodes_.name,
                          cdev ? "the device has no cdev" : "the device has no VFIO group");
    return cdev ? open_by_cdev(space) : open_by_group(space);
}

/// Each reason once, after the backends that have it: "type1v2, type1: no such device".
std::string every_reason(const std::vector<RejectedBackend>& rejected) {
    std::vector<std::pair<std::string, std::string>> reasons;
    for (const RejectedBackend& each : rejected) {
        const std::string reason = each.why + (each.hint.empty() ? "" : " (" + each.hint + ")");
        const auto known = std::find_if(reasons.begin(), reasons.end(),
                                        [&](const auto& one) { return one.first == reason; });
        if (known == reasons.end())
            reasons.emplace_back(reason, name(each.backend));
        else
            known->second += ", " + std::string(name(each.backend));
    }
    std::string out;
    for (const auto& [reason, backends] : reasons)
        out += (out.empty() ? "" : "; ") + backends + ": " + reason;
    return out;
}

}  // namespace

Result<AttachedDevice> open_device(Calls& calls, const DeviceNodes& nodes,
                                   const OpenOptions& options) {
    BackendSelector selector(calls, nodes, options);
    std::vector<RejectedBackend> rejected;
    Result<AttachedDevice> last =
        base::fail(Code::kInvalid, "open", nodes.name, "no backend to try was named");
    for (const Backend backend : options.order) {
        last = selector.try_backend(backend);
        if (last) {
            last->rejected = std::move(rejected);
            return last;
        }
        Error why = last.error();
        why.object = why.object == nodes.name ? "" : why.object;
        rejected.push_back({.backend = backend, .why = why.text(), .hint = why.hint});
    }
    if (rejected.size() > 1)
        return base::fail(last.error().code, "open", nodes.name, "no backend takes it",
                          every_reason(rejected));
    return last;
}

Result<AttachedDevice> open_device_in(Calls& calls, const DeviceNodes& nodes,
                                      const std::shared_ptr<AddressSpace>& space) {
    const OpenOptions options;
    return BackendSelector(calls, nodes, options).attach_to(space);
}

}  // namespace vfio
