# SPDX-License-Identifier: LGPL-2.1-or-later
"""Gates over the C++ sources: floors, rooms, pairs of files and names of types."""

import collections
import os
import re

from tree import Finding, Result

# A floor may include itself and what stands here.
FLOORS = {
    "lib/base": (),
    "lib/sysfs": ("lib/base",),
    "lib/policy": ("lib/base", "lib/sysfs"),
    "lib/vfio/include": ("lib/base",),
    "lib/vfio": ("lib/base", "lib/sysfs", "lib/vfio/include"),
    "lib/binding": ("lib/base", "lib/sysfs", "lib/policy", "lib/vfio/include"),
    "lib/dbus": (),
    "bindd": ("lib/base", "lib/sysfs", "lib/policy", "lib/vfio/include", "lib/binding", "lib/dbus"),
    "vfioctl": ("lib/base", "lib/sysfs", "lib/policy", "lib/vfio/include", "lib/binding", "lib/dbus"),
}

# The rooms of a floor in order: a room may include those before it. Files at the top of a folder may include all.
ROOMS = {
    "lib/sysfs": ("host", "device", "module", "net", "usage", "kernel"),
    "lib/policy": ("model", "yaml", "decide", "plan", "udev"),
    "lib/vfio/include": ("vfio/abi", "vfio"),
    "lib/vfio": ("src/abi", "src/space", "src/backend", "src/device", "src/iommufd", "examples"),
    "lib/binding": ("worker", "codec", "journal", "report", "transaction", "policies", "mdevctl"),
    "bindd": ("controller", "executor", "loop", "bus", "interfaces"),
    "vfioctl": (
        "context", "client", "hosts", "render", "mdev", "exchange", "pipeline", "doctor", "commands", "cli",
    ),
}
ROOM_LIMIT = 25
PRODUCT = ("lib", "bindd", "vfioctl")


def floor_of(path):
    """The longest folder of FLOORS that holds `path`."""
    floors = [floor for floor in FLOORS if path.startswith(floor + "/")]
    return max(floors, key=len, default=None)


def room_of(path):
    """The folder of `path` within its floor; empty at the top."""
    return os.path.dirname(path)[len(floor_of(path)) + 1 :]


def includes(tree, path):
    """(line, included path) of each file of this tree that `path` includes."""
    known = set(tree.paths)
    for number, line in tree.lines(path):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not match:
            continue
        name = match[1]
        for base in ("lib/vfio/include/", "lib/", "", os.path.dirname(path) + "/"):
            if base + name in known:
                yield number, base + name
                break


def floors(tree):
    """Each floor includes only the floors below it, and each room only the rooms before it."""
    findings, count = [], 0
    for path in tree.cpp(*PRODUCT):
        floor = floor_of(path)
        if floor is None:
            findings.append(Finding(path, 0, "is on no floor: declare its folder in FLOORS of tests/check/code_gates.py"))
            continue
        for number, target in includes(tree, path):
            count += 1
            below = floor_of(target)
            if below != floor:
                if below not in FLOORS[floor]:
                    findings.append(Finding(path, number, f"{floor} must not include {target}: move what it needs down"))
            elif message := room_order(floor, path, target):
                findings.append(Finding(path, number, message))
    return Result(f"{count} includes", findings)


def room_order(floor, path, target):
    """What is wrong with an include within a floor; empty if nothing is."""
    order, here, there = ROOMS.get(floor, ()), room_of(path), room_of(target)
    if here == there or not here:
        return ""
    for room in (here, there):
        if room not in order:
            return f"room {room or '(top)'} of {floor} has no place in ROOMS of tests/check/code_gates.py"
    if order.index(there) > order.index(here):
        return f"room {here} must not include {there} ({target}): rooms of {floor} in order are {', '.join(order)}"
    return ""


def pairs(tree):
    """Every .cpp has a .hpp of its own name."""
    sources = [p for p in tree.cpp(*PRODUCT) if p.endswith(".cpp") and not p.startswith("lib/vfio/examples/")]
    sources = [p for p in sources if os.path.basename(p) != "main.cpp"]
    known, findings = set(tree.paths), []
    for path in sources:
        header = path[:-4] + ".hpp"
        public = re.sub(r"^lib/vfio/src/\w+/", "lib/vfio/include/vfio/", header)
        if header not in known and public not in known:
            findings.append(Finding(path, 0, f"has no {os.path.basename(header)}: declare there what it defines"))
    return Result(f"{len(sources)} sources", findings)


