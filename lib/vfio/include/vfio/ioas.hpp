// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vfio/iommu_backend.hpp"
#include "vfio/iommu_object.hpp"

namespace vfio {

/// An I/O address space of an iommufd. One function is one ioctl, and errors are the kernel's.
class VFIO_EXPORT Ioas {
  public:
    [[nodiscard]] static Result<Ioas> allocate(SharedIommu iommu);
    /// One that exists: made by another process that passed the iommufd.
    static Ioas existing(SharedIommu iommu, std::uint32_t id) { return {std::move(iommu), id, 0}; }

    [[nodiscard]] std::uint32_t id() const { return id_; }
    [[nodiscard]] const SharedIommu& iommu() const { return iommu_; }
    /// Allocated here, so that no other process knew it before.
    [[nodiscard]] bool is_owned() const { return owned_.id() != 0; }

    [[nodiscard]] Result<void> map(const MappedRange& piece) const;
    /// kUnsupported before Linux 6.13 (ENOTTY) and for files that are not memory (EOPNOTSUPP).
    [[nodiscard]] Result<void> map_file(const IommuBackend::FileSlice& file,
                                        const MappedRange& piece) const;
    /// `to` is as long as `from`; both in the same iommufd.
    [[nodiscard]] Result<void> copy(const Ioas& source, const IovaRange& from, const IovaRange& to,
                                    DmaAccess access) const;
    /// Returns bytes, 0 where nothing is mapped, as with a container. The kernel answers ENOENT
    /// then, and also when the range cuts a mapping.
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

// The path of every map and unmap, inlined into the caller.

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
