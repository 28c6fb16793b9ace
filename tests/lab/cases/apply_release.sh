#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Plan, apply, verify, apply again and release on the real kernel. Release restores the previous driver and the previous
# override, also one that bindd did not set.
. tests/lab/check.sh
. tests/lab/json.sh

pci=/sys/bus/pci/devices
nic=0000:00:11.0
nvme=0000:00:12.0
virtio=0000:00:15.0
edu=0000:00:10.0
rules=$(mktemp --suffix=.yaml)
cat >"$rules" <<'RULES'
version: 1
rules:
  - name: nics
    match: { vendor: "8086", device: "10d3" }
    driver: auto
  - name: virtio
    match: { vendor: "1af4", device: "1041" }
    driver: auto
  - name: unbound
    match: { vendor: "1234", device: "11e8", address: "0000:00:10.0" }
    driver: auto
RULES
p=(--policy "$rules")

# plan changes nothing
trace=$(stat -c %Y /run/bindd 2>/dev/null)
fails "plan --detailed-exitcode says that there are changes" 10 vfioctl "${p[@]}" plan --detailed-exitcode
equal "plan bound nothing" "e1000e" "$(driver_of $nic)"
equal "plan set no override" "(null)" "$(override_of $nic)"
equal "plan made no files" "$trace" "$(stat -c %Y /run/bindd 2>/dev/null)"
equal "plan loaded no module" "" "$(ls -d /sys/module/vfio_pci 2>/dev/null)"
equal "a planned device is pending" "pending" "$(vfioctl "${p[@]}" --json list | json "device('$nic')['state']")"

# A foreign override: edu has no native driver, and its override was set before.
store $pci/$edu/driver_override pci-stub
check "apply succeeds" vfioctl "${p[@]}" apply
equal "the e1000e is on vfio-pci" "vfio-pci" "$(driver_of $nic)"
equal "its override says so" "vfio-pci" "$(override_of $nic)"
equal "the virtio-net is on its variant, by the driver's name" "virtio_vfio_pci" "$(driver_of $virtio)"
equal "the unbound one is on vfio-pci" "vfio-pci" "$(driver_of $edu)"
equal "the nvme, which no rule matches, stays" "nvme" "$(driver_of $nvme)"
node=/dev/vfio/$(group_of $nic)
check "the group's node is there" test -c "$node"
check "and can be opened" sh -c "exec 3<>$node"
check "the cdev's node is there" test -c "/dev/vfio/devices/$(ls $pci/$nic/vfio-dev)"
equal "list says bound" "bound" "$(vfioctl "${p[@]}" --json list | json "device('$nic')['state']")"
equal "list names group and cdev" "$(group_of $nic) $(ls $pci/$nic/vfio-dev)" \
    "$(vfioctl "${p[@]}" --json list | json "' '.join(device('$nic')['vfio'][k] for k in ('group', 'cdev'))")"
equal "groups says that the group is viable" "true" \
    "$(vfioctl --json groups | json "[g['viable'] for g in j['groups'] if g['id'] == $(group_of $nic)]")"

# Applying twice
journal=$(stat -c '%Y %s' /run/bindd/journal)
history=$(stat -c '%Y %s' /var/lib/bindd/history)
before=$(cat $pci/$nic/uevent)
sleep 1.1
check "apply again succeeds" vfioctl "${p[@]}" apply
equal "and writes no journal" "$journal" "$(stat -c '%Y %s' /run/bindd/journal)"
equal "and no history" "$history" "$(stat -c '%Y %s' /var/lib/bindd/history)"
equal "and leaves the device alone" "$before" "$(cat $pci/$nic/uevent)"
fails "plan has nothing to do" 0 vfioctl "${p[@]}" plan --detailed-exitcode
contains "history names the rule" "nics" "$(vfioctl history)"

# An open group is not released, because the unbind would not return.
exec 7<>"$node"
fails "release of a device whose group is open is refused" 3 vfioctl release $nic
contains "the holder is named" "$$" "$(vfioctl release $nic 2>&1)"
equal "and it stays bound" "vfio-pci" "$(driver_of $nic)"
exec 7>&-

