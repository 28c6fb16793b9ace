# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who sees the names of processes and mounts of others: inspect_test.py DAEMON_TEST_SERVER [unittest's arguments]."""

import json
import os
import subprocess
import sys
import time
import unittest

import dbus
import dbus.bus
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

from bus_harness import DEVICE, device_path
from polkit_harness import WithPolkit

DISK = "0000:04:00.0"
POLICY = """\
version: 1
rules:
  - name: disk
    match: { address: "0000:04:00.0" }
    driver: auto
"""
HISTORY = {"txn": "t-1", "time_us": 1, "actor": "bindd (uid 0)", "action": "bind", "group": 15, "devices": ["pci/" + DISK],
           "driver": "vfio-pci", "rule": "disk", "where": "", "result": "failed", "error": "it is held by secret (pid 712)"}
WALK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "inspect_walk.py")
NOBODY = 65534


class Inspect(WithPolkit):
    policy = POLICY

    def setUp(self):
        super().setUp()
        # Not bound by the start, when the disk was not mounted.
        self.harness.ended(self.harness.device(DISK, "Release", dbus.Dictionary({}, signature="sv")))
        self.harness.say("mount " + DISK)
        os.makedirs(os.path.join(self.harness.directory, "lib"), exist_ok=True)
        with open(os.path.join(self.harness.directory, "lib", "history"), "a", encoding="utf-8") as file:
            file.write(json.dumps(HISTORY, separators=(",", ":")) + "\n")
        job = self.harness.device(DISK, "Bind", dbus.Dictionary({}, signature="sv"))
        self.assertEqual(self.harness.ended(job)["Ending"], "refused")
        self.job = str(job)
        self.harness.manager("Apply", dbus.Dictionary({}, signature="sv"))
        deadline = time.monotonic() + 10
        while self.harness.get(device_path(DISK), DEVICE, "State") != "refused":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def walk(self, uid=0):
        done = subprocess.run([sys.executable, "-B", WALK, self.harness.bus.address, device_path(DISK), self.job, str(uid)],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def shown(self, found):
        return sorted(name for name, text in found.items() if "secret" in text)

    def test_is_for_root(self):
        for found in self.walk():
            self.assertEqual(self.shown(found), sorted(found))

    def test_is_not_for_others(self):
        self.polkit.allow("bind")
        for found in self.walk(NOBODY):
            self.assertEqual(self.shown(found), [])
            for name in ("Reason", "Plan", "Explain", "Job", "Lines", "Snapshot"):
                self.assertIn("mounted", found[name], name)
            self.assertIn('"verdict":"refused"', found["Plan"])
            self.assertIn("failed", found["History"])
            self.assertIn("mounted", found["Claim"])

    def test_is_for_whom_polkit_allows_it(self):
        self.polkit.allow("bind", "inspect")
        first, second = self.walk(NOBODY)
        # A property cannot wait for polkit.
        for name in ("Plan", "Explain", "Lines", "History", "Snapshot", "Claim"):
            self.assertIn("secret", first[name], name)
        self.assertEqual(self.shown(second), sorted(second))
        asked = [each for each in self.polkit.questions() if each["action"] == "org.bindd1.inspect"]
        self.assertLessEqual(len(asked), 3)
        self.assertEqual({each["flags"] for each in asked}, {0})  # nobody is asked for a password

    def test_is_not_for_signals(self):
        """They go to everybody, also while a call of root is handled."""
        connection = dbus.bus.BusConnection(self.harness.bus.address, mainloop=DBusGMainLoop())
        self.addCleanup(connection.close)
        received = []
        connection.add_signal_receiver(lambda *arguments: received.append(str(arguments)))
        self.walk()
        for _ in range(3):
            self.harness.ended(self.harness.device(DISK, "Bind", dbus.Dictionary({}, signature="sv")))
            self.harness.manager("Plan", dbus.Dictionary({}, signature="sv"))
        self.harness.say("unbind " + DISK)
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            GLib.MainContext.default().iteration(False)
            time.sleep(0.01)
        self.assertTrue([each for each in received if "mounted" in each])
        self.assertEqual([each for each in received if "secret" in each], [])


if __name__ == "__main__":
    unittest.main()
