// SPDX-License-Identifier: LGPL-2.1-or-later
// Which ioctl means what on which fd: container.c, group.c, device_cdev.c.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "fake_calls.hpp"

using namespace vfio::abi;
using vfio::Argument;
using vfio::IovaRange;

namespace {

void* pointer(Argument argument) {
    return reinterpret_cast<void*>(argument.value());
}

}  // namespace

int FakeCalls::check_extension(const Container& container, unsigned long extension) const {
    const auto wanted = static_cast<Extension>(extension);
    if (container.type1)
        return container.type1->extension(wanted);
    switch (wanted) {
        case Extension::kType1:
        case Extension::kType1v2:
        case Extension::kUnmapAll:
            return type1 || container.iommufd ? 1 : 0;
        case Extension::kSpaprTce:
        case Extension::kSpaprTceV2:
        case Extension::kEeh:
            return spapr && !container.iommufd ? 1 : 0;
        case Extension::kReservedNesting:
            return offers_nesting ? 1 : 0;
        case Extension::kNoiommu:
            return 1;
        case Extension::kDmaCc:
        case Extension::kUpdateVaddr:
            return 0;  // told only once a group is in
    }
    return 0;
}

int FakeCalls::set_iommu(Container& container, unsigned long type) {
    requested.push_back(type);
    const auto wanted = static_cast<Extension>(type);
    if (container.iommufd && container.type1)
        return wanted == Extension::kType1 || wanted == Extension::kType1v2 ? 0 : -EINVAL;
    if (container.groups.empty() || container.type1 || container.spapr || container.noiommu)
        return -EINVAL;
    const auto group_members = members(open_.at(container.groups.front()).group);
    if (const int bad = group_members.front()->attach_errno)
        return -bad;
    const bool is_type1 = wanted == Extension::kType1 || wanted == Extension::kType1v2;
    if (container.iommufd && !is_type1)
        return -EINVAL;
    if (is_type1 && (type1 || container.iommufd)) {
        container.type1 = std::make_unique<FakeType1>(
            memory, container.iommufd               ? FakeType1::Kind::kCompat
                    : wanted == Extension::kType1v2 ? FakeType1::Kind::kV2
                                                    : FakeType1::Kind::kV1);
        container.type1->entries_left = dma_entry_limit;
        // In the compatibility layer a device joins when it is opened, seen in the lab.
        container.type1->usable =
            container.iommufd ? std::vector<IovaRange>{{0, UINT64_MAX}} : reach(container);
        for (const Device* device : group_members)
            container.type1->has_mdev = container.type1->has_mdev || device->hardware.emulated;
        return 0;
    }
    if ((wanted == Extension::kSpaprTce || wanted == Extension::kSpaprTceV2) && spapr) {
        const bool v2 = wanted == Extension::kSpaprTceV2;
        if (v2 && !group_members.front()->ddw)
            return -EINVAL;
        container.spapr =
            std::make_unique<FakeSpapr>(memory, v2 ? FakeSpapr::Kind::kV2 : FakeSpapr::Kind::kV1);
        return 0;
    }
    if (wanted == Extension::kNoiommu) {
        container.noiommu = true;
        return 0;
    }
    return -ENODEV;
}

int FakeCalls::container(const vfio::ContainerFd& fd, ContainerCall call, Argument argument) {
    if (const int bad = enter(vfio::FdKind::kContainer, static_cast<unsigned long>(call)))
        return bad;
    Open* open = find(fd.get(), Open::Kind::kContainer);
    if (open == nullptr)
        return -EBADF;
    Container& container = *open->container;
    if (call == ContainerCall::kGetApiVersion)
        return 0;
    if (call == ContainerCall::kCheckExtension)
        return check_extension(container, argument.value());
    if (call == ContainerCall::kSetIommu)
        return set_iommu(container, argument.value());
    if (container.type1)
        return container.type1->call(call, pointer(argument));
    if (container.spapr)
        return container.spapr->call(call, pointer(argument));
    return -EINVAL;
}

