// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vfio/iommu_backend.hpp"
#include "vfio/system_calls.hpp"

namespace vfio {

/// An open /dev/iommu, shared by the objects made in it: they live as long as it does.
struct IommuContext {
    Calls& calls;
    IommuFd fd;
    bool direct = is_kernel(calls);

    /// One ioctl, interrupted ones repeated.
    [[nodiscard]] int call(abi::IommuCall call, void* argument) {
        return retry(calls, [&] {
            return direct ? kernel_call(fd.get(), call, argument) : calls.iommu(fd, call, argument);
        });
    }
};
using SharedIommu = std::shared_ptr<IommuContext>;

/// Opens /dev/iommu, or takes one that was opened elsewhere.
[[nodiscard]] VFIO_EXPORT Result<SharedIommu> open_iommu(Calls& calls);
[[nodiscard]] VFIO_EXPORT Result<SharedIommu> adopt_iommu(Calls& calls, UniqueFd fd);

/// An object of an iommufd by its id; destroyed with its owner. Objects are destroyed before those
/// they were made from, else the kernel says EBUSY and they live on until the iommufd closes.
class VFIO_EXPORT IommuObject {
  public:
    IommuObject() = default;
    IommuObject(SharedIommu iommu, std::uint32_t id) : iommu_(std::move(iommu)), id_(id) {}
    IommuObject(const IommuObject&) = delete;
    IommuObject& operator=(const IommuObject&) = delete;
    IommuObject(IommuObject&& other) noexcept;
    IommuObject& operator=(IommuObject&& other) noexcept;
    ~IommuObject();

    [[nodiscard]] std::uint32_t id() const { return id_; }
    [[nodiscard]] const SharedIommu& iommu() const { return iommu_; }
    /// Destroys it now. kBusy: something still uses it, and it stays.
    [[nodiscard]] Result<void> destroy();

  private:
    SharedIommu iommu_;
    std::uint32_t id_ = 0;  ///< 0 is never an object's
};

/// An I/O address space of an iommufd: what is mapped, before any page table. A bare wrapper: one
/// function is one ioctl, and errors are the kernel's.
class VFIO_EXPORT Ioas {
  public:
    [[nodiscard]] static Result<Ioas> allocate(SharedIommu iommu);
    /// One that exists: made by another process that passed the iommufd.
    static Ioas existing(SharedIommu iommu, std::uint32_t id) { return {std::move(iommu), id, 0}; }

    [[nodiscard]] std::uint32_t id() const { return id_; }
    [[nodiscard]] const SharedIommu& iommu() const { return iommu_; }
    /// Made by allocate(), so that nobody else knew it before.
    [[nodiscard]] bool is_owned() const { return owned_.id() != 0; }

    [[nodiscard]] Result<void> map(const MappedRange& piece) const;
    /// kUnsupported before Linux 6.13 (ENOTTY) and for files that are not memory (EOPNOTSUPP).
    [[nodiscard]] Result<void> map_file(const IommuBackend::FileSlice& file,
                                        const MappedRange& piece) const;
    /// `to` is as long as `from`; both in the same iommufd.
    [[nodiscard]] Result<void> copy(const Ioas& source, const IovaRange& from, const IovaRange& to,
                                    DmaAccess access) const;
    /// Bytes; nothing there is 0, as with a container. A mapping cut by the range: EINVAL, where
    /// the kernel says ENOENT for both.
    [[nodiscard]] Result<std::uint64_t> unmap(const IovaRange& range) const;
    struct Ranges {
        std::vector<IovaRange> usable;
        std::uint64_t alignment = 1;
    };
    [[nodiscard]] Result<Ranges> ranges() const;
    [[nodiscard]] Result<void> allow_ranges(std::span<const IovaRange> ranges) const;
    [[nodiscard]] Result<void> set_option(std::uint32_t option, std::uint64_t value) const;

  private:
    Ioas(SharedIommu iommu, std::uint32_t id, int) : iommu_(std::move(iommu)), id_(id) {}
    explicit Ioas(IommuObject object)
        : iommu_(object.iommu()), id_(object.id()), owned_(std::move(object)) {}
    [[nodiscard]] static std::uint32_t to_map_flags(DmaAccess access);
    [[nodiscard]] tl::unexpected<Error> map_failed(int answer, const IovaRange& range) const;
    [[nodiscard]] Result<std::uint64_t> unmap_failed(int answer, const IovaRange& range) const;
    [[nodiscard]] std::string object() const { return "IOAS " + std::to_string(id_); }

    SharedIommu iommu_;
    std::uint32_t id_ = 0;
    IommuObject owned_;
};

// The way of every map and unmap, in the caller's own code.

inline std::uint32_t Ioas::to_map_flags(DmaAccess access) {
    switch (access) {
        case DmaAccess::kRead:
            return abi::kIoasMapFixedIova | abi::kIoasMapReadable;
        case DmaAccess::kWrite:
            return abi::kIoasMapFixedIova | abi::kIoasMapWriteable;
        case DmaAccess::kReadWrite:
            return abi::kIoasMapFixedIova | abi::kIoasMapReadable | abi::kIoasMapWriteable;
    }
    return 0;
}

[[gnu::always_inline]] inline Result<void> Ioas::map(const MappedRange& piece) const {
    abi::IoasMap map{.size = sizeof map,
                     .flags = to_map_flags(piece.access),
                     .ioas_id = id_,
                     .reserved = 0,
                     .user_va = piece.address,
                     .length = piece.iova.length(),
                     .iova = piece.iova.first};
    const int answer = iommu_->call(abi::IommuCall::kIoasMap, &map);
    if (answer < 0)
        return map_failed(answer, piece.iova);
    const Result<void> made;  // not `return {}`, which clears the room for an error as well
    return made;
}

inline Result<std::uint64_t> Ioas::unmap(const IovaRange& range) const {
    abi::IoasUnmap unmap{
        .size = sizeof unmap, .ioas_id = id_, .iova = range.first, .length = range.length()};
    const int answer = iommu_->call(abi::IommuCall::kIoasUnmap, &unmap);
    if (answer < 0)
        return unmap_failed(answer, range);
    return unmap.length;
}

}  // namespace vfio
