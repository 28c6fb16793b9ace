# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host made up below a directory, as `vfioctl --root` reads it: a few lines for each thing that uses a device."""

import json
import os
import pathlib
import subprocess

KERNEL = "6.12.1"
CLASSES = {"nvme": "010802", "nic": "020000", "gpu": "030000", "display": "038000", "usb": "0c0330", "edu": "00ff00", "scsi": "010700",
           "raid": "010400", "host_bridge": "060000", "isa_bridge": "060100"}
NATIVE = {"nvme": "nvme", "nic": "e1000e", "gpu": "i915", "display": "ast", "usb": "xhci_hcd", "scsi": "mpt3sas", "raid": "vmd"}


class Host:
    """Paths are absolute within the host. The methods return what later lines need, mostly a path."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.mounts, self.swaps, self.groups = [], [], 0
        for path in ("/sys/class/iommu/dmar0/", "/sys/bus/pci/drivers/vfio-pci/", "/sys/module/vfio_pci/drivers/"):
            self.dir(path)
        self.link("/sys/module/vfio_pci/drivers/pci:vfio-pci", "/sys/bus/pci/drivers/vfio-pci")
        self.link("/sys/bus/pci/drivers/vfio-pci/module", "/sys/module/vfio_pci")
        self.file("/sys/module/vfio_pci/initstate", "live")
        self.file(f"/lib/modules/{KERNEL}/modules.alias", "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci")
        self.file(f"/lib/modules/{KERNEL}/modules.dep", "kernel/drivers/vfio_pci.ko:")
        self.file("/proc/sys/kernel/osrelease", KERNEL).file("/proc/sys/kernel/arch", "x86_64").file("/proc/cmdline", "quiet")
        self.process(1, "systemd")

    def dir(self, path):
        (self.root / path.strip("/")).mkdir(parents=True, exist_ok=True)
        return self

    def file(self, path, text=""):
        at = self.root / path.strip("/")
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(text if isinstance(text, bytes) else (text + "\n" if text else "").encode())
        return self

    def link(self, path, target):
        """`target`: absolute within the host, or a text that is no path."""
        at = self.root / path.strip("/")
        at.parent.mkdir(parents=True, exist_ok=True)
        if at.is_symlink():
            at.unlink()
        at.symlink_to(os.path.relpath(self.root / target.strip("/"), at.parent) if target.startswith("/") else target)
        return self

    # Devices

    def device(self, kind="edu", address="0000:01:00.0", driver="", group=None, below="/sys/devices/pci0000:00"):
        """A PCI function on its native driver (driver=None: on none), in a group of its own."""
        code, base = CLASSES[kind], f"{below}/{address}"
        driver = NATIVE.get(kind) if driver == "" else driver
        self.groups += 1
        group = self.groups if group is None else group
        alias = f"pci:v00008086d000010D3sv00008086sd00000000bc{code[:2]}sc{code[2:4]}i{code[4:]}".upper().replace("PCI:V", "pci:v")
        lines = [f"DRIVER={driver}"] if driver else []
        lines += [f"PCI_CLASS={int(code, 16):X}", "PCI_ID=8086:10D3", "PCI_SUBSYS_ID=8086:0000", f"PCI_SLOT_NAME={address}", f"MODALIAS={alias}"]
        self.file(f"{base}/uevent", "\n".join(lines)).file(f"{base}/modalias", alias).file(f"{base}/driver_override", "(null)")
        for name, value in (("vendor", "0x8086"), ("device", "0x10d3"), ("class", "0x" + code), ("revision", "0x00"), ("enable", "1")):
            self.file(f"{base}/{name}", value)
        self.file(f"{base}/resource", "0x00000000e0000000 0x00000000e0ffffff 0x0000000000040200")
        self.link(f"{base}/subsystem", "/sys/bus/pci").link(f"/sys/bus/pci/devices/{address}", base)
        self.link(f"{base}/iommu_group", f"/sys/kernel/iommu_groups/{group}")
        self.link(f"/sys/kernel/iommu_groups/{group}/devices/{address}", base).file(f"/sys/kernel/iommu_groups/{group}/type", "DMA")
        if driver:
            self.link(f"{base}/driver", f"/sys/bus/pci/drivers/{driver}").link(f"/sys/bus/pci/drivers/{driver}/{address}", base)
        return base

    def node(self, path, subsystem, number, name):
        self.file(f"{path}/dev", number).file(f"{path}/uevent", f"MAJOR={number.split(':')[0]}\nDEVNAME={name}")
        self.link(f"{path}/subsystem", f"/sys/class/{subsystem}").link(f"/sys/class/{subsystem}/{os.path.basename(path)}", path)
        return path

    def block(self, path, number):
        self.file(f"{path}/size", "204800")
        return self.node(path, "block", number, os.path.basename(path))

    def nvme(self, partitions=2, **options):
        """An NVMe disk: its path. Its partitions are .../nvme0n1pN."""
        base = self.device("nvme", **options)
        self.node(f"{base}/nvme/nvme0", "nvme", "245:0", "nvme0")
        disk = self.block(f"{base}/nvme/nvme0/nvme0n1", "259:0")
        for part in range(1, partitions + 1):
            self.block(f"{disk}/nvme0n1p{part}", f"259:{part}")
            self.file(f"{disk}/nvme0n1p{part}/partition", str(part))
        return disk

    def virtual_block(self, name, number, *below):
        """A disk that stands on those `below`, as md, dm, bcache and drbd link them (bd_link_disk_holder())."""
        path = self.block(f"/sys/devices/virtual/block/{name}", number)
        for lower in below:
            self.link(f"{path}/slaves/{os.path.basename(lower)}", lower).link(f"{lower}/holders/{name}", path)
        return path

    def loop(self, number, backing):
        path = self.block(f"/sys/devices/virtual/block/loop{number}", f"7:{number}")
        self.file(f"{path}/loop/backing_file", backing)
        return path

    def netdev(self, parent, name, index, **attributes):
        """`parent`: a device; empty: a virtual interface."""
        path = f"{parent}/net/{name}" if parent else f"/sys/devices/virtual/net/{name}"
        self.file(f"{path}/ifindex", str(index)).file(f"{path}/uevent", f"INTERFACE={name}\nIFINDEX={index}")
        self.file(f"{path}/flags", "0x1003").file(f"{path}/address", f"52:54:00:00:00:{index:02x}").file(f"{path}/iflink", str(index))
        for key, value in attributes.items():
            self.file(f"{path}/{key}", value)
        self.link(f"/sys/class/net/{name}", path).link(f"{path}/subsystem", "/sys/class/net")
        return path

    def nic(self, **options):
        base = self.device("nic", **options)
        self.netdev(base, "eth0", 2)
        return base

    def upper(self, lower, upper, master=False):
        """netdev_upper_dev_link(): links on both sides, and `master` for bonds, teams and bridges."""
        name, above = os.path.basename(lower), os.path.basename(upper)
        self.link(f"{lower}/upper_{above}", upper).link(f"{upper}/lower_{name}", lower)
        return self.link(f"{lower}/master", upper) if master else self

    # Uses

    def mount(self, number, target, fs="ext4", source="/dev/x", root="/", options="rw"):
        self.mounts.append(f"{len(self.mounts) + 30} 1 {number} {root} {target} rw,relatime - {fs} {source} {options}")
        return self.file("/proc/1/mountinfo", "\n".join(self.mounts)).file("/proc/self/mountinfo", "\n".join(self.mounts))

    def swap(self, path, kind="partition"):
        self.swaps.append(f"{path} {kind} 8388604 0 -2")
        return self.file("/proc/swaps", "\n".join(["Filename Type Size Used Priority", *self.swaps]))

    def process(self, pid, name, fds=(), maps=()):
        self.file(f"/proc/{pid}/comm", name).file(f"/proc/{pid}/maps", "\n".join(maps))
        self.file(f"/proc/{pid}/cgroup", "0::/").file(f"/proc/{pid}/stat", f"{pid} ({name}) S 0").dir(f"/proc/{pid}/fd")
        for number, target in enumerate(fds, 3):
            at = self.root / f"proc/{pid}/fd/{number}"
            if not at.is_symlink():
                at.symlink_to(target)
        return self

    def signature(self, number, **properties):
        return self.file(f"/run/udev/data/b{number}", "\n".join(f"E:ID_{key}={value}" for key, value in properties.items()))

    # The question

    def rule(self, text):
        return self.file("/etc/bindd/policies.d/rule.yaml", "version: 1\nrules:\n" + "\n".join(f"  - {{ {line} }}" for line in text.split("\n")))

    def vfioctl(self, binary, *words):
        return subprocess.run([binary, "--root", str(self.root), *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    def plan(self, binary):
        done = self.vfioctl(binary, "--json", "plan")
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"plan: {done.stdout}{done.stderr}") from None
