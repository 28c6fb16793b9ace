#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Mediated devices by policy and by `vfioctl mdev`, on the kernel's sample drivers mtty and mdpy.
. tests/lab/check.sh
. tests/lab/json.sh

programs=$BINDD_BUILD/tests/lab/programs/vfio
fixed=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
[ -s /etc/machine-id ] || echo 0123456789abcdef0123456789abcdef >/etc/machine-id
modprobe mtty
modprobe mdpy
modprobe vfio-pci
rules=$(mktemp --suffix=.yaml)
cat >"$rules" <<RULES
version: 1
rules:
  - name: ttys
    match: { mdev_parent: mtty }
    mdevs:
      - { uuid: "$fixed", type: mtty-2, attrs: [ { uevent: "change" } ] }
      - { count: 2, type: mtty-1 }
RULES
p=(--policy "$rules")
available() { cat "/sys/class/mdev_bus/$1/mdev_supported_types/$2/available_instances"; }
mdevs() { ls /sys/bus/mdev/devices; }

before="$(available mtty mtty-1) $(available mtty mtty-2)"
fails "plan wants to make them" 10 vfioctl "${p[@]}" plan --detailed-exitcode
equal "and made none" "" "$(mdevs)"
check "apply" vfioctl "${p[@]}" apply
made=$(mdevs)
equal "three are there" 3 "$(mdevs | wc -l)"
contains "one under its fixed UUID" $fixed "$made"
contains "instances are taken" "mtty-1" "$(vfioctl mdev types -p mtty)"
check "and the number of free ones has changed" test "$before" != "$(available mtty mtty-1) $(available mtty mtty-2)"
fails "apply again has nothing to do" 0 vfioctl "${p[@]}" plan --detailed-exitcode
equal "list has them" "$made" "$(vfioctl mdev list | cut -d' ' -f1 | sort)"
equal "JSON as well" "$made" "$(vfioctl --json mdev list | json "sorted(m['uuid'] for m in j['mdevs'])")"

# Each opens, by group and by cdev
for uuid in $made; do
    for backend in type1v2 iommufd; do
        output=$("$programs/lab_vfio_device" $backend "$uuid" description 2>&1)
        verdict $? "$uuid opens through $backend" "$output"
    done
    output=$(vfioctl probe "$uuid" 2>&1)
    verdict $? "probe $uuid" "$output"
done

# The same UUIDs the next time
check "release" vfioctl release mdev_parent/mtty
equal "removes them all" "" "$(mdevs)"
equal "and gives the instances back" "$before" "$(available mtty mtty-1) $(available mtty mtty-2)"
check "apply once more" vfioctl "${p[@]}" apply
equal "the same UUIDs" "$made" "$(mdevs)"

# An mdev that was unbound from its driver
driver=$(basename "$(readlink /sys/bus/mdev/devices/$fixed/driver)")
equal "unbind one" "" "$(store "/sys/bus/mdev/drivers/$driver/unbind" $fixed)"
equal "its node is gone" "" "$(ls /sys/bus/mdev/devices/$fixed/vfio-dev 2>/dev/null)"
equal "and the kernel binds none again" "No such device" "$(store "/sys/bus/mdev/drivers/$driver/bind" $fixed)"
contains "list says what helps" "only removing and creating it again helps" \
    "$(vfioctl --json list $fixed | json "j['devices'][0]['reason']")"
fails "it is not as wanted" 10 vfioctl "${p[@]}" plan --detailed-exitcode
check "apply" vfioctl "${p[@]}" apply
check "has created it again" test -c "/dev/vfio/devices/$(ls /sys/bus/mdev/devices/$fixed/vfio-dev)"
fails "and has nothing left to do" 0 vfioctl "${p[@]}" plan --detailed-exitcode

# Release removes only what bindd made
foreign=11111111-509f-382f-3c1e-e6bfe0fa1001
store /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create $foreign
check "release" vfioctl release mdev_parent/mtty
equal "leaves a foreign mdev alone" $foreign "$(mdevs)"
check "mdev stop removes it" vfioctl mdev stop $foreign
equal "and gone" "" "$(mdevs)"

# A bad attribute, of the second of two
cat >"$rules" <<RULES
version: 1
rules:
  - name: displays
    match: { mdev_parent: mdpy }
    mdevs:
      - { uuid: "$fixed", type: mdpy-vga }
      - { uuid: "22222222-509f-382f-3c1e-e6bfe0fa1001", type: mdpy-vga, attrs: [ { uevent: "change" }, { no_such_attribute: "5" } ] }
RULES
before=$(available mdpy mdpy-vga)
fails "a bad attribute fails the transaction" 1 vfioctl "${p[@]}" apply
equal "of which nothing is left" "" "$(mdevs)"
equal "nor an instance taken" "$before" "$(available mdpy mdpy-vga)"
contains "the attribute is named" "no_such_attribute" "$(vfioctl "${p[@]}" apply 2>&1)"
contains "history says rolled back" "rolled_back" "$(vfioctl history)"

# `vfioctl mdev` with a definition
check "define" vfioctl mdev define -u $fixed -p mdpy -t mdpy-vga --auto
equal "in mdevctl's own format" '{
  "mdev_type": "mdpy-vga",
  "start": "auto",
  "attrs": []
}' "$(cat /etc/mdevctl.d/mdpy/$fixed)"
check "start" vfioctl mdev start $fixed
contains "it is active and defined" "$fixed mdpy mdpy-vga auto (defined)" "$(vfioctl mdev list)"
exec 7<>"/dev/vfio/$(basename "$(readlink /sys/bus/mdev/devices/$fixed/iommu_group)")"
fails "one that is open is not stopped" 3 vfioctl mdev stop $fixed
contains "and its holder is named" "$(cat /proc/$$/comm) (pid $$)" "$(vfioctl mdev stop $fixed 2>&1)"
exec 7>&-
fails "started twice is an error" 1 vfioctl mdev start $fixed
check "stop" vfioctl mdev stop $fixed
fails "stopped twice is 5" 5 vfioctl mdev stop $fixed
check "undefine" vfioctl mdev undefine $fixed
equal "the file is gone" "" "$(ls /etc/mdevctl.d/mdpy)"
fails "release has nothing left" 1 vfioctl release mdev_parent/mdpy
echo '{"mdev_type":"mdpy-vga","start":"manual","attrs":[{"nope":"1"}]}' >/tmp/bad.json
fails "start from a file with a bad attribute" 1 vfioctl mdev start -p mdpy --jsonfile /tmp/bad.json
contains "which is named" "nope" "$(vfioctl mdev start -p mdpy --jsonfile /tmp/bad.json 2>&1)"
equal "is undone as well" "" "$(mdevs)"
fails "a file that is not there is a failure" 1 vfioctl mdev start -p mdpy --jsonfile /tmp/none.json

done_checking
