#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `attrs:` of a rule on a real kernel: set before the bind, read back, put back by a release, by the undoing of a transaction
# and after a kill; refused where the kernel has no such attribute or value.
# shellcheck disable=SC2317 # functions are called by check.sh
. tests/lab/check.sh
. tests/lab/json.sh

disk=0000:00:12.0
nic=0000:00:11.0
attr() { cat "/sys/bus/pci/devices/$1/$2"; }
rules=$(mktemp --suffix=.yaml)
policy() { printf 'version: 1\nrules:\n  - { name: a, match: { address: "%s" }, %s }\n' "$1" "$2" >"$rules"; }
state() { printf '%s ' "$(driver_of $disk)" "$(attr $disk reset_method)" "$(attr $disk d3cold_allowed)" "$(attr $disk msi_bus)" "$(attr $disk power/control)"; }
printf '#   methods of the disk: %s\n' "$(attr $disk reset_method)"
method=$(attr $disk reset_method | awk '{ print $NF }')
before=$(state)

policy $disk "driver: vfio-pci, attrs: { reset_method: $method, d3cold_allowed: 0, msi_bus: 0, power/control: \"on\" }"
check "the policy is valid" vfioctl policy check "$rules"
contains "the plan shows them" "set_attr      $disk  d3cold_allowed=0" "$(vfioctl --policy "$rules" plan)"
check "they are set" vfioctl --policy "$rules" apply
equal "with the driver" "vfio-pci $method 0 0 on " "$(state)"
equal "nothing is left to do" "ok" "$(vfioctl --policy "$rules" --json plan | json "transaction('$disk')['verdict']")"
store "/sys/bus/pci/devices/$disk/d3cold_allowed" 1
contains "one that was changed is set again" "d3cold_allowed=0" "$(vfioctl --policy "$rules" apply)"
check "they are put back" vfioctl release $disk
equal "as it was" "$before" "$(state)"

# A device that keeps its driver.
policy $disk 'attrs: { power/control: "on" }'
check "an attribute alone" vfioctl --policy "$rules" apply
equal "is set below the native driver" "nvme on" "$(driver_of $disk) $(attr $disk power/control)"
check "and put back" vfioctl release $disk
equal "as it was before" "$before" "$(state)"

# vfio-pci sets it when it binds and unbinds: a release puts back what there was.
store "/sys/bus/pci/devices/$nic/power/control" auto
check "without attrs" vfioctl bind $nic
check "and released" vfioctl release $nic
equal "power/control is as it was" "e1000e auto" "$(driver_of $nic) $(attr $nic power/control)"

# What the kernel refuses.
policy $nic 'attrs: { sriov_drivers_autoprobe: 0 }'
fails "an attribute that it lacks is refused" 3 vfioctl --policy "$rules" apply
contains "and named" "has no attribute sriov_drivers_autoprobe" "$(vfioctl --policy "$rules" plan 2>&1)"
policy $disk 'driver: vfio-pci, attrs: { msi_bus: 0, numa_node: 900 }'
fails "a node that is not online is refused" 3 vfioctl --policy "$rules" apply
contains "and named" "cannot be on NUMA node 900: online are 0" "$(vfioctl --policy "$rules" plan)"
equal "and nothing has changed" "$before" "$(state)"
policy $disk 'driver: vfio-pci, attrs: { msi_bus: 0, reset_method: device_specific }'
fails "a method that the device lacks is refused" 3 vfioctl --policy "$rules" apply
contains "and named" "has no reset method device_specific, but" "$(vfioctl --policy "$rules" plan)"
equal "and all is as before" "$before" "$(state)"

policy $disk 'driver: vfio-pci, attrs: { reset_metod: flr }'
fails "a typing error" 1 vfioctl --policy "$rules" plan
contains "is understood" "did you mean 'reset_method'?" "$(vfioctl --policy "$rules" plan 2>&1)"

done_checking
