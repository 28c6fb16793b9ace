#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vfioctl doctor` on a machine without an IOMMU, and with vfio's unsafe mode.
. tests/lab/check.sh
. tests/lab/json.sh

# run_doctor: one run, whose status and report the checks after it read.
run_doctor() {
    report=$(vfioctl --json doctor)
    status=$?
}
verdict_of() { json "[c['verdict'] for c in j['checks'] if c['id'] == '$1'][0]" <<<"$report"; }
evidence_of() { json "[c['evidence'] for c in j['checks'] if c['id'] == '$1'][0]" <<<"$report"; }

run_doctor
equal "without an IOMMU the doctor ends with 1" 1 "$status"
vfioctl doctor | sed 's/^/#   /'
equal "because there is none" "fail" "$(verdict_of iommu)"
contains "which it says" "no IOMMU is in use" "$(evidence_of iommu)"
equal "so interrupt remapping is not checked" "skip" "$(verdict_of interrupt-remapping)"
equal "the unsafe mode is not on" "ok" "$(verdict_of noiommu)"

modprobe vfio
echo 1 >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode
run_doctor
equal "with noiommu it still ends with 1" 1 "$status"
equal "the unsafe mode is a warning" "warn" "$(verdict_of noiommu)"
modprobe vfio-pci
store /sys/bus/pci/devices/0000:00:10.0/driver_override vfio-pci
equal "a device is bound in it" "" "$(store /sys/bus/pci/drivers/vfio-pci/bind 0000:00:10.0)"
run_doctor
equal "the group that vfio makes for it does not count" "fail" "$(verdict_of iommu)"

done_checking
