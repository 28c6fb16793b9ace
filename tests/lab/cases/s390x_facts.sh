#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The behaviour of the s390x kernel with zPCI and channel devices: the rules that FakeKernel implements.
. tests/lab/check.sh

pci=/sys/bus/pci
nic=0001:00:00.0
css=/sys/bus/css
disk=0.0.0000
uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
name_of() { basename "$(readlink "$1")"; }

# zPCI
equal "an unset override of a zPCI function reads (null)" "(null)" "$(override_of $nic)"
equal "its function id" "0x00000001" "$(cat $pci/devices/$nic/function_id)"
equal "its user id" "0x1" "$(cat $pci/devices/$nic/uid)"
store $pci/drivers/virtio-pci/unbind $nic >/dev/null
equal "it takes an override" "" "$(store $pci/devices/$nic/driver_override vfio-pci)"
equal "and goes to vfio-pci: there is no driver of its own for zPCI" "" "$(store $pci/drivers/vfio-pci/bind $nic)"
equal "where it is bound" "vfio-pci" "$(driver_of $nic)"
check "its group's node is there" test -c "/dev/vfio/$(group_of $nic)"
check "as is its cdev" test -c "/dev/vfio/devices/$(ls $pci/devices/$nic/vfio-dev)"

# Channel devices
equal "the disk's subchannel has its native driver" "io_subchannel" "$(name_of $css/devices/$disk/driver)"
equal "it is an I/O subchannel" "0" "$(cat $css/devices/$disk/type)"
equal "its unset override reads (null)" "(null)" "$(cat $css/devices/$disk/driver_override)"
equal "the module vfio_ccw has two drivers, one a bus" "css:vfio_ccw
mdev:vfio_ccw_mdev" "$(ls /sys/module/vfio_ccw/drivers)"
equal "loading it took nothing" "io_subchannel" "$(name_of $css/devices/$disk/driver)"
equal "unbind it" "" "$(store $css/drivers/io_subchannel/unbind $disk)"
equal "override it" "" "$(store $css/devices/$disk/driver_override vfio_ccw)"
equal "the native driver cannot match now" "No such device" "$(store $css/drivers/io_subchannel/bind $disk)"
equal "vfio_ccw can" "" "$(store $css/drivers/vfio_ccw/bind $disk)"
type=$css/devices/$disk/mdev_supported_types/vfio_ccw-io
equal "it offers one mdev" "1" "$(cat $type/available_instances)"
equal "create it" "" "$(store $type/create $uuid)"
equal "a second one is refused: no instance is left" "Too many users" \
    "$(store $type/create 83b8f4f2-509f-382f-3c1e-e6bfe0fa1002)"
equal "an mdev driver has it" "vfio_ccw_mdev" "$(name_of /sys/bus/mdev/devices/$uuid/driver)"
check "it has a group's node" test -c "/dev/vfio/$(name_of /sys/bus/mdev/devices/$uuid/iommu_group)"
check "and a cdev" test -c "/dev/vfio/devices/$(ls /sys/bus/mdev/devices/$uuid/vfio-dev)"
equal "remove it" "" "$(store /sys/bus/mdev/devices/$uuid/remove 1)"
equal "give the subchannel back" "" "$(store $css/drivers/vfio_ccw/unbind $disk &&
    store $css/devices/$disk/driver_override '\n' && store $css/drivers/io_subchannel/bind $disk)"
equal "and it has its native driver again" "io_subchannel" "$(name_of $css/devices/$disk/driver)"

done_checking
