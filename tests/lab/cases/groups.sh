#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Three functions at 00:1f share an IOMMU group: `strict` refuses to split it, `whole` binds all of it or none.
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
    [ -z "$(driver_of "$peer")" ] && continue
    contains "a blocker is named: $peer" "$peer" "$(json "transaction('$ahci')['reasons']" <<<"$plan")"
    contains "with its driver" "$(driver_of "$peer")" "$(json "transaction('$ahci')['reasons']" <<<"$plan")"
    contains "groups names it too" "$peer" "$(vfioctl --json groups | json "[b for g in j['groups'] if g['id'] == $(group_of $ahci) for b in g['blockers']]")"
done

policy $ahci auto whole
check "whole binds all" vfioctl --policy "$rules" apply
equal "all three are on vfio-pci" "vfio-pci vfio-pci, vfio-pci vfio-pci, vfio-pci vfio-pci, " "$(state)"
check "and the group can be opened" sh -c "exec 3<>/dev/vfio/$(group_of $ahci)"
check "release of one releases all" vfioctl release $ahci
equal "as they were" "$before" "$(state)"

# The last one fails: its override is written to another file instead of the kernel's, so that vfio-pci does not match it
# and its bind fails with ENODEV.
policy $ahci vfio-pci whole
aside=$(mktemp)
printf '(null)\n' >"$aside"
mount --bind "$aside" "$(readlink -f /sys/bus/pci/devices/$smbus)/driver_override"
applied=$(vfioctl --policy "$rules" --json apply)
equal "a group whose last member fails is not done" 1 $?
umount "$(readlink -f /sys/bus/pci/devices/$smbus)/driver_override"
equal "the others have their drivers and overrides again" "$before" "$(state)"
equal "the result says so" "rolled_back" "$(json "transaction('$ahci')['result']" <<<"$applied")"
contains "and which step it was" "No such device" "$applied"
contains "the history has it" "rolled_back" "$(vfioctl history)"

done_checking
