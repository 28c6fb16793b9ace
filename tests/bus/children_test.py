# SPDX-License-Identifier: LGPL-2.1-or-later
"""VFs and mediated devices by method calls: children_test.py DAEMON_TEST_SERVER [unittest's arguments]."""

import os
import re
import shlex
import signal
import subprocess
import time

import dbus
from bus_harness import DEVICE, NAME, ROOT, SOURCE, device_path
from polkit_harness import WithPolkit, unittest

PF, NIC, VF = "0000:05:00.0", "0000:02:00.0", "0000:05:10.0"
MTTY = ROOT + "/device/mdev_parent_mtty"
MDEV = NAME + ".MediatedDevice"
UUID, TAKEN = "11111111-2222-4333-8444-555555555555", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
EVIDENCE = "/dev/nvme0n1p1 /home/secret ext4"
RULES = """\
version: 1
rules:
  - name: pf
    match: { address: "0000:05:00.0" }
    sriov: { vfs: 1 }
  - name: mtty
    match: { mdev_parent: "mtty" }
    mdevs: [ { uuid: "22222222-2222-4333-8444-555555555555", type: mtty-1 } ]
"""
PROTECTED = """\
version: 1
rules:
  - { name: pf, protect: true, match: { address: "0000:05:00.0" } }
  - { name: mtty, protect: true, match: { mdev_parent: "mtty" } }
"""


def mdev_path(uuid):
    return ROOT + "/mdev/" + uuid.replace("-", "_")


def options(**given):
    return dbus.Dictionary({key.replace("_", "-"): value for key, value in given.items()}, signature="sv")


