#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `vfioctl export` prints is accepted by those it is for. The golden files are what it prints.

libvirt's XML by virt-xml-validate, inside a domain; CDI by its schema, and its version by the rules of its
documentation; QEMU's options by QEMU's own list of them.

usage: exports_test.py GOLDEN-DIRECTORY CDI-SCHEMA
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import jsonschema

DOMAIN = """<domain type='kvm'>
  <name>test</name>
  <memory unit='KiB'>1048576</memory>
  <os><type arch='x86_64'>hvm</type></os>
  <devices>
%s  </devices>
</domain>
"""


def knows_model():
    """libvirt before 10.0 ignores `model` of a hostdev's driver, and its schema refuses it."""
    output = subprocess.run(["virt-xml-validate", "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"(\d+)\.\d+", output)
    return number is not None and int(number.group(1)) >= 10


MISSING_DEVICE = r"(no such host device|Host device '[^']*' not found): No such file or directory"


class Exports(unittest.TestCase):
    def goldens(self, pattern):
        files = sorted(GOLDEN.glob(pattern))
        self.assertTrue(files, pattern)
        return files

    @unittest.skipUnless(shutil.which("virt-xml-validate"), "virt-xml-validate is not installed")
    def test_libvirt_takes_the_hostdevs(self):
        for file in self.goldens("libvirt*.txt"):
            xml = file.read_text()
            if not knows_model():
                xml = re.sub(r" model='[a-z0-9_]+_vfio_pci'(?=/>)", "", xml)
            with tempfile.NamedTemporaryFile("w", suffix=".xml") as domain:
                domain.write(DOMAIN % xml)
                domain.flush()
                output = subprocess.run(["virt-xml-validate", domain.name, "domain"], capture_output=True, text=True,
                                     check=False)
                self.assertEqual(output.returncode, 0, f"{file.name}: {output.stdout}{output.stderr}")

    @unittest.skipUnless(shutil.which("virt-xml-validate"), "virt-xml-validate is not installed")
    def test_libvirt_would_see_a_mistake(self):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as domain:
            domain.write(DOMAIN % "<hostdev mode='subsystem' type='pci' managed='perhaps'/>")
            domain.flush()
            output = subprocess.run(["virt-xml-validate", domain.name, "domain"], capture_output=True, check=False)
            self.assertNotEqual(output.returncode, 0)

    def test_cdi_has_known_fields_and_the_lowest_version(self):
        for file in self.goldens("cdi*.txt"):
            spec = json.loads(file.read_text())
            jsonschema.validate(spec, SCHEMA)
            lowest = "0.3.0"
            if any(device["name"][0].isdigit() for device in spec["devices"]):
                lowest = "0.5.0"
            if "." in spec["kind"].split("/")[1]:
                lowest = "0.6.0"
            self.assertEqual(spec["cdiVersion"], lowest, file.name)
            names = [device["name"] for device in spec["devices"]]
            self.assertEqual(len(names), len(set(names)))
            self.assertFalse([name for name in names if ":" in name])

    def test_qemu_knows_every_property(self):
        checked = 0
        for file in self.goldens("qemu*.txt"):
            for line in file.read_text().splitlines():
                option, value = line.split(" ")
                if option != "-device":
                    self.assertEqual(line, "-object iommufd,id=iommufd0")
                    continue
                model, *properties = value.split(",")
                known = self.properties(model)
                if known is None:
                    continue
                for each in properties:
                    name = each.split("=")[0]
                    if name == "iommufd" and name not in known:
                        continue  # before QEMU 9.0
                    self.assertIn(name, known, f"{file.name}: {line}")
                    checked += 1
        if checked == 0:
            self.skipTest("no QEMU is installed")

    def test_qemu_takes_the_arguments(self):
        """QEMU reads the whole argument before it looks for the device, which is nowhere here."""
        checked = 0
        for file in self.goldens("qemu*.txt"):
            for line in file.read_text().splitlines():
                option, value = line.split(" ")
                output = self.start(value) if option == "-device" and "iommufd=" not in value else None
                if output is not None:
                    self.assertRegex(output, MISSING_DEVICE, f"{file.name}: {line}")
                    checked += 1
        if checked == 0:
            self.skipTest("no QEMU is installed")

    def test_qemu_would_refuse_a_domain_above_ffff(self):
        output = self.start("vfio-pci,host=10000:e1:00.0")
        if output is None:
            self.skipTest("no QEMU is installed")
        self.assertNotRegex(output, MISSING_DEVICE)

    @staticmethod
    def start(value):
        """What QEMU says of the device; None without a QEMU that has such a machine."""
        machine = {"vfio-pci": ("qemu-system-x86_64", "q35"), "vfio-ccw": ("qemu-system-s390x", "s390-ccw-virtio")}
        # vfio-ap needs a CPU with AP, which emulation does not have.
        program, board = machine.get(value.split(",")[0], (None, None))
        if program is None or shutil.which(program) is None:
            return None
        arguments = [program, "-M", board, "-accel", "tcg", "-nodefaults", "-nographic", "-S", "-device", value]
        return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=60).stderr

    @staticmethod
    def properties(model):
        for program in ("qemu-system-x86_64", "qemu-system-s390x"):
            if shutil.which(program) is None:
                continue
            output = subprocess.run([program, "-M", "none", "-device", model + ",help"], capture_output=True, text=True,
                                  check=False)
            known = set(re.findall(r"^\s+([a-z0-9_-]+)=", output.stdout, re.MULTILINE))
            if known:  # a machine that does not have the model says nothing, and ends with 0
                return known
        return None


if __name__ == "__main__":
    GOLDEN = pathlib.Path(sys.argv[1])
    SCHEMA = json.loads(pathlib.Path(sys.argv[2]).read_text())
    unittest.main(argv=sys.argv[:1])
