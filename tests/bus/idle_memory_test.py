# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole daemon with a thousand devices and nothing to do: idle_memory_test.py DAEMON_TEST_SERVER [unittest's arguments].

It keeps little memory, and sleeps: no process of it is woken at all."""

import sys
import time
import unittest

import dbus

from bus_harness import MANAGER, ROOT, BusHarness

PROGRAM = sys.argv.pop(1)
# A sanitizer takes several times the memory, and keeps what is freed.
with open(PROGRAM, "rb") as program:
    SANITIZED = b"__asan_init" in program.read()
# The readers are sent home after three seconds; what the allocator keeps, after one or two.
SETTLED = 4.5
TIDIED = 2.5
WATCHED = 3


def numbers(pid, *keys):
    """Of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file)
    return [int(fields[key].split()[0]) for key in keys]


def family_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [pid] + [each for child in file.read().split() for each in family_of(int(child))]


class IdleMemory(unittest.TestCase):
    def setUp(self):
        self.harness = BusHarness(PROGRAM, 1000)
        self.addCleanup(self.harness.end)

    def wakes(self):
        return {each: sum(numbers(each, "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"))
                for each in family_of(self.harness.process.pid)}

    def test_counts_the_set_that_it_began_with(self):
        def generation():
            return int(self.harness.get(ROOT, MANAGER, "PolicyGeneration"))

        self.assertEqual(generation(), 1)
        self.harness.manager("Reload")
        self.assertEqual(generation(), 1)

    def own(self):
        return numbers(self.harness.process.pid, "RssAnon")[0]

    def test_wakes_nobody_and_keeps_little(self):
        time.sleep(SETTLED)
        before = self.wakes()
        self.assertGreaterEqual(len(before), 2, "the executor is not there")
        time.sleep(WATCHED)
        self.assertEqual(self.wakes(), before)
        print(f"{self.harness.resident()} KiB resident with 1,000 devices, {self.own()} of them its own")
        if not SANITIZED:
            self.assertLess(self.own(), 5120)

    @unittest.skipIf(SANITIZED, "a sanitizer keeps what is freed")
    def test_gives_back_what_large_answers_took(self):
        time.sleep(TIDIED)
        before = self.own()
        objects = self.harness.call(ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        self.assertGreater(len(objects), 2000)
        self.harness.manager("Plan", dbus.Dictionary(signature="sv"))
        time.sleep(TIDIED)
        self.assertLess(self.own(), before + 512)


if __name__ == "__main__":
    unittest.main()
