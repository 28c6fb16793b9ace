// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/system_calls.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>

namespace vfio {

namespace {

int answer(long result) {
    return result < 0 ? -errno : static_cast<int>(result);
}

/// CAP_IPC_LOCK in the effective set; libcap would be a dependency for one bit.
bool may_lock() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0)
        return false;
    return (sets[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK)) != 0;
}

}  // namespace

SystemCalls::~SystemCalls() = default;

int SystemCalls::container(const ContainerFd& fd, abi::ContainerCall call, Argument argument) {
    return kernel_call(fd.get(), call, argument);
}

int SystemCalls::group(const GroupFd& fd, abi::GroupCall call, Argument argument) {
    return kernel_call(fd.get(), call, argument);
}

int SystemCalls::device(const DeviceFd& fd, abi::DeviceCall call, Argument argument) {
    return kernel_call(fd.get(), call, argument);
}

int SystemCalls::iommu(const IommuFd& fd, abi::IommuCall call, Argument argument) {
    return kernel_call(fd.get(), call, argument);
}

int SystemCalls::migration(const MigrationFd& fd, abi::MigrationCall call, Argument argument) {
    return kernel_call(fd.get(), call, argument);
}

int SystemCalls::open(const std::string& path) {
    return answer(::open(path.c_str(), O_RDWR | O_CLOEXEC));
}

int SystemCalls::duplicate(int fd) {
    return answer(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

FileKind SystemCalls::file_kind(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0)
        return FileKind::kOther;
    if (S_ISCHR(status.st_mode))
        return FileKind::kCharacterDevice;
    // An anonymous inode has no file type at all, the only kind of file without one.
    return (status.st_mode & S_IFMT) == 0 ? FileKind::kAnonymous : FileKind::kOther;
}

std::uint64_t SystemCalls::device_number(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISCHR(status.st_mode))
        return 0;
    return status.st_rdev;
}

ssize_t SystemCalls::pread(const DeviceFd& fd, std::span<std::byte> into, std::uint64_t offset) {
    const ssize_t got = ::pread(fd.get(), into.data(), into.size(), static_cast<off_t>(offset));
    return got < 0 ? -errno : got;
}

ssize_t SystemCalls::pwrite(const DeviceFd& fd, std::span<const std::byte> from,
                            std::uint64_t offset) {
    const ssize_t put = ::pwrite(fd.get(), from.data(), from.size(), static_cast<off_t>(offset));
    return put < 0 ? -errno : put;
}

ssize_t SystemCalls::read(int fd, std::span<std::byte> into) {
    const ssize_t got = ::read(fd, into.data(), into.size());
    return got < 0 ? -errno : got;
}

ssize_t SystemCalls::write(int fd, std::span<const std::byte> from) {
    const ssize_t put = ::write(fd, from.data(), from.size());
    return put < 0 ? -errno : put;
}

Result<void*> SystemCalls::mmap(const Map& map) {
    int flags = map.fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED;
    if (map.fixed == Fixed::kReplace)
        flags |= MAP_FIXED;
    void* address =
        ::mmap(map.at, map.length, map.protection, flags, map.fd, static_cast<off_t>(map.offset));
    if (address ==
        MAP_FAILED)  // NOLINT(cppcoreguidelines-pro-type-cstyle-cast): the system's macro
        return base::fail_errno(errno, "mmap", "fd " + std::to_string(map.fd));
    return address;
}

int SystemCalls::munmap(void* address, std::uint64_t length) {
    return answer(::munmap(address, length));
}

int SystemCalls::eventfd() {
    return answer(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

Result<std::string> SystemCalls::read_text(const std::string& path) {
    constexpr std::size_t kLimit = 65536;
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid())
        return base::fail_errno(errno, "open", path);
    std::string text(kLimit, '\0');
    std::size_t length = 0;
    while (length < kLimit) {
        const ssize_t got = ::read(fd.get(), text.data() + length, kLimit - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return base::fail_errno(errno, "read", path);
        if (got == 0)
            break;
        length += static_cast<std::size_t>(got);
    }
    text.resize(length);
    if (text.ends_with('\n'))
        text.pop_back();
    return text;
}

MemlockLimit SystemCalls::memlock_limit() {
    rlimit limit{};
    MemlockLimit out{.bytes = std::numeric_limits<std::uint64_t>::max(), .exempt = may_lock()};
    if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        out.bytes = limit.rlim_cur;
    return out;
}

void SystemCalls::pause(unsigned milliseconds) {
    // A signal only shortens it, which is fine for a retry.
    static_cast<void>(::poll(nullptr, 0, static_cast<int>(milliseconds)));
}

}  // namespace vfio
