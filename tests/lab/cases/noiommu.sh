#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A machine without an IOMMU: VFIO opens a device only where the administrator has enabled the unsafe mode, and then
# without any mapping.
. tests/lab/check.sh
. tests/lab/json.sh

pci=/sys/bus/pci
device=0000:00:10.0
programs=$BINDD_BUILD/tests/lab/programs/vfio

equal "no IOMMU, no groups" "" "$(ls /sys/kernel/iommu_groups)"
modprobe -a vfio-pci iommufd
equal "the override is taken" "" "$(store $pci/devices/$device/driver_override vfio-pci)"
equal "but vfio-pci refuses" "Invalid argument" "$(store $pci/drivers/vfio-pci/bind $device)"
echo 1 >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode
equal "unless the unsafe mode is enabled" "" "$(store $pci/drivers/vfio-pci/bind $device)"
group=$(group_of $device)
eventually "the node says what it is" test -e "/dev/vfio/noiommu-$group"

text=$(vfioctl probe $device)
verdict $? "probe opens it" "$text"
printf '%s\n' "$text" | sed 's/^/#   /'
contains "through noiommu" "backend*noiommu" "$text"
output=$(vfioctl --json probe $device 2>&1)
equal "which JSON says, why each backend before it was not taken, that there are no IOVAs nor page sizes, but regions" "noiommu
iommufd: the device has no IOMMU
iommufd-compat: the device has no IOMMU
type1v2: the device has no IOMMU
type1: the device has no IOMMU
spapr-v2: the device has no IOMMU
spapr-v1: the device has no IOMMU
[]
[]
1048576" "$(json '[j["backend"], *[s["backend"] + ": " + s["why"].split(": ")[-1] for s in j["skipped"]],
    j["iommu"]["iova_ranges"], j["iommu"]["pgsizes"], *[r["size"] for r in j["regions"] if r["index"] == 0]]' <<<"$output")"
for backend in iommufd type1v2 spapr-v2; do
    output=$(vfioctl probe --backend $backend $device 2>&1)
    equal "it does not open through $backend" 1 $?
    contains "for a reason that is said" "the device has no IOMMU" "$output"
done

output=$("$programs/lab_vfio_space" noiommu $device "noiommu-$group" - 2>&1)
verdict $? "its address space maps nothing, and says so" "$output"
output=$("$programs/lab_vfio_device" noiommu $device description config features edu-intx 2>&1)
verdict $? "its registers and interrupts work" "$output"
printf '%s\n' "$output" | sed 's/^/#   /'

done_checking
