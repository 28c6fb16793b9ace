// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "checks.hpp"
#include "vfio/device.hpp"

/// The checks of lab_vfio_device: each wants one kind of device, and leaves it as it was.
void check_description(Checks& checks, vfio::Device& device);  ///< any device, mdevs too
void check_config(Checks& checks, vfio::Device& device);       ///< any PCI device
void check_features(Checks& checks, vfio::Device& device);     ///< any
void check_low_power(Checks& checks, vfio::Device& device);    ///< a PCI device that can
void check_reset(Checks& checks, vfio::Device& device);        ///< nvme
void check_hot_reset(Checks& checks, vfio::Device& device);    ///< nvme, below a port of its own
void check_bus_reset(Checks& checks, vfio::Device& device);    ///< any whose bus is VFIO's
void check_edu_map(Checks& checks, vfio::Device& device);      ///< edu: its BAR
void check_edu_dma(Checks& checks, vfio::Device& device);      ///< edu
void check_edu_intx(Checks& checks, vfio::Device& device);     ///< edu
void check_edu_msi(Checks& checks, vfio::Device& device);      ///< edu
void check_nvme(Checks& checks, vfio::Device& device);         ///< nvme: DMA and MSI-X
void check_dirty(Checks& checks, vfio::Device& device);        ///< edu
void check_mtty(Checks& checks, vfio::Device& device);         ///< an mtty mdev
void check_display(Checks& checks, vfio::Device& device);      ///< an mdpy mdev
void check_doorbell(Checks& checks, vfio::Device& device);     ///< edu
/// PCI; its driver gets it back as the program ends.
void check_request(Checks& checks, vfio::Device& device);
void check_zpci(Checks& checks, vfio::Device& device);         ///< s390x
void check_eeh(Checks& checks, vfio::Device& device);          ///< ppc64le