int FakeCalls::set_container(int fd, Open& group, int container_fd) {
    if (group.container)
        return -EINVAL;
    Open* target = find(container_fd, Open::Kind::kContainer);
    if (target == nullptr)
        return -EBADFD;
    Container& container = *target->container;
    const bool noiommu = group.group.starts_with("noiommu-");
    for (const int other : container.groups)
        if (open_.at(other).group.starts_with("noiommu-") != noiommu)
            return container.iommufd ? -EINVAL : -EPERM;
    if (container.spapr && !container.groups.empty())
        return -EBUSY;
    container.groups.push_back(fd);
    if (container.type1 && !container.iommufd) {
        const Device* device = members(group.group).front();
        const int bad = device->attach_errno != 0 ? -device->attach_errno
                                                  : container.type1->narrow(reach(container));
        if (bad != 0) {
            container.groups.pop_back();
            return bad;
        }
    }
    group.container = target->container;
    group.container_fd = container_fd;
    return 0;
}

int FakeCalls::unset_container(int fd, Open& group) {
    if (!group.container)
        return -EINVAL;
    for (const auto& [other, open] : open_)
        if (open.kind == Open::Kind::kDevice && !open.through_cdev && open.group == group.group)
            return -EBUSY;
    Container& container = *group.container;
    std::erase(container.groups, fd);
    if (container.iommufd) {
        // The IOAS of the compatibility layer is the iommufd's own: mappings stay, ranges widen.
        if (container.type1)
            container.type1->usable = {{0, UINT64_MAX}};
    } else if (container.groups.empty()) {
        // The driver goes with the last group, and every mapping with it (container.c:490).
        container.type1.reset();
        container.spapr.reset();
        container.noiommu = false;
    } else if (container.type1) {
        container.type1->usable = reach(container);
    }
    group.container.reset();
    return 0;
}

int FakeCalls::get_device(Open& group, const std::string& request) {
    if (!group.container ||
        (!group.container->type1 && !group.container->spapr && !group.container->noiommu))
        return -EINVAL;
    const std::string name = request.substr(0, request.find(' '));
    for (Device* device : members(group.group)) {
        if (device->name != name)
            continue;
        const std::size_t token = request.find(" vf_token=");
        if (device->token.empty() && token != std::string::npos)
            return -EINVAL;
        if (!device->token.empty() && (token == std::string::npos ||
                                       request.substr(token + 10) != device->token))
            return -EACCES;
        if (group.container->iommufd && !device->hardware.emulated &&
            group.container->type1->narrow(reach(*group.container)) != 0)
            return -EADDRINUSE;
        return make_fd({.kind = Open::Kind::kDevice,
                        .container = nullptr,
                        .group = group.group,
                        .device = device});
    }
    return -ENODEV;
}

int FakeCalls::group(const vfio::GroupFd& fd, GroupCall call, Argument argument) {
    if (const int bad = enter(vfio::FdKind::kGroup, static_cast<unsigned long>(call)))
        return bad;
    Open* open = find(fd.get(), Open::Kind::kGroup);
    if (open == nullptr)
        return -EBADF;
    switch (call) {
        case GroupCall::kGetStatus: {
            auto* status = static_cast<GroupStatus*>(pointer(argument));
            if (status->argsz < sizeof *status)
                return -EINVAL;
            status->flags = open->container ? kGroupContainerSet : 0;
            const auto all = members(open->group);
            if (std::all_of(all.begin(), all.end(),
                            [](const Device* each) { return each->viable; }))
                status->flags |= kGroupViable;
            return 0;
        }
        case GroupCall::kSetContainer:
            return set_container(fd.get(), *open, *static_cast<int*>(pointer(argument)));
        case GroupCall::kUnsetContainer:
            return unset_container(fd.get(), *open);
        case GroupCall::kGetDeviceFd:
            return get_device(*open, static_cast<const char*>(pointer(argument)));
    }
    return -ENOTTY;
}

/// vfio_pci_core.c: match_token. Before 6.17 a bind knew no token, and asked for none.
int FakeCalls::check_token(const Device& device, const BindIommufd& small, const void* argument) const {
    const bool given = (small.flags & kBindFlagToken) != 0;
    if (!bind_takes_token)
        return given ? -EINVAL : 0;
    if (!given)
        return device.token.empty() ? 0 : -EACCES;
    if (device.token.empty() || small.argsz < sizeof(BindIommufd))
        return -EINVAL;
    BindIommufd bind;
    std::memcpy(&bind, argument, sizeof bind);
    const auto* uuid = reinterpret_cast<const unsigned char*>(bind.token_uuid_ptr);
    std::string digits;
    for (int i = 0; i < 16; ++i) {
        static constexpr char kDigits[] = "0123456789abcdef";
        digits += {kDigits[uuid[i] >> 4], kDigits[uuid[i] & 15]};
    }
    std::string wanted = device.token;
    std::erase(wanted, '-');
    return digits == wanted ? 0 : -EACCES;
}

