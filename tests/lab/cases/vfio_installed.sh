#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Programs built outside this tree with the installed library (tests/install), on a real device.
. tests/lab/check.sh

pci=/sys/bus/pci
device=0000:00:10.0

modprobe vfio-pci
equal "override the device" "" "$(store $pci/devices/$device/driver_override vfio-pci)"
equal "vfio-pci takes it" "" "$(store $pci/drivers/vfio-pci/bind $device)"
for program in by-pkg-config by-cmake; do
    output=$("$BINDD_BUILD/installed/$program" $device 2>&1)
    verdict $? "a program built $program opens the device and maps memory" "$output"
    contains "through the best backend" "iommufd: * regions, 65536 bytes at 0x*" "$output"
done

done_checking
