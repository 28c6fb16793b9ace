#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The doctor on a machine without an IOMMU, and with vfio's unsafe mode.
. tests/lab/check.sh
. tests/lab/json.sh

# look: one examination, whose status and findings the checks after it are about.
look() {
    report=$(vfioctl --json doctor)
    status=$?
}
verdict_of() { json "[c['verdict'] for c in j['checks'] if c['id'] == '$1'][0]" <<<"$report"; }
evidence_of() { json "[c['evidence'] for c in j['checks'] if c['id'] == '$1'][0]" <<<"$report"; }

look
equal "without an IOMMU the doctor ends with 1" 1 "$status"
vfioctl doctor | sed 's/^/#   /'
equal "because there is none" "fail" "$(verdict_of iommu)"
contains "which it says" "no IOMMU is in use" "$(evidence_of iommu)"
equal "so nothing can be said of interrupts" "skip" "$(verdict_of interrupt-remapping)"
equal "the unsafe mode is not on" "ok" "$(verdict_of noiommu)"

modprobe vfio
echo 1 >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode
look
equal "with noiommu it is no better" 1 "$status"
equal "the unsafe mode is told" "warn" "$(verdict_of noiommu)"
modprobe vfio-pci
store /sys/bus/pci/devices/0000:00:10.0/driver_override vfio-pci
equal "a device is handed out so" "" "$(store /sys/bus/pci/drivers/vfio-pci/bind 0000:00:10.0)"
look
equal "and the group that vfio makes up counts for nothing" "fail" "$(verdict_of iommu)"

done_checking
