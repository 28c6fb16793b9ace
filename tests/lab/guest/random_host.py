# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest of random_operations.py: its devices, their uses, the daemon, QEMU's monitor."""
import json
import os
import signal
import subprocess
import tempfile
import time
import tty

BUILD = os.environ["BINDD_BUILD"]
PCI = "/sys/bus/pci"
EDU, NIC, DISK = "0000:00:10.0", "0000:00:11.0", "0000:00:12.0"
NATIVE = {
    NIC: "e1000e",
    DISK: "nvme",
    "0000:00:13.0": "nvme",
    "0000:00:15.0": "virtio-pci",
    "0000:00:1f.2": "ahci",
    "0000:04:03.0": "e1000",
}
GROUPS = {"0000:00:1f.2": ["0000:00:1f.3"], "0000:04:03.0": ["0000:04:01.0", "0000:04:02.0"]}  # taken whole
HOT = {"port5": "0000:02:00.0", "port6": "0000:03:00.0"}
BEGINS_WITHIN = 1.0  # seconds in which a use that begins may lose against a transaction that has begun before


def attempt(call, *arguments):
    """The result, or nothing: the device or the process went away."""
    try:
        return call(*arguments)
    except OSError:
        return None


def run(*command, timeout=120, errors=subprocess.STDOUT):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, check=False)


def parse_answer(line):
    """Nothing of a line that is no answer: an echo of what was written before the port was raw."""
    try:
        answer = json.loads(line)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


class Monitor:
    """QEMU's monitor at the other end of the second serial port."""

    def __init__(self):
        self.port = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.port)
        self.unread, self.last = b"", 0
        # What was echoed before may have made the first line invalid: see qmp of check.sh.
        for _ in range(3):
            os.write(self.port, b"\xff\n")
            self.ask("qmp_capabilities", {}, 5)

    def ask(self, command, arguments, seconds=60):
        self.last += 1
        line = json.dumps({"execute": command, "arguments": arguments, "id": self.last}) + "\n"
        os.write(self.port, line.encode())
        os.set_blocking(self.port, False)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.unread += attempt(os.read, self.port, 4096) or b""
            while b"\n" in self.unread:
                text, self.unread = self.unread.split(b"\n", 1)
                answer = parse_answer(text)
                if answer.get("id") == self.last:
                    return answer
            time.sleep(0.02)
        return {}


