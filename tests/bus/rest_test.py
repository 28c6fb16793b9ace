# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole daemon with a thousand devices and nothing to do: rest_test.py DAEMON_STAND [unittest's arguments].

It keeps little memory, and sleeps: no process of it is woken at all."""

import os
import sys
import time
import unittest

from stand import MANAGER, ROOT, Stand

PROGRAM = sys.argv.pop(1)
# What the readers and the allocator are given before they are sent home is three seconds.
SETTLED = 5
WATCHED = 4


def numbers(pid, *keys):
    """Of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file)
    return [int(fields[key].split()[0]) for key in keys]


def family_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [pid] + [each for child in file.read().split() for each in family_of(int(child))]


class Resting(unittest.TestCase):
    def setUp(self):
        self.stand = Stand(PROGRAM, 1000)
        self.addCleanup(self.stand.end)

    def wakes(self):
        return {each: sum(numbers(each, "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"))
                for each in family_of(self.stand.process.pid)}

    def test_counts_the_set_that_it_began_with(self):
        def generation():
            return int(self.stand.get(ROOT, MANAGER, "PolicyGeneration"))

        self.assertEqual(generation(), 1)
        self.stand.manager("Reload")
        self.assertEqual(generation(), 1)

    def test_wakes_nobody_and_keeps_little(self):
        self.stand.get(ROOT, MANAGER, "Version")
        time.sleep(SETTLED)
        before = self.wakes()
        self.assertGreaterEqual(len(before), 2, "the executor is not there")
        time.sleep(WATCHED)
        self.assertEqual(self.wakes(), before)
        resident, own = numbers(self.stand.process.pid, "VmRSS", "RssAnon")
        print(f"{resident} KiB resident with 1,000 devices, {own} of them its own")
        # The rest is the program and its libraries, which a sanitizer makes several times as large.
        if "BINDD_TEST_PATIENCE" not in os.environ:
            self.assertLess(own, 5120)


if __name__ == "__main__":
    unittest.main()
