#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""firmware_memory.py SLOT.FUNCTION >CPIO: an ACPI DMAR table for QEMU's q35 that says: the firmware keeps memory for DMA by the
device at 00:SLOT.FUNCTION (an RMRR). QEMU cannot do so itself. The kernel takes the table in place of QEMU's from the beginning
of the initial RAM disk (Documentation/admin-guide/acpi/initrd_table_override.rst): same OEM id and table id, higher revision.
Formats: Intel VT-d specification, 8.1 to 8.4; IOMMU and IOAPIC as hw/i386/acpi-build.c places them."""

import struct
import sys

IOMMU, IOAPIC_BUS, IOAPIC_DEVICE = 0xFED90000, 0xFF, 0x00
BEGIN, END = 0xFEFFC000, 0xFEFFFFFF  # pages that the guest's memory map has as reserved
ENDPOINT, IOAPIC = 1, 3


def scope(kind, enumeration, bus, device, function):
    return struct.pack("<BBHBBBB", kind, 8, 0, enumeration, bus, device, function)


def table(device, function):
    ioapic = scope(IOAPIC, 0, IOAPIC_BUS, IOAPIC_DEVICE, 0)
    unit = struct.pack("<HHBBHQ", 0, 16 + len(ioapic), 1, 0, 0, IOMMU) + ioapic
    endpoint = scope(ENDPOINT, 0, 0, device, function)
    memory = struct.pack("<HHHHQQ", 1, 24 + len(endpoint), 0, 0, BEGIN, END) + endpoint
    body = struct.pack("<BB10x", 38, 1) + unit + memory
    header = struct.pack("<4sIBB6s8sI4sI", b"DMAR", 36 + len(body), 1, 0, b"BOCHS ", b"BXPC    ", 2, b"BXPC", 1)
    whole = bytearray(header + body)
    whole[9] = -sum(whole) % 256
    return bytes(whole)


def entry(name, mode, content):
    """One file of a cpio archive in the "newc" format, which gen_init_cpio and the kernel's reader describe."""
    name = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return b"".join(part + bytes(-len(part) % 4) for part in (head, content))


def main():
    device, function = sys.argv[1].split(".")
    folders = ("kernel", "kernel/firmware", "kernel/firmware/acpi")
    entries = [entry(folder, 0o040755, b"") for folder in folders]
    entries.append(entry("kernel/firmware/acpi/dmar.aml", 0o100644, table(int(device, 16), int(function))))
    sys.stdout.buffer.write(b"".join(entries) + entry("TRAILER!!!", 0, b""))


main()
