#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The driver chain on the real kernel, and identical devices.
. tests/lab/check.sh
. tests/lab/json.sh

nic=0000:00:11.0
a=0000:00:13.0
b=0000:00:14.0
virtio=0000:00:15.0
rules=$(mktemp --suffix=.yaml)
rule() {
    printf 'version: 1\nrules:\n' >"$rules"
    printf '  - %s\n' "$@" >>"$rules"
}

rule '{ name: igd, match: { address: "0000:00:11.0" }, driver: [vfio-pci-igd, auto] }'
explained=$(vfioctl --policy "$rules" --json explain $nic)
equal "a driver that this kernel does not have is skipped" "skipped" \
    "$(json "[c['fate'] for c in j['chain'] if c['driver'] == 'vfio-pci-igd']" <<<"$explained")"
contains "and explain says why" "vfio-pci-igd" "$(json "[c['why'] for c in j['chain'] if c['driver'] == 'vfio-pci-igd']" <<<"$explained")"
check "the next of the chain is used" vfioctl --policy "$rules" apply
equal "vfio-pci" "vfio-pci" "$(driver_of $nic)"
check "release" vfioctl release $nic

# nvme is registered and has no id for 8086:10d3: it is passed over, or, where the rule allows it, its probe fails and is undone.
modprobe nvme
rule '{ name: passed-over, match: { address: "0000:00:11.0" }, driver: [nvme, vfio-pci] }'
applied=$(vfioctl --policy "$rules" --json apply)
equal "a candidate without an id is passed over" "vfio-pci vfio-pci" "$(driver_of $nic) $(override_of $nic)"
equal "and not tried" "" "$(json "[s for s in transaction('$nic')['steps'] if s['value'] == 'nvme']" <<<"$applied")"
check "release" vfioctl release $nic
rule '{ name: refusing, match: { address: "0000:00:11.0" }, driver: [nvme, vfio-pci], in_use: { allow: [driver-mismatch] } }'
applied=$(vfioctl --policy "$rules" --json apply)
equal "a candidate whose probe refuses is undone and the next is tried" "vfio-pci vfio-pci" "$(driver_of $nic) $(override_of $nic)"
contains "the refusal is reported" "nvme" "$(json "[s for s in transaction('$nic')['steps'] if s['value'] == 'nvme']" <<<"$applied")"
check "release" vfioctl release $nic
equal "to the driver that it had" "e1000e (null)" "$(driver_of $nic) $(override_of $nic)"

rule '{ name: twin, match: { path: "*/14.0", class: storage }, driver: auto }'
check "one of two twins by its path" vfioctl --policy "$rules" apply
equal "the right one" "nvme vfio-pci" "$(driver_of $a) $(driver_of $b)"
check "release" vfioctl release $b
rule '{ name: twin, match: { vendor: "1b36", device: "0010", address: "0000:00:1[34].0" }, driver: auto, limit: 1 }'
check "one of two twins by limit" vfioctl --policy "$rules" apply
equal "the lowest address" "vfio-pci nvme" "$(driver_of $a) $(driver_of $b)"
check "and it stays the same one" vfioctl --policy "$rules" apply
equal "still the lowest" "vfio-pci nvme" "$(driver_of $a) $(driver_of $b)"
check "release" vfioctl release $a

rule '{ name: one, match: { address: "0000:00:13.0" }, driver: vfio-pci }' \
    '{ name: other, match: { address: "0000:00:13.0" }, driver: host }'
vfioctl --policy "$rules" apply
equal "two rules that contradict each other leave the device alone" "nvme" "$(driver_of $a)"
conflict=$(vfioctl --policy "$rules" explain $a)
contains "both are named: the first" "$(basename "$rules"):3" "$conflict"
contains "both are named: the second" "$(basename "$rules"):4" "$conflict"
equal "the state is conflict" "conflict" "$(vfioctl --policy "$rules" --json list | json "device('$a')['state']")"

rule '{ name: virtio, match: { vendor: "1af4", device: "1041" }, driver: auto }'
check "a variant by its alias" vfioctl --policy "$rules" apply
equal "its driver" "virtio_vfio_pci" "$(driver_of $virtio)"
equal "wanted and bound agree" "virtio_vfio_pci bound" \
    "$(vfioctl --policy "$rules" --json list | json "device('$virtio')['wanted']['driver'] + ' ' + device('$virtio')['state']")"
check "release" vfioctl release $virtio
rule '{ name: plain, match: { vendor: "1af4", device: "1041" }, driver: vfio-pci }'
check "plain vfio-pci where the rule says so" vfioctl --policy "$rules" apply
equal "its driver" "vfio-pci" "$(driver_of $virtio)"
check "release" vfioctl release $virtio

rule '{ name: protected, protect: true, match: { class: storage } }' '{ name: all, match: { class: storage }, driver: auto, priority: 1000 }'
vfioctl --policy "$rules" apply
equal "protect wins over any priority" "nvme nvme" "$(driver_of $a) $(driver_of $b)"

done_checking
