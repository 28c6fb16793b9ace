// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_calls.hpp"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

using namespace vfio::abi;
using vfio::Argument;
using vfio::IovaRange;

FakeCalls::FakeCalls() = default;
FakeCalls::~FakeCalls() {
    for (auto& [fd, open] : open_)
        open.device = nullptr;
}

FakeCalls::Device& FakeCalls::add(std::string name, std::string group, std::string cdev) {
    devices_.push_back(std::make_unique<Device>());
    Device& device = *devices_.back();
    device.name = std::move(name);
    device.group = std::move(group);
    device.cdev = std::move(cdev);
    return device;
}

int FakeCalls::make_fd(Open open) {
    const int fd = ::memfd_create("vfio", MFD_CLOEXEC);
    struct stat status {};
    ::fstat(fd, &status);
    open.inode = status.st_ino;
    open_[fd] = std::move(open);
    return fd;
}

/// Closes are seen late, at the next call; for a caller that is no difference.
void FakeCalls::reap() {
    for (auto at = open_.begin(); at != open_.end();) {
        struct stat status {};
        if (::fstat(at->first, &status) == 0 && status.st_ino == at->second.inode) {
            ++at;
            continue;
        }
        Open gone = std::move(at->second);
        const int fd = at->first;
        at = open_.erase(at);
        closed(fd, gone);
        at = open_.begin();
    }
}

void FakeCalls::closed(int fd, Open& open) {
    if (open.kind == Open::Kind::kDevice) {
        if (open.through_cdev)
            open.device->cdev_open = false;
        if (open.bound != 0)
            open.container->iommufd->unbind(open.bound);
    } else if (open.kind == Open::Kind::kGroup && open.container) {
        static_cast<void>(unset_container(fd, open));
    }
}

FakeCalls::Open* FakeCalls::find(int fd, Open::Kind kind) {
    const auto found = open_.find(fd);
    return found == open_.end() || found->second.kind != kind ? nullptr : &found->second;
}

int FakeCalls::enter(vfio::FdKind kind, unsigned long call) {
    reap();
    ++calls;
    if (interruptions > 0) {
        --interruptions;
        return -EINTR;
    }
    const auto refused = refusals_.extract({kind, call});
    return refused.empty() ? 0 : -refused.mapped();
}

FakeType1* FakeCalls::type1_of(int group_fd) {
    Open* group = find(group_fd, Open::Kind::kGroup);
    return group == nullptr || !group->container ? nullptr : group->container->type1.get();
}

FakeSpapr* FakeCalls::spapr_of(int group_fd) {
    Open* group = find(group_fd, Open::Kind::kGroup);
    return group == nullptr || !group->container ? nullptr : group->container->spapr.get();
}

FakeIommufd* FakeCalls::iommufd_of(int fd) {
    Open* open = find(fd, Open::Kind::kContainer);
    return open == nullptr ? nullptr : open->container->iommufd.get();
}

std::vector<FakeCalls::Device*> FakeCalls::members(const std::string& group) {
    std::vector<Device*> out;
    for (const auto& device : devices_)
        if (device->group == group)
            out.push_back(device.get());
    return out;
}

std::vector<IovaRange> FakeCalls::reach(const Container& container) {
    std::vector<IovaRange> out;
    bool any = false;
    for (const int fd : container.groups)
        for (const Device* device : members(open_.at(fd).group)) {
            if (device->hardware.emulated)
                continue;
            std::vector<IovaRange> both;
            for (const auto& a : any ? out : std::vector<IovaRange>{{0, UINT64_MAX}})
                for (const auto& b : device->hardware.usable)
                    if (a.overlaps(b))
                        both.push_back({std::max(a.first, b.first), std::min(a.last, b.last)});
            out = both;
            any = true;
        }
    return out;
}

int FakeCalls::open(const std::string& path) {
    reap();
    ++opens;
    if (const auto bad = open_errno.find(path); bad != open_errno.end())
        return -bad->second;
    auto container = std::make_shared<Container>();
    if (path == "/dev/vfio/vfio" && has_container)
        return make_fd({.kind = Open::Kind::kContainer, .container = container, .group = {}});
    if (path == "/dev/iommu" && has_iommufd) {
        container->iommufd = std::make_unique<FakeIommufd>(memory);
        container->iommufd->newest = newest_iommu_call;
        return make_fd({.kind = Open::Kind::kContainer, .container = container, .group = {}});
    }
    for (const auto& device : devices_) {
        if (!device->cdev.empty() && path == "/dev/vfio/devices/" + device->cdev) {
            for (const auto& [fd, open] : open_)
                if (open.kind == Open::Kind::kGroup && open.group == device->group)
                    return -EBUSY;
            device->cdev_open = true;
            return make_fd({.kind = Open::Kind::kDevice,
                            .container = nullptr,
                            .group = {},
                            .device = device.get(),
                            .through_cdev = true});
        }
        if (path == "/dev/vfio/" + device->group) {
            for (const auto& [fd, open] : open_)
                if (open.kind == Open::Kind::kGroup && open.group == device->group)
                    return -EBUSY;
            for (const Device* member : members(device->group))
                if (member->cdev_open)
                    return -EBUSY;
            return make_fd(
                {.kind = Open::Kind::kGroup, .container = nullptr, .group = device->group});
        }
    }
    return -ENOENT;
}

int FakeCalls::duplicate(int fd) {
    return ::dup(fd);
}

vfio::FileKind FakeCalls::kind_of(int fd) {
    const auto found = open_.find(fd);
    if (found == open_.end())
        return vfio::FileKind::kOther;
    const bool anonymous = found->second.kind == Open::Kind::kDevice && !found->second.through_cdev;
    return anonymous ? vfio::FileKind::kAnonymous : vfio::FileKind::kCharacterDevice;
}

std::uint64_t FakeCalls::device_number(int) {
    return 0;
}

ssize_t FakeCalls::pread(const vfio::DeviceFd& fd, std::span<std::byte> into,
                         std::uint64_t offset) {
    Open* open = find(fd.get(), Open::Kind::kDevice);
    return open == nullptr ? -EBADF : open->device->model.pread(into, offset);
}

ssize_t FakeCalls::pwrite(const vfio::DeviceFd& fd, std::span<const std::byte> from,
                          std::uint64_t offset) {
    Open* open = find(fd.get(), Open::Kind::kDevice);
    return open == nullptr ? -EBADF : open->device->model.pwrite(from, offset);
}

ssize_t FakeCalls::read(int fd, std::span<std::byte> into) {
    const ssize_t got = ::read(fd, into.data(), into.size());
    return got == 0 ? -EAGAIN : got < 0 ? -errno : got;
}

ssize_t FakeCalls::write(int fd, std::span<const std::byte> from) {
    const ssize_t put = ::write(fd, from.data(), from.size());
    return put < 0 ? -errno : put;
}

vfio::Result<void*> FakeCalls::mmap(const Map& map) {
    void* at =
        ::mmap(map.at, map.length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return sysfs::fail_errno(errno, "mmap", "fake");
    return at;
}

int FakeCalls::munmap(void* address, std::uint64_t length) {
    return ::munmap(address, length) == 0 ? 0 : -errno;
}

int FakeCalls::eventfd() {
    return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

vfio::Result<std::string> FakeCalls::read_text(const std::string& path) {
    const auto found = files.find(path);
    if (found == files.end())
        return sysfs::fail_errno(ENOENT, "open", path);
    return found->second;
}

vfio::LockLimit FakeCalls::lock_limit() {
    return {memory.limit, memory.exempt};
}
void FakeCalls::pause(unsigned) {
    ++pauses;
}
