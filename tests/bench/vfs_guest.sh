#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How long 16 VFs take from one policy line to all bound, beside the kernel's own time for that: a loop of the shell's own
# commands over sysfs. The guest's clock goes by its instructions (--steady), so what else this machine does is no part
# of it; what is read is in memory, as on a host that runs, so neither is the share that the guest's root comes from.
. tests/lab/check.sh

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
milliseconds() { printf '%s' $((($(date +%s%N) - $1) / 1000000)); }
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
# middle WORDS...: of three numbers
middle() { printf '%s\n' "$@" | sort -n | sed -n 2p; }

modprobe vfio-pci
cp "$(command -v vfioctl)" /run/vfioctl
# Touching a file brings it into the memory that lies over the share.
for file in $(ldd /run/vfioctl "$(command -v date)" | grep -o '/[^ ]*') /lib/*/libkmod.so.2 /lib/*/liblzma.so.5 /lib/*/libzstd.so.1 \
    /lib/*/libcrypto.so.* /etc/ld.so.cache /etc/localtime /etc/passwd /etc/group /etc/nsswitch.conf /etc/modprobe.d/* /lib/modprobe.d/* \
    /usr/lib/locale/C.utf8/LC_CTYPE /usr/share/locale/locale.alias /usr/lib/*/gconv/gconv-modules.cache \
    "/lib/modules/$(uname -r)"/modules.* "$(command -v date)"; do
    [ ! -f "$file" ] || touch "$file"
done
here=$PWD kernel=() ours=()
for _ in 1 2 3; do
    udevadm settle
    begin=$(date +%s%N)
    bare
    kernel+=("$(milliseconds "$begin")")
    cd "$here" || exit 1
    equal "the loop binds all" 16 "$(bound)"
    for vf in $pf_path/virtfn*; do store $vfio/unbind "$(basename "$(readlink "$vf")")"; done
    echo 0 >$pf_path/sriov_numvfs
    udevadm settle
    begin=$(date +%s%N)
    /run/vfioctl --policy "$rules" apply >/dev/null
    ours+=("$(milliseconds "$begin")")
    equal "so does one line of a policy" 16 "$(bound)"
    /run/vfioctl release $pf >/dev/null
done
printf '# bare loop: %s ms\n# one line:  %s ms\n' "${kernel[*]}" "${ours[*]}"
theirs=$(middle "${kernel[@]}") mine=$(middle "${ours[@]}")
printf '# the one is %s %% of the other\n' $((mine * 100 / theirs))
done_checking
