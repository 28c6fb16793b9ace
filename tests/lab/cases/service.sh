#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The daemon as a service, with systemd as process 1, the real bus and polkit: what others see and may do; a device that is
# opened for an unprivileged program; a write that does not return; restarts while requests arrive.
. tests/lab/check.sh
. tests/lab/json.sh

edu=0000:00:10.0 nic=0000:00:11.0 disk=0000:00:12.0
device=org.bindd1.Device
path() { echo "/org/bindd1/device/pci_$(echo "$1" | tr :. __)"; }
# ask ADDRESS MEMBER [ARGUMENTS]
ask() { busctl --system call org.bindd1 "$(path "$1")" $device "$2" "${@:3}" 2>&1; }
is_on() { [ "$(driver_of "$1")" = "$2" ]; }
as_nobody() { runuser -u nobody -- "$@"; }
is_active() { systemctl -q is-active bindd; }

eventually "the service is active" is_active
equal "systemd's status text has the counts" "1 bound, 22 devices" "$(systemctl show -P StatusText bindd | cut -d, -f1,2)"
equal "and the service became ready once" "0 notify" "$(systemctl show -P NRestarts bindd) $(systemctl show -P Type bindd)"
equal "the executor has a higher priority" -15 "$(ps -o ni= -C bindd-executor | head -1 | tr -d ' ')"
equal "the disk is on vfio-pci" vfio-pci "$(driver_of $disk)"
contains "the history has it" "bindd (start)" "$(vfioctl history)"
contains "the journal has its fields" "BINDD_" "$(journalctl -u bindd -o verbose --no-pager | grep -o 'BINDD_[A-Z]*' | sort -u)"
contains "and the catalog's messages" "MESSAGE_ID" "$(journalctl -u bindd -o verbose --no-pager | grep -o 'MESSAGE_ID=.*' | head -1)"

# The half that users talk to
controller=$(systemctl show -P MainPID bindd)
equal "the controller is a user of its own" bindd "$(ps -o user= -p "$controller")"
equal "without a capability" "0000000000000000" "$(grep -h '^Cap[PE]' "/proc/$controller/status" | awk '{print $2}' | sort -u)"
in_its_place() { nsenter -t "$controller" -m -- "$@" 2>/dev/null; }
writable() { find / -maxdepth 4 \( -path /proc -o -path /usr -o -path /sys/kernel/debug -o -path '/run/bindd/controller/*' -o -path '/var/lib/bindd/controller/*' \) -prune -o \( -type d -o -type f \) -writable -print | sort; }
equal "which can write to its runtime and state directories and nowhere else" "/run/bindd/controller /var/lib/bindd/controller" \
    "$(in_its_place setpriv --reuid bindd --regid bindd --clear-groups bash -c "$(declare -f writable); writable" | xargs)"
equal "nor could root in its view of /etc, /run and /var" "/run/bindd/controller /var/lib/bindd/controller" \
    "$(in_its_place bash -c "$(declare -f writable); writable" | grep -E '^/(etc|run|var)(/|$)' | xargs)"
fails "nobody else reaches the executor" 1 as_nobody python3 -c \
    'import socket; socket.socket(socket.AF_UNIX).connect("/run/bindd/executor")'
before=$(driver_of $nic)
refused=$(python3 tests/lab/guest/hostile_controller.py $nic 2>&1)
printf '%s\n' "$refused" | sed 's/^/#   /'
equal "a taken-over controller is refused whatever no policy could ask for" "5 failed" \
    "$(grep -c ': failed ' <<<"$refused") $(grep -o ': failed' <<<"$refused" | sort -u | tr -d ': ')"
equal "and nothing has happened" "$before (null)" "$(driver_of $nic) $(override_of $nic)"

# What can be seen
contains "its methods can be looked up" ".Bind" "$(busctl --system introspect org.bindd1 "$(path $nic)")"
equal "its properties are typed" 's "e1000e"' "$(busctl --system get-property org.bindd1 "$(path $nic)" $device Driver)"
gdbus monitor --system --dest org.bindd1 >/tmp/signals 2>&1 &
monitor=$!
sleep 1
contains "Bind answers with its job" "/org/bindd1/job/" "$(ask $nic Bind 'a{sv}' 1 driver s vfio-pci)"
eventually "and binds" is_on $nic vfio-pci
has_signal() { grep -q "$1" /tmp/signals; }
eventually "the driver's change is signalled" has_signal "PropertiesChanged.*vfio-pci"
eventually "and so is the end of the job" has_signal "TransactionFinished"
kill $monitor

# What may be done
fails "no property can be set" 1 busctl --system set-property org.bindd1 "$(path $nic)" $device Driver s nvme
contains "an unprivileged user may not release" "NotAuthorized" \
    "$(as_nobody gdbus call --system -d org.bindd1 -o "$(path $nic)" -m $device.Release '{}' 2>&1)"
contains "nor reload" "NotAuthorized" \
    "$(as_nobody gdbus call --system -d org.bindd1 -o /org/bindd1 -m org.bindd1.Manager.Reload 2>&1)"
