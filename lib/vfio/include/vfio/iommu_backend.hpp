// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vfio/backend.hpp"
#include "vfio/calls.hpp"
#include "vfio/export.hpp"
#include "vfio/mapped_range.hpp"

namespace vfio {

/// What an address space can map now. Changes when devices are attached and detached.
struct Geometry {
    std::vector<Window> windows;   ///< sorted, not overlapping; empty: nothing can be mapped
    std::uint64_t page_sizes = 0;  ///< one bit per size; 0 where the backend does not say
    std::optional<std::uint64_t>
        dma_avail;  ///< mappings that may still be made, where there is a limit
    std::uint64_t dirty_page_sizes = 0;  ///< of type1's own dirty tracking; 0: none
    bool operator==(const Geometry&) const = default;
};

/// A device as an iommufd knows it.
struct BoundDevice {
    std::uint32_t device_id = 0;
    std::uint32_t page_table_id =
        0;  ///< the HWPT in use; an IOAS for a device without an IOMMU (mdev)
};

using VfToken = std::array<std::uint8_t, 16>;

/// A device to attach to an iommufd address space.
struct DeviceToAttach {
    const DeviceFd& fd;
    std::string name;  ///< for messages
    std::optional<VfToken> token{};
};

/// Which counter pinned memory is charged to.
enum class Accounting { kUser, kProcess };

/// The address of a mapping in the process that adopts it.
struct Relocation {
    std::uint64_t iova = 0;
    std::uint64_t address = 0;
};

/// The kernel side of one address space: operations without a record of mappings. AddressSpace adds
/// the record, the lock and the advice. An operation that a backend lacks fails with kUnsupported
/// and the reason.
class VFIO_EXPORT IommuBackend {
  public:
    IommuBackend() = default;
    IommuBackend(const IommuBackend&) = delete;
    IommuBackend& operator=(const IommuBackend&) = delete;
    virtual ~IommuBackend();

    [[nodiscard]] virtual Backend backend() const = 0;
    [[nodiscard]] virtual Result<Geometry> geometry() = 0;
    [[nodiscard]] virtual Result<std::uint64_t> page_sizes();
    [[nodiscard]] virtual Result<void> map(const MappedRange& piece) = 0;
    /// Bytes that are unmapped now. `range` covers whole mappings; more than one where
    /// unmap_scope() says so.
    [[nodiscard]] virtual Result<std::uint64_t> unmap(const IovaRange& range) = 0;
    enum class UnmapScope { kOneMapping, kManyMappings };
    [[nodiscard]] virtual UnmapScope unmap_scope() const { return UnmapScope::kManyMappings; }
    /// Whether mappings end when the last group is detached (containers) or stay (iommufd).
    enum class Lifetime { kWithGroups, kPersistent };
    [[nodiscard]] virtual Lifetime lifetime() const { return Lifetime::kWithGroups; }

    [[nodiscard]] virtual Result<void> attach_group(const GroupFd& group, const std::string& name);
    [[nodiscard]] virtual Result<void> detach_group(const GroupFd& group, const std::string& name);
    [[nodiscard]] virtual Result<BoundDevice> attach_device(const DeviceToAttach& device);
    [[nodiscard]] virtual Result<void> detach_device(const DeviceToAttach& device);

    struct FileSlice {
        int fd = -1;
        std::uint64_t offset = 0;
    };
    [[nodiscard]] virtual Result<void> map_file(const FileSlice& file, const MappedRange& piece);
    /// `source` is a backend of the same kind; kUnsupported when nothing can be shared with it.
    [[nodiscard]] virtual Result<void> copy(IommuBackend& source, const MappedRange& from,
                                            const IovaRange& to);
    [[nodiscard]] virtual Result<void> allow_ranges(std::span<const IovaRange> ranges);
    /// Adds a window of `length` bytes where the platform can; returns it.
    [[nodiscard]] virtual Result<Window> add_window(std::uint64_t length);
    [[nodiscard]] virtual Result<void> start_dirty();
    [[nodiscard]] virtual Result<void> stop_dirty();
    [[nodiscard]] virtual Result<void> read_dirty(const IovaRange& range, std::uint64_t page_size,
                                                  std::span<std::uint64_t> bitmap);
    /// Adopts the mappings for this process: `all` with their new addresses.
    [[nodiscard]] virtual Result<void> adopt(std::span<const MappedRange> all);
    [[nodiscard]] virtual Result<void> set_accounting(Accounting accounting);
    [[nodiscard]] virtual const IommuFd* iommufd() const { return nullptr; }
    [[nodiscard]] virtual std::uint32_t ioas_id() const { return 0; }

  protected:
    [[nodiscard]] tl::unexpected<Error> unsupported(std::string operation, std::string why) const;
};

}  // namespace vfio
