#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# running.sh PACKAGES: in a guest whose root has the packages installed: an upgrade restarts the running daemon and touches no
# device, and neither does a removal.
. tests/lab/check.sh
# The installed vfioctl, not the built one.
PATH=/usr/sbin:/usr/bin:/sbin:/bin

packages=$1
edu=0000:00:10.0
is_bound() { [ "$(driver_of "$edu")" = vfio-pci ]; }
is_active() { systemctl -q is-active bindd; }
main_pid() { systemctl show -P MainPID bindd; }
# Services may be started here.
rm -f /usr/sbin/policy-rc.d

eventually "the daemon runs" is_active
eventually "the policy's device is bound" is_bound
before=$(main_pid) history=$(vfioctl history)
udevadm monitor --kernel --subsystem-match=pci >/tmp/events &
monitor=$!
check "an upgrade with the daemon running" dpkg -i "$packages"/{vfioctl,bindd}_*.deb
eventually "the daemon runs again" is_active
check "as another process" [ "$(main_pid)" != "$before" ]
check "which answers" vfioctl status
equal "the device was left bound" vfio-pci "$(driver_of "$edu")"
equal "and nothing was done" "$history" "$(vfioctl history)"
check "a removal" dpkg -r bindd
fails "the daemon has ended" 3 is_active
equal "the device is still bound" vfio-pci "$(driver_of "$edu")"
fails "plugged devices get no override" 1 test -e /run/udev/rules.d/79-bindd.rules
check "a release works without the daemon" vfioctl release $edu
check "a new installation" dpkg -i "$packages"/bindd_*.deb
eventually "starts the daemon" is_active
check "a purge" dpkg -P bindd vfioctl libbindd-vfio-dev libbindd-vfio0
equal "it leaves nothing" "" "$(find /etc /usr /var/lib /run -xdev -name '*bindd*' -not -path '*/dpkg/*' -not -path '/run/lab/*' -not -path '/run/systemd/*' 2>/dev/null)"
kill $monitor
equal "no device had an event but those that were released and bound here" "" "$(grep -E 'UDEV|KERNEL' /tmp/events |
    grep -E '(bind|add|remove) ' | grep -v $edu)"

done_checking
