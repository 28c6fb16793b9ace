// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "vfio/iova_range.hpp"

/// The process as pinning sees it: which addresses are no memory, a device's, or read-only, and how
/// much may be locked. Everything else is plain memory.
struct FakeMemory {
    std::vector<vfio::IovaRange> absent;
    std::vector<vfio::IovaRange> device;  ///< mmap()ed BARs (VM_PFNMAP)
    std::vector<vfio::IovaRange> read_only;
    std::uint64_t limit = UINT64_MAX;  ///< RLIMIT_MEMLOCK
    std::uint64_t locked = 0;
    bool exempt = false;  ///< CAP_IPC_LOCK

    [[nodiscard]] static bool touches(const std::vector<vfio::IovaRange>& ranges,
                                      std::uint64_t address, std::uint64_t length) {
        for (const auto& range : ranges)
            if (range.overlaps({address, address + (length - 1)}))
                return true;
        return false;
    }
    /// False: over the limit, and nothing counted.
    [[nodiscard]] bool lock(std::uint64_t length) {
        if (!exempt && (length > limit || locked > limit - length))
            return false;
        locked += length;
        return true;
    }
    void unlock(std::uint64_t length) { locked -= length; }
};

/// One entry of a kernel's mapping table.
struct FakeDma {
    std::uint64_t address = 0;
    std::uint64_t length = 0;
    std::uint32_t flags = 0;
    bool vaddr_invalid = false;
    bool file = false;
    bool counted = false;  ///< in FakeMemory::locked
};
