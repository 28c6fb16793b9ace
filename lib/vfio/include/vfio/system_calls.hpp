// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/ioctl.h>

#include <cerrno>
#include <typeinfo>

#include "vfio/calls.hpp"

namespace vfio {

/// The kernel. Stateless: any number can exist; each must outlive the objects made with it.
class VFIO_EXPORT SystemCalls : public Calls {
  public:
    SystemCalls() = default;
    ~SystemCalls() override;

    int container(const ContainerFd& fd, abi::ContainerCall call, Argument argument) override;
    int group(const GroupFd& fd, abi::GroupCall call, Argument argument) override;
    int device(const DeviceFd& fd, abi::DeviceCall call, Argument argument) override;
    int iommu(const IommuFd& fd, abi::IommuCall call, Argument argument) override;
    int migration(const MigrationFd& fd, abi::MigrationCall call, Argument argument) override;

    int open(const std::string& path) override;
    int duplicate(int fd) override;
    FileKind file_kind(int fd) override;
    std::uint64_t device_number(int fd) override;
    ssize_t pread(const DeviceFd& fd, std::span<std::byte> into, std::uint64_t offset) override;
    ssize_t pwrite(const DeviceFd& fd, std::span<const std::byte> from,
                   std::uint64_t offset) override;
    ssize_t read(int fd, std::span<std::byte> into) override;
    ssize_t write(int fd, std::span<const std::byte> from) override;
    Result<void*> mmap(const Map& map) override;
    int munmap(void* address, std::uint64_t length) override;
    int eventfd() override;
    Result<std::string> read_text(const std::string& path) override;
    MemlockLimit memlock_limit() override;
    void pause(unsigned milliseconds) override;
};

/// One ioctl by Calls' convention.
template <typename Call>
[[nodiscard]] int kernel_call(int fd, Call call, Argument argument) {
    const int answer = ::ioctl(fd, static_cast<unsigned long>(call), argument.value());
    return answer < 0 ? -errno : answer;
}

/// Whether the calls go to the kernel. Maps and unmaps then bypass the virtual function.
[[nodiscard]] inline bool is_kernel(const Calls& calls) {
    return typeid(calls) == typeid(SystemCalls);
}

}  // namespace vfio
