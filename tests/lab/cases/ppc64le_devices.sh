#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# An NVMe drive behind SPAPR: DMA and MSI-X through v2 and v1, dynamic windows, EEH.
. tests/lab/check.sh

pci=/sys/bus/pci
program=$1 vfioctl=$2
disk=0000:01:00.0

equal "override the disk" "" "$(store $pci/devices/$disk/driver_override vfio-pci)"
equal "unbind it" "" "$(store $pci/drivers/nvme/unbind $disk)"
equal "vfio-pci takes it" "" "$(store $pci/drivers/vfio-pci/bind $disk)"

# run_checks BACKEND CHECKS
# shellcheck disable=SC2086 # the checks are words
run_checks() {
    "$program" "$1" $disk $2 2>&1
    verdict $? "the disk through $1: $2" "see above"
}
run_checks spapr-v2 "description config features nvme eeh"
run_checks spapr-v1 "description config nvme"
output=$("$vfioctl" probe $disk 2>&1)
verdict $? "vfioctl probe" "$output"
printf '%s\n' "$output" | sed 's/^/#   /'
for line in 'backend:          spapr-v2' 'type1v2: *does not offer VFIO_TYPE1v2_IOMMU' \
    'windows:          0x0-0x7fffffff, pages of ' 'DDW page sizes:   4K, 64K, 2M, 1G' \
    'DDW windows:      2 at most, 5 levels' 'EEH:              offered'; do
    contains "it prints ${line%%:*}" "$line" "$output"
done
output=$("$vfioctl" probe --backend spapr-v1 $disk 2>&1)
verdict $? "vfioctl probe --backend spapr-v1" "$output"
contains "takes that one" "backend*spapr-v1" "$output"

done_checking