def rooms(tree):
    """A room holds at most 25 .cpp files, and a file name occurs once in a folder."""
    counts, names, findings = collections.Counter(), collections.defaultdict(list), []
    for path in tree.cpp(*PRODUCT):
        if path.endswith(".cpp"):
            counts[os.path.dirname(path)] += 1
        floor = floor_of(path)
        if floor is not None and "/examples/" not in path:
            names[floor, os.path.basename(path)].append(path)
    for folder, count in sorted(counts.items()):
        if count > ROOM_LIMIT:
            findings.append(Finding(folder, 0, f"holds {count} .cpp files, more than {ROOM_LIMIT}: split the room"))
    for (floor, _), paths in sorted(names.items()):
        if len({os.path.dirname(p).replace("/abi", "") for p in paths}) > 1:
            findings.append(Finding(paths[1], 0, f"has the name of {paths[0]}: names are unique in {floor}"))
    return Result(f"{len(counts)} rooms", findings)


# `Json::parse(`, `json::accept(` and `json::sax_parse(` of nlohmann's library.
JSON_PARSER = re.compile(r"\b\w*[jJ]son::(?:parse|accept|sax_parse)\s*\(")
JSON_ROOM = "lib/binding/codec/json.cpp"


def json_parsers(tree):
    """JSON is parsed by one function, which limits size and depth."""
    sources = [path for path in tree.cpp(*PRODUCT) if path != JSON_ROOM]
    findings = [
        Finding(path, number, f"parses JSON without limits: call parse_json() of {JSON_ROOM[:-4]}.hpp")
        for path in sources
        for number, line in tree.lines(path)
        if JSON_PARSER.search(line)
    ]
    return Result(f"{len(sources)} sources", findings)


TYPE = re.compile(r"^(\s*)(?:template\s*<.*>\s*)?(struct|class|enum class|enum|union|using)\s+(?:\[\[\w+\]\]\s*)?([A-Z]\w*)\s*(?:final\s*)?(:(?!:)|\{|=)(.*)")


def type_definitions(tree, path):
    """(line, name, branch, alias) of each type defined in `path`: `branch` names the #if branch, `alias` the right side
    of a using-declaration."""
    branches, serial = [], 0
    for number, line in tree.lines(path):
        if directive := re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b", line):
            word = directive[1]
            if word in ("elif", "else", "endif") and branches:
                branches.pop()
            if word != "endif":
                serial += 1
                branches.append(serial)
            continue
        match = TYPE.match(line.split("//")[0])
        if not match or match[3] == "Impl":
            continue
        alias = "".join(match[5].split()) if match[2] == "using" else ""
        yield number, match[3], tuple(branches), alias


def types(tree):
    """A type name stands for one type in the whole product."""
    seen, findings = collections.defaultdict(list), []
    for path in tree.cpp(*PRODUCT):
        for number, name, branch, alias in type_definitions(tree, path):
            # `using Name = other::Name` gives a type its name in a second namespace; it is the same type.
            if not alias.split("<")[0].rstrip(";").endswith(f"::{name}"):
                seen[name].append((path, number, branch, alias))
    for name, places in sorted(seen.items()):
        first = places[0]
        for path, number, branch, alias in places[1:]:
            same_alias = alias and alias == first[3]
            other_branch = path == first[0] and branch != first[2]
            if not same_alias and not other_branch:
                findings.append(Finding(path, number, f"type {name} is also at {first[0]}:{first[1]}: rename one"))
    double = len({f.message.split()[1] for f in findings})
    return Result(f"{len(seen)} type names, {double} for more than one type", findings)


# Attributes whose read may not return: the table in lib/sysfs/device/locking_attributes.cpp. The files that may name them
# in a read, and why.
LOCKING = ("driver_override", "uevent", "sriov_numvfs", "sriov_vf_total_msix", "waiting_for_supplier", "state_synced", "vpd")
LOCKING_READERS = {
    "lib/sysfs/device/locking_attributes.cpp": "the reader",
    "lib/sysfs/device/serial.cpp": "called by the reader",
    "lib/sysfs/device/sriov.cpp": "of a captured host only",
    "lib/sysfs/net/captured_net.cpp": "of a captured host only",
    "lib/sysfs/usage/device_subtree.cpp": "in a look for users, which is abandoned as a whole",
    "lib/sysfs/kernel/errno_hint.cpp": "after a failed write, in a worker",
    "lib/binding/transaction/sriov.cpp": "before a write, in a worker",
}


def locking_reads(tree):
    """Attributes that may hang are read by one reader, or where the process can be abandoned."""
    names = "|".join(LOCKING)
    read = re.compile(rf'(?:attr|number|id|read\w*|count|attrs)\b[^;"]*[({{ ,]"[^"]*\b({names})"')
    findings, count = [], 0
    for path in tree.cpp(*PRODUCT):
        for number, line in tree.lines(path):
            match = read.search(line.split("//")[0])
            if not match or "write" in line:
                continue
            count += 1
            if path not in LOCKING_READERS:
                findings.append(Finding(path, number, f"reads {match[1]}, which may hang: by {next(iter(LOCKING_READERS))}"))
    return Result(f"{count} reads of {len(LOCKING)} attributes", findings)