int FakeCalls::bind(int fd, Open& open, void* argument) {
    BindIommufd bind{};
    std::memcpy(&bind, argument, kBindIommufdSmallSize);
    if (!open.through_cdev || bind.argsz < kBindIommufdSmallSize ||
        (bind.flags & ~kBindFlagToken) != 0 || bind.iommufd < 0 || open.bound != 0)
        return -EINVAL;
    Open* iommufd = find(bind.iommufd, Open::Kind::kContainer);
    if (iommufd == nullptr || !iommufd->container->iommufd)
        return -EBADFD;
    if (const int bad = open.device->attach_errno)
        return -bad;
    if (const int bad = check_token(*open.device, bind, argument))
        return bad;
    const int id = iommufd->container->iommufd->bind(fd, open.device->hardware);
    if (id < 0)
        return id;
    open.bound = static_cast<std::uint32_t>(id);
    open.container = iommufd->container;
    bind.out_devid = open.bound;
    std::memcpy(argument, &bind, kBindIommufdSmallSize);
    return 0;
}

/// Only vfio-pci takes PASIDs (EOPNOTSUPP), and only beside a page table made for them (EINVAL).
int FakeCalls::attach_pasid(Open& open, void* argument) {
    AttachIommufdPt attach;
    std::memcpy(&attach, argument, sizeof attach);
    if (!open.device->takes_pasids)
        return -EOPNOTSUPP;
    if (attach.flags != kAttachPasid || attach.argsz < sizeof attach)
        return -EINVAL;
    const FakeIommufd& iommufd = *open.container->iommufd;
    const auto own = iommufd.objects.find(iommufd.objects.at(open.bound).attached_to);
    if (own == iommufd.objects.end() || (own->second.flags & kHwptPasid) == 0)
        return -EINVAL;
    if (!iommufd.objects.contains(attach.pt_id))
        return -ENOENT;
    open.device->pasids[attach.pasid] = attach.pt_id;
    return 0;
}

int FakeCalls::detach_pasid(Open& open, const void* argument) {
    DetachIommufdPt detach;
    std::memcpy(&detach, argument, sizeof detach);
    if (!open.device->takes_pasids)
        return -EOPNOTSUPP;
    open.device->pasids.erase(detach.pasid);
    return 0;
}

int FakeCalls::device(const vfio::DeviceFd& fd, DeviceCall call, Argument argument) {
    if (const int bad = enter(vfio::FdKind::kDevice, static_cast<unsigned long>(call)))
        return bad;
    Open* open = find(fd.get(), Open::Kind::kDevice);
    if (open == nullptr)
        return -EBADF;
    if (call == DeviceCall::kBindIommufd)
        return bind(fd.get(), *open, pointer(argument));
    if (open->through_cdev && open->bound == 0)
        return -EINVAL;  // nothing works before BIND (vfio_main.c:1357)
    if (call == DeviceCall::kAttachIommufdPt) {
        AttachIommufdPt attach{};
        std::memcpy(&attach, pointer(argument), kAttachIommufdPtSmallSize);
        if (attach.flags != 0)
            return attach_pasid(*open, pointer(argument));
        const int answer = open->container->iommufd->attach(open->bound, attach.pt_id);
        std::memcpy(pointer(argument), &attach, kAttachIommufdPtSmallSize);
        return answer;
    }
    if (call == DeviceCall::kDetachIommufdPt) {
        DetachIommufdPt detach{};
        std::memcpy(&detach, pointer(argument), kDetachIommufdPtSmallSize);
        if (detach.flags != 0)
            return detach_pasid(*open, pointer(argument));
        return open->container->iommufd->detach(open->bound);
    }
    return open->device->model.call(call, pointer(argument));
}

int FakeCalls::iommu(const vfio::IommuFd& fd, IommuCall call, Argument argument) {
    if (const int bad = enter(vfio::FdKind::kIommu, static_cast<unsigned long>(call)))
        return bad;
    FakeIommufd* iommufd = iommufd_of(fd.get());
    return iommufd == nullptr ? -EBADF : iommufd->call(call, pointer(argument));
}

int FakeCalls::migration(const vfio::MigrationFd& fd, MigrationCall call, Argument argument) {
    if (const int bad = enter(vfio::FdKind::kMigration, static_cast<unsigned long>(call)))
        return bad;
    for (const auto& device : devices_)
        if (device->model.owns_migration(fd.get()))
            return device->model.precopy(pointer(argument));
    return -ENOTTY;
}
