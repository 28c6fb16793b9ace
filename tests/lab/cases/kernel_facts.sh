#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The behaviour of the real kernel, without bindd: the rules that FakeKernel implements. After a failure here FakeKernel
# has to change, not this case.
. tests/lab/check.sh

pci=/sys/bus/pci/devices
drivers=/sys/bus/pci/drivers
edu=0000:00:10.0
nic=0000:00:11.0
virtio=0000:00:15.0

# Overrides
equal "an unset override reads (null)" "(null)" "$(override_of $edu)"
equal "an override takes any name, also one of no driver" "" "$(store $pci/$edu/driver_override no-such-driver)"
equal "a set override reads back as it was written" "no-such-driver" "$(override_of $edu)"
equal "a newline clears an override" "" "$(store $pci/$edu/driver_override '\n')"
equal "a cleared override reads (null) again" "(null)" "$(override_of $edu)"
printf '' >$pci/$edu/driver_override
equal "a value of a page is EINVAL" "Invalid argument" "$(store $pci/$edu/driver_override "$(printf '%4096s' x)")"
check "loading vfio-pci succeeds" modprobe vfio-pci
equal "loading it took nothing" "" "$(cd $drivers/vfio-pci && compgen -G '0000:*')"
equal "setting an override" "" "$(store $pci/$nic/driver_override vfio-pci)"
equal "an override alone rebinds nothing" "e1000e" "$(driver_of $nic)"

# bind, unbind and their errnos
equal "bind of a bound device is EBUSY" "Device or resource busy" "$(store $drivers/vfio-pci/bind $nic)"
equal "bind of an unknown device is ENODEV" "No such device" "$(store $drivers/vfio-pci/bind 0000:99:00.0)"
equal "unbind from another's driver is ENODEV" "No such device" "$(store $drivers/vfio-pci/unbind $nic)"
equal "unbind from its own driver" "" "$(store $drivers/e1000e/unbind $nic)"
equal "the native driver cannot match while another's override is set" "No such device" "$(store $drivers/e1000e/bind $nic)"
equal "bind to the driver that the override names" "" "$(store $drivers/vfio-pci/bind $nic)"
equal "and it is bound" "vfio-pci" "$(driver_of $nic)"
check "the group's node is there" test -c "/dev/vfio/$(group_of $nic)"
check "the cdev's node is there" test -c "/dev/vfio/devices/$(ls $pci/$nic/vfio-dev)"
equal "without an override vfio-pci matches nothing: ENODEV" "No such device" "$(store $drivers/vfio-pci/bind $edu)"
equal "drivers_probe of a device that no driver wants" "" "$(store /sys/bus/pci/drivers_probe $edu)"
equal "says success though nothing was bound" "" "$(driver_of $edu)"
equal "drivers_probe with an override of a missing driver" "" \
    "$(store $pci/$edu/driver_override no-such-driver && store /sys/bus/pci/drivers_probe $edu)"
equal "says success as well" "" "$(driver_of $edu)"
store $pci/$edu/driver_override '\n'
bridge=0000:00:04.0
store $pci/$bridge/driver_override vfio-pci
store $drivers/pcieport/unbind $bridge
equal "vfio-pci refuses a bridge with EINVAL" "Invalid argument" "$(store $drivers/vfio-pci/bind $bridge)"
store $pci/$bridge/driver_override '\n'
equal "the bridge goes back to its driver" "" "$(store $drivers/pcieport/bind $bridge)"
equal "the device is released" "" "$(store $drivers/vfio-pci/unbind $nic && store $pci/$nic/driver_override '\n')"
eventually "the group's node went with its last member" test ! -e "/dev/vfio/$(group_of $nic)"
equal "and it takes its native driver again" "" "$(store $drivers/e1000e/bind $nic)"

# Groups
equal "the functions 00:1f.x share a group" "0000:00:1f.0 0000:00:1f.2 0000:00:1f.3" \
    "$(cd $pci/0000:00:1f.0/iommu_group/devices && echo *)"
equal "all behind a PCI bridge are in its group" "0000:00:07.0 0000:04:01.0 0000:04:02.0 0000:04:03.0" \
    "$(cd $pci/0000:04:01.0/iommu_group/devices && echo *)"
equal "two identical devices have the same modalias" "$(cat $pci/0000:00:13.0/modalias)" "$(cat $pci/0000:00:14.0/modalias)"

