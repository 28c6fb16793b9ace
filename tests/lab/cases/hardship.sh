#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The service under what goes wrong on a host: many callers at once, devices that come and go, each of its processes killed,
# a full /run, writers beside it, its driver's module removed, udev that stands still, a clock that is set, no memory. Each
# line of the table says what became of it; nothing may be lost. For the numbers of long
# runs: CALLS=1000 CYCLES=200 KILLS=50; VICTIMS=child,vfioctl\ apply kills these alone.
. tests/lab/check.sh
. tests/lab/json.sh

nic=0000:00:11.0 disk=0000:00:12.0
calls=${CALLS:-80} cycles=${CYCLES:-3} kills=${KILLS:-1}
IFS=, read -ra victims <<<"${VICTIMS:-controller,executor,child,vfioctl apply,vfioctl --direct apply}"
row() { printf '# %-44s %s\n' "$1" "$2"; }
is_on() { [ "$(driver_of "$1")" = "$2" ]; }
has_returned() { [ -e "/sys/bus/pci/devices/$1" ] && is_on "$1" "$2"; }
is_ready() { systemctl -q is-active bindd && busctl --system get-property org.bindd1 /org/bindd1 org.bindd1.Manager Version; }
# within SECONDS COMMAND...
within() {
    local end=$((SECONDS + $1))
    until "${@:2}" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}
# A transaction is neither half done nor forgotten, and the daemon serves.
is_whole() {
    within 60 is_ready || { echo "the daemon is not ready"; return 1; }
    within 60 all_transactions_ended /run/bindd/journal || { all_transactions_ended /run/bindd/journal; return 1; }
    within 60 has_returned $disk vfio-pci || { vfioctl show $disk; return 1; }
    within 60 vfioctl bind $nic || { vfioctl bind $nic; return 1; }
    vfioctl release $nic && is_on $nic e1000e
}

eventually "the service is ready" is_ready
check "and binds the disk" within 60 is_on $disk vfio-pci

answers=$(python3 tests/lab/guest/parallel_calls.py "$calls")
row "$calls calls at once from 8 users" "$answers"
contains "no call is lost" "; 0 lost" "$answers"

came_back=0
for _ in $(seq "$cycles"); do
    store /sys/bus/pci/devices/$disk/remove 1
    store /sys/bus/pci/rescan 1
    if within 60 has_returned $disk vfio-pci; then
        came_back=$((came_back + 1))
    else
        vfioctl show $disk
        vfioctl history | tail -5
    fi
done
row "$cycles times a device is removed and rescanned" "$came_back bound again"
equal "each time it is bound again" "$cycles" "$came_back"

# pid_of VICTIM: of the service; a child of the executor, a worker or a reader, while it has work; of the request's own process.
pid_of() {
    case $1 in
    controller) systemctl show -P MainPID bindd ;;
    executor) pgrep -xo bindd-executor ;;
    child) pgrep -P "$(pgrep -xo bindd-executor)" | tail -1 ;;
    *) echo $request ;;
    esac
}
for victim in "${victims[@]}"; do
    whole=0 killed=0 stuck=0
    for turn in $(seq "$kills"); do
        systemctl reset-failed bindd 2>/dev/null
        case $victim in
        vfioctl*)
            vfioctl release $disk >/dev/null 2>&1
            $victim >/dev/null 2>&1 &
            request=$!
            sleep "0.$((turn % 9))" # each time at another moment
            ;;
        *)
            timeout 60 vfioctl bind $nic >/dev/null 2>&1 &
            request=$!
            ;;
        esac
        within 10 test -n "$(pid_of "$victim")"
        if kill -9 "$(pid_of "$victim")" 2>/dev/null; then killed=$((killed + 1)); fi
        wait $request
        [ $? != 124 ] || stuck=$((stuck + 1))
        within 30 is_ready
        case $victim in
        vfioctl*) within 60 vfioctl apply ;;
        *) timeout 60 vfioctl release $nic >/dev/null 2>&1 ;;
        esac
        if is_whole >/dev/null; then whole=$((whole + 1)); fi
    done
    row "$kills times kill -9 of $victim" "$killed killed, $whole times whole afterwards, $stuck requests hung"
    equal "after each kill of $victim it is whole" "$kills 0" "$whole $stuck"
