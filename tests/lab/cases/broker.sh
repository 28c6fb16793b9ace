#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The daemon on dbus-broker, in a guest with systemd as process 1: what depends on the bus, which is to pass requests, to
# deny others, and to carry signals and descriptors. All the rest is in service.sh.
. tests/lab/check.sh

edu=0000:00:10.0 nic=0000:00:11.0 disk=0000:00:12.0
device=org.bindd1.Device
path() { echo "/org/bindd1/device/pci_$(echo "$1" | tr :. __)"; }
is_on() { [ "$(driver_of "$1")" = "$2" ]; }
as_nobody() { runuser -u nobody -- "$@"; }
is_active() { systemctl -q is-active bindd; }
signalled() { grep -q "$1" /tmp/signals; }

equal "the system bus is dbus-broker's" "dbus-broker.service" "$(systemctl show -P Id dbus.service)"
eventually "the service is active" is_active
equal "the disk is on vfio-pci" vfio-pci "$(driver_of $disk)"
contains "methods can be looked up" ".Bind" "$(busctl --system introspect org.bindd1 "$(path $nic)")"

gdbus monitor --system --dest org.bindd1 >/tmp/signals 2>&1 &
monitor=$!
eventually "signals are listened to" signalled "owned by"
contains "root may bind" "/org/bindd1/job/" "$(busctl --system call org.bindd1 "$(path $nic)" $device Bind 'a{sv}' 0 2>&1)"
eventually "and it is done" is_on $nic vfio-pci
eventually "the driver's change is signalled" signalled "PropertiesChanged.*vfio-pci"
eventually "and so is the end of the job" signalled "TransactionFinished"
kill $monitor

contains "an unprivileged user may not bind" "NotAuthorized" \
    "$(as_nobody gdbus call --system -d org.bindd1 -o "$(path $nic)" -m $device.Bind '{}' 2>&1)"
contains "the bus denies setting a property" "AccessDenied" \
    "$(as_nobody gdbus call --system -d org.bindd1 -o /org/bindd1 -m org.freedesktop.DBus.Properties.Set x y '<1>' 2>&1)"
contains "and owning the daemon's name" "AccessDenied" \
    "$(as_nobody gdbus call --system -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.RequestName org.bindd1 '@u 2' 2>&1)"
contains "what polkit allows is done" "/org/bindd1/job/" \
    "$(as_nobody gdbus call --system -d org.bindd1 -o "$(path $edu)" -m $device.Bind '{}' 2>&1)"
eventually "and the device is bound" is_on $edu vfio-pci
output=$(as_nobody "$BINDD_BUILD/tests/lab/programs/vfio/lab_vfio_fd_passing" "$(path $edu)" type1v2 2>&1)
verdict $? "an unprivileged program gets the device's descriptors and does DMA" "$output"

contains "a claim is held as long as its descriptor" "lab e1000e" "$(python3 - "$(path $nic)" <<'CLAIM'
import os
import sys
import time
import dbus
bus = dbus.SystemBus()
path = dbus.ObjectPath(sys.argv[1])
manager = bus.get_object("org.bindd1", "/org/bindd1", introspect=False)
nic = bus.get_object("org.bindd1", path, introspect=False)
def get(name):
    return str(nic.Get("org.bindd1.Device", name, dbus_interface="org.freedesktop.DBus.Properties"))
job = nic.Release(dbus.Dictionary(signature="sv"), dbus_interface="org.bindd1.Device")
while get("Driver") != "e1000e":
    time.sleep(0.05)
lease = manager.Claim([path], "lab", dbus.Dictionary(signature="sv"), dbus_interface="org.bindd1.Manager").take()
assert get("Driver") == "vfio-pci", get("Driver")
why = get("ClaimedFor")
os.close(lease)
while get("Driver") != "e1000e":
    time.sleep(0.05)
print(why, get("Driver"))
CLAIM
)"
check "vfioctl goes through it" vfioctl release $edu
done_checking
