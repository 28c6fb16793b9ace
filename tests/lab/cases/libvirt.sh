#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libvirt beside us: what `export libvirt` prints is a domain's device to libvirt's own tools and its daemon, a domain with
# it starts and opens the device, and neither its start nor its end moves a device from one driver to another.
. tests/lab/check.sh
. tests/lab/json.sh

edu=0000:00:10.0
nic=0000:00:11.0
stands() { printf '%s %s' "$(driver_of "$1")" "$(override_of "$1")"; }
# domain NAME FILE: a machine without disks and with the devices of that file.
domain() {
    cat <<XML
<domain type='qemu'>
  <name>$1</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <on_reboot>destroy</on_reboot>
  <devices>
    <emulator>/tmp/emulator/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
$(cat "$2")
  </devices>
</domain>
XML
}

check "libvirt's daemon is installed" test -x /usr/sbin/libvirtd
# Nothing of the host's: no accounts of its own, no cgroups, no log daemon.
mkdir -p /etc/libvirt /var/log/libvirt/qemu /var/lib/libvirt /run/libvirt /var/cache/libvirt
cat >/etc/libvirt/qemu.conf <<'CONF'
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
remember_owner = 0
CONF
# Debian's package for hosts makes these.
getent passwd libvirt-qemu >/dev/null || useradd --system --user-group --no-create-home libvirt-qemu
# It asks every emulator in its path what it can do, and each takes seconds here: let it see one.
mkdir -p /tmp/emulator
ln -s /usr/bin/qemu-system-x86_64 /tmp/emulator/
check "and starts" timeout 30 env PATH=/tmp/emulator:/usr/sbin:/sbin /usr/sbin/libvirtd --daemon
virsh() { timeout 20 virsh --connect qemu:///system "$@"; }
eventually "it answers" virsh version

check "a device is bound by us" vfioctl bind $edu
before=$(stands $edu)
equal "to vfio-pci" "vfio-pci vfio-pci" "$before"
vfioctl export libvirt $edu >/tmp/edu.xml
domain ours /tmp/edu.xml >/tmp/ours.xml
check "its element is valid in a domain" virt-xml-validate /tmp/ours.xml domain
check "libvirt takes the domain" virsh define /tmp/ours.xml
contains "with managed='no'" "managed='no'" "$(virsh dumpxml ours)"
equal "that touched nothing" "$before" "$(stands $edu)"
check "the domain starts" virsh start ours
group=$(group_of $edu)
holders() { find /proc/[0-9]*/fd -lname "/dev/vfio/$group" 2>/dev/null | wc -l; }
equal "and its QEMU has the device" 1 "$(holders)"
equal "which is where we bound it" "$before" "$(stands $edu)"
fails "a release is refused while the domain runs" 3 vfioctl release $edu
contains "and QEMU is named" "qemu-system" "$(vfioctl release $edu 2>&1)"
contains "list knows that libvirt has it" "libvirt" \
    "$(vfioctl --json list $edu | json "[m['tool'] for m in device('$edu')['managers']]")"
check "the domain ends" virsh destroy ours
equal "and its device stays ours" "$before" "$(stands $edu)"
equal "closed" 0 "$(holders)"

# A device that nobody has given away.
native=$(stands $nic)
equal "the NIC is the host's" "e1000e (null)" "$native"
vfioctl export libvirt $nic >/tmp/nic.xml 2>/dev/null
domain theirs /tmp/nic.xml >/tmp/theirs.xml
check "libvirt takes a domain with it" virsh define /tmp/theirs.xml
fails "but does not start it" 1 virsh start theirs
equal "nor take it from its driver" "$native" "$(stands $nic)"

check "release" vfioctl release $edu
equal "gives ours back" " (null)" "$(stands $edu)"

done_checking
