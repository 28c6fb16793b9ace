#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Address spaces on zPCI: type1, both versions.
. tests/lab/check.sh

pci=/sys/bus/pci
space=$1
net=$(basename "$(dirname "$(grep -l 0x1af4 $pci/devices/*/vendor | head -n 1)")")

equal "override the device" "" "$(store "$pci/devices/$net/driver_override" vfio-pci)"
if [ -n "$(driver_of "$net")" ]; then
    equal "unbind it" "" "$(store "$pci/devices/$net/driver/unbind" "$net")"
fi
equal "vfio-pci takes it" "" "$(store $pci/drivers/vfio-pci/bind "$net")"
group=$(group_of "$net")

for backend in type1v2 type1; do
    output=$("$space" $backend "$net" "$group" - 2>&1)
    verdict $? "an address space through $backend" "$output"
    printf '%s\n' "$output" | sed 's/^/#   /'
done

done_checking
