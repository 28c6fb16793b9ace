// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace tests {

/// The workstation with other tools at work: driverctl's, mdevctl's and modprobe's files, good and
/// bad ones, and two domains of libvirt, one of them running.
void write_external_managers(const std::string& root);
/// A host where nothing is wrong: a NIC on vfio-pci as its rule wants, all nodes and limits as they
/// should be.
void write_healthy(const std::string& root);
/// The healthy one without IOMMU, with vfio's unsafe mode.
void write_noiommu(const std::string& root);
/// VFIO's devices of several buses: a variant's VF, mdevs of three kinds, a platform device.
void write_exports(const std::string& root);

}  // namespace tests
