// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "vfio/abi/container.hpp"
#include "vfio/abi/device.hpp"
#include "vfio/abi/group.hpp"
#include "vfio/abi/iommufd.hpp"
#include "vfio/abi/migration.hpp"
#include "vfio/export.hpp"
#include "vfio/fds.hpp"

namespace vfio {

using base::Code;
using base::Error;
using base::Result;

/// An ioctl's third argument: a structure's address, or a bare number (CHECK_EXTENSION, SET_IOMMU).
class Argument {
  public:
    Argument() = default;
    Argument(void* pointer) : value_(reinterpret_cast<unsigned long>(pointer)) {}  // NOLINT
    explicit Argument(unsigned long number) : value_(number) {}
    [[nodiscard]] unsigned long value() const { return value_; }

  private:
    unsigned long value_ = 0;
};

/// The kind of file behind an fd.
enum class FileKind { kCharacterDevice, kAnonymous, kOther };

/// What bounds the memory this process can pin.
struct MemlockLimit {
    std::uint64_t bytes = 0;  ///< RLIMIT_MEMLOCK, soft; UINT64_MAX for none
    bool exempt = false;      ///< CAP_IPC_LOCK is effective: nothing is counted
};

/// The one seam between this library and the kernel: one function per kind of fd. An implementation
/// is the kernel (SystemCalls) or a model of it (tests). Every function that returns a number
/// follows the kernel's convention: 0 or more is the answer, below 0 is -errno. Implementations
/// must be callable from several threads at once.
class VFIO_EXPORT Calls {
  public:
    Calls() = default;
    Calls(const Calls&) = delete;
    Calls& operator=(const Calls&) = delete;
    virtual ~Calls();

    virtual int container(const ContainerFd& fd, abi::ContainerCall call, Argument argument) = 0;
    virtual int group(const GroupFd& fd, abi::GroupCall call, Argument argument) = 0;
    virtual int device(const DeviceFd& fd, abi::DeviceCall call, Argument argument) = 0;
    virtual int iommu(const IommuFd& fd, abi::IommuCall call, Argument argument) = 0;
    virtual int migration(const MigrationFd& fd, abi::MigrationCall call, Argument argument) = 0;

    /// open(2) with O_RDWR | O_CLOEXEC.
    virtual int open(const std::string& path) = 0;
    virtual int duplicate(int fd) = 0;  ///< F_DUPFD_CLOEXEC
    virtual FileKind file_kind(int fd) = 0;
    /// The (major, minor) of a character device as one number, 0 for anything else.
    virtual std::uint64_t device_number(int fd) = 0;
    virtual ssize_t pread(const DeviceFd& fd, std::span<std::byte> into, std::uint64_t offset) = 0;
    virtual ssize_t pwrite(const DeviceFd& fd, std::span<const std::byte> from,
                           std::uint64_t offset) = 0;
    /// For migration data, event and fault queues and eventfds.
    virtual ssize_t read(int fd, std::span<std::byte> into) = 0;
    virtual ssize_t write(int fd, std::span<const std::byte> from) = 0;

    /// MAP_SHARED. `at` is a hint; with Fixed::kReplace it is used as given (MAP_FIXED).
    enum class Fixed { kHint, kReplace };
    struct Map {
        int fd = -1;  ///< -1: an anonymous reservation without access
        std::uint64_t length = 0;
        int protection = 0;
        std::uint64_t offset = 0;
        void* at = nullptr;
        Fixed fixed = Fixed::kHint;
    };
    [[nodiscard]] virtual Result<void*> mmap(const Map& map) = 0;
    virtual int munmap(void* address, std::uint64_t length) = 0;
    /// A non-blocking eventfd.
    virtual int eventfd() = 0;

    /// A whole small text file (sysfs), without its trailing newline; a limit of 64 KiB.
    [[nodiscard]] virtual Result<std::string> read_text(const std::string& path) = 0;
    [[nodiscard]] virtual MemlockLimit memlock_limit() = 0;
    /// Waits before a bounded retry of a call that met contention (EAGAIN).
    virtual void pause(unsigned milliseconds) = 0;
};

/// retry() after a failure. A function of its own, so that a call that succeeds contains none of
/// it.
template <typename Call>
[[nodiscard, gnu::cold, gnu::noinline]] int retry_slow(Calls& calls, const Call& call, int answer) {
    constexpr int kInterruptions = 100;
    constexpr unsigned kLongestPause = 256;
    int interruptions = 0;
    for (unsigned pause = 1;; answer = call()) {
        if (answer == -4 /* EINTR, the same number on every architecture */ &&
            ++interruptions <= kInterruptions)
            continue;
        if (answer != -11 /* EAGAIN */ || pause > kLongestPause)
            return answer;
        calls.pause(pause);
        pause *= 2;
    }
}

/// Repeats a call that a signal interrupted (EINTR, at most 100 times) or that met the kernel's own
/// contention (EAGAIN from a device's reset lock: 1, 2, 4 ... 256 ms apart, about half a second in
/// all).
template <typename Call>
[[nodiscard, gnu::always_inline]] inline int retry(Calls& calls, const Call& call) {
    const int answer = call();
    return answer >= 0 ? answer : retry_slow(calls, call, answer);
}

/// Takes an fd that another process opened, after checking its kind of file: containers, groups and
/// iommufds are character devices, a device is one or an anonymous file, a migration's data and a
/// queue are anonymous files. On failure the fd is closed.
template <typename Fd>
[[nodiscard]] Result<Fd> adopt(Calls& calls, UniqueFd fd);

extern template VFIO_EXPORT Result<ContainerFd> adopt<ContainerFd>(Calls&, UniqueFd);
extern template VFIO_EXPORT Result<GroupFd> adopt<GroupFd>(Calls&, UniqueFd);
extern template VFIO_EXPORT Result<DeviceFd> adopt<DeviceFd>(Calls&, UniqueFd);
extern template VFIO_EXPORT Result<IommuFd> adopt<IommuFd>(Calls&, UniqueFd);
extern template VFIO_EXPORT Result<MigrationFd> adopt<MigrationFd>(Calls&, UniqueFd);
extern template VFIO_EXPORT Result<QueueFd> adopt<QueueFd>(Calls&, UniqueFd);

/// Opens a node as the fd of that kind. EAGAIN (a device whose reset is contended) is retried.
template <typename Fd>
[[nodiscard]] Result<Fd> open_node(Calls& calls, const std::string& path);

extern template VFIO_EXPORT Result<ContainerFd> open_node<ContainerFd>(Calls&, const std::string&);
extern template VFIO_EXPORT Result<GroupFd> open_node<GroupFd>(Calls&, const std::string&);
extern template VFIO_EXPORT Result<DeviceFd> open_node<DeviceFd>(Calls&, const std::string&);
extern template VFIO_EXPORT Result<IommuFd> open_node<IommuFd>(Calls&, const std::string&);

}  // namespace vfio
