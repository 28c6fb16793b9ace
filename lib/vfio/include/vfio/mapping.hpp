// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "vfio/calls.hpp"
#include "vfio/export.hpp"
#include "vfio/mapped_range.hpp"

namespace vfio {

class AddressSpace;

/// Owns one mapping of an address space and unmaps it when destroyed. Move-only. Does nothing once
/// the address space is destroyed.
class VFIO_EXPORT Mapping {
  public:
    Mapping() = default;
    Mapping(const std::shared_ptr<AddressSpace>& space, const MappedRange& mapped)
        : space_(space), mapped_(mapped), owns_(true) {}
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&& other) noexcept;
    ~Mapping();

    [[nodiscard]] std::uint64_t iova() const { return mapped_.iova.first; }
    [[nodiscard]] std::uint64_t length() const { return mapped_.iova.length(); }
    [[nodiscard]] const MappedRange& mapped() const { return mapped_; }
    /// Unmaps now; returns the bytes, 0 the second time.
    [[nodiscard]] Result<std::uint64_t> unmap();
    /// Gives up the mapping, which stays in the address space.
    MappedRange release();

  private:
    std::weak_ptr<AddressSpace> space_;
    MappedRange mapped_;
    bool owns_ = false;
};

}  // namespace vfio
