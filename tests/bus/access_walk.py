# SPDX-License-Identifier: LGPL-2.1-or-later
"""As nobody: calls every method that there is, and prints a line of each: interface, member, error."""

import os
import sys

import dbus
import dbus.bus

import bus_harness

OBJECTS = [
    bus_harness.ROOT,
    bus_harness.device_path("0000:02:00.0"),
    bus_harness.ROOT + "/group/13",
    bus_harness.ROOT + "/mdev/83b8f4f2_509f_382f_3c1e_e6bfe0fa1001",
    bus_harness.ROOT + "/job/1",
]
SAMPLES = {
    "a{sv}": dbus.Dictionary({}, signature="sv"),
    "ao": dbus.Array([bus_harness.device_path("0000:02:00.0")], signature="o"),
    "s": "nothing",
    "u": dbus.UInt32(1),
}


def split(signature):
    """The complete types of a signature, as far as ours go."""
    out = []
    while signature:
        known = next(each for each in sorted(SAMPLES, key=len, reverse=True) if signature.startswith(each))
        out.append(known)
        signature = signature[len(known):]
    return out


def attempt(target, interface, member, *arguments):
    try:
        target.get_dbus_method(member, interface)(*arguments)
        return "done"
    except dbus.DBusException as error:
        return error.get_dbus_name()


def become_nobody():
    """After the imports: nobody cannot read a checkout below /root."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def main():
    become_nobody()
    connection = dbus.bus.BusConnection(sys.argv[1])
    for path in OBJECTS:
        target = connection.get_object(bus_harness.NAME, path, introspect=False)
        text = target.get_dbus_method("Introspect", "org.freedesktop.DBus.Introspectable")()
        for interface, members in bus_harness.interfaces_of(str(text)).items():
            if not interface.startswith(bus_harness.NAME):
                continue
            for name, member in members.items():
                if member[0] == "method":
                    arguments = [SAMPLES[each] for each in split(member[1])]
                    print(interface, name, attempt(target, interface, name, *arguments))
                if member[0] == "property":
                    print(interface, name + "=", attempt(target, bus_harness.PROPERTIES, "Set", interface, name, "x"))
    # What is wrong with the arguments is not for those who may not ask.
    manager = connection.get_object(bus_harness.NAME, bus_harness.ROOT, introspect=False)
    bad = dbus.Dictionary({"no-such-option": True}, signature="sv")
    nowhere = dbus.Array([bus_harness.ROOT + "/device/none"], signature="o")
    print("bad Apply", attempt(manager, bus_harness.MANAGER, "Apply", bad))
    print("bad Bind", attempt(manager, bus_harness.MANAGER, "Bind", nowhere, bad))
    print("bad Claim", attempt(manager, bus_harness.MANAGER, "Claim", nowhere, "", bad))


main()
