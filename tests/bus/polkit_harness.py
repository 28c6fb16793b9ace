# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests with a polkit that they rule: programs that import this get DAEMON_TEST_SERVER as their first argument."""

import json
import os
import subprocess
import sys
import unittest

import dbus

from bus_harness import DEVICE, NAME, BusHarness, device_path

PROGRAM = sys.argv.pop(1)


class FakePolkit:
    def __init__(self, address):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fake_polkit.py")
        self.process = subprocess.Popen([sys.executable, "-B", program, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.said = []
        self.allow()

    def next(self):
        event = json.loads(self.process.stdout.readline())
        self.said.append(event)
        return event

    def allow(self, *rules, hold=False):
        """A rule is an action and the address that it is allowed for, or the action alone."""
        self.said = []
        rules = [each if isinstance(each, tuple) else (each, {}) for each in rules]
        rules = [("org.bindd1." + action, about if isinstance(about, dict) else {"address": about}) for action, about in rules]
        self.process.stdin.write(json.dumps({"allow": rules, "hold": hold}) + "\n")
        self.process.stdin.flush()
        while "ready" not in self.next():
            pass

    def questions(self):
        """Those since the rules were set."""
        self.process.stdin.write(json.dumps({"allow": [], "hold": False}) + "\n")
        self.process.stdin.flush()
        while "ready" not in self.next():
            pass
        return [each for each in self.said if "action" in each]

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class WithPolkit(unittest.TestCase):
    policy = "version: 1\nrules: []\n"

    def setUp(self):
        self.harness = BusHarness(PROGRAM, policy=self.policy)
        self.addCleanup(self.harness.end)
        self.polkit = FakePolkit(self.harness.bus.address)
        self.addCleanup(self.polkit.end)

    def start_as_nobody(self, *words):
        return subprocess.Popen(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "busctl", "--address=" + self.harness.bus.address,
             "--timeout=30", "call", NAME, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def as_nobody(self, *words):
        """What busctl says after its job has ended."""
        answer = self.start_as_nobody(*words).communicate()[0]
        if "/org/bindd1/job/" in answer:
            self.harness.ended(answer.split('"')[1])
        return answer

    def device(self, address, member, *words):
        return self.as_nobody(device_path(address), DEVICE, member, "a{sv}", *(words or ["0"]))

    def bind_as_root(self, address, **options):
        ended = self.harness.ended(self.harness.device(address, "Bind", dbus.Dictionary(options, signature="sv")))
        self.assertEqual(ended["Ending"], "done", ended["Result"])

    def drivers(self, *addresses):
        return [self.harness.driver(each) for each in addresses]

    def asked(self):
        return [(each["action"].rsplit(".", 1)[-1], each["details"].get("address", "")) for each in self.polkit.questions()]
