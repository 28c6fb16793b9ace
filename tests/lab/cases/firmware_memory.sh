#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The firmware keeps memory for DMA by the NIC (an RMRR in the ACPI tables): plan, bind, explain and doctor say so, and the
# kernel does not give the device to VFIO. The disk beside it has no such memory. Run with --firmware-memory 11.0.
. tests/lab/check.sh
. tests/lab/json.sh

nic=0000:00:11.0
disk=0000:00:12.0
contains "the kernel has the region" "direct" "$(cat /sys/bus/pci/devices/$nic/iommu_group/reserved_regions)"

rules=$(mktemp --suffix=.yaml)
printf 'version: 1\nrules:\n  - { name: both, match: { address: ["%s", "%s"] }, driver: vfio-pci }\n' $nic $disk >"$rules"
plan=$(vfioctl --policy "$rules" --json plan)
verdict_of() { json "transaction('$1')['verdict']" <<<"$plan"; }
equal "the NIC is refused" "refused" "$(verdict_of $nic)"
equal "for the memory" "firmware-memory" "$(json "[r['code'] for r in transaction('$nic')['reasons']]" <<<"$plan")"
contains "with the region as evidence" "0x00000000feffc000-0x00000000feffffff" "$(json "transaction('$nic')['reasons']" <<<"$plan")"
equal "the disk is not" "change" "$(verdict_of $disk)"
contains "explain says it" "the firmware keeps memory for DMA in its group" "$(vfioctl --policy "$rules" explain $nic)"
contains "the doctor says it" "0x00000000feffc000" "$(vfioctl doctor)"
fails "bind refuses" 3 vfioctl bind $nic
equal "nothing has changed" "e1000e" "$(driver_of $nic)"

check "it can be forced" vfioctl bind $nic --force firmware-memory
equal "its driver is VFIO's" "vfio-pci" "$(driver_of $nic)"
modprobe -a vfio_iommu_type1 iommufd 2>/dev/null
output=$(vfioctl probe $nic 2>&1)
equal "the kernel does not give it to VFIO" 1 $?
contains "and the library says why" "the firmware keeps memory for DMA by its group (0xfeffc000-0xfeffffff" "$output"
printf '%s\n' "$output" | sed 's/^/#   /'
check "it can be released" vfioctl release $nic
equal "its driver is back" "e1000e" "$(driver_of $nic)"

done_checking
