# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a local user without any right may try against the daemon: attacks.py DAEMON_TEST_SERVER, or `attacks.py system` against the
service in a guest of the lab, with fewer calls.

Each attack runs as nobody in a process of its own. Printed for each: what became of it, how much larger the daemon was at its
peak, and of the calls that root made meanwhile the 99th percentile of how long they took, and of how long the daemon and the
bus had computed from the call to its answer. The latter two are what other work on this machine does not change. The daemon
must live, not grow, and serve root."""

import os
import select
import sys
import time
import traceback

import dbus
import dbus.bus
import dbus.exceptions
import dbus.lowlevel

import bus_harness
from bus_harness import DEVICE, MANAGER, NAME, ROOT, BusHarness, SystemHarness, device_path

NOBODY = 65534
OBJECTS = "org.freedesktop.DBus.ObjectManager"
KIB = 1024
IN_GUEST = sys.argv[1:] == ["system"]
# A device that the policies bind, and one of a group with others.
BOUND, PEER = ("0000:00:12.0", "0000:00:1f.3") if IN_GUEST else ("0000:02:00.0", "0000:01:00.0")


def options(**values):
    return dbus.Dictionary(values, signature="sv")


def outcome(call):
    """ "done", or the short name of the error."""
    try:
        call()
    except dbus.exceptions.DBusException as error:
        return short_name(error)
    return "done"


def short_name(error):
    return error.get_dbus_name().rsplit(".", 1)[-1]


def count_up(found, name):
    found[name] = found.get(name, 0) + 1


def in_words(found):
    return ", ".join(f"{number} {name}" for name, number in sorted(found.items()))


class Attacker:
    """A child process of nobody. It says "ready" through a pipe before it attacks, and its outcome afterwards."""

    def __init__(self, address, attack):
        receive, send = os.pipe()
        go, self.go = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            status = 1
            try:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
                os.read(go, 1)
                result = attack(lambda: dbus.bus.BusConnection(address))
                os.write(send, result.encode())
                status = 0
            except BaseException:  # noqa: the parent must get a line, whatever it was
                traceback.print_exc()
                os.write(send, b"the attacker failed")
            finally:
                os._exit(status)
        os.close(send)
        os.close(go)
        self.receive = receive

    def start(self):
        os.write(self.go, b"x")

    def is_running(self):
        return not select.select([self.receive], [], [], 0)[0]

    def result(self):
        text = os.read(self.receive, 65536).decode()
        os.waitpid(self.child, 0)
        os.close(self.receive)
        os.close(self.go)
        return text


class Daemon:
    """The daemon that is attacked: its memory, and calls of root."""

    def __init__(self, harness):
        self.harness = harness
        self.call()

    def peak(self):
        with open(f"/proc/{self.harness.process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

    def reset_peak(self):
        with open(f"/proc/{self.harness.process.pid}/clear_refs", "w", encoding="utf-8") as file:
            file.write("5")

    def call(self):
        """Seconds that a call of root took, and that the daemon and the bus computed meanwhile."""
        before = self.times()
        self.harness.get(device_path(BOUND), DEVICE, "State")
        return [after - earlier for after, earlier in zip(self.times(), before)]

    def times(self):
        return [time.monotonic(), computed(self.harness.process), computed(self.harness.bus.process)]

    def lives(self):
        return self.harness.process.poll() is None


def computed(process):
    """Seconds on a CPU: its clock, whose number clock_getcpuclockid() makes like this."""
    return time.clock_gettime((~process.pid << 3) | 2)


def big_message(member, *arguments, path=ROOT, interface=MANAGER):
    def attack(connect):
        bus = connect()
        target = bus.get_object(NAME, path, introspect=False)
        return outcome(lambda: target.get_dbus_method(member, interface)(*arguments, timeout=60))
    return attack


def many_paths():
    return dbus.Array([dbus.ObjectPath("/a")] * 1_000_000, signature="o")


def many_words():
    return dbus.Array(["a"] * 800_000, signature="s")


def stay_connected(count):
    """Each connection calls once and stays."""
    def attack(connect):
        connections = []
        found = {}
        for _ in range(count):
            try:
                bus = connect()
            except dbus.exceptions.DBusException as error:
                count_up(found, short_name(error))
                continue
            connections.append(bus)
            target = bus.get_object(NAME, device_path(BOUND), introspect=False)
            count_up(found, outcome(lambda: target.get_dbus_method("Bind", DEVICE)(options(), timeout=60)))
        return in_words(found)
    return attack


def flood(connections, each, member, *arguments):
    """Calls without waiting for the answers, and then for all of them."""
    def attack(connect):
        buses = [connect() for _ in range(connections)]
        found = {}
        pending = []
        for bus in buses:
            for _ in range(each):
                call = dbus.lowlevel.MethodCallMessage(NAME, ROOT, MANAGER, member)
                if arguments:
                    call.append(*arguments, signature="a{sv}")
                pending.append((bus, call))
        calls = [bus.send_message_with_reply(call, lambda answer: answers.append(answer), 60) for bus, call in pending]
        answers = []
        for call in calls:
            call.block()
        for answer in answers:
            count_up(found, (answer.get_error_name() or "done").rsplit(".", 1)[-1])
        return in_words(found)
    return attack


def plan_loop(seconds):
    def attack(connect):
        bus = connect()
        manager = bus.get_object(NAME, ROOT, introspect=False)
        end = time.monotonic() + seconds
        plans = 0
        while time.monotonic() < end:
            manager.get_dbus_method("Plan", MANAGER)(options(), timeout=60)
            plans += 1
        return f"{plans} plans"
    return attack


def read_reasons(count):
    """Each connection is another reader, whose user the daemon looks up once."""
    def attack(connect):
        found = {}
        for _ in range(count):
            bus = connect()
            target = bus.get_object(NAME, ROOT, introspect=False)
            count_up(found, outcome(lambda: target.get_dbus_method("GetManagedObjects", OBJECTS)(timeout=60)))
            bus.close()
        return in_words(found)
    return attack


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


class Table:
    def __init__(self, harness):
        self.daemon = Daemon(harness)
        self.failures = []
        print(f"{'attack':40} {'outcome':30} {'peak KiB':>9} {'root p99 ms':>12} {'of daemon':>9} {'of bus':>9}")

    def expect(self, true, text):
        if not true:
            self.failures.append(text)

    def run(self, name, attack, expected, peak_kib, beside=None):
        """`beside` is done while the attack runs."""
        attacker = Attacker(self.daemon.harness.bus.address, attack)
        self.daemon.call()
        time.sleep(0.1)
        self.daemon.reset_peak()
        idle = self.daemon.peak()
        attacker.start()
        if beside is not None:
            beside()
        times = [self.daemon.call()]
        while attacker.is_running() and self.daemon.lives():
            times.append(self.daemon.call())
            time.sleep(0.005)
        result = attacker.result()
        grown = self.daemon.peak() - idle
        wall, daemon, bus = [percentile(values, 0.99) * 1000 for values in zip(*times)]
        print(f"{name:40} {result:30} {grown:9} {wall:12.1f} {daemon:9.1f} {bus:9.1f}", flush=True)
        self.expect(self.daemon.lives(), name + ": the daemon has ended")
        self.expect(expected in result, f"{name}: {result} instead of {expected}")
        if not self.daemon.harness.is_sanitized():
            self.expect(grown <= peak_kib, f"{name}: {grown} KiB more at its peak, {peak_kib} at most")
        return times


def main(harness):
    table = Table(harness)
    # sd-bus holds the message itself, once; nothing of it may be copied.
    size = 8 * 1024 + 4 * 1024
    table.run("Bind with 1,000,000 paths", big_message("Bind", many_paths(), options()), "LimitsExceeded", size)
    table.run("force with 800,000 words", big_message("Bind", options(force=many_words()), path=device_path(BOUND), interface=DEVICE),
              "LimitsExceeded", size)
    table.run("a reason of 8 MB", big_message("Claim", many_paths()[:1], "x" * 8_000_000, options()), "LimitsExceeded", size)
    table.run("a transaction of 8 MB", big_message("Rollback", "x" * 8_000_000, options()), "LimitsExceeded", size)
    # The system's bus has 256 for a user.
    connections, each = (200, 20) if IN_GUEST else (600, 100)
    table.run(f"{connections} connections that stay", stay_connected(connections), f"{connections} NotAuthorized", 8 * KIB)
    table.run(f"16 connections x {each} plans", flood(16, each, "Plan", options()), "Busy", 16 * KIB)

    nic = dbus.Array([dbus.ObjectPath(device_path(BOUND))], signature="o")
    table.run("a group whole, by one of its devices", big_message("Bind", options(group="whole"), path=device_path(PEER), interface=DEVICE),
              "NotAuthorized", 4 * KIB)
    lease = harness.manager("Claim", nic, "a guest", options()).take()
    table.run("Release of what is leased", big_message("Release", nic, options()), "NotAuthorized", 4 * KIB)
    table.run("Rollback of what is leased", big_message("Rollback", "", options()), "NotAuthorized", 4 * KIB)
    table.expect(harness.driver(BOUND) == "vfio-pci", "the leased device is not bound any more")
    os.close(lease)
    table.run("100 readers of all properties", read_reasons(100), "100 done", 4 * KIB)
    table.run(f"16 connections x {each} histories", flood(16, each, "History"), "Busy", 16 * KIB)

    def bind_and_release():
        for _ in range(5):
            for member in ("Bind", "Release"):
                ended = harness.ended(harness.device(BOUND, member, options()))
                table.expect(ended["Ending"] == "done", f"{member} beside plans: {ended['Ending']}")

    table.run("plans in a loop, root changes", plan_loop(3), "plans", 16 * KIB, beside=bind_and_release)
    status = harness.end()
    table.expect(status == 0, f"the daemon ended with {status}")
    for failure in table.failures:
        print("FAILED:", failure)
    return 1 if table.failures else 0


if __name__ == "__main__":
    sys.exit(main(SystemHarness() if IN_GUEST else BusHarness(sys.argv[1], devices=40)))