# Release
check "release succeeds" vfioctl release $nic $virtio $edu
equal "e1000e is back" "e1000e" "$(driver_of $nic)"
equal "its override is unset again" "(null)" "$(override_of $nic)"
equal "virtio-pci is back" "virtio-pci" "$(driver_of $virtio)"
equal "its override is unset again too" "(null)" "$(override_of $virtio)"
equal "the unbound one is unbound again" "" "$(driver_of $edu)"
equal "the foreign override is back" "pci-stub" "$(override_of $edu)"
eventually "the group's node is gone" test ! -e "$node"
contains "release of a device that is the host's has nothing to do" "Nothing to do" "$(vfioctl release $nvme)"
equal "and the nvme is where it was" "nvme" "$(driver_of $nvme)"

# Commands for one device
check "bind without a rule" vfioctl bind $nic
equal "it is bound" "vfio-pci" "$(driver_of $nic)"
check "rollback of the newest transaction" vfioctl rollback
equal "e1000e is back once more" "e1000e" "$(driver_of $nic)"
check "bind once more" vfioctl bind $nic
check "then to its native driver, by a transaction of its own" vfioctl bind $nic --driver e1000e
equal "it is there" "e1000e" "$(driver_of $nic)"
check "rollback of that one" vfioctl rollback
equal "goes back to what stood when it began" "vfio-pci vfio-pci" "$(driver_of $nic) $(override_of $nic)"
check "rollback of the first" vfioctl rollback
equal "goes back to before all of it" "e1000e (null)" "$(driver_of $nic) $(override_of $nic)"
fails "a driver that has no id for the device is refused" 3 vfioctl bind $nic --driver nvme
contains "and why" "driver-mismatch" "$(vfioctl bind $nic --driver nvme 2>&1)"
equal "the device is left as it was" "e1000e (null)" "$(driver_of $nic) $(override_of $nic)"
fails "a driver of another bus fails" 1 vfioctl bind $nic --driver mtty
contains "before the device loses its own" "the bus pci has no driver mtty" "$(vfioctl history --json | tail -n 40)"
fails "and is refused once its module is loaded" 3 vfioctl bind $nic --driver mtty
equal "the device is left as it was" "e1000e (null)" "$(driver_of $nic) $(override_of $nic)"
check "a driver by the name of its module's file" vfioctl bind $virtio --driver virtio-vfio-pci
equal "is that driver" "virtio_vfio_pci" "$(driver_of $virtio)"
check "release it" vfioctl release $virtio
check "bind --persist" vfioctl bind --persist 00:11.0
check "wrote a rule" grep -q '0000:00:11.0' /etc/bindd/policies.d/90-vfioctl.yaml
check "which is a good policy" vfioctl policy check /etc/bindd/policies.d
check "release" vfioctl release $nic
check "and the standard directories bind it again" vfioctl apply
equal "as the rule says" "vfio-pci" "$(driver_of $nic)"
check "release after all" vfioctl release $nic
fails "an unknown device is 5" 5 vfioctl bind 0000:99:00.0

# A device in use: the nvme with a mounted file system.
if mkfs.ext2 -q -F /dev/nvme0n1 2>/dev/null || mkswap /dev/nvme0n1 >/dev/null 2>&1; then
    mount /dev/nvme0n1 /mnt 2>/dev/null || swapon /dev/nvme0n1
    fails "a disk in use is refused" 3 vfioctl bind $nvme
    equal "and untouched" "nvme" "$(driver_of $nvme)"
    umount /mnt 2>/dev/null || swapoff /dev/nvme0n1
    fails "a disk with a signature is refused too" 3 vfioctl bind $nvme
    contains "by the reason's name" "signature" "$(vfioctl bind $nvme 2>&1)"
    check "and forced by that name" vfioctl bind $nvme --force signature
    equal "it is bound" "vfio-pci" "$(driver_of $nvme)"
    check "and released" vfioctl release $nvme
    equal "to nvme" "nvme" "$(driver_of $nvme)"
fi

done_checking
