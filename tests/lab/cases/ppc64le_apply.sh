#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vfioctl on ppc64le: a disk behind SPAPR is listed, planned for, bound by a rule beside the shipped policies, opened
# through both of SPAPR's containers, and released.
. tests/lab/check.sh

vfioctl=$1
shift
disk=0000:01:00.0
mkdir -p /tmp/policies
cp "$@" /tmp/policies
cat >/tmp/policies/90-test.yaml <<RULES
version: 1
rules:
  - name: disk
    match: { class: storage, arch: ppc64le }
    driver: auto
    check: open
RULES
vfioctl() { "$vfioctl" --policy /tmp/policies "$@"; }

check "the shipped policies and ours are a set" vfioctl policy check
contains "list shows the disk, which is wanted" "$disk * nvme " "$(vfioctl list)"
contains "and says so" "pending" "$(vfioctl list -n -o STATE $disk)"
contains "groups has one for it" "$disk" "$(vfioctl groups)"
output=$(vfioctl explain $disk 2>&1)
contains "its chain has the kernel's own driver" "vfio-pci" "$output"
equal "and not what is known of another architecture" "" "$(printf '%s' "$output" | grep zpci)"
output=$(vfioctl plan --detailed-exitcode 2>&1)
equal "plan has something to do" 10 $?
contains "which is to bind it" "bind " "$output"
equal "and does nothing" nvme "$(driver_of $disk)"

output=$(vfioctl apply 2>&1)
verdict $? "apply binds it and opens it" "$output"
equal "it is on vfio-pci" "vfio-pci vfio-pci" "$(driver_of $disk) $(override_of $disk)"
check "nothing more to do" vfioctl plan --detailed-exitcode
for backend in spapr-v2 spapr-v1; do
    output=$(vfioctl probe --backend $backend $disk 2>&1)
    verdict $? "probe through $backend" "$output"
    contains "prints the backend" "$backend" "$output"
done
contains "probe by itself takes v2" "spapr-v2" "$(vfioctl --json probe $disk)"
contains "and says why not the others" "type1" "$(vfioctl probe $disk)"

output=$(vfioctl release $disk 2>&1)
verdict $? "release" "$output"
equal "the disk is the host's" "nvme (null)" "$(driver_of $disk) $(override_of $disk)"
# shellcheck disable=SC2016 # the inner shell expands it
check "the doctor checks this host" sh -c '"$0" doctor; [ $? -le 1 ]' "$vfioctl"
contains "and finds SPAPR's module" "vfio_iommu_spapr_tce" "$(vfioctl doctor)"

done_checking
