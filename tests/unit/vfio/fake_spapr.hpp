// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "fake_memory.hpp"
#include "vfio/abi/container.hpp"
#include "vfio/abi/spapr.hpp"

/// vfio_iommu_spapr_tce.c of 6.12, v1 or v2, on a platform like powernv: a 2 GiB window at 0 and,
/// with dynamic windows, a second one where the platform likes. Answers are 0 or -errno.
class FakeSpapr {
  public:
    enum class Kind { kV1, kV2 };

    FakeSpapr(FakeMemory& memory, Kind kind) : memory_(memory), kind_(kind) {}
    ~FakeSpapr();
    FakeSpapr(const FakeSpapr&) = delete;
    FakeSpapr& operator=(const FakeSpapr&) = delete;

    int call(vfio::abi::ContainerCall call, void* argument);

    struct Table {
        std::uint64_t start = 0;
        std::uint64_t length = 0;
        std::uint32_t shift = 12;
    };
    std::uint32_t least_levels = 1;  ///< fewer: ENOMEM, as for a table too large to allocate
    std::uint32_t default_size = 0x80000000;
    bool enabled = false;
    bool group_attached = true;
    std::array<std::optional<Table>, 2> tables;
    bool default_pending = true;
    std::map<std::uint64_t, std::uint64_t> registered;  ///< address → length
    std::map<std::uint64_t, std::uint64_t> entries;     ///< IOVA of a page → address

  private:
    int enable();
    int info(void* argument);
    int map(void* argument);
    int unmap(void* argument);
    int register_memory(void* argument);
    int unregister_memory(void* argument);
    int create(void* argument);
    int create_window(vfio::abi::SpaprTceCreate& create);
    int remove(void* argument);
    int default_window();
    [[nodiscard]] std::optional<Table>* table_at(std::uint64_t iova);
    void clear(const Table& table);

    FakeMemory& memory_;
    Kind kind_;
};
