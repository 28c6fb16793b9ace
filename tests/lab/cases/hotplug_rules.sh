#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The udev rules that the early unit makes of the policies: they set the override of a device that is plugged in later,
# before udev loads its native driver, and record it, so that a release does not take it for a foreign override.
. tests/lab/check.sh

rules=/run/udev/rules.d/79-bindd.rules
disk=0000:02:00.0
mine=0000:03:00.0
plug() { qmp device_add "{\"driver\":\"nvme\",\"serial\":\"$1\",\"bus\":\"$2\",\"id\":\"$1\"}"; }
has_settled() { [ -e "/sys/bus/pci/devices/$1" ] && udevadm settle; }
overridden() { [ "$(override_of "$1")" = "$2" ]; }
driven() { [ "$(driver_of "$1")" = "$2" ]; }

check "the early unit has made the rules" test -s $rules
contains "they say what they leave out" "# left to the daemon: rule first-nic" "$(cat $rules)"
equal "udev reports no error in them" "" "$(journalctl -u systemd-udevd --no-pager -o cat | grep -F 79-bindd.rules)"
equal "no disk has an override" "(null)" "$(override_of 0000:00:12.0)"

# The driver is not loaded, as if no device had needed it yet: udev would load it for the device.
check "nvme is unloaded" rmmod nvme
printf '{"QMP": {"version": ' >/dev/ttyS1
check "QEMU's monitor answers after a line that was torn" qmp query-status
check "a disk is plugged in" plug spare port5
eventually "and seen" has_settled $disk
eventually "udev has set its override" overridden $disk vfio-pci
equal "no driver has it" "" "$(driver_of $disk)"
equal "nvme has never probed it" 0 "$(dmesg | grep -c "nvme nvme.*pci function $disk")"
contains "udev records what was written" "BINDD_OVERRIDE=vfio-pci" "$(udevadm info /sys/bus/pci/devices/$disk)"
check "and keeps the record" udevadm trigger --action=change --settle /sys/bus/pci/devices/$disk
contains "after another event" "BINDD_OVERRIDE=vfio-pci" "$(udevadm info /sys/bus/pci/devices/$disk)"
check "another one is plugged in, which is protected" plug mine port6
eventually "and seen too" has_settled $mine
eventually "nvme has it" driven $mine nvme
check "and has logged its probe" test "$(dmesg | grep -c "nvme nvme.*pci function $mine")" -ge 1
equal "with no override" "(null)" "$(override_of $mine)"

check "apply binds the spare disk" vfioctl --direct apply
equal "to vfio-pci" "vfio-pci" "$(driver_of $disk)"
check "release binds it to its native driver" vfioctl --direct release $disk
equal "which is nvme" "nvme" "$(driver_of $disk)"
equal "without an override, because bindd had set it" "(null)" "$(override_of $disk)"

done_checking
