# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the command lines of a table with two programs, each from the same initial state, and prints what differs.

    mdevctl_table.py TABLE THEIRS OURS

Prints "ok" or "not ok" for each command line; cases/mdevctl.table documents the format.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

COMPARED = ("status", "out", "err", "files", "mdevs", "calls")
CONFIG = "/etc/mdevctl.d"
MDEVS = "/sys/bus/mdev/devices"
RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SINCE = re.compile(r"(since|before) ([0-9.]+) ")
# The text of a warning differs between programs.
WARNING = re.compile(r"^(\[.* WARN +mdevctl\]|mdevctl: warning:).*\n", re.MULTILINE)


def with_uuids(text):
    for number in range(1, 6):
        text = text.replace("U%d" % number, "0000000%d-509f-382f-3c1e-e6bfe0fa1001" % number)
    return text


def normal(text):
    """Replaces random UUIDs, which differ in each run."""
    return WARNING.sub("", RANDOM.sub("RANDOM", text))


def numbers(version):
    return [int(number) for number in re.findall(r"\d+", version)]


def entries(table, version):
    """(kind, text, what may differ, why): kind is "shell" or "line"."""
    differs, why = (), ""
    with open(table) as file:
        for line in file.read().splitlines():
            if not line or line.startswith("#"):
                continue
            if line.startswith("! "):
                yield "shell", line[2:], (), ""
                continue
            head, colon, rest = line.partition(": ")
            since = SINCE.match(head)
            head = head[since.end():] if since else head
            if colon and all(word in COMPARED for word in head.split(",")):
                if not since or (numbers(version) >= numbers(since[2])) == (since[1] == "since"):
                    differs, why = tuple(head.split(",")), rest
                continue
            yield "line", line, differs, why
            differs, why = (), ""


def read(path):
    with open(path) as file:
        return file.read()


def definitions():
    found = []
    for path in glob.glob(CONFIG + "/**", recursive=True):
        if os.path.isfile(path) and "/scripts.d/" not in path:
            text = "" if RANDOM.search(path) else read(path)
            found.append("== %s\n%s\n" % (normal(path), text))
    return "".join(sorted(found))


def mdevs():
    found = []
    for uuid in os.listdir(MDEVS):
        kind = os.path.basename(os.readlink("%s/%s/mdev_type" % (MDEVS, uuid)))
        found.append(normal("%s %s\n" % (uuid, kind)))
    return "".join(sorted(found))


def calls():
    if not os.path.exists("/tmp/calls"):
        return ""
    lines = [line for line in read("/tmp/calls").splitlines(True) if "-a capabilities" not in line]
    return normal("".join(lines))


def begin():
    for uuid in os.listdir(MDEVS):
        with open("%s/%s/remove" % (MDEVS, uuid), "w") as file:
            file.write("1")
    shutil.rmtree(CONFIG, ignore_errors=True)
    shutil.rmtree("/tmp/json", ignore_errors=True)
    for kind in ("callouts", "notifiers"):
        os.makedirs("%s/scripts.d/%s" % (CONFIG, kind))


def run(table, version, program, ended):
    """`ended` normalises the end of a text."""
    begin()
    seen = []
    for kind, text, _, _ in entries(table, version):
        text = with_uuids(text)
        if kind == "shell":
            subprocess.run(["bash", "-c", text], check=True)
            continue
        if os.path.exists("/tmp/calls"):
            os.unlink("/tmp/calls")
        done = subprocess.run(["bash", "-c", "exec %s %s" % (program, text)], capture_output=True,
                              text=True, timeout=300, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, RUST_BACKTRACE="0"))
        seen.append({"status": str(done.returncode), "out": ended(normal(done.stdout)), "err": ended(normal(done.stderr)),
                     "files": definitions(), "mdevs": mdevs(), "calls": calls()})
    return seen


def main(table, theirs, ours):
    version = subprocess.run([theirs, "--version"], capture_output=True, text=True, check=True).stdout
    lines = [entry[1:] for entry in entries(table, version) if entry[0] == "line"]
    failures = 0
    # vfioctl ends its output as mdevctl 1.2 does, with an empty line in some places; later versions omit even the newline.
    ended = str if numbers(version) < [1, 3] else str.rstrip
    both = zip(lines, run(table, version, theirs, ended), run(table, version, ours, ended))
    for number, (line, their, our) in enumerate(both, 1):
        text, differs, why = line
        differences = []
        for what in COMPARED:
            usage = what == "err" and their["status"] == "2" and our["status"] == "2"
            if usage or what in differs or their[what] == our[what]:
                continue
            differences.append("%s of mdevctl:\n%s\n%s of vfioctl:\n%s" % (what, their[what], what, our[what]))
        name = "mdevctl " + text + (" (but for %s: %s)" % (", ".join(differs), why) if differs else "")
        print("%s %d - %s" % ("not ok" if differences else "ok", number, name))
        for each in differences:
            print("#   " + each.replace("\n", "\n#   "))
        failures += bool(differences)
    print("%d command lines, %d differ" % (len(lines), failures))
    return 0 if failures == 0 and len(lines) >= 60 else 1


sys.exit(main(*sys.argv[1:]))
