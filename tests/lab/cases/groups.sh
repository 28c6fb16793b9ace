#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The group is the unit: three functions at 00:1f in one IOMMU group. strict refuses, whole takes all or none.
. tests/lab/check.sh
. tests/lab/json.sh

lpc=0000:00:1f.0
ahci=0000:00:1f.2
smbus=0000:00:1f.3
all=("$lpc" "$ahci" "$smbus")
state() { for d in "${all[@]}"; do printf '%s %s, ' "$(driver_of "$d")" "$(override_of "$d")"; done; }
policy() {
    rules=$(mktemp --suffix=.yaml)
    printf 'version: 1\nrules:\n  - name: sata\n    match: { address: "%s" }\n    driver: %s\n    group: %s\n' "$1" "$2" "$3" >"$rules"
}
before=$(state)

policy $ahci auto strict
fails "strict refuses" 3 vfioctl --policy "$rules" apply
equal "nothing has changed" "$before" "$(state)"
plan=$(vfioctl --policy "$rules" --json plan)
equal "the verdict is refused" "refused" "$(json "transaction('$ahci')['verdict']" <<<"$plan")"
equal "the reason is the group" "group-not-viable" "$(json "sorted({r['code'] for r in transaction('$ahci')['reasons']})" <<<"$plan")"
for peer in $lpc $smbus; do
    [ -z "$(driver_of $peer)" ] && continue
    contains "a blocker is named: $peer" "$peer" "$(json "transaction('$ahci')['reasons']" <<<"$plan")"
    contains "with its driver" "$(driver_of $peer)" "$(json "transaction('$ahci')['reasons']" <<<"$plan")"
    contains "groups names it too" "$peer" "$(vfioctl --json groups | json "[b for g in j['groups'] if g['id'] == $(group_of $ahci) for b in g['blockers']]")"
done

policy $ahci auto whole
check "whole takes all" vfioctl --policy "$rules" apply
equal "all three are on vfio-pci" "vfio-pci vfio-pci, vfio-pci vfio-pci, vfio-pci vfio-pci, " "$(state)"
check "and the group can be opened" sh -c "exec 3<>/dev/vfio/$(group_of $ahci)"
check "release of one gives all back" vfioctl release $ahci
equal "as they were" "$before" "$(state)"

# The last one fails: a driver that exists but never takes this device.
modprobe virtio_vfio_pci
rules=$(mktemp --suffix=.yaml)
cat >"$rules" <<RULES
version: 1
rules:
  - name: sata
    match: { address: "$ahci" }
    driver: vfio-pci
    group: whole
  - name: smbus
    match: { address: "$smbus" }
    driver: xhci_hcd
RULES
if modprobe xhci_pci 2>/dev/null || modprobe -n ahci 2>/dev/null; then :; fi
# a driver of another kind refuses by its probe: pick one that is registered and is not theirs
other=$(cd /sys/bus/pci/drivers && ls | grep -E -x 'e1000|e1000e|nvme' | head -1)
sed -i "s/xhci_hcd/$other/" "$rules"
fails "a group whose last member fails is not done" 1 vfioctl --policy "$rules" apply
equal "the others are back where they were, overrides too" "$before" "$(state)"
equal "the result says so" "rolled_back" "$(vfioctl --policy "$rules" --json apply | json "transaction('$ahci')['result']")"
equal "and again nothing is left" "$before" "$(state)"

done_checking
