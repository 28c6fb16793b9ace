// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/select.hpp"

#include <cerrno>

#include "vfio/error.hpp"
#include "vfio/holder.hpp"
#include "vfio/noiommu_backing.hpp"
#include "vfio/spapr_backing.hpp"
#include "vfio/type1_backing.hpp"
#include "vfio/viability.hpp"

namespace vfio {

Target target_of(const sysfs::Device& device) {
    Target target{.name = device.id.name};
    if (device.vfio) {
        target.group = device.vfio->group;
        target.cdev = device.vfio->cdev;
    }
    return target;
}

namespace {

/// One walk down the list. The group's fd is opened once and goes from try to try.
class Search {
  public:
    Search(Calls& calls, const Target& target, const Wish& wish)
        : calls_(calls), target_(target), wish_(wish) {}

    Result<Opened> attempt(Backend backend);
    Result<Opened> join(const std::shared_ptr<AddressSpace>& space);

  private:
    [[nodiscard]] std::optional<std::string> pointless(Backend backend) const;
    Result<Opened> by_cdev(std::shared_ptr<AddressSpace> space);
    Result<Opened> by_group(std::shared_ptr<AddressSpace> space);
    Result<std::unique_ptr<Backing>> make(Backend backend);
    Result<void> open_group();
    Error busy(Error error, const std::string& path) const;
    Result<DeviceFd> device_of_group();

