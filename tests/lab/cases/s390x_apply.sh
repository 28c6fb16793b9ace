#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vfioctl on s390x: one rule binds a channel device's subchannel to vfio_ccw and makes its mdev, and a release restores the
# disk; a zPCI function gets the driver that the shipped policies name, and probe shows its capabilities.
. tests/lab/check.sh

vfioctl=$1 knowledge=$2
css=/sys/bus/css/devices/0.0.0000
nic=0001:00:00.0
uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
name_of() { basename "$(readlink "$1")"; }
mkdir -p /tmp/policies
cp "$knowledge" /tmp/policies
cat >/tmp/policies/90-test.yaml <<RULES
version: 1
rules:
  - name: disk
    match: { bus: css, address: "0.0.0000" }
    driver: vfio_ccw
    mdevs: [ { uuid: "$uuid", type: vfio_ccw-io } ]
  - name: nic
    match: { vendor: "1af4", arch: s390x }
    driver: auto
RULES
vfioctl() { "$vfioctl" --policy /tmp/policies "$@"; }

check "list works here" vfioctl list -a
contains "and shows the subchannel" "0.0.0000" "$(vfioctl list -a)"
equal "the disk is there" "io_subchannel" "$(name_of $css/driver)"
check "as a block device" test -e /sys/block/vda
output=$(vfioctl plan 2>&1)
verdict $? "plan" "$output"
contains "one transaction for driver and mdev" "create_mdev   mdev/$uuid" "$output"
equal "which planned only" "io_subchannel" "$(name_of $css/driver)"

output=$(vfioctl apply 2>&1)
verdict $? "apply" "$output"
equal "the subchannel is on vfio_ccw" "vfio_ccw" "$(name_of $css/driver)"
equal "its mdev is there, with its driver" "vfio_ccw_mdev" "$(name_of /sys/bus/mdev/devices/$uuid/driver)"
check "and has a node" test -c "/dev/vfio/$(name_of /sys/bus/mdev/devices/$uuid/iommu_group)"
check "the disk is gone" test ! -e /sys/block/vda
contains "mdev list has it" "$uuid 0.0.0000 vfio_ccw-io manual" "$(vfioctl mdev list)"
contains "mdev types too" "vfio_ccw-io" "$(vfioctl mdev types)"
equal "the zPCI function is on the driver that auto found" "vfio-pci" "$(driver_of $nic)"
output=$(vfioctl probe $nic 2>&1)
verdict $? "probe of the zPCI function" "$output"
contains "prints its capabilities" "zpci" "$output"
check "nothing more to do" vfioctl plan --detailed-exitcode

output=$(vfioctl release css/0.0.0000 $nic 2>&1)
verdict $? "release" "$output"
check "the mdev is gone" test ! -e /sys/bus/mdev/devices/$uuid
equal "the disk's driver is back" "io_subchannel" "$(name_of $css/driver)"
equal "without an override" "(null)" "$(cat $css/driver_override)"
eventually "and the disk" test -e /sys/block/vda
equal "the function is the host's" "virtio-pci (null)" "$(driver_of $nic) $(override_of $nic)"

done_checking
