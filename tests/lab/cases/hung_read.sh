#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Another process' unbind does not return. On older kernels (Debian 12's 6.1) a read of the device's driver_override or
# uevent waits for it as well: the daemon starts nevertheless, leaves that device alone and binds the others. Newer
# kernels (Debian 13's) do not block the read.
. tests/lab/check.sh

pci=/sys/bus/pci
nic=0000:00:11.0
twin=0000:00:13.0
scratch=$(mktemp -d)
log=$scratch/log
cat >"$scratch/rules.yaml" <<RULES
version: 1
rules:
  - { name: nic, match: { address: "$nic" }, driver: auto }
  - { name: twin, match: { address: "$twin" }, driver: auto }
RULES
is_on() { [ "$(driver_of "$1")" = "$2" ]; }
logged() { grep -qF "$1" "$log"; }
# Has a process of its own hanging; one that ended before it was looked at does not count.
command_waits() {
    vfioctl --direct list >/dev/null &
    waiting=$!
    until pgrep -P $waiting >/dev/null; do kill -0 $waiting 2>/dev/null || return 1; done
}
hangs() { ! timeout --signal=KILL 1 cat "$pci/devices/$nic/driver_override" >/dev/null 2>&1; }

modprobe vfio-pci
check "the override is set" store $pci/devices/$nic/driver_override vfio-pci
check "the native driver is left" store $pci/drivers/e1000e/unbind $nic
check "the device is VFIO's" store $pci/drivers/vfio-pci/bind $nic
python3 tests/lab/guest/hold_hidden.py "$(group_of $nic)" $nic >"$scratch/holder" &
holder=$!
eventually "a process holds it" grep -q held "$scratch/holder"
store $pci/drivers/vfio-pci/unbind $nic &
unbind=$!
began() { [ ! -e "$pci/devices/$nic/driver" ]; }
eventually "an unbind does not return" began
case $(uname -r) in 6.1.*) eventually "and reading waits for it" hangs ;; esac

# vfioctl by itself: the device is stuck, all others go on, and no command waits for it.
direct() { timeout --signal=KILL 60 vfioctl --direct --policy "$scratch/rules.yaml" "$@"; }
case $(uname -r) in
6.1.*)
    line=$(direct list | grep "^$nic")
    check "the list shows the device as stuck" grep -q " stuck" <<<"$line"
    check "the list goes through a pipe that ends" grep -q "^$twin" <<<"$(direct list | cat)"
    check "show says why" grep -q "another process holds its lock" <<<"$(direct show $nic)"
    check "doctor names it" grep -q "$nic (reading it does not return" <<<"$(direct doctor)"
    fails "probe does not open it" 6 direct probe $nic
    check "capture leaves its attributes out" grep -q "$nic.*its attributes are missing" <<<"$(direct capture "$scratch/host.tar" 2>&1)"
    fails "it is refused" 3 direct bind $nic --dry-run
    fails "which nothing forces" 2 direct bind $nic --dry-run --force stuck
    plan=$(direct plan)
    check "the plan refuses it" grep -q "$nic.*is stuck" <<<"$plan"
    check "and changes the other one" grep -q "bind .*vfio-pci" <<<"$plan"
    until command_waits; do :; done
    kill -TERM $waiting
    wait $waiting
    equal "a signal ends a command while it waits" 143 $?
    fails "what can be is applied" 4 direct apply
    check "the other one is bound" is_on $twin vfio-pci
    check "and released" direct release $twin
    ;;
*) check "where reading does not wait, nothing is stuck" grep -qv stuck <<<"$(direct list)" ;;
esac

: >"$log"
"$BINDD_BUILD/bindd/bindd" --bus none --policy "$scratch/rules.yaml" 2>"$log" &
daemon=$!
eventually "the daemon is ready" logged "ready: "
case $(uname -r) in 6.1.*) eventually "it says which device it leaves alone" logged "$nic: reading it does not return" ;; esac
eventually "the other one is bound" is_on $twin vfio-pci
check "it is removed" store $pci/devices/$twin/remove 1
check "and comes back" store $pci/rescan 1
eventually "bound again" is_on $twin vfio-pci
check "the unbind still does not return" kill -0 $unbind
kill -TERM $holder
wait $unbind
eventually "when it is closed the device is scanned and bound" is_on $nic vfio-pci
kill -TERM $daemon
wait $daemon
equal "SIGTERM ends it with success" 0 $?
sed 's/^/# /' "$log"
done_checking
