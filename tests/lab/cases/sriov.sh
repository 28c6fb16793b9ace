#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# VFs by one line of policy, bound and released; by `vfioctl sriov`; in use; of a PF that is on vfio-pci.
. tests/lab/check.sh
. tests/lab/json.sh

pci=/sys/bus/pci/devices
pf=0000:01:00.0
pf_path=$pci/$pf
rules=$(mktemp --suffix=.yaml)
cat >"$rules" <<'RULES'
version: 1
rules:
  - { name: pf, match: { address: "0000:01:00.0" }, sriov: { vfs: 16 } }
  - { name: vfs, match: { pf: { address: "0000:01:00.0" }, vf: "0-15" }, driver: auto }
RULES
p=(--policy "$rules")
numvfs() { cat $pf_path/sriov_numvfs; }
vfs() { for i in $(seq 0 $(($(numvfs) - 1))); do basename "$(readlink $pf_path/virtfn"$i")"; done; }
drivers() { for vf in $(vfs); do printf '%s ' "$(driver_of "$vf" || echo none)"; done; }

# From nothing to sixteen, and back
equal "there are no VFs" 0 "$(numvfs)"
equal "the PF has its native driver" nvme "$(driver_of $pf)"
fails "plan wants to make them" 10 vfioctl "${p[@]}" plan --detailed-exitcode
equal "and made none" 0 "$(numvfs)"
output=$(vfioctl "${p[@]}" apply --json)
equal "one apply makes the VFs and binds them" 0 $?
equal "sixteen of them" 16 "$(numvfs)"
equal "all on vfio-pci" "$(printf 'vfio-pci %.0s' $(seq 16))" "$(drivers)"
equal "the report has the PF and sixteen VFs, all done" "17 17 0" \
    "$(json "'%d %d %d' % (len(j['transactions']), j['summary']['change'], j['summary']['failed'])" <<<"$output")"
equal "autoprobe is as it was" 1 "$(cat $pf_path/sriov_drivers_autoprobe)"
equal "the PF keeps its driver" nvme "$(driver_of $pf)"
fails "nothing more to do" 0 vfioctl "${p[@]}" plan --detailed-exitcode

# A VF in use
vf=$(vfs | sed -n 3p)
exec 7<>"/dev/vfio/$(group_of "$vf")"
fails "another number is refused while a VF is in use" 3 vfioctl sriov $pf 4
contains "by the reason's name, with the VF" "$vf: vfs-in-use: a VF that would go is in use" "$(vfioctl sriov $pf 4)"
contains "and its holder" "$(cat /proc/$$/comm) (pid $$)" "$(vfioctl sriov $pf 4)"
fails "so is the release of the PF" 3 vfioctl release $pf
contains "which names both, too" "$vf: vfs-in-use: a VF that would go is in use: * ($(cat /proc/$$/comm) (pid $$)" "$(vfioctl release $pf)"
equal "nothing has changed" "16 vfio-pci" "$(numvfs) $(driver_of "$vf")"
exec 7>&-
fails "VFs that are bound to VFIO are not removed" 3 vfioctl sriov $pf 0

check "release of the PF" vfioctl release $pf
equal "removes the VFs it made" 0 "$(numvfs)"
equal "the PF is as before" "nvme (null) 1" \
    "$(driver_of $pf) $(override_of $pf) $(cat $pf_path/sriov_drivers_autoprobe)"
contains "and bindd does not manage it any more" "Nothing to do" "$(vfioctl release $pf)"

# vfioctl sriov
check "vfioctl sriov makes VFs" vfioctl sriov 01:00.0 4
equal "four, without a driver" "4 none none none none " "$(numvfs) $(drivers)"
check "the same number again" vfioctl sriov $pf 4
contains "is nothing to do" "Nothing to do" "$(vfioctl sriov $pf 4)"
check "another number is set after 0" vfioctl sriov $pf 2
equal "two" 2 "$(numvfs)"
fails "more than the device has is refused" 3 vfioctl sriov $pf 17
contains "with what it has" "17 wanted, 16 at most" "$(vfioctl sriov $pf 17)"
fails "a device that is no PF has none" 3 vfioctl sriov 00:11.0 2
fails "an unknown device is 5" 5 vfioctl sriov 0000:99:00.0 2
check "release" vfioctl release $pf
equal "restores the number from before the first" 0 "$(numvfs)"

