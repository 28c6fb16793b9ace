// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vfio/abi/viommu.hpp"
#include "vfio/ioas.hpp"

namespace vfio {

/// I/O page faults of the page tables made with its id. A device waits for the answer to its fault,
/// so every group of faults is answered, by the cookie of its last one. Linux 6.11.
class VFIO_EXPORT FaultQueue {
  public:
    enum class PageResponse : std::uint32_t { kSuccess = 0, kInvalid = 1 };

    [[nodiscard]] static Result<FaultQueue> allocate(SharedIommu iommu);
    [[nodiscard]] std::uint32_t id() const { return object_.id(); }
    /// Readable when faults wait (poll).
    [[nodiscard]] const QueueFd& fd() const { return fd_; }
    [[nodiscard]] Result<void> destroy() { return object_.destroy(); }

    /// The faults that wait now, at most 64; an empty list is no failure.
    [[nodiscard]] Result<std::vector<abi::HwptPgfault>> read();
    [[nodiscard]] Result<void> respond(std::uint32_t cookie, PageResponse answer);

  private:
    FaultQueue(IommuObject object, QueueFd fd) : object_(std::move(object)), fd_(std::move(fd)) {}
    IommuObject object_;
    QueueFd fd_;
};

/// One event of a virtual IOMMU: its type's structure, or none when events were lost here.
struct Vevent {
    std::uint32_t sequence = 0;
    bool lost = false;
    std::vector<std::byte> data;
    bool operator==(const Vevent&) const = default;
};

/// The events in what one read of a vIOMMU's queue gave, each with `size` bytes of data. An event
/// that is cut short ends it; `defect` then says so.
struct Vevents {
    std::vector<Vevent> events;
    std::string defect;
};
[[nodiscard]] VFIO_EXPORT Vevents parse_vevents(std::span<const std::byte> bytes, std::size_t size);

/// How many events were lost between two consecutive ones; the sequence wraps after INT_MAX.
[[nodiscard]] VFIO_EXPORT std::uint32_t lost_events(std::uint32_t before, std::uint32_t after);

}  // namespace vfio
