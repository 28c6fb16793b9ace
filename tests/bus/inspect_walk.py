# SPDX-License-Identifier: LGPL-2.1-or-later
"""Everything that a user can read about one device and one job, as JSON by name: inspect_walk.py ADDRESS DEVICE JOB UID. It reads
all of it twice over one connection: what polkit was asked by the first is known by the second."""

import json
import os
import sys
import time

import dbus
import dbus.bus

from bus_harness import DEVICE, JOB, MANAGER, NAME, PROPERTIES, ROOT


def walk(connection, device, job):
    def call(path, interface, member, *arguments):
        try:
            return connection.get_object(NAME, path, introspect=False).get_dbus_method(member, interface)(*arguments, timeout=30)
        except dbus.DBusException as error:
            return str(error)

    options = dbus.Dictionary({}, signature="sv")
    usage = dbus.Dictionary({"usage": dbus.Array(["04:00.0"], signature="s")}, signature="sv")
    return {
        "Managed": str(call(ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")),
        "Reason": str(call(device, PROPERTIES, "Get", DEVICE, "Reason")),
        "Device": str(call(device, PROPERTIES, "GetAll", DEVICE)),
        "Job": str(call(job, PROPERTIES, "GetAll", JOB)),
        "Plan": str(call(ROOT, MANAGER, "Plan", options)),
        "Explain": str(call(device, DEVICE, "Explain")),
        "Lines": str(call(job, JOB, "Lines")),
        "History": str(call(ROOT, MANAGER, "History")),
        "Snapshot": os.fdopen(call(ROOT, MANAGER, "Snapshot", usage).take()).read(),
        "Claim": str(call(ROOT, MANAGER, "Claim", dbus.Array([device], signature="o"), "why", options)),
    }


def main():
    address, device, job, uid = sys.argv[1:]
    if int(uid) != 0:  # after the imports: others cannot read a checkout below /root
        os.setgroups([])
        os.setgid(int(uid))
        os.setuid(int(uid))
    connection = dbus.bus.BusConnection(address)
    first = walk(connection, device, job)
    time.sleep(0.2)
    print(json.dumps([first, walk(connection, device, job)]))


main()
