#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Address spaces on SPAPR's containers, v1 and v2, and a program in SPAPR's manner on real windows.
. tests/lab/check.sh

pci=/sys/bus/pci
disk=0000:01:00.0
space=$1 program=$2 expected=$3

equal "override the disk" "" "$(store $pci/devices/$disk/driver_override vfio-pci)"
equal "unbind it" "" "$(store $pci/drivers/nvme/unbind $disk)"
equal "vfio-pci takes it" "" "$(store $pci/drivers/vfio-pci/bind $disk)"
group=$(group_of $disk)

for backend in spapr-v2 spapr-v1; do
    output=$("$space" $backend $disk "$group" - 2>&1)
    verdict $? "an address space through $backend" "$output"
    printf '%s\n' "$output" | sed 's/^/#   /'
done
equal "a program in SPAPR's manner does what it does on an iommufd" "$(cat "$expected")" \
    "$("$program" $disk "$group" - 2>&1)"

done_checking
