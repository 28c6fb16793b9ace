#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After a boot with systemd as process 1 (guest/external_managers prepares it): the policy that was imported from driverctl
# binds what driverctl bound, and mediated devices are made as soon as their parent is there. The UUIDs are printed for
# reboots.sh, which compares those of two boots.
. tests/lab/check.sh

fixed=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
mdevs_of() { find "/sys/class/mdev_bus/$1/" -maxdepth 1 -name '*-*-*-*-*' -printf '%f\n' | sort; }
has_mdevs() { [ "$(mdevs_of "$1" | wc -l)" = "$2" ]; }
binding_of() { printf '%s %s' "$(driver_of "$1")" "$(override_of "$1")"; }
are_bound() { [ "$(driver_of 0000:00:12.0) $(driver_of 0000:00:14.0)" = "vfio-pci vfio-pci" ]; }
free() { cat "/sys/class/mdev_bus/$1/mdev_supported_types/$2/available_instances"; }

eventually "the daemon runs" systemctl -q is-active bindd.service
check "driverctl's configuration is gone" test ! -e /etc/driverctl.d
eventually "its disks are bound" are_bound
for disk in 0000:00:12.0 0000:00:14.0; do equal "$disk is as driverctl had it" "vfio-pci vfio-pci" "$(binding_of $disk)"; done
equal "the NIC has no driver, as driverctl had it" " none" "$(binding_of 0000:00:11.0)"
equal "a disk that driverctl had left alone is native" "nvme (null)" "$(binding_of 0000:00:13.0)"
contains "a vmbus device's name came through" '"58f75a6d-d949-4320-99e1-a2a2576d581c"' "$(vfioctl policy show)"

eventually "three mediated devices are there" has_mdevs mtty 3
made=$(mdevs_of mtty)
contains "one has its fixed UUID" $fixed "$made"
# The history has the transaction once it is committed, shortly after the devices are there.
recorded() { [ "$(vfioctl history | grep -c mtty)" -ge 1 ]; }
eventually "which is recorded" recorded
equal "it was done once" 1 "$(vfioctl history | grep -c mtty)"
for uuid in $made; do
    output=$(vfioctl --direct probe "$uuid" 2>&1)
    verdict $? "probe $uuid" "$output"
done
check "a parent comes later" modprobe mdpy
eventually "and has its mediated device" has_mdevs mdpy 1
printf '# mdevs %s\n' "$(printf '%s\n' "$made" "$(mdevs_of mdpy)" | tr '\n' ' ')"

one=$(free mtty mtty-1) two=$(free mtty mtty-2)
check "release" vfioctl release mdev_parent/mtty
check "they go" has_mdevs mtty 0
check "and their instances come back" test "$(free mtty mtty-1)" -gt "$one" -a "$(free mtty mtty-2)" -gt "$two"

done_checking
