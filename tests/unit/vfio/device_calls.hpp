// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/mman.h>

#include <cerrno>

#include "fake_device.hpp"
#include "vfio/calls.hpp"

/// A kernel that knows one device fd and nothing else: for what needs no address space.
class DeviceCalls : public vfio::Calls {
  public:
    FakeDevice device_model;
    unsigned pauses = 0;

    int container(const vfio::ContainerFd&, vfio::abi::ContainerCall, vfio::Argument) override {
        return -ENOTTY;
    }
    int group(const vfio::GroupFd&, vfio::abi::GroupCall, vfio::Argument) override {
        return -ENOTTY;
    }
    int device(const vfio::DeviceFd&, vfio::abi::DeviceCall call,
               vfio::Argument argument) override {
        return device_model.call(call, reinterpret_cast<void*>(argument.value()));
    }
    int iommu(const vfio::IommuFd&, vfio::abi::IommuCall, vfio::Argument) override {
        return -ENOTTY;
    }
    int migration(const vfio::MigrationFd&, vfio::abi::MigrationCall, vfio::Argument) override {
        return -ENOTTY;
    }
    int open(const std::string&) override { return -ENOENT; }
    int duplicate(int) override { return -EBADF; }
    vfio::FileKind kind_of(int) override { return vfio::FileKind::kOther; }
    std::uint64_t device_number(int) override { return 0; }
    ssize_t pread(const vfio::DeviceFd&, std::span<std::byte> into, std::uint64_t offset) override {
        return device_model.pread(into, offset);
    }
    ssize_t pwrite(const vfio::DeviceFd&, std::span<const std::byte> from,
                   std::uint64_t offset) override {
        return device_model.pwrite(from, offset);
    }
    ssize_t read(int, std::span<std::byte>) override { return -EBADF; }
    ssize_t write(int, std::span<const std::byte>) override { return -EBADF; }
    /// Real memory stands in for a BAR's, so that a wrong address would be a fault here too.
    vfio::Result<void*> mmap(const Map& map) override {
        if (map.fixed == Fixed::kReplace)
            maps.push_back(map);
        const int fixed = map.fixed == Fixed::kReplace ? MAP_FIXED : 0;
        void* at = ::mmap(map.at, map.length, map.protection,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | fixed, -1, 0);
        if (at == MAP_FAILED)
            return sysfs::fail_errno(errno, "mmap", "");
        return at;
    }
    int munmap(void* address, std::uint64_t length) override {
        ++unmaps;
        return ::munmap(address, length) == 0 ? 0 : -errno;
    }
    int eventfd() override { return -EMFILE; }
    vfio::Result<std::string> read_text(const std::string& path) override {
        return sysfs::fail_errno(ENOENT, "read", path);
    }
    vfio::LockLimit lock_limit() override { return {}; }
    void pause(unsigned) override { ++pauses; }

    std::vector<Map> maps;
    unsigned unmaps = 0;
};
