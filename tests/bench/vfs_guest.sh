#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Compares the time for making and binding 16 VFs by one line of policy with that of a loop of shell built-ins over sysfs,
# which is the kernel's own time. The guest's clock counts instructions (--steady), so this machine's load does not matter;
# the files are in memory, so the share of the guest's root does not matter either.
. tests/lab/check.sh
. tests/bench/in_memory.sh

pf=0000:01:00.0
pf_path=/sys/bus/pci/devices/$pf
rules=$(mktemp --suffix=.yaml)
cat >"$rules" <<'RULES'
version: 1
rules:
  - { name: pf, match: { address: "0000:01:00.0" }, sriov: { vfs: 16 } }
  - { name: vfs, match: { pf: { address: "0000:01:00.0" } }, driver: auto }
RULES
vfio=/sys/bus/pci/drivers/vfio-pci
# since MICROSECONDS: prints the milliseconds since then, by the shell's clock, because a program's start would count.
since() { printf '%s' $(((${EPOCHREALTIME/./} - $1) / 1000)); }
bare() {
    echo 0 >$pf_path/sriov_drivers_autoprobe
    echo 16 >$pf_path/sriov_numvfs
    for index in {0..15}; do
        cd -P $pf_path/virtfn"$index" || return
        echo vfio-pci >driver_override
        echo "${PWD##*/}" >$vfio/bind
    done
    echo 1 >$pf_path/sriov_drivers_autoprobe
}
bound() { find $vfio/ -name '0000:01:*' | wc -l; }
# median NUMBER...: of five
median() { printf '%s\n' "$@" | sort -n | sed -n 3p; }

modprobe vfio-pci
cp "$(command -v vfioctl)" /run/vfioctl
in_memory /run/vfioctl
here=$PWD kernel=() by_policy=()
for _ in {1..5}; do
    udevadm settle
    begin=${EPOCHREALTIME/./}
    bare
    kernel+=("$(since "$begin")")
    cd "$here" || exit 1
    equal "the loop binds all" 16 "$(bound)"
    for vf in "$pf_path"/virtfn*; do store $vfio/unbind "$(basename "$(readlink "$vf")")"; done
    echo 0 >$pf_path/sriov_numvfs
    udevadm settle
    begin=${EPOCHREALTIME/./}
    /run/vfioctl --policy "$rules" apply >/dev/null
    by_policy+=("$(since "$begin")")
    equal "so does one line of a policy" 16 "$(bound)"
    /run/vfioctl release $pf >/dev/null
done
printf '# bare loop: %s ms\n# one line of policy: %s ms\n' "${kernel[*]}" "${by_policy[*]}"
loop=$(median "${kernel[@]}") policy=$(median "${by_policy[@]}")
printf '# the policy takes %s %% of the loop\n' $((policy * 100 / loop))
done_checking