class Host:
    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.policy, self.log = self.folder + "/rules.yaml", self.folder + "/log"
        self.mount_point = self.folder + "/mount"
        os.mkdir(self.mount_point)
        self.daemon, self.started_at, self.monitor = None, 0, Monitor()
        self.uses, self.races, self.holders = {}, 0, {}
        self.plugged = {}
        node = self.disk_node()
        run("mkfs.ext4", "-q", node)
        run("modprobe", "vfio-pci")

    # The kernel.

    def store(self, path, value):
        def write():
            with open(f"{PCI}/{path}", "w", encoding="ascii") as attribute:
                attribute.write(value)
        attempt(write)

    def wait_for_udev(self):
        """Else it may process the "add" of a device that was removed again, and our rule arms the one in its place: that
        one's own "removed" deletes the property that says so, and the override counts as somebody else's for good."""
        run("udevadm", "settle", "--timeout", "60")

    def is_there(self, address):
        return os.path.exists(f"{PCI}/devices/{address}")

    def driver(self, address):
        link = attempt(os.readlink, f"{PCI}/devices/{address}/driver")
        return os.path.basename(link) if link else None

    def override(self, address):
        def read():
            with open(f"{PCI}/devices/{address}/driver_override", encoding="ascii") as attribute:
                return attribute.read().strip()
        text = attempt(read)
        return None if text in (None, "(null)", "") else text

    def native(self, address):
        return "nvme" if address in HOT.values() else NATIVE.get(address)

    def expected(self):
        plugged = [HOT[port] for port, state in self.plugged.items() if state]
        return [EDU, "0000:00:14.0", "0000:04:01.0", "0000:04:02.0", *NATIVE, *plugged]

    def disk_node(self):
        folder = f"{PCI}/devices/{DISK}/nvme"
        for controller in attempt(os.listdir, folder) or []:
            for name in attempt(os.listdir, f"{folder}/{controller}") or []:
                if name.startswith("nvme") and name.endswith("n1"):
                    return "/dev/" + name
        return None

    def interface(self):
        names = attempt(os.listdir, f"{PCI}/devices/{NIC}/net")
        return names[0] if names else None

    # Uses. One that is established must hold until it is ended here.

    def toggle(self, use):
        if use in self.uses:
            address = self.uses.pop(use)
            self.end_use(use)
            return f"{address} is free"
        address = self.begin_use(use)
        if address is None:
            return "not possible"
        before = self.driver(address)
        time.sleep(BEGINS_WITHIN)
        if self.driver(address) != before or before is None or not self.holds(use):
            self.races += 1
            self.end_use(use)
            return f"{address} was being taken"
        self.uses[use] = address
        return f"{address} is in use"

    def begin_use(self, use):
        if use == "mount" and (node := self.disk_node()):
            return DISK if run("mount", node, self.mount_point).returncode == 0 else None
        if use == "address" and (name := self.interface()):
            return NIC if run("ip", "address", "add", "192.0.2.2/24", "dev", name).returncode == 0 else None
        if use == "open" and self.driver(EDU) == "vfio-pci":
            group = os.path.basename(os.path.realpath(f"{PCI}/devices/{EDU}/iommu_group"))
            self.holders["open"] = attempt(os.open, f"/dev/vfio/{group}", os.O_RDWR)
            return EDU if self.holders["open"] is not None else None
        return None

    def holds(self, use):
        if use == "mount":
            return self.driver(DISK) == "nvme" and attempt(os.statvfs, self.mount_point) is not None
        if use == "address":
            name = self.interface()
            return bool(name) and "192.0.2.2" in run("ip", "address", "show", "dev", name).stdout
        return self.driver(EDU) == "vfio-pci"

    def end_use(self, use):
        if use == "mount":
            run("umount", "-l", self.mount_point)
        elif use == "address" and (name := self.interface()):
            run("ip", "address", "flush", "dev", name)
        elif use == "open" and self.holders.get("open") is not None:
            os.close(self.holders.pop("open"))

    def in_use(self):
        return set(self.uses.values())

    def uses_lost(self):
        lost = [(address, use) for use, address in self.uses.items() if not self.holds(use)]
        for _, use in lost:
            self.uses.pop(use)
            self.end_use(use)
        return lost

    def drop_uses(self):
        for use in list(self.uses):
            self.uses.pop(use)
            self.end_use(use)

    # Hotplug. QEMU unplugs when the guest has let go of the device, after the five seconds of the attention button.

    def toggle_plug(self, port):
        if self.plugged.get(port):
            answer = self.monitor.ask("device_del", {"id": "hot-" + port})
        else:
            answer = self.monitor.ask("device_add", {"driver": "nvme", "serial": port, "bus": port, "id": "hot-" + port})
        if "return" not in answer:
            return answer
        self.plugged[port] = not self.plugged.get(port)
        return "is plugged in" if self.plugged[port] else "is unplugged"

    def plug_settled(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and any(self.is_there(HOT[port]) != state
                                                  for port, state in self.plugged.items()):
            time.sleep(0.2)
        self.store("rescan", "1")

    # The daemon.

    def write_policy(self, rules, drift):
        text = "version: 1\nrules: []\n" if not rules else "version: 1\nrules:\n"
        for address, driver in rules.items():
            text += f'  - {{ name: "{address}", match: {{ address: "{address}" }}, driver: {driver}, group: whole'
            text += f", drift: {drift}, in_use: {{ allow: [signature] }} }}\n"
        text += "" if not rules else '  - { name: hot, match: { bus: pci, address: "0000:0[23]:*" }, driver: auto }\n'
        with open(self.policy + ".new", "w", encoding="ascii") as file:
            file.write(text)
        os.rename(self.policy + ".new", self.policy)

    def start_daemon(self):
        with open(self.log, "a", encoding="utf-8") as log:
            self.started_at = log.tell()
            self.daemon = subprocess.Popen([f"{BUILD}/bindd/bindd", "--bus", "none", "--policy", self.policy,
                                            "--timeout", "10"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def restart_daemon(self):
        """Its exit status if it had ended: negative for a signal."""
        status = self.daemon.poll()
        if status is not None:
            self.start_daemon()
        return status

    def stop_daemon(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.terminate()
            self.daemon.wait(60)

    def reload(self):
        """Not while it starts: the signal would end it."""
        with open(self.log, encoding="utf-8") as log:
            if "bindd: ready: " in log.read()[self.started_at :]:
                self.daemon.send_signal(signal.SIGHUP)

    def processes(self):
        children = {}
        for name in os.listdir("/proc"):
            status = attempt(open, f"/proc/{name}/stat") if name.isdigit() else None
            if status:
                with status:
                    text = attempt(status.read) or ""
                if text:
                    children.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(name))
        found = {"daemon": self.daemon.pid}
        if executors := children.get(self.daemon.pid):
            found["executor"] = min(executors)
            if workers := children.get(found["executor"]):
                found["worker"] = max(workers)
        return found

    def vfioctl(self, *words, errors=subprocess.STDOUT):
        return run(f"{BUILD}/vfioctl/vfioctl", "--direct", "--policy", self.policy, *words, errors=errors)

    def unended_transactions(self):
        began = {}
        for line in attempt(open, "/run/bindd/journal", "rb") or []:
            try:
                record = json.loads(line.partition(b" ")[2])
            except ValueError:
                continue  # torn by a kill
            if record["record"] == "begin":
                began[record["txn"]] = record
            elif record["record"] in ("commit", "rolled_back"):
                began.pop(record["txn"], None)
        return [f"transaction {txn} has not ended" for txn in began]

    def planned_changes(self):
        plan = self.vfioctl("--json", "plan", errors=subprocess.PIPE)
        try:
            transactions = json.loads(plan.stdout)["transactions"]
        except (ValueError, KeyError):
            return [f"vfioctl plan: {plan.stdout}{plan.stderr}"]
        return [f"{each['devices']} still to be changed: {each['steps']}" for each in transactions
                if each["verdict"] in ("change", "conflict")]
