# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls everything that the introspection shows with what it should not get: bus_fuzz.py BUS_TEST_SERVER [SECONDS [SEED]].

As root, so that arguments are looked into. The daemon must live, answer, and be no bigger at the end than when
it was warm."""

import os
import random
import sys
import time

import dbus
import dbus.exceptions
import dbus.lowlevel

import bus_harness
from bus_harness import BusHarness

OURS = {
    "org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.InvalidArgs",
    "org.freedesktop.DBus.Error.UnknownMethod", "org.freedesktop.DBus.Error.UnknownObject",
    "org.freedesktop.DBus.Error.UnknownInterface", "org.freedesktop.DBus.Error.UnknownProperty",
    "org.freedesktop.DBus.Error.PropertyReadOnly", "org.freedesktop.DBus.Error.InvalidSignature",
}


class Fuzz:
    MDEV = bus_harness.ROOT + "/mdev/83b8f4f2_509f_382f_3c1e_e6bfe0fa1001"

    def __init__(self, program, seed):
        self.random = random.Random(seed)
        self.harness = BusHarness(program, devices=40)
        self.text = ["", "0000:02:00.0", "auto", "none,auto", "../../etc", "x" * 5000, "ü☃", "\u007f\n", "-1", "%n%s",
                     "whole", "mounted", "type1v2", "mtty-1", "x=1", "11111111-2222-4333-8444-555555555555", bus_harness.ROOT]
        self.keys = ["driver", "group", "force", "timeout", "dry-run", "backend", "devices", "usage", "uuid", "attrs", "", "no-such"]

    def path(self):
        return self.random.choice([
            "/", bus_harness.ROOT, bus_harness.device_path("0000:02:00.0"), bus_harness.device_path("0000:01:00.0"),
            bus_harness.ROOT + "/device/none", bus_harness.ROOT + "/group/13", bus_harness.ROOT + "/group/-1",
            bus_harness.device_path("0000:05:00.0"), bus_harness.ROOT + "/device/mdev_parent_mtty", self.MDEV, bus_harness.ROOT + f"/job/{self.random.randrange(200)}"])

    def variant(self):
        return self.random.choice([
            lambda: dbus.String(self.random.choice(self.text)), lambda: dbus.Boolean(self.random.random() < 0.5),
            lambda: dbus.Double(self.random.choice([0.0, -1.0, 1e300, float("nan"), 0.5])),
            lambda: dbus.UInt32(self.random.getrandbits(32)), lambda: dbus.Int64(-self.random.getrandbits(40)),
            lambda: dbus.Array(self.random.choices(self.text, k=3), signature="s"),
            lambda: dbus.Dictionary({}, signature="sv"),
            lambda: dbus.ObjectPath(self.path().replace("-", "_")),
            lambda: dbus.Array([dbus.Array([], signature="s")], signature="as")])()

    def value(self, signature):
        if signature == "a{sv}":
            keys = self.random.sample(self.keys, self.random.randrange(4))
            return dbus.Dictionary({key: self.variant() for key in keys}, signature="sv")
        if signature == "ao":
            return dbus.Array([dbus.ObjectPath(self.path().replace("-", "_")) for _ in range(self.random.choice([0, 1, 3, 40]))], signature="o")
        if signature == "u":
            return dbus.UInt32(self.random.choice([0, 1, 7, 8, 65536, 2**32 - 1]))
        return self.random.choice(self.text)

    def arguments(self, signature):
        if self.random.random() < 0.15:  # not what it wants at all
            return [self.variant() for _ in range(self.random.randrange(4))]
        out = []
        while signature:
            kind = next(each for each in ("a{sv}", "ao", "u", "s") if signature.startswith(each))
            out.append(self.value(kind))
            signature = signature[len(kind):]
        return out

    def members(self):
        found = {}
        for path in (bus_harness.ROOT, bus_harness.device_path("0000:02:00.0"), bus_harness.ROOT + "/group/13", self.MDEV):
            found.update(bus_harness.interfaces_of(self.harness.introspect(path)))
        found["org.bindd1.Job"] = {"Cancel": ("method", "", ""), "Lines": ("method", "", "as")}
        return [(interface, name, member[1]) for interface, members in found.items()
                for name, member in members.items() if member[0] == "method"] + [
                    (bus_harness.PROPERTIES, "Get", "ss"), (bus_harness.PROPERTIES, "GetAll", "s"),
                    (bus_harness.PROPERTIES, "Set", "ssv"), (bus_harness.MANAGER, "NoSuchMethod", "s")]

    def attempt(self, interface, member, signature):
        arguments = ["s", "s", self.variant()] if "v" in signature.replace("{sv}", "") else self.arguments(signature)
        try:
            result = self.harness.call(self.path(), interface, member, *arguments)
        except dbus.exceptions.DBusException as error:
            name = error.get_dbus_name()
            assert name.startswith("org.bindd1.Error.") or name in OURS, f"{interface}.{member}{arguments}: {name}"
            return
        except (TypeError, ValueError):
            return  # dbus-python itself will not send it
        for each in result if isinstance(result, tuple) else (result,):
            for descriptor in each if isinstance(each, dbus.Array) else (each,):
                if hasattr(descriptor, "take"):
                    os.close(descriptor.take())

    def run(self, seconds):
        members = self.members()
        warm = time.monotonic() + min(seconds / 3, 20)
        end = time.monotonic() + seconds
        calls = 0
        before = None
        while time.monotonic() < end:
            self.attempt(*self.random.choice(members))
            calls += 1
            if before is None and time.monotonic() > warm:
                before = (self.harness.resident(), self.harness.descriptors())
        time.sleep(2.5)  # what the last answers took is given back
        self.harness.get(bus_harness.ROOT, bus_harness.MANAGER, "Version")
        after = (self.harness.resident(), self.harness.descriptors())
        print(f"{calls} calls; KiB resident and descriptors: {before} when warm, {after} at the end")
        # The address sanitizer keeps what is freed.
        assert self.harness.is_sanitized() or after[0] - before[0] < 1024, "it has grown"
        assert after[1] - before[1] < 4, "descriptors were left open"
        assert self.harness.end() == 0


def main():
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    print(f"seed {seed}")
    Fuzz(sys.argv[1], seed).run(float(sys.argv[2]) if len(sys.argv) > 2 else 60)


if __name__ == "__main__":
    main()
