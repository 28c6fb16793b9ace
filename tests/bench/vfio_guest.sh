#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the lab's guest: compares lib/vfio with bare ioctls through each backend. Prints times and asserts nothing.
#   tests/lab/lab.sh --timeout 600 -- tests/bench/vfio_guest.sh BUILD-DIR
set -u
bench=${1:?the build directory}/tests/lab/programs/vfio/lab_vfio_bench
pci=/sys/bus/pci
first=0000:00:10.0 second=0000:00:12.0

modprobe -a vfio-pci iommufd
for address in $first $second; do
    echo vfio-pci >"$pci/devices/$address/driver_override"
    [ ! -e "$pci/devices/$address/driver" ] || echo "$address" >"$pci/devices/$address/driver/unbind"
    echo "$address" >"$pci/drivers/vfio-pci/bind"
done
group=$(basename "$(readlink $pci/devices/$first/iommu_group)")
node=$(ls "$pci/devices/$first/vfio-dev")
other=$(ls $pci/devices/$second/vfio-dev)

# The emulator's speed depends on the addresses of the program, which differ each time. So the times of maps and unmaps are
# printed for five processes; the rest is for the last one.
for backend in iommufd type1v2 iommufd-compat type1; do
    printf '\n'
    for _ in 1 2 3 4; do "$bench" $backend $first "$group" "$node" | sed -n 2p; done
    if [ $backend = iommufd ]; then
        "$bench" $backend $first "$group" "$node" $second "$other"
    else
        "$bench" $backend $first "$group" "$node"
    fi
done
