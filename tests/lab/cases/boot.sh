#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# boot.sh given|native: the state after a boot with systemd as process 1 and a policy for two of three identical disks.
# The kernel logs every probe (initcall_debug on its command line), and so does the nvme driver.
. tests/lab/check.sh

two=(0000:00:12.0 0000:00:14.0)
third=0000:00:13.0
virtio=0000:00:15.0
# How often any driver has probed the device in this boot.
probes_of() { dmesg | grep -c "probe of $1 returned"; }
nvme_probes_of() { dmesg | grep -c "nvme nvme.*pci function $1"; }
# The daemon may still reconcile; bindd-apply has ended before the job began.
settled() { [ "$(driver_of "${two[1]}")" = "$1" ] && [ "$(driver_of "$virtio")" = "$2" ]; }

contains "the kernel logs its probes" "initcall_debug" "$(cat /proc/cmdline)"
case ${1:?given or native} in
given)
    eventually "all is as declared" settled vfio-pci virtio_vfio_pci
    equal "the early unit did its work" "success" "$(systemctl show -P Result bindd-early.service)"
    check "it is active" systemctl -q is-active bindd-early.service
    for disk in "${two[@]}"; do
        equal "$disk is on vfio-pci" "vfio-pci" "$(driver_of "$disk")"
        equal "its override says so" "vfio-pci" "$(override_of "$disk")"
        equal "nvme has never probed it" 0 "$(nvme_probes_of "$disk")"
        equal "it was probed once in all" 1 "$(probes_of "$disk")"
    done
    equal "the virtio-net is on its variant" "virtio_vfio_pci" "$(driver_of $virtio)"
    # virtio_pci is in the initramfs, as a root disk's driver is, and had the device before the early unit ran.
    equal "after its native driver" 2 "$(probes_of $virtio)"
    contains "the early unit is before udev" "systemd-udevd.service" "$(systemctl show -P Before bindd-early.service)"
    equal "list says bound" "bound bound" \
        "$(vfioctl list -n -o STATE "${two[@]}" | tr '\n' ' ' | sed 's/ *$//; s/  */ /g')"
    check "release binds a disk to a driver that it did not have in this boot" vfioctl release "${two[0]}"
    equal "nvme has it" "nvme" "$(driver_of "${two[0]}")"
    equal "with no override" "(null)" "$(override_of "${two[0]}")"
    ;;
native)
    contains "bindd is switched off" "bindd.disable" "$(cat /proc/cmdline)"
    for unit in bindd-early bindd-apply bindd; do
        equal "$unit has not run" "inactive" "$(systemctl show -P ActiveState $unit.service)"
    done
    for disk in "${two[@]}"; do
        equal "$disk is on nvme" "nvme" "$(driver_of "$disk")"
        equal "it has no override" "(null)" "$(override_of "$disk")"
    done
    equal "the virtio-net is native" "virtio-pci" "$(driver_of $virtio)"
    contains "apply --early says why it does nothing" "bindd.disable" "$(vfioctl --direct apply --early 2>&1)"
    equal "and does nothing" "(null)" "$(override_of "${two[0]}")"
    ;;
esac
equal "the third is on nvme" "nvme" "$(driver_of $third)"
equal "which probed it once" "1 1" "$(nvme_probes_of $third) $(probes_of $third)"
equal "no unit has failed" "" "$(systemctl --failed --no-legend --plain | grep bindd)"

done_checking
