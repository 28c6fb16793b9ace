#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bindd and libvirt on one host: libvirt accepts what `export libvirt` prints, a domain with it starts and opens the device,
# and neither its start nor its end changes the driver of a device.
. tests/lab/check.sh
. tests/lab/json.sh

edu=0000:00:10.0
nic=0000:00:11.0
binding_of() { printf '%s %s' "$(driver_of "$1")" "$(override_of "$1")"; }
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
# Independent of this host: no accounts, no cgroups, no log daemon.
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
# libvirtd queries every emulator in its PATH, which takes seconds each: it sees one.
mkdir -p /tmp/emulator
ln -s /usr/bin/qemu-system-x86_64 /tmp/emulator/
check "and starts" timeout 30 env PATH=/tmp/emulator:/usr/sbin:/sbin /usr/sbin/libvirtd --daemon
virsh() { timeout 20 virsh --connect qemu:///system "$@"; }
eventually "it answers" virsh version

check "vfioctl binds a device" vfioctl bind $edu
before=$(binding_of $edu)
equal "to vfio-pci" "vfio-pci vfio-pci" "$before"
vfioctl export libvirt $edu >/tmp/edu.xml
domain assigned /tmp/edu.xml >/tmp/assigned.xml
check "its element is valid in a domain" virt-xml-validate /tmp/assigned.xml domain
check "libvirt takes the domain" virsh define /tmp/assigned.xml
contains "with managed='no'" "managed='no'" "$(virsh dumpxml assigned)"
equal "the definition changed nothing" "$before" "$(binding_of $edu)"
check "the domain starts" virsh start assigned
group=$(group_of $edu)
holders() { find /proc/[0-9]*/fd -lname "/dev/vfio/$group" 2>/dev/null | wc -l; }
equal "and its QEMU has the device" 1 "$(holders)"
equal "whose driver has not changed" "$before" "$(binding_of $edu)"
fails "a release is refused while the domain runs" 3 vfioctl release $edu
contains "and QEMU is named" "qemu-system" "$(vfioctl release $edu 2>&1)"
contains "list knows that libvirt has it" "libvirt" \
    "$(vfioctl --json list $edu | json "[m['tool'] for m in device('$edu')['managers']]")"
check "the domain ends" virsh destroy assigned
equal "and the device keeps its driver" "$before" "$(binding_of $edu)"
equal "closed" 0 "$(holders)"

# A device that is not bound to VFIO.
native=$(binding_of $nic)
equal "the NIC is the host's" "e1000e (null)" "$native"
vfioctl export libvirt $nic >/tmp/nic.xml 2>/dev/null
domain native_nic /tmp/nic.xml >/tmp/native_nic.xml
check "libvirt takes a domain with it" virsh define /tmp/native_nic.xml
fails "but does not start it" 1 virsh start native_nic
equal "nor unbind it" "$native" "$(binding_of $nic)"

check "release" vfioctl release $edu
equal "unbinds the device" " (null)" "$(binding_of $edu)"

done_checking
