// SPDX-License-Identifier: LGPL-2.1-or-later
// Output of probe for features that no device of the lab has: graphics with an OpRegion, sparse
// areas, atomics, a utility string, migration, a broken capability chain, SPAPR windows.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "vfio/abi/device.hpp"
#include "vfio/abi/migration.hpp"
#include "vfio/abi/region.hpp"
#include "vfioctl/render/probe_json.hpp"
#include "vfioctl/render/probe_text.hpp"

namespace vfioctl {
namespace {

namespace uapi = vfio::abi;

vfio::Capability capability(std::uint16_t id, std::size_t size) {
    return {.id = id, .version = 1, .bytes = std::vector<std::byte>(size, std::byte{0xab})};
}

vfio::Region opregion() {
    vfio::Region region;
    region.index = 9;
    region.flags = uapi::kRegionRead;
    region.size = 0x2000;
    region.offset = 9ULL << 40;
    region.type = vfio::RegionType{.type = uapi::kRegionTypePciVendor | 0x8086, .subtype = 1};
    region.caps.caps = {capability(uapi::kRegionCapType, 16), capability(77, 10)};
    return region;
}

vfio::Region sparse_bar() {
    vfio::Region region;
    region.flags = uapi::kRegionRead | uapi::kRegionWrite | uapi::kRegionMmap;
    region.size = 0x10000;
    region.sparse = std::vector<vfio::RegionArea>{{.offset = 0, .size = 0x1000},
                                                  {.offset = 0x8000, .size = 0x8000}};
    region.msix_mappable = true;
    region.caps.caps = {capability(uapi::kRegionCapSparseMmap, 48),
                        capability(uapi::kRegionCapMsixMappable, 8)};
    return region;
}

ProbeReport report() {
    ProbeReport out;
    out.device = "0000:01:00.0";
    out.backend = vfio::Backend::kSpaprV2;
    out.skipped = {{.backend = vfio::Backend::kIommufd, .why = "no cdev", .hint = ""},
                   {.backend = vfio::Backend::kType1v2, .why = "not offered", .hint = "a reason"}};
    out.geometry = {.windows = {{{0, 0x7fffffff}, 4096}}, .page_sizes = 0x1000, .dma_avail = 7};
    out.spapr = vfio::SpaprDetails{.default_window = {{0, 0x7fffffff}, 4096},
                                   .page_sizes = 0x11000,
                                   .max_windows = 2,
                                   .levels = 5};
    out.eeh = false;
    out.info.flags = uapi::kDevicePci | uapi::kDeviceCaps | 1U << 20;
    out.info.caps.caps = {capability(uapi::kDeviceCapZpciUtil, 20),
                          capability(uapi::kDeviceCapZpciPfip, 16),
                          capability(uapi::kDeviceCapPciAtomicComp, 16), capability(17, 9)};
    out.info.caps.defect = "offset 0x4 lies in the fixed part";
    out.info.zpci_util = "a utility";
    out.info.zpci_path = {0x1, 0x22};
    out.info.atomics = {.bits32 = true, .bits64 = true, .bits128 = false};
    out.regions = {sparse_bar(), opregion()};
    out.irqs = {{.index = 2, .count = 16, .flags = uapi::kIrqEventfd}};
    out.features = {{.id = uapi::FeatureId::kMigration, .get = true, .set = false}};
    out.migration_flags = uapi::kMigrationStopCopy | uapi::kMigrationP2p;
    out.no_hot_reset = "neither its slot nor its bus can be reset";
    return out;
}

TEST(Probe, TellsWhatADeviceHasInWords) {
    EXPECT_EQ(probe_text(report()), R"(0000:01:00.0
  backend:        spapr-v2
  skipped:        iommufd: no cdev
                  type1v2: not offered (a reason)
  page sizes:     4K
  windows:        0x0-0x7fffffff, pages of 4K
  mappings left:  7
  DDW page sizes: 4K, 64K
  DDW windows:    2 at most, 5 levels
  EEH:            not offered
  device:         pci, caps, 0x100000
  capabilities:   zpci-util v1: "a utility"
                  zpci-pfip v1: path 0x1 0x22
                  pci-atomic-completion v1: 32, 64 bits
                  id 17 v1
                  the chain is malformed: offset 0x4 lies in the fixed part
  regions:        BAR 0: 64K at 0x0, read write mmap; maps 0x0+4K 0x8000+32K; MSI-X table mappable
                  Intel OpRegion: 8K at 0x90000000000, read; capability 77
  interrupts:     MSI-X: 16 (eventfd)
  reset:          none; neither its slot nor its bus can be reset
  migration:      stop-copy, P2P
  features:       migration
)");
}

TEST(Probe, KeepsUnknownCapabilitiesInJson) {
    const auto json = probe_json(report());
    EXPECT_EQ(json["device"]["caps"][3],
              (nlohmann::ordered_json{
                  {"id", 17}, {"name", "id 17"}, {"version", 1}, {"raw", "ababababababababab"}}));
    EXPECT_EQ(json["device"]["caps"][1]["path"], (nlohmann::ordered_json{1, 0x22}));
    EXPECT_EQ(json["regions"][1]["caps"][1]["raw"], "abababababababababab");
    EXPECT_EQ(json["iommu"]["ddw"]["pgsizes"], (nlohmann::ordered_json{4096, 65536}));
    EXPECT_EQ(json["reset"]["hot"], nullptr);
}

}  // namespace
}  // namespace vfioctl
