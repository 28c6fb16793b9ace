#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vfioctl doctor` on a real kernel with an IOMMU; `import` of other tools' configuration; `export`: a nested QEMU opens a
# device with the arguments that `export qemu` prints.
. tests/lab/check.sh
. tests/lab/json.sh

pci=/sys/bus/pci
edu=0000:00:10.0
nic=0000:00:11.0
# run_doctor: one run, whose status and report the checks after it read.
run_doctor() {
    report=$(vfioctl --json doctor)
    status=$?
}
verdict_of() { json "[c['verdict'] for c in j['checks'] if c['id'] == '$1'][0]" <<<"$report"; }
evidence_of() { json "[c['evidence'] for c in j['checks'] if c['id'] == '$1'][0]" <<<"$report"; }

modprobe -a vfio-pci vfio_iommu_type1 iommufd
eventually "the container's node is there" test -c /dev/vfio/vfio
chmod 0666 /dev/vfio/vfio
vfioctl doctor | sed 's/^/#   /'
run_doctor
equal "the doctor finds nothing that fails" 0 "$status"
for id in iommu interrupt-remapping noiommu vfio-modules vfio-node groups driverctl; do
    equal "$id is good" "ok" "$(verdict_of $id)"
done
contains "the IOMMU is named" "dmar0" "$(evidence_of iommu)"

chmod 0600 /dev/vfio/vfio
run_doctor
equal "a wrong mode of the container's node fails" 1 "$status"
equal "and is found" "fail" "$(verdict_of vfio-node)"
contains "with what it is" "/dev/vfio/vfio is 0600 root:root" "$(evidence_of vfio-node)"
equal "nothing else has failed" "1" "$(json "j['summary']['fail']" <<<"$report")"
chmod 0666 /dev/vfio/vfio

# One function of a group of three is bound outside bindd.
smbus=0000:00:1f.3
native=$(driver_of $smbus)
[ -z "$native" ] || store $pci/drivers/"$native"/unbind $smbus
store $pci/devices/$smbus/driver_override vfio-pci
equal "the SMBus function is bound" "" "$(store $pci/drivers/vfio-pci/bind $smbus)"
run_doctor
equal "a group that cannot be opened fails" "fail" "$(verdict_of groups)"
contains "and its blocker is named" "0000:00:1f.2 on ahci" "$(evidence_of groups)"
store $pci/drivers/vfio-pci/unbind $smbus
store $pci/devices/$smbus/driver_override '\n'

# Import of driverctl's configuration; driverctl itself is not installed.
mkdir -p /etc/driverctl.d /etc/bindd/policies.d
echo vfio-pci >/etc/driverctl.d/pci-$nic
echo uio_hv_generic >/etc/driverctl.d/vmbus-58f75a6d-d949-4320-99e1-a2a2576d581c
equal "list names the other tool" "driverctl" "$(vfioctl --json list $nic | json "[m['tool'] for m in device('$nic')['managers']]")"
check "import driverctl" vfioctl import driverctl -o /etc/bindd/policies.d/50-driverctl.yaml
rm -r /etc/driverctl.d
check "the result is a valid policy" vfioctl policy check
contains "the vmbus device's name is complete" 'address: "58f75a6d-d949-4320-99e1-a2a2576d581c"' "$(cat /etc/bindd/policies.d/50-driverctl.yaml)"
check "apply" vfioctl apply
equal "the device has the driver that driverctl gave it" "vfio-pci" "$(driver_of $nic)"
check "release" vfioctl release $nic
rm /etc/bindd/policies.d/50-driverctl.yaml

# Consumers.
check "bind a device" vfioctl bind $edu
group=$(group_of $edu)
for options in "" "--backend iommufd"; do
    # shellcheck disable=SC2086 # the options are words
    nodes=$(vfioctl --json export cdi $options $edu | json "[n['path'] for d in j['cdi']['devices'] for n in d['containerEdits']['deviceNodes']]")
    check "CDI names nodes $options" test -n "$nodes"
    for node in $nodes; do check "CDI names $node, which exists" test -c "$node"; done
done
contains "libvirt's element has managed='no'" "managed='no'" "$(vfioctl export libvirt $edu)"
mapfile -t arguments <<<"$(vfioctl --json export qemu $edu | json "j['arguments']")"
qemu-system-x86_64 -M q35 -accel tcg -m 64 -nodefaults -display none -S "${arguments[@]}" >/tmp/nested 2>&1 &
nested=$!
holds_group() { [ "$(find "/proc/$nested/fd" -lname "/dev/vfio/$group" | wc -l)" -gt 0 ]; }
eventually "a nested QEMU opens the device with these arguments" holds_group
check "and runs" kill -0 $nested
kill $nested 2>/dev/null
wait $nested
sed 's/^/#   /' /tmp/nested
check "release it" vfioctl release $edu

done_checking