done

# The journal cannot be written: nothing may be done to a device.
# Its last page may have room for some records.
verbs=(bind release)
status=0
for at in $(seq 0 39); do
    dd if=/dev/zero bs=4k >>/run/full 2>/dev/null
    before=$(driver_of $nic)
    refused=$(vfioctl "${verbs[at % 2]}" $nic 2>&1)
    status=$?
    [ $status = 0 ] || break
done
during=$(driver_of $nic)
rm -f /run/full
row "/run is full" "request $((at + 1)) exits with $status: $(grep -m 1 -o 'No space left on device' <<<"$refused")"
contains "and says why" "No space left on device" "$refused"
check "a request fails" test "$status" -ne 0
equal "and has done nothing" "$before" "$during"
check "with room again it is whole" is_whole

# Two writers beside the daemon: one at a time has the lock.
writer() {
    for _ in 1 2 3 4; do
        vfioctl --direct bind $nic 2>&1
        echo "exits with $?"
        vfioctl --direct release $nic 2>&1
        echo "exits with $?"
    done
}
writer >/tmp/one &
writer >/tmp/two
wait $!
count() { grep -c "$1" < <(cat /tmp/one /tmp/two); }
row "two direct writers at once" "$(count 'exits with') of 16 ended, $(count 'exits with 0') done, $(count 'changed since it was planned') had to plan again"
grep -hv 'exits with 0' /tmp/one /tmp/two | sed 's/^/# /'
equal "each request ends" 16 "$(count 'exits with')"
vfioctl release $nic >/dev/null 2>&1
check "afterwards it is whole" is_whole

modprobe -r vfio-pci >/tmp/removed 2>&1
row "modprobe -r vfio-pci" "exits with $?, $(within 60 has_returned $disk vfio-pci && echo "the disk is bound again")"
check "what was bound is bound again" is_on $disk vfio-pci
check "and it is whole" is_whole

udevadm control --stop-exec-queue
store /sys/bus/pci/devices/$disk/remove 1
store /sys/bus/pci/rescan 1
sleep 1
held=$(driver_of $disk)
udevadm control --start-exec-queue
row "udev's queue stands still" "the disk is on ${held:-no driver}; $(within 60 has_returned $disk vfio-pci && echo "bound when it goes on")"
check "with udev's queue going on it is bound" is_on $disk vfio-pci

for step in '-2 days' '+4 days' '-2 days'; do
    date -s "$step" >/dev/null
    check "with the clock set by $step it is whole" is_whole
done
txns=$(vfioctl history --json | json '[e["txn"] for e in j["history"]]')
row "the clock set back and forth" "$(wc -l <<<"$txns") transactions in the history"
equal "the history is in order" "$(sort <<<"$txns")" "$(if [ "$(head -1 <<<"$txns")" \> "$(tail -1 <<<"$txns")" ]; then tac <<<"$txns"; else cat <<<"$txns"; fi)"

systemctl set-property --runtime bindd MemoryMax=1M MemorySwapMax=0
was_killed() { [ "$(systemctl show -P Result bindd)" = oom-kill ] || journalctl -u bindd --no-pager | grep -q -i 'oom'; }
python3 tests/lab/guest/parallel_calls.py 80 >/dev/null 2>&1 &
flood=$!
within 60 was_killed
row "no memory in the unit" "$(journalctl -u bindd --no-pager | grep -ci 'oom-kill') times oom-kill; the disk is on $(driver_of $disk)"
check "the kernel ends it" was_killed
equal "what is bound stays" vfio-pci "$(driver_of $disk)"
systemctl set-property --runtime bindd MemoryMax=256M MemorySwapMax=infinity
kill $flood 2>/dev/null
wait $flood 2>/dev/null
systemctl reset-failed bindd
check "with memory it starts" systemctl restart bindd
check "and is whole" is_whole

done_checking