# VFs that others made are not removed.
# (QEMU's VFs are offline, and their native driver's probe takes a minute each, so autoprobe is off.)
store $pf_path/sriov_drivers_autoprobe 0
store $pf_path/sriov_numvfs 3
check "vfioctl sriov makes more" vfioctl sriov $pf 5
equal "five" 5 "$(numvfs)"
check "release" vfioctl release $pf
equal "three again" 3 "$(numvfs)"
equal "and autoprobe is as it was set before" 0 "$(cat $pf_path/sriov_drivers_autoprobe)"
store $pf_path/sriov_numvfs 0
store $pf_path/sriov_drivers_autoprobe 1

# Some VFs by index
cat >"$rules" <<'RULES'
version: 1
rules:
  - { name: pf, match: { is_pf: true, driver: [nvme, none] }, sriov: { vfs: 4 } }
  - { name: vfs, match: { pf: { vendor: "1b36" }, vf: ["0-1", 3] }, driver: vfio-pci }
RULES
check "a rule by index" vfioctl "${p[@]}" apply
equal "takes those and no other" "vfio-pci vfio-pci none vfio-pci " "$(drivers)"
check "release" vfioctl release $pf
equal "none is left" 0 "$(numvfs)"

# A PF on vfio-pci
modprobe vfio-pci
store /sys/module/vfio_pci/parameters/enable_sriov 1
cat >"$rules" <<'RULES'
version: 1
rules:
  - { name: pf, match: { address: "0000:01:00.0" }, driver: vfio-pci, sriov: { vfs: 2 } }
  - { name: vfs, match: { pf: { address: "0000:01:00.0" } }, driver: vfio-pci }
RULES
output=$(vfioctl "${p[@]}" apply 2>&1)
verdict $? "a PF on vfio-pci gets VFs" "$output"
equal "which are on vfio-pci as well" "vfio-pci 2 vfio-pci vfio-pci " "$(driver_of $pf) $(numvfs) $(drivers)"
vf=$(vfs | head -n 1)
contains "such a VF opens by its group with the PF's token only" "token" \
    "$(vfioctl probe --backend type1v2 "$vf" 2>&1)"
output=$(vfioctl release $pf 2>&1)
verdict $? "release" "$output"
equal "restores it" "nvme (null) 0" "$(driver_of $pf) $(override_of $pf) $(numvfs)"
store /sys/module/vfio_pci/parameters/enable_sriov 0

# A PF whose unbind waits for its user: sriov_numvfs waits for it as well, all other commands go on.
check "the PF is bound" vfioctl bind $pf
python3 tests/lab/guest/hold_hidden.py "$(group_of $pf)" "$pf" >/tmp/holder &
holder=$!
eventually "a process holds it" grep -q held /tmp/holder
store /sys/bus/pci/drivers/vfio-pci/unbind "$pf" &
unbind=$!
began() { [ ! -e "$pf_path/driver" ]; }
eventually "an unbind does not return" began
hangs() { ! timeout --signal=KILL 1 cat "$pf_path/sriov_numvfs" >/dev/null 2>&1; }
eventually "nor does a read of sriov_numvfs" hangs
ends() { timeout --signal=KILL 60 vfioctl --direct "$@" >/dev/null 2>&1; [ $? != 137 ]; }
check "list does not wait" ends list -a
check "nor does show" ends show 00:11.0
check "nor does a plan for another device" ends bind --dry-run 00:11.0
check "nor does doctor" ends doctor
kill -TERM "$holder"
wait "$unbind"

done_checking
