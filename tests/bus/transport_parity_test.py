# SPDX-License-Identifier: LGPL-2.1-or-later
"""vfioctl through the daemon and without it: transport_parity_test.py DAEMON_TEST_SERVER CLI_ON_BUS [unittest's arguments].

One table of command lines, run in its order in two worlds that begin as the same one. Each line must print the same on
either way and end alike; what differs in each run (times, transaction ids, who asked) is left out."""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import unittest

import jsonschema
from bus_harness import DEVICE, BusHarness, device_path

PROGRAM = sys.argv.pop(1)
CLI = sys.argv.pop(1)
with open(os.path.join(os.path.dirname(__file__), "../../vfioctl/vfioctl.schema.json"), encoding="utf-8") as schema_file:
    SCHEMA = json.load(schema_file)

POLICY = """\
version: 1
rules:
  - name: nic
    match: { address: "0000:02:00.0" }
    driver: auto
  - name: cranky
    match: { address: "0000:03:00.0" }
    driver: auto
  - name: never-disks
    protect: true
    match: { class: storage }
"""

# Otherwise the daemon binds them before the first command.
RELEASED = ["0000:02:00.0", "0000:03:00.0"]

EARLIER = "before-the-first-command"

# The command and its exit status.
TABLE = [
    ("list", 0),
    ("list -a", 0),
    ("list -o ADDRESS,DRIVER,OVERRIDE,RULE,WHERE,STATE,REASON,SLOT,SERIAL", 0),
    ("list eth0", 0),
    ("list 0000:0f:00.0", 5),
    ("show 02:00.0", 0),
    ("show 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", 0),
    ("groups", 0),
    ("groups --tree", 0),
    ("groups 12", 0),
    ("groups 99", 5),
    ("explain 02:00.0", 0),
    ("explain 04:00.0", 0),
    ("explain 01:00.0", 0),
    ("explain 01:00.*", 2),
    ("plan", 0),
    ("plan --detailed-exitcode", 10),
    ("plan 02:00.0", 0),
    ("plan --rule cranky", 0),
    ("plan --rule nobody", 2),
    ("apply 0000:0f:00.0", 5),
    ("apply --rule never-disks", 0),
    ("apply eth0", 0),
    ("apply eth0", 0),
    ("plan", 0),
    ("release 02:00.0", 0),
    ("bind 01:00.0 --dry-run", 3),
    ("bind 01:00.0 --group whole --dry-run", 0),
    ("bind 01:00.0", 3),
    ("bind 04:00.0", 3),
    ("bind 0000:0f:00.0", 5),
    ("bind 02:00.0 --driver no-such-driver", 3),
    ("bind 02:00.0 --driver nvme", 3),
    ("bind 02:00.0 --driver nvme --force driver-mismatch --dry-run", 0),
    ("bind 02:00.0 --force protected", 2),
    ("release 02:00.0", 0),
    ("release 02:00.0 --dry-run", 0),
    ("rollback --dry-run", 0),
    ("rollback", 0),
    ("list", 0),
    ("rollback", 0),
    ("rollback", 1),
    ("rollback no-such-transaction", 1),
    ("apply", 4),
    ("list", 0),
    ("plan", 0),
    ("apply", 1),
    ("explain 02:00.0", 0),
    ("show 02:00.0", 0),
    ("release 02:00.0 --dry-run", 0),
    ("release 02:00.0", 0),
    ("list 02:00.0", 0),
    ("bind 01:00.0 --group whole", 0),
    ("groups 12", 0),
    ("rollback --dry-run", 0),
    ("rollback", 0),
    ("list", 0),
    ("bind eth0 --driver none", 0),
    ("show 0000:02:00.0", 0),
    ("release 0000:02:00.0", 0),
    ("sriov 05:00.0 8", 3),
    ("sriov 05:00.0 2 --dry-run", 0),
    ("sriov 05:00.0 2", 0),
    ("sriov 05:00.0 2", 0),
    ("sriov 02:00.0 2", 3),
    ("sriov 04:00.0 2", 3),
    ("sriov 0000:0f:00.0 2", 5),
    ("sriov 05:00.0 many", 2),
    ("release 05:00.0 --dry-run", 0),
    ("release 05:00.0", 0),
    ("sriov 05:00.0 1", 0),
    ("rollback", 0),
    ("mdev start 11111111-2222-4333-8444-555555555555 -p mtty -t mtty-1", 0),
    ("mdev start 11111111-2222-4333-8444-555555555555 -p mtty -t mtty-1", 1),
    ("mdev start -p mtty -t mtty-9 -u 31111111-2222-4333-8444-555555555555", 5),
    ("mdev start -p none -t mtty-9 -u 31111111-2222-4333-8444-555555555555", 5),
    ("mdev start -u 31111111-2222-4333-8444-555555555555", 5),
    ("mdev stop 11111111-2222-4333-8444-555555555555", 0),
    ("mdev stop 11111111-2222-4333-8444-555555555555", 5),
    ("mdev start 21111111-2222-4333-8444-555555555555 -p mtty -t mtty-2", 0),
    ("mdev start 31111111-2222-4333-8444-555555555555 -p mtty -t mtty-2", 1),
    ("show 21111111-2222-4333-8444-555555555555", 0),
    ("release mdev_parent/mtty", 0),
    ("mdev list", 0),
    ("history", 0),
    ("plan --detailed-exitcode", 10),
]