class Children(WithPolkit):
    def objects(self, root):
        found = self.harness.call(ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        return {str(path).rsplit("/", 1)[1] for path in found if path.startswith(ROOT + root)}

    def vfs(self):
        self.harness.say("look")  # the model of the kernel sends no uevents
        deadline = time.monotonic() + 30
        while True:
            seen = self.objects("/device/pci_0000_05_1")
            time.sleep(0.02)
            if seen == self.objects("/device/pci_0000_05_1") and self.kernel_vfs() == len(seen):
                return len(seen)
            self.assertLess(time.monotonic(), deadline)

    def kernel_vfs(self):
        with open(self.harness.directory + "/kernel", encoding="utf-8") as file:
            return file.read().count('"pf":"' + PF + '"')

    def set_vfs(self, count, address=PF, **given):
        return self.harness.device(address, "SetVfs", dbus.UInt32(count), options(**given))

    def create(self, kind="mtty-1", parent=MTTY, **given):
        return self.harness.call(parent, DEVICE, "CreateMdev", kind, options(**given))

    def remove(self, uuid, **given):
        return self.harness.call(mdev_path(uuid), MDEV, "Remove", options(**given))

    def done(self, job):
        ended = self.harness.ended(job)
        self.assertEqual(ended["Ending"], "done", ended["Result"])
        return ended

    def refused(self, kind, call, *arguments, **named):
        with self.assertRaises(dbus.DBusException) as caught:
            call(*arguments, **named)
        self.assertEqual(caught.exception.get_dbus_name(), "org.bindd1.Error." + kind, caught.exception)
        return caught.exception.get_dbus_message()

    def nobody_sets(self, count):
        return self.as_nobody(device_path(PF), DEVICE, "SetVfs", "ua{sv}", str(count), "0")

    def nobody_creates(self, kind, *words):
        return self.as_nobody(MTTY, DEVICE, "CreateMdev", "sa{sv}", kind, *(words or ["0"]))

    def nobody_removes(self, uuid):
        return self.as_nobody(mdev_path(uuid), MDEV, "Remove", "a{sv}", "0")

    def release(self, path):
        return self.done(self.harness.call(path, DEVICE, "Release", options()))

    def look_and_restart(self):
        """What a user asked for outlives both."""
        self.harness.say("look")
        self.harness.stop()
        self.harness.start()


class VirtualFunctions(Children):
    def test_are_made_and_removed_by_whom_polkit_allows(self):
        self.polkit.allow("bind", "apply", "mdev", "force")
        self.assertIn("org.bindd1.sriov is not allowed: " + PF, self.nobody_sets(2))
        self.assertEqual(self.kernel_vfs(), 0)
        self.polkit.allow(("sriov", {"address": PF, "vendor": "8086", "driver": "igb", "vfs": "2"}))
        self.assertIn("not allowed", self.nobody_sets(3))
        self.assertIn("/org/bindd1/job/", self.nobody_sets(2))
        self.assertEqual(self.vfs(), 2)
        self.assertEqual([each["details"]["vfs"] for each in self.polkit.questions()][-2:], ["3", "2"], "once for each")
        self.polkit.allow("sriov")
        self.assertIn("/org/bindd1/job/", self.nobody_sets(0))
        self.assertEqual(self.vfs(), 0)

    def test_are_a_job_as_all_changes(self):
        job = self.done(self.set_vfs(3))
        self.assertEqual((job["Kind"], list(job["Devices"])), ("sriov", [PF]))
        self.assertIn('{"op":"set_vfs","device":"' + PF + '","value":"3","result":"done"', job["Result"].replace(": ", ":"))
        self.assertEqual(self.vfs(), 3)
        self.assertIn('"action":"sriov"', str(self.harness.manager("History")).replace(": ", ":"))
        self.assertEqual(self.done(self.set_vfs(3))["Ending"], "done", "nothing to do")
        self.assertIn('"verdict":"change"', self.done(self.set_vfs(1, dry_run=True))["Result"].replace(": ", ":"))
        self.assertEqual(self.kernel_vfs(), 3)

    def test_that_cannot_be_are_refused_at_once(self):
        for kind, text, call, given in (
                ("Refused", "8 wanted, 7 at most", (8,), {}),
                ("Refused", "is no PF: it cannot have VFs", (1, NIC), {}),
                ("OptionNotPermitted", "option drivr: unknown", (1,), {"drivr": "x"}),
                ("OptionNotPermitted", "between 0.001 and 86400", (1,), {"timeout": 0.0}),
                ("OptionNotPermitted", "there is no reason 'so'", (1,), {"force": ["so"]})):
            self.assertIn(text, self.refused(kind, self.set_vfs, *call, **given))
        self.assertEqual(self.kernel_vfs(), 0)
        self.polkit.allow()
        self.assertNotIn("7 at most", self.nobody_sets(8), "not for those who may not ask")

    def test_in_use_stay(self):
        self.done(self.set_vfs(2))
        self.vfs()
        self.harness.say("mount " + VF)
        for count in (0, 1):
            text = self.refused("Refused", self.set_vfs, count)
            self.assertIn(VF + ": vfs-in-use: a VF that would go is in use", text)
            self.assertIn(EVIDENCE, text)
        self.polkit.allow("sriov")
        self.assertIn("vfs-in-use", self.nobody_sets(0))
        self.assertNotIn("secret", self.nobody_sets(0), "not without org.bindd1.inspect")
        self.assertEqual(self.kernel_vfs(), 2)

    def test_in_spite_of_a_use_need_force(self):
        self.done(self.set_vfs(2))
        self.vfs()
        self.harness.say("mount " + VF)
        forced = [device_path(PF), DEVICE, "SetVfs", "ua{sv}", "0", "1", "force", "as", "1", "mounted"]
        self.polkit.allow("sriov")
        self.assertIn("org.bindd1.force is not allowed: " + PF, self.as_nobody(*forced))
        self.assertEqual(self.kernel_vfs(), 2)
        self.polkit.allow("sriov", ("force", {"forced": "mounted"}))
        self.assertIn("/org/bindd1/job/", self.as_nobody(*forced))
        self.assertEqual(self.vfs(), 0)

    def test_are_undone_by_release_and_rollback(self):
        for undo in (lambda: self.release(device_path(PF)),
                     lambda: self.done(self.harness.manager("Rollback", "", options()))):
            self.done(self.set_vfs(4))
            self.assertEqual(self.vfs(), 4)
            undo()
            self.assertEqual(self.vfs(), 0)

    def processes(self, parent):
        """The executor and its workers."""
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False)
        children = [int(each) for each in found.stdout.split()]
        return children + [each for child in children for each in self.processes(child)]

    def test_half_made_are_undone_by_the_next_daemon(self):
        self.harness.say("hang set_vfs " + PF)
        job = self.set_vfs(2)
        deadline = time.monotonic() + 60
        while "set the VFs" not in self.harness.call(job, "org.freedesktop.DBus.Properties", "Get", NAME + ".Job", "Progress")[2]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        self.harness.say("no hang")
        for pid in self.processes(self.harness.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.harness.stop(signal.SIGKILL)
        self.harness.start()
        self.done(self.set_vfs(2))  # waits for the undoing
        self.assertEqual(self.vfs(), 2)
        self.release(device_path(PF))
        self.assertEqual(self.vfs(), 0)


class MediatedDevices(Children):
    def test_are_made_and_removed_by_whom_polkit_allows(self):
        self.polkit.allow("bind", "apply", "sriov", "force")
        self.assertIn("org.bindd1.mdev is not allowed: mdev_parent/mtty", self.nobody_creates("mtty-1"))
        self.polkit.allow(("mdev", {"address": "mdev_parent/mtty", "mdev_type": "mtty-1", "mdev_uuid": UUID}))
        self.assertIn("not allowed", self.nobody_creates("mtty-2", "1", "uuid", "s", UUID))
        made = self.nobody_creates("mtty-1", "1", "uuid", "s", UUID)
        self.assertIn(mdev_path(UUID), made)
        self.assertEqual(self.harness.get(mdev_path(UUID), MDEV, "Type"), "mtty-1")
        self.assertIn("exists already", self.nobody_creates("mtty-1", "1", "uuid", "s", UUID))
        self.polkit.allow("bind")
        self.assertIn("org.bindd1.mdev is not allowed: mdev_parent/mtty", self.nobody_removes(UUID))
        self.polkit.allow(("mdev", {"mdev_type": "mtty-1", "mdev_uuid": UUID}))
        self.assertIn("not allowed", self.nobody_removes(TAKEN))
        self.assertIn("/org/bindd1/job/", self.nobody_removes(UUID))
        self.assertEqual(self.objects("/mdev/"), {TAKEN.replace("-", "_")})

    def test_get_a_name_where_none_is_given(self):
        job, path = self.create()
        self.assertEqual(self.done(job)["Kind"], "mdev start")
        self.assertEqual(self.harness.get(path, MDEV, "Parent"), "mtty")
        self.assertEqual(self.done(self.remove(str(path).rsplit("/", 1)[1].replace("_", "-")))["Kind"], "mdev stop")
        self.assertEqual(self.objects("/mdev/"), {TAKEN.replace("-", "_")})

    def test_that_cannot_be_are_refused_at_once(self):
        nic = device_path(NIC)
        for kind, text, call, given in (
                ("OptionNotPermitted", "a UUID", ("mtty-1",), {"uuid": "1234"}),
                ("OptionNotPermitted", "type", ("../x",), {}),
                ("OptionNotPermitted", "is not NAME=VALUE", ("mtty-1",), {"attrs": ["x"]}),
                ("OptionNotPermitted", "attrs", ("mtty-1",), {"attrs": ["power/control=on"]}),
                ("OptionNotPermitted", "attrs", ("mtty-1",), {"attrs": ["../remove=1"]}),
                ("OptionNotPermitted", "option vfs: unknown", ("mtty-1",), {"vfs": "1"}),
                ("Busy", "exists already, of type mtty-1 on mtty", ("mtty-1",), {"uuid": TAKEN}),
                ("Refused", "offers no mdev type mtty-9", ("mtty-9",), {}),
                ("Refused", "is no mdev parent", ("mtty-1", nic), {})):
            self.assertIn(text, self.refused(kind, self.create, *call, **given))
        self.done(self.create("mtty-2", uuid=UUID)[0])
        self.assertIn("has too few instances of mdev type mtty-2 left (1 wanted, 0 left)",
                      self.refused("Refused", self.create, "mtty-2"))
        self.assertEqual(len(self.objects("/mdev/")), 2)

    def test_in_use_stay(self):
        self.done(self.create(uuid=UUID)[0])
        self.harness.say("mount mdev/" + UUID)
        self.assertIn(EVIDENCE, self.refused("Refused", self.remove, UUID))
        self.polkit.allow("mdev")
        self.assertIn("mounted", self.nobody_removes(UUID))
        self.assertNotIn("secret", self.nobody_removes(UUID))
        self.assertIn('"verdict":"refused"', self.harness.ended(self.remove(UUID, dry_run=True))["Result"].replace(": ", ":"))
        self.assertIn(UUID.replace("-", "_"), self.objects("/mdev/"))

    def test_are_undone_by_release_and_rollback(self):
        for undo in (lambda: self.release(MTTY), lambda: self.done(self.harness.manager("Rollback", "", options()))):
            self.done(self.create(uuid=UUID)[0])
            self.assertEqual(len(self.objects("/mdev/")), 2)
            undo()
            self.assertEqual(len(self.objects("/mdev/")), 1)


class VirtualGpus(Children):
    def test_are_made_without_a_uuid_and_undone_by_release(self):
        vf = device_path("0000:06:00.4")
        self.assertIn("a virtual GPU without a UUID", self.refused("Refused", self.create, "nvidia-1156", vf, uuid=UUID))
        self.assertIn("of type nvidia-1", self.refused("Refused", self.create, "nvidia-1", vf))
        job, mdev = self.create("nvidia-1156", vf)
        self.assertIn("nvidia/current_vgpu_type=1156", self.done(job)["Result"])
        self.assertEqual(mdev, "/")
        self.assertIn("nvidia/current_vgpu_type=0", self.release(vf)["Result"])


class TheManual(Children):
    def test_makes_and_removes_them(self):
        with open(os.path.join(SOURCE, "bindd", "org.bindd1.5.scd"), encoding="utf-8") as file:
            examples = re.findall(r"^\t# (busctl call .* (?:SetVfs|CreateMdev|Remove) .*)$", file.read(), re.MULTILINE)
        outcomes = []
        for example in examples:
            words = shlex.split(example)
            done = subprocess.run([words[0], "--address=" + self.harness.bus.address, *words[1:]], capture_output=True, text=True,
                                  check=True)
            self.done(done.stdout.split('"')[1])
            outcomes.append((self.vfs(), len(self.objects("/mdev/"))))
        self.assertEqual(outcomes, [(4, 1), (4, 2), (4, 1)])


class WithoutRules(Children):
    def test_what_was_asked_for_outlives_reload_and_restart(self):
        self.done(self.set_vfs(3))
        self.done(self.create(uuid=UUID)[0])
        self.harness.manager("Reload")
        self.look_and_restart()
        self.assertEqual((self.vfs(), len(self.objects("/mdev/"))), (3, 2))
        self.done(self.harness.manager("Apply", options()))
        self.assertEqual((self.vfs(), len(self.objects("/mdev/"))), (3, 2))


class WithRules(Children):
    policy = RULES
    OF_RULE = "22222222-2222-4333-8444-555555555555"

    def test_what_was_asked_for_is_no_drift(self):
        self.assertEqual(self.vfs(), 1)
        self.done(self.set_vfs(3))
        self.done(self.remove(self.OF_RULE))
        self.done(self.create(uuid=UUID)[0])
        left = {UUID.replace("-", "_"), TAKEN.replace("-", "_")}
        self.assertEqual((self.vfs(), self.objects("/mdev/")), (3, left))
        self.harness.write("policy.yaml", RULES + "# another comment\n")
        self.harness.manager("Plan", options())
        self.look_and_restart()
        self.assertEqual((self.vfs(), self.objects("/mdev/")), (3, left))
        for path in (device_path(PF), MTTY):
            self.assertEqual((self.harness.get(path, DEVICE, "State"), self.harness.get(path, DEVICE, "Note")),
                             ("pending", "manual"), path)
        self.done(self.harness.manager("Apply", options()))
        self.assertEqual((self.vfs(), self.objects("/mdev/")), (1, left | {self.OF_RULE.replace("-", "_")}))


class Protected(Children):
    policy = PROTECTED

    def test_devices_keep_their_children(self):
        for call, arguments in ((self.set_vfs, (1,)), (self.create, ()), (self.remove, (TAKEN,))):
            self.assertIn("protected: ", self.refused("Refused", call, *arguments))


if __name__ == "__main__":
    unittest.main()
