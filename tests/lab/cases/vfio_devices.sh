#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Devices opened and used through each backend of this kernel: DMA by edu and by NVMe, INTx, MSI and MSI-X, resets by both
# protocols, mediated devices, a variant driver.
. tests/lab/check.sh

pci=/sys/bus/pci
programs=$BINDD_BUILD/tests/lab/programs/vfio
edu=0000:00:10.0
disk=0000:00:12.0
nic=0000:00:15.0

# bind_to ADDRESS DRIVER: whatever its driver is.
bind_to() {
    equal "the override of $1 is $2" "" "$(store "$pci/devices/$1/driver_override" "$2")"
    [ -z "$(driver_of "$1")" ] || equal "its driver is unbound" "" "$(store "$pci/devices/$1/driver/unbind" "$1")"
    equal "$2 binds it" "" "$(store "$pci/drivers/$2/bind" "$1")"
}

# run_checks BACKEND DEVICE CHECK...: prints each check of the program; the program's exit status is a check of this case.
run_checks() {
    local output status
    output=$("$programs/lab_vfio_device" "$@" 2>&1)
    status=$?
    printf '%s\n' "$output" | sed 's/^/#   /'
    verdict "$status" "lab_vfio_device $*" "see above"
}

modprobe vfio-pci
modprobe iommufd 2>/dev/null && backends='iommufd iommufd-compat type1v2 type1' || backends='type1v2 type1'
bind_to $edu vfio-pci
bind_to $disk vfio-pci
[ -e /dev/vfio/devices ] || backends='type1v2 type1'
for backend in $backends; do
    run_checks "$backend" $edu description config features edu-map edu-dma edu-intx edu-msi doorbell dirty
    run_checks "$backend" $disk description config features nvme reset low-power
done
# An unbind of the disk raises the request interrupt, and returns when the program ends.
for backend in $backends; do
    case $backend in iommufd | type1v2) ;; *) continue ;; esac
    run_checks "$backend" $disk request
    eventually "it is unbound then" test ! -e $pci/devices/$disk/driver
    bind_to $disk vfio-pci
done
contains "the example moves data and takes interrupts" "two interrupts, and at 0x*: carried by DMA" \
    "$("$BINDD_BUILD/lib/vfio/examples/vfio-dma" $edu 2>&1)"
fails "the example requires a device" 2 "$BINDD_BUILD/lib/vfio/examples/vfio-dma"
contains "and says what is wrong with another" "hint: bind it first: vfioctl bind 0000:00:11.0" \
    "$("$BINDD_BUILD/lib/vfio/examples/vfio-dma" 0000:00:11.0 2>&1)"

if [ -e $pci/devices/0000:01:00.0 ]; then
    bind_to 0000:01:00.0 vfio-pci
    for address in 0000:04:01.0 0000:04:02.0 0000:04:03.0; do bind_to $address vfio-pci; done
    for backend in $backends; do
        run_checks "$backend" 0000:01:00.0 hot-reset nvme
        run_checks "$backend" 0000:04:01.0 bus-reset edu-dma
    done
    store /sys/module/vfio_pci/parameters/enable_sriov 1
    for backend in $backends; do
        output=$("$programs/lab_vfio_token" "$backend" 0000:01:00.0 2>&1)
        verdict $? "a VF's token through $backend" "$output"
        printf '%s\n' "$output" | sed 's/^/#   /'
    done
fi

if modprobe virtio_vfio_pci 2>/dev/null && [ -e $pci/devices/$nic ]; then
    bind_to $nic virtio_vfio_pci
    for backend in $backends; do run_checks "$backend" $nic description config features; done
fi

# mediated PARENT TYPE CHECK...: by group and by cdev.
mediated() {
    local parent=$1 type=$2 uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 backend
    shift 2
    check "loading $parent succeeds" modprobe "$parent"
    equal "an mdev of $type is made" "" "$(store "/sys/class/mdev_bus/$parent/mdev_supported_types/$type/create" $uuid)"
    eventually "it has a node" test -e "/dev/vfio/$(basename "$(readlink /sys/bus/mdev/devices/$uuid/iommu_group)")"
    for backend in $backends; do run_checks "$backend" $uuid "$@"; done
    equal "it is removed" "" "$(store /sys/bus/mdev/devices/$uuid/remove 1)"
}
if [ -e /dev/vfio/devices ]; then
    mediated mtty mtty-1 description features mtty
    mediated mdpy mdpy-vga description features display
fi

done_checking
