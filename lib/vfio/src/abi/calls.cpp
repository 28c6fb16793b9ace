// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/calls.hpp"

#include <cerrno>

#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

static_assert(EINTR == 4 && EAGAIN == 11, "retry() spells them as numbers");

Calls::~Calls() = default;

namespace {

struct Expected {
    std::string_view name;
    bool character_device;
    bool anonymous;
};

constexpr Expected expected(FdKind kind) {
    switch (kind) {
        case FdKind::kContainer:
            return {"VFIO container", true, false};
        case FdKind::kGroup:
            return {"VFIO group", true, false};
        case FdKind::kDevice:
            return {"VFIO device", true, true};
        case FdKind::kIommu:
            return {"iommufd", true, false};
        case FdKind::kMigration:
            return {"migration data", false, true};
        case FdKind::kQueue:
            return {"iommufd queue", false, true};
    }
    return {"", false, false};
}

}  // namespace

template <typename Fd>
Result<Fd> adopt(Calls& calls, UniqueFd fd) {
    constexpr Expected want = expected(Fd::kind);
    const std::string object = "fd " + std::to_string(fd.get());
    const std::string operation = "adopt as a " + std::string(want.name);
    if (!fd.valid())
        return base::fail(Code::kInvalid, operation, object, "not an open file");
    const FileKind kind = calls.file_kind(fd.get());
    const bool fits = (kind == FileKind::kCharacterDevice && want.character_device) ||
                      (kind == FileKind::kAnonymous && want.anonymous);
    if (!fits)
        return base::fail(Code::kInvalid, operation, object, "it is another kind of file");
    return Fd(std::move(fd));
}

template Result<ContainerFd> adopt<ContainerFd>(Calls&, UniqueFd);
template Result<GroupFd> adopt<GroupFd>(Calls&, UniqueFd);
template Result<DeviceFd> adopt<DeviceFd>(Calls&, UniqueFd);
template Result<IommuFd> adopt<IommuFd>(Calls&, UniqueFd);
template Result<MigrationFd> adopt<MigrationFd>(Calls&, UniqueFd);
template Result<QueueFd> adopt<QueueFd>(Calls&, UniqueFd);

template <typename Fd>
Result<Fd> open_node(Calls& calls, const std::string& path) {
    const int fd = retry(calls, [&] { return calls.open(path); });
    if (fd < 0)
        return fail_call(-fd, "open", path, open_hint(-fd, path));
    return Fd(UniqueFd(fd));
}

template Result<ContainerFd> open_node<ContainerFd>(Calls&, const std::string&);
template Result<GroupFd> open_node<GroupFd>(Calls&, const std::string&);
template Result<DeviceFd> open_node<DeviceFd>(Calls&, const std::string&);
template Result<IommuFd> open_node<IommuFd>(Calls&, const std::string&);

}  // namespace vfio
