#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The behaviour of the ppc64le kernel: overrides and groups as on x86, an IOMMU group for every PE, EEH.
. tests/lab/check.sh

pci=/sys/bus/pci
disk=0000:01:00.0

equal "the device has its native driver" "nvme" "$(driver_of $disk)"
equal "an unset override reads (null)" "(null)" "$(override_of $disk)"
equal "the device is alone in its group" "$disk" "$(ls $pci/devices/$disk/iommu_group/devices)"
check "EEH is watching" grep -q 'EEH Subsystem is enabled' /proc/powerpc/eeh
equal "override it" "" "$(store $pci/devices/$disk/driver_override vfio-pci)"
equal "unbind it" "" "$(store $pci/drivers/nvme/unbind $disk)"
equal "vfio-pci takes it" "" "$(store $pci/drivers/vfio-pci/bind $disk)"
check "its group's node is there" test -c "/dev/vfio/$(group_of $disk)"
check "the container offers SPAPR's TCE" grep -q '^vfio_iommu_spapr_tce ' /proc/modules
equal "bind it to its driver again" "" "$(store $pci/drivers/vfio-pci/unbind $disk &&
    store $pci/devices/$disk/driver_override '\n' && store $pci/drivers/nvme/bind $disk)"
equal "and it has its native driver again" "nvme" "$(driver_of $disk)"

done_checking
