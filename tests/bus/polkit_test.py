# SPDX-License-Identifier: LGPL-2.1-or-later
"""What polkit is asked, and what follows from its answers: polkit_test.py DAEMON_TEST_SERVER [unittest's arguments]."""

import time
import unittest

import dbus

from bus_harness import DEVICE, MANAGER, ROOT, device_path
from polkit_harness import WithPolkit

GPU, AUDIO, NIC, OTHER = "0000:01:00.0", "0000:01:00.1", "0000:02:00.0", "0000:04:00.0"
MDEVS = """\
version: 1
rules:
  - name: mtty
    match: { mdev_parent: "mtty" }
    mdevs: [ { count: 2, type: mtty-1 } ]
"""


WHOLE = ["1", "group", "s", "whole"]


class EveryDevice(WithPolkit):
    def test_of_a_group_is_asked_for_by_a_bind(self):
        self.polkit.allow(("bind", GPU))
        self.assertIn("org.bindd1.bind is not allowed: " + AUDIO, self.device(GPU, "Bind", *WHOLE))
        self.assertEqual(self.drivers(GPU, AUDIO), ["nouveau", "snd_hda_intel"])
        taken, named = sorted(self.polkit.questions(), key=lambda each: each["details"]["taken_along"], reverse=True)
        self.assertEqual((taken["details"]["address"], taken["details"]["wanted_driver"], taken["subject"]),
                         (AUDIO, "vfio-pci", "system-bus-name"))
        self.assertEqual((named["details"]["address"], named["details"]["taken_along"]), (GPU, "false"))
        self.polkit.allow("bind")
        self.assertIn("/org/bindd1/job/", self.device(GPU, "Bind", *WHOLE))
        self.assertEqual(self.drivers(AUDIO), ["vfio-pci"])

    def test_of_a_group_is_asked_for_by_a_claim(self):
        self.polkit.allow(("bind", GPU))
        answer = self.as_nobody(ROOT, MANAGER, "Claim", "aosa{sv}", "1", device_path(GPU), "why", *WHOLE)
        self.assertIn("org.bindd1.bind is not allowed: " + AUDIO, answer)
        self.assertEqual(self.drivers(GPU, AUDIO), ["nouveau", "snd_hda_intel"])

    def test_of_a_transaction_is_asked_for_by_its_release(self):
        self.bind_as_root(GPU, group="whole")
        bound = self.drivers(GPU, AUDIO)
        self.polkit.allow(("bind", GPU))
        self.assertIn("org.bindd1.bind is not allowed: " + AUDIO, self.device(GPU, "Release"))
        self.assertEqual(self.drivers(GPU, AUDIO), bound)
        self.polkit.allow("bind")
        self.assertIn("/org/bindd1/job/", self.device(GPU, "Release"))
        self.assertEqual(self.drivers(GPU, AUDIO), ["nouveau", "snd_hda_intel"])

    def test_of_a_transaction_is_asked_for_by_its_rollback(self):
        self.bind_as_root(GPU, group="whole")
        bound = self.drivers(GPU, AUDIO)
        rollback = [ROOT, MANAGER, "Rollback", "sa{sv}", "", "0"]
        self.polkit.allow(("apply", GPU))
        self.assertIn("org.bindd1.apply is not allowed: " + AUDIO, self.as_nobody(*rollback))
        self.assertEqual(self.drivers(GPU, AUDIO), bound)
        self.polkit.allow("apply")
        self.assertIn("/org/bindd1/job/", self.as_nobody(*rollback))
        self.assertEqual(self.drivers(GPU, AUDIO), ["nouveau", "snd_hda_intel"])

    def test_of_a_group_is_asked_for_when_it_is_handed_out(self):
        self.bind_as_root(GPU, group="whole")
        self.polkit.allow(("open", GPU))
        self.assertIn("org.bindd1.open is not allowed: " + AUDIO, self.device(GPU, "Open"))
        self.polkit.allow("open")
        self.assertIn("a{sv}ah", self.device(GPU, "Open"))
        # A cdev gives access to no other device.
        self.polkit.allow(("open", GPU))
        self.assertIn("a{sv}ah", self.device(GPU, "Open", "1", "backend", "s", "iommufd"))

    def test_of_several_is_asked_for(self):
        self.polkit.allow(("bind", NIC))
        self.assertIn("not allowed: " + OTHER, self.as_nobody(
            ROOT, MANAGER, "Bind", "aoa{sv}", "2", device_path(NIC), device_path(OTHER), "0"))
        self.assertEqual(self.drivers(NIC, OTHER), ["e1000e", "nvme"])


