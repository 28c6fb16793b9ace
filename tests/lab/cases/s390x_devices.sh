#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A zPCI device opened and described through both versions of type1, with its capabilities.
. tests/lab/check.sh

pci=/sys/bus/pci
program=$1 probe=$2
net=$(basename "$(dirname "$(grep -l 0x1af4 $pci/devices/*/vendor | head -n 1)")")

equal "override the device" "" "$(store "$pci/devices/$net/driver_override" vfio-pci)"
[ -z "$(driver_of "$net")" ] || equal "unbind it" "" "$(store "$pci/devices/$net/driver/unbind" "$net")"
equal "vfio-pci takes it" "" "$(store $pci/drivers/vfio-pci/bind "$net")"

for backend in type1v2 type1; do
    output=$("$program" $backend "$net" description config features zpci 2>&1)
    verdict $? "the device through $backend" "$output"
    printf '%s\n' "$output" | sed 's/^/#   /'
done
output=$("$probe" type1v2 "$net" 2>&1)
verdict $? "probe" "$output"
printf '%s\n' "$output" | sed 's/^/#   /'
for word in 'zpci-base v2: DMA 0x' 'zpci-group v2: MSI at 0x' 'zpci-pfip v1'; do
    contains "probe tells $word" "$word" "$output"
done

done_checking
