#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What `cmake --install` has installed, with systemd as process 1: dbus, polkit, systemd and udev find their files, the
# programs their policies, and the daemon starts.
. tests/lab/check.sh
# The installed vfioctl, not the built one.
PATH=/usr/sbin:/usr/bin:/sbin:/bin

edu=0000:00:10.0
is_active() { systemctl -q is-active bindd; }
named() { find /dev/vfio/by-path -name "pci-$edu*" 2>/dev/null; }

eventually "the daemon starts" is_active
equal "its program is the installed one" /usr/sbin/bindd "$(readlink "/proc/$(systemctl show -P MainPID bindd)/exe")"
equal "dbus lets it own its name" "$(systemctl show -P MainPID bindd)" \
    "$(busctl --system status org.bindd1 | sed -n 's/^PID=//p')"
contains "polkit knows the actions" org.bindd1.bind "$(pkaction)"
equal "the early step ran at boot" "success 0" \
    "$(systemctl show -P Result bindd-early) $(systemctl show -P ExecMainStatus bindd-early)"
equal "the policy's device is bound" vfio-pci "$(driver_of $edu)"
contains "the shipped variants are read" vfio-pci-igd "$(vfioctl policy show)"
contains "the command talks to the daemon" "bindd" "$(vfioctl status)"
contains "udev gives the device its stable names" "/dev/vfio/by-path/pci-$edu" "$(named)"
check "and a release works" vfioctl release $edu

done_checking
