#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""parallel_calls.py CALLS: that many calls to the daemon at once, an eighth from each of eight users, root among them: plans,
histories and properties. Prints how many were answered, how, and how many were not."""

import collections
import os
import sys

import dbus
import dbus.bus
import dbus.lowlevel

# The bus takes none that has no name.
UIDS = [0, 65534, 1, 2, 3, 5, 6, 8]
CALLS = [
    ("org.freedesktop.DBus.Properties", "Get", ("org.bindd1.Manager", "Version"), "ss"),
    ("org.bindd1.Manager", "Plan", ({},), "a{sv}"),
    ("org.bindd1.Manager", "History", (), ""),
    ("org.freedesktop.DBus.ObjectManager", "GetManagedObjects", (), ""),
]


def call_all(count):
    """{outcome: number} of calls that are all sent before an answer is read."""
    bus = dbus.bus.BusConnection(dbus.bus.BusConnection.TYPE_SYSTEM)
    answers, pending = [], []
    for at in range(count):
        interface, member, arguments, signature = CALLS[at % len(CALLS)]
        call = dbus.lowlevel.MethodCallMessage("org.bindd1", "/org/bindd1", interface, member)
        call.append(*arguments, signature=signature)
        pending.append(bus.send_message_with_reply(call, answers.append, 120))
    for each in pending:
        each.block()
    return collections.Counter((answer.get_error_name() or "done").rsplit(".", 1)[-1] for answer in answers)


def main(total):
    children = []
    for uid in UIDS:
        receive, send = os.pipe()
        if os.fork() == 0:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            found = call_all(total // len(UIDS))
            os.write(send, " ".join(f"{name}={number}" for name, number in found.items()).encode())
            os._exit(0)
        os.close(send)
        children.append(receive)
    found = collections.Counter()
    for receive in children:
        with open(receive, encoding="utf-8") as file:
            for word in file.read().split():
                name, number = word.split("=")
                found[name] += int(number)
        os.wait()
    lost = total - sum(found.values()) + found["NoReply"] + found["Timeout"]
    print(", ".join(f"{number} {name}" for name, number in sorted(found.items())) + f"; {lost} lost")


main(int(sys.argv[1]) // len(UIDS) * len(UIDS))
