# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private bus with the daemon's bus part on it, for tests."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
import xml.etree.ElementTree as ElementTree

import dbus
import dbus.bus

NAME = "org.bindd1"
ROOT = "/org/bindd1"
# What ctest and a terminal send ends a test as an exception would: with what is to be done at the exit.
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))

MANAGER = NAME + ".Manager"
DEVICE = NAME + ".Device"
JOB = NAME + ".Job"
PROPERTIES = "org.freedesktop.DBus.Properties"
SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

POLICY = """\
version: 1
rules:
  - name: nic
    match: { address: "0000:02:00.0" }
    driver: auto
"""

BUS_CONFIG = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <limit name="max_connections_per_user">4096</limit>
  <policy context="default">
    <allow user="*"/>
    <allow own="org.freedesktop.PolicyKit1"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>
  <include>{policy}</include>
</busconfig>
"""


def device_path(address):
    return ROOT + "/device/pci_" + address.replace(":", "_").replace(".", "_")


def interfaces_of(text):
    """{interface: {member: signature}} of introspection data, or of a source."""
    found = {}
    for interface in ElementTree.fromstring(text).iter("interface"):
        members = {}
        for member in interface:
            if member.tag == "method":
                arguments = [(a.get("type"), a.get("direction", "in")) for a in member.findall("arg")]
                members[member.get("name")] = (
                    "method",
                    "".join(t for t, d in arguments if d == "in"),
                    "".join(t for t, d in arguments if d == "out"),
                )
            elif member.tag == "signal":
                members[member.get("name")] = ("signal", "".join(a.get("type") for a in member.findall("arg")))
            elif member.tag == "property":
                members[member.get("name")] = ("property", member.get("type"), member.get("access"))
        found[interface.get("name")] = members
    return found


class Bus:
    """A bus daemon of its own, with the shipped policy."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "bus")
        self.address = "unix:path=" + self.path
        config = os.path.join(directory, "bus.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(BUS_CONFIG.format(socket=self.path, policy=os.path.join(SOURCE, "systemd", "org.bindd1.conf")))
        self.process = subprocess.Popen(["dbus-daemon", "--nofork", "--config-file=" + config])
        deadline = time.monotonic() + 20
        while not self.listens():
            assert time.monotonic() < deadline, "the bus does not start"
            time.sleep(0.02)

    def listens(self):
        """The socket is there a moment before anybody may connect."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            return client.connect_ex(self.path) == 0

    def connect(self):
        return dbus.bus.BusConnection(self.address)

    def end(self):
        self.process.terminate()
        self.process.wait()


class BusHarness:
    """The daemon over a model of the kernel. It binds `released` devices only on request."""

    def __init__(self, program, devices=0, policy=POLICY, released=()):
        self.program = program
        self.devices = devices
        self.released = released
        self.directory = tempfile.mkdtemp(prefix="bindd-bus-")
        # A test that dies must not leave processes behind that hold its output open.
        atexit.register(self.abandon)
        os.chmod(self.directory, 0o755)
        self.write("policy.yaml", policy)
        self.write("boot_id", "boot-1\n")
        self.bus = None
        self.process = None
        self.connection = None
        self.bus = Bus(self.directory)
        self.start()

    def write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
            file.write(text)

    def start(self, stored=None, environment=None):
        """`stored`: {name: fd} that a service manager would give back."""
        stored = stored or {}

        def inherit():
            for at, descriptor in enumerate(stored.values()):
                os.dup2(descriptor, 3 + at)
                os.set_inheritable(3 + at, True)
            if stored:
                os.environ["LISTEN_FDS"] = str(len(stored))
                os.environ["LISTEN_FDNAMES"] = ":".join(stored)
                os.environ["LISTEN_PID"] = str(os.getpid())
                os.environ.update(environment or {})
                os.execv(self.program, command)

        command = [self.program, self.bus.address, self.directory, str(self.devices), *self.released]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            close_fds=not stored,
            preexec_fn=inherit if stored else None,
            env={**os.environ, **(environment or {})},
        )
        line = self.process.stdout.readline()
        assert line == "ready\n", line
        if self.connection is None:
            self.connection = self.bus.connect()

    def say(self, *lines):
        """All at once: what they change is changed in one turn of the daemon's loop."""
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()
        for _ in lines:
            assert self.process.stdout.readline() == "done\n"

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(timeout=20)

    def call(self, path, interface, member, *arguments, connection=None, timeout=60):
        target = (connection or self.connection).get_object(NAME, path, introspect=False)
        return target.get_dbus_method(member, interface)(*arguments, timeout=timeout)

    def manager(self, member, *arguments, **named):
        return self.call(ROOT, MANAGER, member, *arguments, **named)

    def device(self, address, member, *arguments, **named):
        return self.call(device_path(address), DEVICE, member, *arguments, **named)

    def get(self, path, interface, name):
        return self.call(path, PROPERTIES, "Get", interface, name)

    def driver(self, address):
        return str(self.get(device_path(address), DEVICE, "Driver"))

    def ended(self, job):
        """Waits for a job and says how it ended."""
        deadline = time.monotonic() + 30
        while True:
            properties = self.call(job, PROPERTIES, "GetAll", JOB)
            if properties["State"] == "ended":
                return properties
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def introspect(self, path, connection=None):
        return str(self.call(path, "org.freedesktop.DBus.Introspectable", "Introspect", connection=connection))

    def resident(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def is_sanitized(self):
        with open(f"/proc/{self.process.pid}/maps", encoding="utf-8") as file:
            return "libasan" in file.read()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def abandon(self):
        for process in (self.process, self.bus.process if self.bus else None):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def end(self):
        status = self.stop() if self.process.poll() is None else self.process.returncode
        self.connection.close()
        self.bus.end()
        self.abandon()
        atexit.unregister(self.abandon)
        return status


class Unit:
    """A running unit of systemd, with what tests read of a process."""

    def __init__(self, name):
        self.name = name
        self.pid = self.main_pid()

    def main_pid(self):
        return int(subprocess.check_output(["systemctl", "show", "-P", "MainPID", self.name]))

    def poll(self):
        return None if self.main_pid() == self.pid else 1


class SystemHarness(BusHarness):
    """The service on the system's bus, which goes on after the test."""

    def __init__(self):  # noqa: nothing is started
        self.process = Unit("bindd")
        self.connection = dbus.SystemBus()
        self.bus = types.SimpleNamespace(address="unix:path=/run/dbus/system_bus_socket", process=Unit("dbus"))

    def end(self):
        return self.process.poll() or 0