equal "nothing has happened" vfio-pci "$(driver_of $nic)"
contains "a polkit rule allows a bind" "/org/bindd1/job/" \
    "$(as_nobody gdbus call --system -d org.bindd1 -o "$(path $edu)" -m $device.Bind '{}' 2>&1)"
eventually "and it is done" is_on $edu vfio-pci
contains "an unknown option is refused by name" "no-such" "$(ask $nic Bind 'a{sv}' 1 no-such s x)"
for backend in iommufd type1v2; do
    output=$(as_nobody "$BINDD_BUILD/tests/lab/programs/vfio/lab_vfio_fd_passing" "$(path $edu)" $backend 2>&1)
    verdict $? "an unprivileged program gets the device through $backend and does DMA" "$output"
done
contains "vfioctl says why not" "org.bindd1.bind is not allowed" "$(as_nobody vfioctl release $nic 2>&1)"
fails "and fails" 1 as_nobody vfioctl release $nic
check "root goes through the daemon as well" vfioctl release $nic
equal "the nic is back" e1000e "$(driver_of $nic)"

# A write that does not return
python3 tests/lab/guest/hold_hidden.py "$(group_of $edu)" $edu >/tmp/holder &
holder=$!
eventually "the device is held" grep -q held /tmp/holder
ask $edu Release 'a{sv}' 2 timeout d 3 force as 1 unknown-use
eventually "its unbind has begun" test ! -e /sys/bus/pci/devices/$edu/driver
kill -USR1 $holder
stuck() { [ "$(busctl --system get-property org.bindd1 /org/bindd1 org.bindd1.Manager Stuck)" = "u 1" ]; }
eventually "the device is stuck" stuck
contains "with its holder named" "$holder" "$(journalctl -u bindd -o cat --no-pager | grep -i stuck)"
longest=$(python3 - <<'ASK'
import time
import dbus
manager = dbus.SystemBus().get_object("org.bindd1", "/org/bindd1", introspect=False)
longest = 0
for _ in range(20):
    begun = time.monotonic()
    manager.Get("org.bindd1.Manager", "Version", dbus_interface="org.freedesktop.DBus.Properties")
    longest = max(longest, time.monotonic() - begun)
print(round(longest * 1000))
ASK
)
echo "# the longest of 20 calls beside it: $longest ms"
check "calls are answered beside it" test "$longest" -lt 500
check "other devices are bound" vfioctl bind $nic
begun=$SECONDS
check "the service restarts beside it" systemctl restart bindd
echo "# in $((SECONDS - begun)) s"
equal "and knows what is bound" vfio-pci "$(driver_of $nic)"
kill -TERM $holder
released() { vfioctl release "$edu" >/dev/null 2>&1 || [ $? = 5 ]; [ "$(override_of "$edu")" = "(null)" ]; }
eventually "when the holder closes it, it can be released" released
check "and the nic is released" vfioctl release $nic

# Plugged in while it runs, through the hotplug port
spare=0000:02:00.0
has_spare() { [ -e "/sys/bus/pci/devices/$spare" ] && is_on "$spare" vfio-pci; }
check "a disk is plugged in" qmp device_add '{"driver":"nvme","serial":"spare","bus":"port5","id":"spare"}'
seen=
for _ in $(seq 200); do
    [ -n "$seen" ] || { [ -e "/sys/bus/pci/devices/$spare" ] && seen=$(date +%s%N); }
    has_spare && break
    sleep 0.02
done
echo "# bound $((($(date +%s%N) - ${seen:-0}) / 1000000)) ms after it was seen"
equal "it is bound" vfio-pci "$(driver_of $spare)"
check "and pulled out" qmp device_del '{"id":"spare"}'
is_gone() { [ ! -e "/sys/bus/pci/devices/$spare" ] && ! busctl --system introspect org.bindd1 "$(path "$spare")" >/dev/null 2>&1; }
eventually "its object is gone from the bus" is_gone

# Restarts in a stream of requests
(
    while [ -e /tmp/stream ]; do
        ask $nic Bind 'a{sv}' 0
        ask $nic Release 'a{sv}' 0
    done
) >/dev/null 2>&1 &
stream=$!
: >/tmp/stream
for _ in $(seq "${RESTARTS:-3}"); do
    sleep 0.7
    systemctl restart bindd
    systemctl reset-failed bindd
done
rm /tmp/stream
wait $stream
check "it is active after ${RESTARTS:-3} restarts" is_active
vfioctl release $nic >/dev/null 2>&1
equal "the nic is the host's" "e1000e (null)" "$(driver_of $nic) $(override_of $nic)"
eventually "the disk is as declared" is_on $disk vfio-pci
eventually "every transaction has ended" all_transactions_ended
equal "no unit has failed" "" "$(systemctl --failed --no-legend --plain | grep bindd)"
journalctl -u bindd -o cat --no-pager | tail -4 | sed 's/^/# /'
done_checking
