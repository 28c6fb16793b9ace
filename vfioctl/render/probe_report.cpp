// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/probe_report.hpp"

#include "vfio/container.hpp"
#include "vfio/migration.hpp"
#include "vfio/spapr_container.hpp"

namespace vfioctl {
namespace {

/// What only SPAPR has: windows, their page sizes, EEH.
void read_spapr(const vfio::VfioDevice& device, ProbeReport& report) {
    vfio::SpaprContainer* const spapr = vfio::spapr_container(*device.space());
    if (spapr == nullptr)
        return;
    if (auto details = spapr->details())
        report.spapr = *details;
    if (const auto eeh = spapr->container().check(vfio::abi::Extension::kEeh))
        report.eeh = *eeh != 0;
}

}  // namespace

ProbeReport probe(const vfio::VfioDevice& device) {
    ProbeReport report;
    report.device = device.name();
    report.backend = device.space()->backend();
    report.skipped = device.rejected();
    report.geometry = device.space()->geometry();
    if (const auto sizes = device.space()->page_sizes())
        report.geometry.page_sizes = *sizes;
    report.info = device.info();
    report.regions = device.regions();
    report.irqs = device.irqs();
    report.features = vfio::probe_features(device.calls(), device.fd());
    read_spapr(device, report);
    if (const auto migration = vfio::Migration::open(device.calls(), device.fd(), device.name()))
        report.migration_flags = migration->flags();
    if (!device.info().is_pci())
        return report;
    if (auto scope = vfio::hot_reset_scope(device.calls(), device.fd(), device.name()))
        report.hot_reset = std::move(*scope);
    else
        report.no_hot_reset =
            scope.error().hint.empty() ? scope.error().text() : scope.error().hint;
    if (const auto config = device.read_config())
        report.pci_caps = vfio::walk_pci_caps(*config);
    return report;
}

}  // namespace vfioctl
