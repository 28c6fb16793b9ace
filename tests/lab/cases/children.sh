#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# VFs and mediated devices over the bus, with systemd as process 1: made and removed by a user whom polkit allows it, by
# method calls and by vfioctl, and by nobody else; the daemon killed meanwhile.
. tests/lab/check.sh
. tests/lab/json.sh

pf=0000:01:00.0 uuid=11111111-2222-4333-8444-555555555555
pf_path=/org/bindd1/device/pci_0000_01_00_0
mtty=/org/bindd1/device/mdev_parent_mtty
mdev=/org/bindd1/mdev/${uuid//-/_}
numvfs() { cat /sys/bus/pci/devices/$pf/sriov_numvfs; }
mdevs() { ls /sys/bus/mdev/devices; }
as_nobody() { runuser -u nobody -- "$@"; }
as_daemon() { runuser -u daemon -- "$@"; }
is_ready() { systemctl -q is-active bindd && busctl --system get-property org.bindd1 /org/bindd1 org.bindd1.Manager Ready | grep -q true; }
# call USER OBJECT INTERFACE METHOD [ARGUMENTS]
call() { runuser -u "$1" -- busctl --system call org.bindd1 "$2" "org.bindd1.$3" "${@:4}" 2>&1; }
has_vfs() { [ "$(numvfs)" = "$1" ]; }
has_mdev() { [ -e "/sys/bus/mdev/devices/$uuid" ]; }
has_no_mdev() { ! has_mdev; }

eventually "the service is ready" is_ready
equal "there are no VFs and no mdevs" "0 " "$(numvfs) $(mdevs)"

# By method calls
contains "who is not allowed makes no VFs" "org.bindd1.sriov wants authentication: $pf" "$(call daemon $pf_path Device SetVfs 'ua{sv}' 2 0)"
contains "nor more than he is allowed" "org.bindd1.sriov is not allowed: $pf" "$(call nobody $pf_path Device SetVfs 'ua{sv}' 5 0)"
contains "nor an mdev" "org.bindd1.mdev wants authentication: mdev_parent/mtty" "$(call daemon $mtty Device CreateMdev 'sa{sv}' mtty-1 0)"
contains "nor one of another type" "org.bindd1.mdev is not allowed" "$(call nobody $mtty Device CreateMdev 'sa{sv}' mtty-2 0)"
equal "nothing has happened" "0 " "$(numvfs) $(mdevs)"
contains "who is allowed makes VFs" "/org/bindd1/job/" "$(call nobody $pf_path Device SetVfs 'ua{sv}' 2 0)"
eventually "two" has_vfs 2
contains "and an mdev" "$mdev" "$(call nobody $mtty Device CreateMdev 'sa{sv}' mtty-1 1 uuid s $uuid)"
eventually "which is there" has_mdev
eventually "on the bus as well" busctl --system get-property org.bindd1 "$mdev" org.bindd1.MediatedDevice Type
contains "its UUID is taken then" "$uuid: exists already" "$(call nobody $mtty Device CreateMdev 'sa{sv}' mtty-1 1 uuid s $uuid)"
contains "more VFs than there can be are refused, to root" "17 wanted, 16 at most" "$(call root $pf_path Device SetVfs 'ua{sv}' 17 0)"
contains "so is a type that is not offered" "offers no mdev type mtty-9" "$(call root $mtty Device CreateMdev 'sa{sv}' mtty-9 0)"
contains "who is not allowed removes none" "org.bindd1.mdev wants authentication" "$(call daemon "$mdev" MediatedDevice Remove 'a{sv}' 0)"
exec 7<>"/dev/vfio/$(basename "$(readlink /sys/bus/mdev/devices/$uuid/iommu_group)")"
contains "an mdev in use stays" "vfio-open" "$(call root "$mdev" MediatedDevice Remove 'a{sv}' 0)"
contains "and root reads by whom" "has /dev/vfio/" "$(call root "$mdev" MediatedDevice Remove 'a{sv}' 0)"
check "it is there" has_mdev
exec 7>&-
check "what was asked for stays over a restart" systemctl restart bindd
eventually "the service is ready" is_ready
equal "all of it" "2 $uuid" "$(numvfs) $(mdevs)"
contains "who is allowed removes the mdev" "/org/bindd1/job/" "$(call nobody "$mdev" MediatedDevice Remove 'a{sv}' 0)"
eventually "which is gone" has_no_mdev
contains "and the VFs" "/org/bindd1/job/" "$(call nobody $pf_path Device SetVfs 'ua{sv}' 0 0)"
eventually "all" has_vfs 0

# By vfioctl
fails "vfioctl makes none for who is not allowed" 1 as_daemon vfioctl sriov $pf 2
contains "and says why" "org.bindd1.sriov wants authentication: $pf" "$(as_daemon vfioctl sriov $pf 2 2>&1)"
fails "nor an mdev" 1 as_daemon vfioctl mdev start $uuid -p mtty -t mtty-1
output=$(as_nobody vfioctl sriov $pf 3)
verdict $? "vfioctl makes VFs for who is allowed" "$output"
contains "with its report" "set_vfs" "$(as_nobody vfioctl --json sriov $pf 2)"
equal "as many as were asked for last" 2 "$(numvfs)"
fails "more than there can be are refused" 3 as_nobody vfioctl sriov $pf 17
check "an mdev" as_nobody vfioctl mdev start $uuid -p mtty -t mtty-1
fails "once" 1 as_nobody vfioctl mdev start $uuid -p mtty -t mtty-1
equal "it is there" "$uuid" "$(mdevs)"
check "and is stopped" as_nobody vfioctl mdev stop $uuid
equal "and gone" "" "$(mdevs)"
contains "the history has who did it" "bindd (uid $(id -u nobody)" "$(vfioctl --json history)"
check "root releases the PF" vfioctl release $pf
equal "which has no VFs then" 0 "$(numvfs)"
check "VFs again" as_nobody vfioctl sriov $pf 4
check "rollback" vfioctl rollback
equal "undoes them" 0 "$(numvfs)"

# The daemon dies
# The journal has the intent of this write, and not its end.
is_at_vfs() { tail -n 1 /run/bindd/journal | grep -q '"record":"intent".*"op":"set_vfs"'; }
# Asks for VFs until the write is under way, a few times: it may be over before that is seen.
begin_vfs() {
    for _ in 1 2 3 4 5 6; do
        vfioctl release $pf >/dev/null 2>&1
        vfioctl sriov $pf 4 >/tmp/asked 2>&1 &
        asked=$!
        while kill -0 "$asked" 2>/dev/null; do
            is_at_vfs && return
        done
    done
}
for process in bindd bindd-executor; do
    begin_vfs
    echo "# killed after: $(tail -n 1 /run/bindd/journal | cut -c 10-130)"
    ps -o pid= -C $process | xargs kill -KILL
    wait "$asked"
    eventually "after kill -9 of $process the service is ready" is_ready
    eventually "every transaction has ended" all_transactions_ended
    contains "with all of the VFs or none" "$(numvfs)" "0 4"
    check "they can be made" vfioctl sriov $pf 4
    equal "all" 4 "$(numvfs)"
done
check "and released" vfioctl release $pf
equal "all of them" 0 "$(numvfs)"
equal "no mdev is left" "" "$(mdevs)"
done_checking
