// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "vfio/abi/container.hpp"
#include "vfio/abi/iommufd.hpp"
#include "vfio/address_space.hpp"

/// The kernel's address space behind one of the library's, by bare ioctls on the same fd: what a
/// program without the library would call, and the reference of its measurements.
class RawAddressSpace {
  public:
    explicit RawAddressSpace(const vfio::AddressSpace& space)
        : native_(space.backend() == vfio::Backend::kIommufd),
          ioas_(space.ioas_id()),
          fd_(native_ ? space.iommufd()->get() : container(space.backend())) {}

    [[nodiscard]] bool valid() const { return fd_ >= 0; }

    [[nodiscard]] bool map(std::uint64_t iova, std::uint64_t address, std::uint64_t length) const {
        using namespace vfio::abi;
        if (!native_) {
            DmaMap map{.argsz = sizeof map,
                       .flags = kDmaMapRead | kDmaMapWrite,
                       .vaddr = address,
                       .iova = iova,
                       .size = length};
            return ::ioctl(fd_, static_cast<unsigned long>(ContainerCall::kMapDma), &map) == 0;
        }
        IoasMap map{.size = sizeof map,
                    .flags = kIoasMapFixedIova | kIoasMapReadable | kIoasMapWriteable,
                    .ioas_id = ioas_,
                    .reserved = 0,
                    .user_va = address,
                    .length = length,
                    .iova = iova};
        return ::ioctl(fd_, static_cast<unsigned long>(IommuCall::kIoasMap), &map) == 0;
    }

    [[nodiscard]] bool unmap(std::uint64_t iova, std::uint64_t length) const {
        using namespace vfio::abi;
        if (!native_) {
            DmaUnmap unmap{.argsz = sizeof unmap, .flags = 0, .iova = iova, .size = length};
            return ::ioctl(fd_, static_cast<unsigned long>(ContainerCall::kUnmapDma), &unmap) ==
                       0 &&
                   unmap.size == length;
        }
        IoasUnmap unmap{.size = sizeof unmap, .ioas_id = ioas_, .iova = iova, .length = length};
        return ::ioctl(fd_, static_cast<unsigned long>(IommuCall::kIoasUnmap), &unmap) == 0 &&
               unmap.length == length;
    }

  private:
    /// The library does not expose a container's fd; this process has only one.
    static int container(vfio::Backend backend) {
        const std::string node =
            backend == vfio::Backend::kIommufdCompat ? "/dev/iommu" : "/dev/vfio/vfio";
        for (int fd = 0; fd < 256; ++fd) {
            char target[64] = {};
            const std::string link = "/proc/self/fd/" + std::to_string(fd);
            if (::readlink(link.c_str(), target, sizeof target - 1) > 0 && node == target)
                return fd;
        }
        return -1;
    }

    bool native_;
    std::uint32_t ioas_;
    int fd_;
};
