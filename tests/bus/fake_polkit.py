# SPDX-License-Identifier: LGPL-2.1-or-later
"""A polkit for tests: fake_polkit.py ADDRESS. It prints each question as a line of JSON. A line of JSON on stdin sets the rules:
{"allow": [[ACTION, {DETAIL: VALUE}], ...], "hold": BOOL}. Held questions are answered by the next rules that do not hold."""

import json
import sys

import dbus
import dbus.bus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

INTERFACE = "org.freedesktop.PolicyKit1.Authority"


def say(**event):
    print(json.dumps(event), flush=True)


class Authority(dbus.service.Object):
    rules = {"allow": [], "hold": False}

    def __init__(self, bus):
        super().__init__(dbus.service.BusName("org.freedesktop.PolicyKit1", bus), "/org/freedesktop/PolicyKit1/Authority")
        self.held = []

    @dbus.service.method(INTERFACE, in_signature="(sa{sv})sa{ss}us", out_signature="(bba{ss})", async_callbacks=("give", "refuse"))
    def CheckAuthorization(self, subject, action, details, flags, cancellation, give, refuse):
        say(action=action, details=details, subject=subject[0], flags=int(flags))
        question = (action, details, give)
        self.held.append(question) if self.rules["hold"] else self.answer(*question)

    @dbus.service.method(INTERFACE, in_signature="s", out_signature="")
    def CancelCheckAuthorization(self, cancellation):
        say(cancelled=cancellation)

    def answer(self, action, details, give):
        allowed = any(action == each and wanted.items() <= details.items() for each, wanted in self.rules["allow"])
        give((allowed, False, dbus.Dictionary({}, signature="ss")))

    def set_rules(self, source, condition):
        line = sys.stdin.readline()
        if not line:
            sys.exit()
        self.rules = json.loads(line)
        if not self.rules["hold"]:
            for question in self.held:
                self.answer(*question)
            self.held = []
        say(ready=True)
        return True


def main():
    bus = dbus.bus.BusConnection(sys.argv[1], mainloop=DBusGMainLoop())
    authority = Authority(bus)
    GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, authority.set_rules)
    GLib.MainLoop().run()


main()
