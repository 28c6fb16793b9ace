#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Address spaces on a real kernel: the same checks through each backend of this kernel, on an edu device.
. tests/lab/check.sh

pci=/sys/bus/pci
device=0000:00:10.0
programs=$BINDD_BUILD/tests/lab/programs/vfio

modprobe vfio-pci
equal "override the device" "" "$(store $pci/devices/$device/driver_override vfio-pci)"
equal "vfio-pci takes it" "" "$(store $pci/drivers/vfio-pci/bind $device)"
group=$(group_of $device)
cdev=$(ls $pci/devices/$device/vfio-dev 2>/dev/null)
[ -e "/dev/vfio/devices/$cdev" ] || cdev=-

backends='type1v2 type1'
if [ "$cdev" != - ]; then
    modprobe iommufd
    backends="iommufd iommufd-compat $backends"
fi
for backend in $backends; do
    output=$("$programs/lab_vfio_space" "$backend" $device "$group" "$cdev" 2>&1)
    verdict $? "an address space through $backend" "$output"
    printf '%s\n' "${output//$'\n'/$'\n'#   }" | sed '1s/^/#   /'
done

if [ "$cdev" != - ]; then
    equal "a program in SPAPR's manner runs on an iommufd as it does on ppc64le" \
        "$(cat tests/lab/programs/vfio/spapr_program.expected)" \
        "$("$programs/lab_spapr_program" $device - "$cdev" 2>&1)"
fi

output=$("$programs/lab_vfio_process_handover" $device "$group" 2>&1)
verdict $? "a container is passed from one process to another" "$output"
printf '%s\n' "${output//$'\n'/$'\n'#   }" | sed '1s/^/#   /'

if [ "$cdev" != - ]; then
    disk=0000:00:12.0
    equal "override a second device" "" "$(store $pci/devices/$disk/driver_override vfio-pci)"
    [ -z "$(driver_of $disk)" ] || equal "its driver is unbound" "" "$(store $pci/devices/$disk/driver/unbind $disk)"
    equal "vfio-pci takes it too" "" "$(store $pci/drivers/vfio-pci/bind $disk)"
    output=$("$programs/lab_vfio_objects" $device "$cdev" $disk "$(ls $pci/devices/$disk/vfio-dev)" 2>&1)
    verdict $? "two devices of one iommufd share memory, and its other objects" "$output"
    printf '%s\n' "${output//$'\n'/$'\n'#   }" | sed '1s/^/#   /'
fi

done_checking
