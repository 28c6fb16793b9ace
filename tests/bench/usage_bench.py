#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage_bench.py BUILD-DIR DEVICE...: what it takes to find every use of the devices on a busy host, beside `lsof -n` and
`findmnt -A` on the same host: 1,500 network namespaces, 5,000 processes, 2,000 mounts. Wall time and processor time,
medians; the target is 1.5 times what both tools take together. The host is made here, in namespaces of processes and
mounts that end with this program, so it runs in the lab's guest (tests/bench/usage_guest.sh) as on any machine, as root."""
import ctypes
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

NAMESPACES, PROCESSES, MOUNTS, ROUNDS = (int(os.environ.get(name, default)) for name, default in (
    ("NAMESPACES", 1500), ("PROCESSES", 5000), ("MOUNTS", 2000), ("ROUNDS", 5)))
TARGET = 1.5
CLONE_NEWNET, MS_BIND = 0x40000000, 4096
FILES = 10  # open in each process beside the standard three
BUILD, DEVICES = sys.argv[1], sys.argv[2:]
libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def enter_namespaces():
    """Once more in this program, as process 1 of a namespace: all processes of it end with it."""
    if os.environ.get("USAGE_BENCH") == "inside":
        return
    os.environ["USAGE_BENCH"] = "inside"
    words = ["unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", sys.executable, *sys.argv]
    os.execvp(words[0], words)


def make_mounts(folder):
    for number in range(MOUNTS):
        target = f"{folder}/{number}"
        os.mkdir(target)
        call("mount", folder.encode(), target.encode(), None, MS_BIND, None)


def make_processes():
    """Each has some files open; the first ones have a network namespace of their own."""
    for _ in range(FILES):
        os.set_inheritable(os.open("/usr/bin/env", os.O_RDONLY), True)
    ready, report = os.pipe()
    for number in range(PROCESSES):
        if os.fork() == 0:
            os.close(ready)
            if number < NAMESPACES:
                call("unshare", CLONE_NEWNET)
            os.write(report, b".")
            os.close(report)
            while True:
                signal.pause()
    os.close(report)
    while os.read(ready, 65536):
        pass


def measure(*commands):
    """Wall and processor time in milliseconds of commands that run one after the other."""
    begin, before = time.monotonic(), os.times()
    for command in commands:
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return (time.monotonic() - begin) * 1000, processor * 1000


def main():
    enter_namespaces()
    with tempfile.TemporaryDirectory() as folder:
        call("mount", b"none", folder.encode(), b"tmpfs", 0, None)
        make_mounts(folder)
        make_processes()
        programs = {
            f"the uses of {len(DEVICES)} devices": [[f"{BUILD}/tests/lab/programs/lab_usage_of", *DEVICES]],
            "lsof -n, findmnt -A": [["lsof", "-n"], ["findmnt", "-A"]],
        }
        taken = {name: [] for name in programs}
        for _ in range(ROUNDS):
            for name, commands in programs.items():
                taken[name].append(measure(*commands))
        print(f"{NAMESPACES} network namespaces, {PROCESSES} processes, {MOUNTS} mounts; medians of {ROUNDS}")
        print(f"  {'':<28} {'wall ms':>9} {'cpu ms':>9}")
        medians = []
        for name, times in taken.items():
            wall, processor = (statistics.median(each) for each in zip(*times))
            medians.append((wall, processor))
            print(f"  {name:<28} {wall:9.0f} {processor:9.0f}")
        ratios = [ours / theirs for ours, theirs in zip(*medians)]
        print(f"  {'ratio, target ' + str(TARGET):<28} {ratios[0]:9.2f} {ratios[1]:9.2f}", flush=True)
        call("umount2", folder.encode(), 2)


main()
