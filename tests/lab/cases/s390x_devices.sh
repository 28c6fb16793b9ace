#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A zPCI device opened and described through both versions of type1, with its capabilities.
. tests/lab/check.sh

pci=/sys/bus/pci
program=$1 vfioctl=$2
net=$(basename "$(dirname "$(grep -l 0x1af4 $pci/devices/*/vendor | head -n 1)")")

equal "override the device" "" "$(store "$pci/devices/$net/driver_override" vfio-pci)"
[ -z "$(driver_of "$net")" ] || equal "unbind it" "" "$(store "$pci/devices/$net/driver/unbind" "$net")"
equal "vfio-pci takes it" "" "$(store $pci/drivers/vfio-pci/bind "$net")"

for backend in type1v2 type1; do
    output=$("$program" $backend "$net" description config features zpci 2>&1)
    verdict $? "the device through $backend" "$output"
    printf '%s\n' "$output" | sed 's/^/#   /'
done
output=$("$vfioctl" probe "$net" 2>&1)
verdict $? "vfioctl probe" "$output"
printf '%s\n' "$output" | sed 's/^/#   /'
for word in 'backend*type1v2' 'iommufd: *the device has no cdev' 'iommufd-compat: /dev/iommu: open: No such file' \
    'IOVA ranges*0x' 'zpci-base v2: DMA 0x' 'zpci-group v2: MSI at 0x' 'zpci-pfip v1: path ' 'config: 256 at 0x' 'MSI-X: '; do
    contains "it prints $word" "$word" "$output"
done
output=$("$vfioctl" probe --backend type1 "$net" 2>&1)
verdict $? "vfioctl probe --backend type1" "$output"
contains "takes that one" "backend*type1" "$output"

done_checking