class Force(WithPolkit):
    def test_is_asked_for_where_more_than_a_vfio_driver_is_wanted(self):
        for words in (["1", "driver", "s", "e1000e"], ["1", "driver", "s", "vfio-pci,e1000e"], ["1", "driver", "s", "host"],
                      ["1", "force", "as", "1", "mounted"]):
            self.polkit.allow("bind")
            self.assertIn("org.bindd1.force is not allowed: " + NIC, self.device(NIC, "Bind", *words), words)
        self.polkit.allow("bind")
        self.assertIn("/org/bindd1/job/", self.device(NIC, "Bind", "1", "driver", "s", "none"))
        self.bind_as_root(NIC)
        self.polkit.allow("open")
        self.assertIn("org.bindd1.force is not allowed", self.device(NIC, "Open", "1", "backend", "s", "noiommu"))

    def test_shows_what_is_forced(self):
        self.polkit.allow("bind", ("force", {"address": NIC, "forced": "mounted"}))
        self.assertIn("/org/bindd1/job/", self.device(NIC, "Bind", "1", "force", "as", "1", "mounted"))
        self.polkit.allow("bind", ("force", {"address": NIC, "forced": "mounted"}))
        self.assertIn("not allowed", self.device(NIC, "Bind", "1", "force", "as", "2", "mounted", "swap"))


class MediatedDevices(WithPolkit):
    policy = MDEVS

    def test_are_asked_for_by_their_parent(self):
        self.polkit.allow("apply")
        answer = self.as_nobody(ROOT, MANAGER, "Rollback", "sa{sv}", "", "0")
        self.assertIn("org.bindd1.mdev is not allowed", answer)
        self.assertEqual(len(self.mdevs()), 3)
        self.polkit.allow("apply", "mdev")
        self.assertIn("/org/bindd1/job/", self.as_nobody(ROOT, MANAGER, "Rollback", "sa{sv}", "", "0"))
        self.assertEqual(len(self.mdevs()), 1)

    def mdevs(self):
        return [path for path in self.harness.call(ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
                if path.startswith(ROOT + "/mdev/")]


class Answers(WithPolkit):
    def hold(self, *words):
        """A request of nobody, whose first question has been asked and not been answered."""
        self.polkit.allow(hold=True)
        waiting = self.start_as_nobody(*words)
        self.assertEqual(self.polkit.next()["action"], "org.bindd1.bind")
        return waiting

    def test_that_are_late_are_of_the_device_that_was_asked_about(self):
        waiting = self.hold(device_path(NIC), DEVICE, "Bind", "a{sv}", "0")
        self.harness.say("swap " + NIC)
        self.polkit.allow("bind")
        job = waiting.communicate()[0]
        ended = self.harness.ended(job.split('"')[1])
        self.assertEqual((ended["Ending"], ended["Error"][0]), ("failed", "org.bindd1.Error.NotAuthorized"))
        self.assertIn("has changed meanwhile", ended["Error"][1])
        self.assertEqual(self.drivers(NIC), ["e1000e"])

    def test_that_are_late_hold_up_nobody(self):
        waiting = self.hold(device_path(NIC), DEVICE, "Bind", "a{sv}", "0")
        begun = time.monotonic()
        self.bind_as_root(NIC)
        self.assertLess(time.monotonic() - begun, 5)
        ended = self.harness.ended(self.harness.device(NIC, "Release", dbus.Dictionary({}, signature="sv")))
        self.assertEqual(ended["Ending"], "done")
        self.polkit.allow("bind")
        self.assertIn("/org/bindd1/job/", waiting.communicate()[0])

    def test_for_a_caller_that_is_gone_change_nothing(self):
        waiting = self.hold(device_path(NIC), DEVICE, "Bind", "a{sv}", "0")
        waiting.kill()
        waiting.communicate()
        self.assertIn("cancelled", self.polkit.next())
        self.polkit.allow("bind")
        time.sleep(0.3)
        self.assertEqual(self.drivers(NIC), ["e1000e"])

    def test_come_before_what_is_wrong_is_shown(self):
        for words in ([device_path(NIC), DEVICE, "Bind", "a{sv}", "1", "drivr", "s", "x"],
                      [ROOT, MANAGER, "Bind", "aoa{sv}", "1", ROOT + "/device/none", "0"],
                      [ROOT, MANAGER, "Claim", "aosa{sv}", "1", device_path(NIC), "", "0"],
                      [device_path(NIC), DEVICE, "Release", "a{sv}", "0"],
                      [device_path(NIC), DEVICE, "Open", "a{sv}", "1", "backend", "s", "best"],
                      [ROOT, MANAGER, "Rollback", "sa{sv}", "no-such", "0"]):
            self.polkit.allow()
            self.assertIn("is not allowed", self.as_nobody(*words), words)
            self.polkit.allow("bind", "open", "apply")
            self.assertNotIn("is not allowed", self.as_nobody(*words), words)


if __name__ == "__main__":
    unittest.main()
