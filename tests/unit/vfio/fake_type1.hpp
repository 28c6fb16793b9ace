// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <vector>

#include "fake_memory.hpp"
#include "vfio/abi/container.hpp"

/// vfio_iommu_type1.c of 6.12 and 7.2, as a caller of its ioctls can tell, and the compatibility
/// layer of iommufd (vfio_compat.c) where `compat` is set. Answers are 0 or -errno.
class FakeType1 {
  public:
    enum class Kind { kV1, kV2, kCompat };

    FakeType1(FakeMemory& memory, Kind kind) : memory_(memory), kind_(kind) {}
    ~FakeType1();
    FakeType1(const FakeType1&) = delete;
    FakeType1& operator=(const FakeType1&) = delete;

    int call(vfio::abi::ContainerCall call, void* argument);
    [[nodiscard]] int extension(vfio::abi::Extension extension) const;
    /// A group joins: EINVAL when a mapping lies outside `usable`.
    int narrow(const std::vector<vfio::IovaRange>& usable);
    /// A device wrote there.
    void dirty(std::uint64_t iova);

    std::uint64_t page_sizes = 0x40201000;
    std::uint32_t entries_left = 65535;
    bool has_mdev = false;
    bool dirty_pages_known = true;
    std::map<std::uint64_t, FakeDma> maps;
    std::vector<vfio::IovaRange> usable{{0, UINT64_MAX}};  ///< empty: mdevs only, no capability

  private:
    int info(void* argument) const;
    int map(void* argument);
    int map_vaddr(const vfio::abi::DmaMap& map);
    int unmap(void* argument);
    int dirty_call(void* argument);
    int dirty_bitmap(const vfio::abi::DirtyBitmapGet& get);
    [[nodiscard]] std::map<std::uint64_t, FakeDma>::iterator find(std::uint64_t first,
                                                                  std::uint64_t last);
    void drop(std::map<std::uint64_t, FakeDma>::iterator at);

    FakeMemory& memory_;
    Kind kind_;
    bool tracking_ = false;
    std::vector<std::uint64_t> dirty_;
};
