// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "vfio/abi/device.hpp"
#include "vfio/abi/feature.hpp"
#include "vfio/abi/gfx.hpp"
#include "vfio/abi/migration.hpp"
#include "vfio/abi/pci.hpp"
#include "vfio/abi/region.hpp"

/// A structure out of what a caller handed in.
template <typename T>
T load(const void* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

/// One capability to be put into a chain.
struct FakeCap {
    std::uint16_t id = 0;
    std::uint16_t version = 1;
    std::vector<std::byte> body;

    /// The body of a structure of vfio::abi, its header left out.
    template <typename T>
    static FakeCap of(std::uint16_t id, const T& value, std::uint16_t version = 1) {
        const auto bytes = std::as_bytes(std::span(&value, 1)).subspan(8);
        return {id, version, {bytes.begin(), bytes.end()}};
    }
};

struct FakeRegion {
    std::uint32_t flags = 0;
    std::vector<std::byte> bytes;
    std::vector<FakeCap> caps;
};

/// What a device fd does in the kernel (drivers/vfio/vfio_main.c, pci/vfio_pci_core.c,
/// vfio_pci_intrs.c of 7.2), as far as a caller can tell: the argsz protocol with capabilities, the
/// errnos, the positive answers, interrupts that exclude each other, the features and the migration
/// states.
class FakeDevice {
  public:
    std::uint32_t flags = vfio::abi::kDevicePci | vfio::abi::kDeviceReset;
    std::vector<FakeCap> caps;
    std::map<std::uint32_t, FakeRegion>
        regions;                      ///< index → region; gaps below the last are size 0
    std::uint32_t region_shift = 40;  ///< where the driver puts them; 48 for ism
    std::map<std::uint32_t, vfio::abi::IrqInfo> irqs;
    std::uint32_t vectors_left = UINT32_MAX;  ///< fewer: SET_IRQS answers with this number
    std::vector<vfio::abi::PciDependentDevice> hot_reset_devices;
    std::uint32_t hot_reset_flags = 0;
    std::set<std::uint32_t> reset_groups_shown;  ///< what the last hot reset was given
    bool through_cdev = false;
    std::map<vfio::abi::FeatureId, std::uint32_t> features;  ///< id → kFeatureGet | kFeatureSet
    std::uint64_t migration_flags = 0;
    vfio::abi::MigState migration_state = vfio::abi::MigState::kRunning;
    std::optional<vfio::abi::MigState> migration_breaks_in;  ///< the arc into it fails, with EIO
    int next_errno = 0;                                      ///< the next call fails with it, once
    unsigned contended = 0;                                  ///< so many resets answer EAGAIN first
    std::optional<vfio::abi::GfxPlaneInfo> plane;  ///< a virtual display; its flags: how it shows
    std::map<std::uint64_t, vfio::abi::Ioeventfd> ioeventfds;  ///< by offset in the fd
    vfio::abi::FeatureVfToken token{};  ///< as a PF was given it
    bool asleep = false;                ///< low power
    int wakeup_eventfd = -1;
    bool precopy_v2 = false;       ///< the caller asked for the flag that says "a new value"
    std::uint32_t bus_master = 0;  ///< CDX
    bool decoding = true;  ///< memory decoding; off: EIO for regions other than config
    std::size_t short_transfer = SIZE_MAX;  ///< at most so many bytes a read or write

    unsigned calls = 0;
    std::map<std::uint32_t, std::vector<std::int32_t>> eventfds;  ///< index → per vector, as set

    int call(vfio::abi::DeviceCall call, void* argument);
    [[nodiscard]] bool owns_migration(int fd) const;
    int precopy(void* argument);  ///< VFIO_MIG_GET_PRECOPY_INFO
    ssize_t pread(std::span<std::byte> into, std::uint64_t offset);
    ssize_t pwrite(std::span<const std::byte> from, std::uint64_t offset);

  private:
    int get_info(void* argument);
    int get_region_info(void* argument);
    int get_irq_info(void* argument);
    int set_irqs(void* argument);
    int reset();
    int hot_reset_info(void* argument);
    int hot_reset(void* argument);
    int feature(void* argument);
    int migrate(vfio::abi::FeatureMigState& wanted);
    int state_feature(std::byte* payload, std::uint32_t direction);
    int query_plane(void* argument) const;
    int plane_buffer(std::uint32_t handle) const;
    int ioeventfd(const vfio::abi::Ioeventfd& request);
    int sleep(vfio::abi::FeatureId id, const std::byte* payload);
    int start_logging(const vfio::abi::FeatureDmaLoggingControl& control);
    int export_ranges(const std::byte* payload, std::size_t size);
    [[nodiscard]] std::uint32_t region_count() const;
    std::uint64_t migration_inode_ = 0;
    FakeRegion* region_at(std::uint64_t offset, std::uint64_t& within);
};