    Calls& calls_;
    const Target& target_;
    const Wish& wish_;
    GroupFd group_;
};

std::string node(const std::string& name) {
    return "/dev/vfio/" + name;
}

/// What needs no system call to know.
std::optional<std::string> Search::pointless(Backend backend) const {
    const bool noiommu = target_.group && target_.group->starts_with("noiommu-");
    if (backend == Backend::kIommufd) {
        if (!target_.cdev)
            return noiommu ? "the device has no IOMMU" : "the device has no cdev";
        return std::nullopt;
    }
    if (wish_.page_table == PageTable::kNestParent)
        return "nesting needs a page table of iommufd";
    if (!target_.group)
        return "the device has no VFIO group";
    if (noiommu != (backend == Backend::kNoiommu))
        return noiommu ? "the device has no IOMMU" : "the device has an IOMMU";
    return std::nullopt;
}

Result<std::unique_ptr<Backing>> Search::make(Backend backend) {
    if (backend == Backend::kIommufd) {
        const auto iommu = open_iommu(calls_);
        if (!iommu)
            return sysfs::propagate(iommu);
        auto ioas = Ioas::allocate(*iommu);
        if (!ioas)
            return sysfs::propagate(ioas);
        return std::make_unique<IommufdBacking>(std::move(*ioas), wish_.page_table);
    }
    auto fd = open_node<ContainerFd>(
        calls_, backend == Backend::kIommufdCompat ? "/dev/iommu" : "/dev/vfio/vfio");
    if (!fd)
        return sysfs::propagate(fd);
    switch (backend) {
        case Backend::kIommufd:
            break;
        case Backend::kIommufdCompat:
        case Backend::kType1v2:
        case Backend::kType1:
            return std::make_unique<Type1Backing>(calls_, std::move(*fd), backend);
        case Backend::kSpaprV2:
            return std::make_unique<SpaprV2Backing>(calls_, std::move(*fd));
        case Backend::kSpaprV1:
            return std::make_unique<SpaprV1Backing>(calls_, std::move(*fd));
        case Backend::kNoiommu:
            return std::make_unique<NoiommuBacking>(calls_, std::move(*fd));
    }
    return sysfs::fail(Code::kInvalid, "choose a backend", target_.name, "no such backend");
}

Error Search::busy(Error error, const std::string& path) const {
    if (error.errnum != EBUSY)
        return error;
    const std::string holders = text(holders_of_node(wish_.root, path));
    if (!holders.empty())
        error.hint = holders + "; " + error.hint;
    return error;
}

Result<void> Search::open_group() {
    if (group_.valid())
        return {};
    const std::string path = node(*target_.group);
    auto group = open_node<GroupFd>(calls_, path);
    if (!group)
        return tl::unexpected<Error>(busy(std::move(group.error()), path));
    abi::GroupStatus status{.argsz = sizeof status, .flags = 0};
    const int answer = calls_.group(*group, abi::GroupCall::kGetStatus, &status);
    if (answer < 0)
        return fail_call(-answer, "get the group's status", path);
    if ((status.flags & abi::kGroupViable) == 0) {
        const std::string guilty = text(group_blockers(wish_.root, *target_.group));
        return sysfs::fail(Code::kRefused, "use", path, "the group is not viable",
                           guilty.empty() ? "another device of it is on a driver that does DMA"
                                          : guilty + " would do DMA beside it");
    }
    group_ = std::move(*group);
    return {};
}

Result<DeviceFd> Search::device_of_group() {
    std::string request = target_.name;
    if (target_.token) {
        static constexpr char kDigits[] = "0123456789abcdef";
        request += " vf_token=";
        for (std::size_t i = 0; i < target_.token->size(); ++i) {
            if (i == 4 || i == 6 || i == 8 || i == 10)
                request += '-';
            request += kDigits[(*target_.token)[i] >> 4];
            request += kDigits[(*target_.token)[i] & 15];
        }
    }
    const int fd = retry(
        calls_, [&] { return calls_.group(group_, abi::GroupCall::kGetDeviceFd, request.data()); });
    if (fd < 0)
        return fail_call(-fd, "open the device", target_.name,
                         fd == -EACCES   ? "the VF token is missing or wrong"
                         : fd == -EINVAL ? "no IOMMU is set, or a VF token is given but not needed"
                         : fd == -ENODEV ? "the group has no such device, or it is not VFIO's"
                                         : attach_hint(-fd));
    return DeviceFd(sysfs::UniqueFd(fd));
}

Result<Opened> Search::by_cdev(std::shared_ptr<AddressSpace> space) {
    const std::string path = node("devices/" + *target_.cdev);
    auto device = open_node<DeviceFd>(calls_, path);
    if (!device)
        return tl::unexpected<Error>(busy(std::move(device.error()), path));
    const auto bound =
        space->attach_device({.fd = *device, .name = target_.name, .token = target_.token});
    if (!bound)
        return sysfs::propagate(bound);
    return Opened{.space = std::move(space),
                  .skipped = {},
                  .group = {},
                  .device = std::move(*device),
                  .bound = *bound};
}

Result<Opened> Search::by_group(std::shared_ptr<AddressSpace> space) {
    if (auto opened = open_group(); !opened)
        return sysfs::propagate(opened);
    const std::string path = node(*target_.group);
    if (auto attached = space->attach_group(group_, path); !attached)
        return sysfs::propagate(attached);
    auto device = device_of_group();
    if (!device) {
        static_cast<void>(space->detach_group(group_, path));
        return tl::unexpected<Error>(space->explain_refusal(std::move(device.error()), path));
    }
    if (auto known = space->device_opened(); !known)
        return sysfs::propagate(known);
    return Opened{.space = std::move(space),
                  .skipped = {},
                  .group = std::move(group_),
                  .device = std::move(*device),
                  .bound = {}};
}

Result<Opened> Search::attempt(Backend backend) {
    if (const auto why = pointless(backend))
        return sysfs::fail(Code::kUnsupported, "open through " + std::string(name(backend)),
                           target_.name, *why);
    auto backing = make(backend);
    if (!backing)
        return sysfs::propagate(backing);
    return join(AddressSpace::create(calls_, std::move(*backing)));
}

Result<Opened> Search::join(const std::shared_ptr<AddressSpace>& space) {
    const bool cdev = space->backend() == Backend::kIommufd;
    if (cdev ? !target_.cdev : !target_.group)
        return sysfs::fail(Code::kUnsupported, "open", target_.name,
                           cdev ? "the device has no cdev" : "the device has no VFIO group");
    return cdev ? by_cdev(space) : by_group(space);
}

}  // namespace

Result<Opened> open_device(Calls& calls, const Target& target, const Wish& wish) {
    Search search(calls, target, wish);
    std::vector<Skipped> skipped;
    Result<Opened> last =
        sysfs::fail(Code::kInvalid, "open", target.name, "no backend to try was named");
    for (const Backend backend : wish.order) {
        last = search.attempt(backend);
        if (last) {
            last->skipped = std::move(skipped);
            return last;
        }
        Error why = last.error();
        why.object = why.object == target.name ? "" : why.object;
        skipped.push_back({.backend = backend, .why = why.text(), .hint = why.hint});
    }
    if (skipped.size() > 1) {
        std::string all;
        for (const Skipped& each : skipped) {
            all += (all.empty() ? "" : "; ") + std::string(name(each.backend)) + ": " + each.why;
            if (!each.hint.empty())
                all += " (" + each.hint + ")";
        }
        return sysfs::fail(last.error().code, "open", target.name, "no backend takes it", all);
    }
    return last;
}

Result<Opened> open_device_in(Calls& calls, const Target& target,
                              const std::shared_ptr<AddressSpace>& space) {
    const Wish wish;
    return Search(calls, target, wish).join(space);
}

}  // namespace vfio