# Variants
aliases=/lib/modules/$(uname -r)/modules.alias
equal "a variant has an alias with the bus's VFIO prefix" \
    "alias vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i* virtio_vfio_pci" "$(grep 'vfio_pci:v00001AF4d00001041' "$aliases")"
equal "vfio-pci's own alias matches anything" "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci" "$(grep 'vfio_pci:v\*d\*' "$aliases")"
check "loading the variant's module succeeds" modprobe virtio_vfio_pci
equal "its driver's name is the module's, underscores and all" "pci:virtio_vfio_pci" "$(ls /sys/module/virtio_vfio_pci/drivers)"
equal "while vfio_pci's driver has a dash" "pci:vfio-pci" "$(ls /sys/module/vfio_pci/drivers)"
equal "loading it took nothing either" "virtio-pci" "$(driver_of $virtio)"

# SR-IOV
pf=0000:01:00.0
equal "more VFs than there can be is ERANGE" "Numerical result out of range" "$(store $pci/$pf/sriov_numvfs 17)"
equal "two VFs" "" "$(store $pci/$pf/sriov_drivers_autoprobe 0 && store $pci/$pf/sriov_numvfs 2)"
eventually "their links come" test -e $pci/$pf/virtfn1
equal "no native driver takes them without autoprobe" "" "$(driver_of "$(basename "$(readlink $pci/$pf/virtfn0)")")"
equal "the same number again changes nothing" "" "$(store $pci/$pf/sriov_numvfs 2)"
equal "another number than 0 is EBUSY" "Device or resource busy" "$(store $pci/$pf/sriov_numvfs 4)"
store $pci/$pf/driver_override vfio-pci
store $drivers/nvme/unbind $pf
equal "nvme leaves its VFs behind when it is unbound" "2" "$(cat $pci/$pf/sriov_numvfs)"
equal "a PF with VFs is refused by vfio-pci with EBUSY" "Device or resource busy" "$(store $drivers/vfio-pci/bind $pf)"
equal "and its native driver is already gone" "" "$(driver_of $pf)"
equal "without a PF driver the number cannot be changed: ENOENT" "No such file or directory" "$(store $pci/$pf/sriov_numvfs 0)"
store $pci/$pf/driver_override '\n'
equal "the native driver comes back" "" "$(store $drivers/nvme/bind $pf)"
equal "and takes the VFs away" "" "$(store $pci/$pf/sriov_numvfs 0)"
check "their devices are gone" test ! -e $pci/0000:01:00.1
store $pci/$pf/driver_override vfio-pci
store $drivers/nvme/unbind $pf
equal "now vfio-pci takes the PF" "" "$(store $drivers/vfio-pci/bind $pf)"
equal "vfio-pci makes VFs with enable_sriov" "" \
    "$(store /sys/module/vfio_pci/parameters/enable_sriov 1 && store $pci/$pf/sriov_numvfs 2)"
eventually "they come" test -e $pci/$pf/virtfn1
equal "and the kernel itself has set their override" "vfio-pci" \
    "$(override_of "$(basename "$(readlink $pci/$pf/virtfn1)")")"

# Mediated devices
check "loading mtty succeeds" modprobe mtty
parent=/sys/class/mdev_bus/mtty
uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
check "the parent offers its types" test -d "$parent/mdev_supported_types/mtty-2"
before=$(cat $parent/mdev_supported_types/mtty-2/available_instances)
equal "create an mdev" "" "$(store $parent/mdev_supported_types/mtty-2/create $uuid)"
equal "a UUID twice is EEXIST" "File exists" "$(store $parent/mdev_supported_types/mtty-2/create $uuid)"
check "available_instances falls" test "$(cat $parent/mdev_supported_types/mtty-2/available_instances)" -lt "$before"
check "its node is there at once, without a bind" test -c "/dev/vfio/$(basename "$(readlink /sys/bus/mdev/devices/$uuid/iommu_group)")"
check "as is its cdev" test -c "/dev/vfio/devices/$(ls /sys/bus/mdev/devices/$uuid/vfio-dev)"
equal "remove it" "" "$(store /sys/bus/mdev/devices/$uuid/remove 1)"
equal "and the instances are back" "$before" "$(cat $parent/mdev_supported_types/mtty-2/available_instances)"

done_checking
