// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "checks.hpp"
#include "vfio/device.hpp"

/// The checks of lab_vfio_device: each needs one kind of device, and restores its state.
void check_description(Checks& checks, vfio::VfioDevice& device);  ///< any device, mdevs too
void check_config(Checks& checks, vfio::VfioDevice& device);       ///< any PCI device
void check_features(Checks& checks, vfio::VfioDevice& device);     ///< any
void check_low_power(Checks& checks, vfio::VfioDevice& device);    ///< a PCI device that can
void check_reset(Checks& checks, vfio::VfioDevice& device);        ///< nvme
void check_hot_reset(Checks& checks, vfio::VfioDevice& device);  ///< nvme, below a port of its own
void check_bus_reset(Checks& checks, vfio::VfioDevice& device);  ///< any whose bus is VFIO's
void check_edu_map(Checks& checks, vfio::VfioDevice& device);    ///< edu: its BAR
void check_edu_dma(Checks& checks, vfio::VfioDevice& device);    ///< edu
void check_edu_intx(Checks& checks, vfio::VfioDevice& device);   ///< edu
void check_edu_msi(Checks& checks, vfio::VfioDevice& device);    ///< edu
void check_nvme(Checks& checks, vfio::VfioDevice& device);       ///< nvme: DMA and MSI-X
void check_dirty(Checks& checks, vfio::VfioDevice& device);      ///< edu
void check_mtty(Checks& checks, vfio::VfioDevice& device);       ///< an mtty mdev
void check_display(Checks& checks, vfio::VfioDevice& device);    ///< an mdpy mdev
void check_doorbell(Checks& checks, vfio::VfioDevice& device);   ///< edu
/// PCI; its driver gets it back as the program ends.
void check_request(Checks& checks, vfio::VfioDevice& device);
void check_zpci(Checks& checks, vfio::VfioDevice& device);  ///< s390x
void check_eeh(Checks& checks, vfio::VfioDevice& device);   ///< ppc64le
