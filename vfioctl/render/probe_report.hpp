// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vfio/device.hpp"
#include "vfio/feature.hpp"
#include "vfio/pci_caps.hpp"
#include "vfio/reset.hpp"
#include "vfio/spapr_platform.hpp"

namespace vfioctl {

/// What an open device reports of itself; `probe` prints it.
struct ProbeReport {
    std::string device;
    vfio::Backend backend{};
    std::vector<vfio::RejectedBackend> skipped;
    vfio::Geometry geometry;
    std::optional<vfio::SpaprDetails> spapr;
    std::optional<bool> eeh;  ///< SPAPR only: the container offers it
    vfio::DeviceInfo info;
    std::vector<vfio::Region> regions;
    std::vector<vfio::Irq> irqs;
    std::vector<vfio::FeatureSupport> features;
    std::optional<std::uint64_t> migration_flags;
    std::optional<vfio::HotResetScope> hot_reset;
    std::string no_hot_reset;  ///< why there is none
    std::optional<vfio::PciCaps> pci_caps;
};

/// Reads all of it. Features that a device does not have are absent.
[[nodiscard]] ProbeReport probe(const vfio::VfioDevice& device);

}  // namespace vfioctl
