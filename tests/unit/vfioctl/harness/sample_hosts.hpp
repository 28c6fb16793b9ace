// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace tests {

/// Made-up hosts laid out below a directory, each with policies in its /etc/bindd/policies.d and
/// the names of its hardware in a pci.ids of its own, so that outputs are the same on every
/// machine.

/// A desktop: the boot GPU and a second one with its audio function, a NIC, an NVMe disk, a bridge,
/// and the three functions of a chipset that share a group.
void write_workstation(const std::string& root);
/// A NIC with four VFs of eight, one of them VFIO's, and two disks of which one is mounted.
void write_server(const std::string& root);
/// An mdev parent on no bus with two mdevs, and a platform device that VFIO has.
void write_mdev_host(const std::string& root);
/// A root port with a switch of two ports, a NIC behind each; modules claim the NICs.
void write_switch(const std::string& root);
/// The workstation with a policy file that has three errors.
void write_broken_policy(const std::string& root);
/// The workstation with a valid policy file, of which each rule has something to warn of, and one
/// of a package.
void write_questionable_policy(const std::string& root);
/// The workstation without an IOMMU and without policies.
void write_host_without_iommu(const std::string& root);

}  // namespace tests
