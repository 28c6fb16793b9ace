#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Owner and mode of a device's nodes, and their links: a changed rule applies to a device that is already bound, and the
# links below /dev/vfio/by-path are made and removed with the nodes.
. tests/lab/check.sh
. tests/lab/json.sh

edu=0000:00:10.0
rules=$(mktemp --suffix=.yaml)
rule() {
    cat >"$rules" <<RULES
version: 1
rules:
  - name: edu
    match: { address: "$edu" }
    driver: vfio-pci
    access: { $1 }
RULES
}
owner_and_mode() { stat -c '%U:%G %a' "$1"; }

mkdir -p /run/udev/rules.d
sed "s|PROGRAM=\"[^ ]*/vfioctl|PROGRAM=\"$BINDD_BUILD/vfioctl/vfioctl|" \
    "$BINDD_BUILD/vfioctl/60-bindd-vfio.rules" >/run/udev/rules.d/60-bindd-vfio.rules
udevadm control --reload

rule 'group: daemon, mode: "0660"'
check "apply binds it" vfioctl --policy "$rules" apply
node=/dev/vfio/$(group_of $edu)
cdev=/dev/vfio/devices/$(ls /sys/bus/pci/devices/$edu/vfio-dev)
udevadm settle
eventually "the group's link is there" test -L "/dev/vfio/by-path/pci-$edu-group"
eventually "the cdev's link is there" test -L "/dev/vfio/by-path/pci-$edu"
equal "the first points to the group's node" "$node" "$(readlink -f "/dev/vfio/by-path/pci-$edu-group")"
equal "the second points to the cdev" "$cdev" "$(readlink -f "/dev/vfio/by-path/pci-$edu")"
equal "vfioctl has the same names" "/dev/vfio/by-path/pci-$edu-group -> $node
/dev/vfio/by-path/pci-$edu -> $cdev" "$(vfioctl aliases $edu)"
equal "the node has the group of the rule" "root:daemon 660" "$(owner_and_mode "$node")"
equal "and so has the cdev" "root:daemon 660" "$(owner_and_mode "$cdev")"
udevadm trigger --action=change --subsystem-match=vfio --subsystem-match=vfio-dev
udevadm settle
equal "an event of the group leaves that as it is" "root:daemon 660" "$(owner_and_mode "$node")"
equal "and one of the cdev" "root:daemon 660" "$(owner_and_mode "$cdev")"
fails "so there is nothing to do" 0 vfioctl --policy "$rules" plan --detailed-exitcode

chmod 0600 "$node"
fails "a mode changed outside bindd is a change" 10 vfioctl --policy "$rules" plan --detailed-exitcode
check "apply restores it" vfioctl --policy "$rules" apply
equal "the mode is restored" "root:daemon 660" "$(owner_and_mode "$node")"

rule 'owner: daemon, mode: "0600"'
fails "a changed rule is a change" 10 vfioctl --policy "$rules" plan --detailed-exitcode
check "apply" vfioctl --policy "$rules" apply
equal "the owner has the node" "daemon 600" "$(stat -c '%U %a' "$node")"
equal "the device was not touched" "vfio-pci" "$(driver_of $edu)"

check "release" vfioctl release $edu
eventually "the links go with the nodes" test ! -e "/dev/vfio/by-path/pci-$edu-group"
eventually "both of them" test ! -e "/dev/vfio/by-path/pci-$edu"

done_checking