def settled(text, directory):
    """Without what is of the moment."""
    text = text.replace(directory, "DIR")
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?", "TIME", text)
    text = re.sub(r"\"time_us\": \d+", '"time_us": 0', text)
    text = re.sub(r"(bindd|vfioctl) \(uid 0[^)]*\)", "WHO", text)
    text = re.sub(r"\b\d{8}T\d{6}[.-]\d+-\d+\b|\b[0-9a-f]{8,}[-.]\d+([-.]\d+)*\b", "TXN", text)
    return re.sub(r" +", " ", text)  # columns are as wide as what is in them


def check_json(words, text):
    """One object for the command, and after a failure another one."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        document, at = decoder.raw_decode(text, at)
        at += len(text[at:]) - len(text[at:].lstrip())
        names = ["failure"] if "error" in document else [f"command {words[0]}", " ".join(["command", *words[:2]])]
        name = next(name for name in names if name in SCHEMA["$defs"])
        jsonschema.Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{name}"}).validate(document)


class TransportParity(unittest.TestCase):
    def setUp(self):
        self.daemon_server = BusHarness(PROGRAM, policy=POLICY, released=RELEASED)
        self.addCleanup(self.daemon_server.end)
        # The same world, to itself.
        self.alone = os.path.join(self.daemon_server.directory, "alone")
        os.mkdir(self.alone)
        for name in ("kernel", "policy.yaml", "boot_id"):
            shutil.copy(os.path.join(self.daemon_server.directory, name), self.alone)
        # What the daemon knows of releases, the history tells without it; both show it.
        os.mkdir(os.path.join(self.alone, "lib"))
        for directory in (self.alone, self.daemon_server.directory):
            with open(os.path.join(directory, "lib", "history"), "a", encoding="utf-8") as history:
                for address in RELEASED:
                    json.dump({"txn": EARLIER, "time_us": 0, "actor": "x", "action": "release", "group": None,
                               "devices": ["pci/" + address], "driver": "", "rule": "", "where": "",
                               "result": "done", "error": ""}, history, separators=(",", ":"))
                    history.write("\n")

    def run_in(self, directory, words, **variables):
        environment = {key: value for key, value in os.environ.items() if "BUS_ADDRESS" not in key}
        done = subprocess.run([CLI, directory, *words], capture_output=True, text=True, check=False,
                              env={**environment, "LC_ALL": "C", **variables})
        if "--json" in words:
            check_json(words, done.stdout)
        return done.returncode, settled(done.stdout, directory), settled(done.stderr, directory)

    def compare(self, words, status):
        direct = self.run_in(self.alone, words)
        through = self.run_in(self.daemon_server.directory, words, BINDD_BUS_ADDRESS=self.daemon_server.bus.address)
        if words[0] == "history":  # the groups of one apply end in any order
            direct, through = ((code, sorted(out.splitlines()), err) for code, out, err in (direct, through))
        self.assertEqual(direct, through, words)
        self.assertEqual(direct[0], status, direct)

    def test_lead_to_the_same_as_text(self):
        for line, status in TABLE:
            with self.subTest(line):
                self.compare(line.split(), status)

    def test_lead_to_the_same_as_json(self):
        for line, status in TABLE:
            with self.subTest(line):
                self.compare([*line.split(), "--json"], status)


class OfTheDaemon(unittest.TestCase):
    def setUp(self):
        self.harness = BusHarness(PROGRAM, policy=POLICY, released=RELEASED)
        self.addCleanup(self.harness.end)
        self.environment = {**os.environ, "BINDD_BUS_ADDRESS": self.harness.bus.address, "LC_ALL": "C"}

    def run_cli(self, *words):
        done = subprocess.run([CLI, self.harness.directory, *words], capture_output=True, text=True, check=False,
                              env=self.environment)
        if "--json" in words:
            check_json(words, done.stdout)
        return done.returncode, done.stdout, done.stderr

    def test_status_counts_devices(self):
        released = " pending, released: released manually; `vfioctl apply` binds it again\n"
        self.assertEqual(self.run_cli("status"), (0, "daemon:     bindd 0.1.0, ready\n"
                                                  "policies:   generation 1\n"
                                                  "devices:    8 unmanaged, 2 pending\n"
                                                  "exceptions: 0000:02:00.0" + released +
                                                  "            0000:03:00.0" + released, ""))
        status = json.loads(self.run_cli("status", "--json")[1])
        self.assertEqual((status["ready"], status["counts"]["pending"], status["stuck"], status["policy_error"]),
                         (True, 2, [], None))
        self.assertEqual([(each["device"], each["note"]) for each in status["exceptions"]],
                         [(address, "released") for address in RELEASED])

    def test_status_says_that_changes_wait_in_manual_mode(self):
        self.assertEqual(json.loads(self.run_cli("status", "--json")[1])["apply"], "automatic")
        self.harness.stop()
        self.harness.start(environment={"BINDD_TEST_APPLY_MANUAL": "1"})
        self.assertIn("apply:      manual: changes wait for `vfioctl apply`\n", self.run_cli("status")[1])
        self.assertEqual(json.loads(self.run_cli("status", "--json")[1])["apply"], "manual")
        self.harness.write("policy.yaml", "version: 1\nrules:\n  - name: disk\n    match: { address: \"0000:04:00.0\" }\n    driver: auto\n")
        self.assertIn("vfio-pci", self.run_cli("plan", "04:00.0")[1])
        self.assertIn("waits for `vfioctl apply`", self.run_cli("list", "-o", "ADDRESS,STATE,REASON", "04:00.0")[1])
        self.assertEqual(self.run_cli("apply", "04:00.0")[0], 0)
        self.assertIn("bound", self.run_cli("list", "-o", "ADDRESS,STATE", "04:00.0")[1])

    def test_reload_says_what_is_wrong(self):
        self.assertEqual(self.run_cli("reload"), (0, "", ""))
        self.harness.write("policy.yaml", "version: 2\n")
        status, out, err = self.run_cli("reload")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("policy.yaml:1:10: error: ", err)
        self.assertIn("\nversion: 2\n", err, "line by line, with the place")
        self.assertIn("policy files are not loaded", self.run_cli("status")[1])

    def test_a_broken_policy_file_is_never_nothing_to_do(self):
        self.harness.write("policy.yaml", "version: 1\nrules:\n  - name: nic\n    match: { vendr: \"8086\" }\n    driver: auto\n")
        for words in (["plan"], ["apply"], ["explain", "02:00.0"], ["bind", "--dry-run", "02:00.0"]):
            status, out, err = self.run_cli(*words)
            self.assertEqual((status, out), (1, ""), words)
            self.assertIn("unknown key 'vendr'", err, words)
            self.assertIn("hint: did you mean 'vendor'?", err, words)
        status, out, err = self.run_cli("list")
        self.assertIn("unknown key 'vendr'", err)
        self.assertIn("keeps the last valid set, which is shown", err)
        self.assertEqual(status, 0, "as without the daemon")
        status, out, _ = self.run_cli("status")
        self.assertEqual(status, 1)
        self.assertIn("the last valid set is in force", out)
        self.harness.write("policy.yaml", "version: 1\nrules: []\n")
        self.assertEqual(self.run_cli("plan")[0], 0, "at once")

    def kill_under(self, *words):
        """The daemon is killed while the command waits for its job."""
        self.harness.say("hang bind 0000:02:00.0")
        client = subprocess.Popen([CLI, self.harness.directory, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True, env=self.environment)
        self.addCleanup(client.kill)
        deadline = time.monotonic() + 60
        while str(self.harness.get(device_path("0000:02:00.0"), DEVICE, "Reason")) != "under way":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        self.harness.say("no hang")
        self.harness.stop(signal.SIGKILL)
        self.harness.start()
        out, err = client.communicate(timeout=120)
        return client.returncode, out, err

    def test_apply_follows_a_daemon_that_dies_and_comes_back(self):
        status, out, err = self.kill_under("apply")
        self.assertIn(status, (1, 4), "the cranky device is refused by its driver")
        self.assertIn("the daemon ended during the request and came back; it was asked again", err)
        self.assertIn("group 13: ", out)
        self.assertEqual(self.harness.driver("0000:02:00.0"), "vfio-pci")

    def test_bind_follows_a_daemon_that_dies_and_comes_back(self):
        status, _, err = self.kill_under("bind", "02:00.0")
        self.assertEqual(status, 0, err)
        self.assertIn("it was asked again", err)
        self.assertEqual(self.harness.driver("0000:02:00.0"), "vfio-pci")

    def test_without_a_daemon_they_say_so(self):
        self.environment.pop("BINDD_BUS_ADDRESS")
        self.environment.pop("DBUS_SYSTEM_BUS_ADDRESS", None)
        shutil.rmtree(os.path.join(self.harness.directory, "run"), ignore_errors=True)
        for word in ("status", "reload", "monitor"):
            status, _, err = self.run_cli(word)
            self.assertEqual(status, 1)
            self.assertIn(f"vfioctl: {word}: no daemon is on the bus\nhint: ", err)

    def monitor(self, *words):
        """A running monitor and a function that reads its events up to one that `is_last`."""
        # Unbuffered: what Python has read ahead select() does not see.
        monitor = subprocess.Popen([CLI, self.harness.directory, "monitor", "--json", *words], stdout=subprocess.PIPE, bufsize=0,
                                   env=self.environment)
        self.addCleanup(monitor.stdout.close)
        self.addCleanup(monitor.wait)
        self.addCleanup(monitor.terminate)
        events = []

        def read_until(what, subject=None, **changes):
            while True:
                self.assertTrue(select.select([monitor.stdout], [], [], 60)[0], events)
                line = monitor.stdout.readline().decode()
                check_json(["monitor"], line)
                events.append(json.loads(line))
                last = events[-1]
                if last["event"] == what and last["subject"] == subject and changes.items() <= last["changes"].items():
                    return events

        return read_until

    def test_monitor_tells_of_changes_as_they_come(self):
        read_until = self.monitor()
        read_until("present", "0000:02:00.0")  # from here on it listens
        self.run_cli("bind", "02:00.0")
        self.harness.say("remove 0000:04:00.0")
        events = read_until("vanished", "0000:04:00.0")

        def events_of(what, subject):
            return [each for each in events if each["event"] == what and each["subject"] == subject]

        self.assertEqual(events_of("changed", "0000:02:00.0")[-1]["changes"].get("state"), "bound", events)
        self.assertTrue(events_of("transaction", "group 13"), events)
        drivers = [each["changes"]["driver"] for each in events_of("changed", "0000:02:00.0") if "driver" in each["changes"]]
        self.assertEqual(drivers[-1:], ["vfio-pci"], events)
        listed = json.loads(self.run_cli("list", "--json", "02:00.0")[1])["devices"][0]
        for event in events_of("changed", "0000:02:00.0"):
            for key, value in event["changes"].items():
                if key in listed and value is not None and listed[key] is not None:
                    self.assertEqual(type(value), type(listed[key]), key)

    def test_monitor_outlives_the_daemon(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            read_until = self.monitor("02:00.0")
            read_until("present", "0000:02:00.0")
            self.harness.stop(how)
            read_until("daemon", state="stopped")
            self.harness.start()
            read_until("daemon", state="started")
            self.run_cli("bind" if how == signal.SIGTERM else "release", "02:00.0")
            events = read_until("transaction", "group 13", result="done")
            self.assertEqual({each["subject"] for each in events}, {None, "0000:02:00.0", "group 13"}, events)


if __name__ == "__main__":
    unittest.main()
