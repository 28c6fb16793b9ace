#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each gate must be able to fail: it finds what is wrong in a small made-up tree, and nothing in one that is right. So must
each assertion of the lab."""

import pathlib
import subprocess
import sys
import tempfile

from check import GATES
from tree import Skipped, Tree

HERE = pathlib.Path(__file__).resolve().parent

TAG = "SPDX-License-Identifier: LGPL-2.1-or-later\n"
CASE_START = "#!/bin/bash\n# " + TAG + ". tests/lab/check.sh\n"
RUNNER = {"tests/lab/CMakeLists.txt": "lab_case(one)\n"}


def lab_case(*lines):
    return RUNNER | {"tests/lab/cases/one.sh": CASE_START + "\n".join(lines) + "\ndone_checking\n"}


def sources(count, folder="bindd/bus"):
    return {f"{folder}/f{i}.cpp": "" for i in range(count)}


# (gate, files, part of the only finding; empty: there must be none)
CASES = [
    ("format", {"lib/a.cpp": "int  x;\n"}, "lib/a.cpp:1: not formatted"),
    ("format", {"lib/a.cpp": "int x;\n"}, ""),
    ("shellcheck", {"a.sh": "#!/bin/sh\necho $1\n"}, "a.sh:2: note: Double quote"),
    ("shellcheck", {"a.sh": '#!/bin/sh\necho "$1"\n', "b.py": "echo $1\n"}, ""),
    ("words", {"lib/a.cpp": "struct HostKeeper {};\n"}, "lib/a.cpp:1: retired word 'keeper'"),
    ("words", {"lib/a.cpp": "int told_by;\n"}, "retired word 'told'"),
    ("words", {"a.md": "Bind it by\thand.\n"}, "retired word 'by hand'"),
    ("words", {"a.md": "A bookkeeper's roadmap.\n", "tests/corpus/told": "told\n"}, ""),
    ("licences", {"lib/a.cpp": "int x;\n"}, "lib/a.cpp:1: has no line"),
    ("licences", {"tool": "#!/bin/sh\n"}, "tool:1: has no line"),
    ("licences", {"lib/a.cpp": "// " + TAG, "note.txt": "\n"}, ""),
    ("floors", {"lib/base/a.hpp": '#include "sysfs/host/b.hpp"\n', "lib/sysfs/host/b.hpp": ""}, "must not include"),
    ("floors", {"bindd/loop/a.hpp": '#include "vfioctl/cli/b.hpp"\n', "vfioctl/cli/b.hpp": ""}, "must not include"),
    ("floors", {"lib/sysfs/host/a.hpp": '#include "sysfs/kernel/b.hpp"\n', "lib/sysfs/kernel/b.hpp": ""}, "room host"),
    ("floors", {"lib/sysfs/new/a.hpp": '#include "sysfs/host/b.hpp"\n', "lib/sysfs/host/b.hpp": ""}, "no place in ROOMS"),
    (
        "floors",
        {"lib/vfio/include/vfio/a.hpp": '#include "vfio/src/space/b.hpp"\n', "lib/vfio/src/space/b.hpp": ""},
        "lib/vfio/include must not include",
    ),
    ("floors", {"lib/sysfs/kernel/a.hpp": '#include "base/b.hpp"\n#include <x.hpp>\n', "lib/base/b.hpp": ""}, ""),
    ("pairs", {"lib/base/a.cpp": "", "lib/base/b.hpp": ""}, "lib/base/a.cpp: has no a.hpp"),
    ("pairs", {"lib/base/a.cpp": "", "lib/base/a.hpp": "", "bindd/main.cpp": ""}, ""),
    ("pairs", {"lib/vfio/src/space/a.cpp": "", "lib/vfio/include/vfio/a.hpp": ""}, ""),
    ("rooms", sources(26), "bindd/bus: holds 26 .cpp files"),
    ("rooms", sources(25), ""),
    ("rooms", sources(1) | sources(1, "bindd/loop"), "has the name of"),
    ("types", {"lib/a.hpp": "struct Writer {\n", "bindd/b.cpp": "class Writer final {\n"}, "type Writer is also at"),
    ("types", {"lib/a.hpp": "using Clock = A;\n", "bindd/b.cpp": "using Clock = B;\n"}, "type Clock is also at"),
    ("types", {"lib/a.hpp": "#if X\nstruct Bus {\n#else\nstruct Bus {\n#endif\n"}, ""),
    ("types", {"lib/a.hpp": "struct A;\nstruct A {\nstruct B::A {\n", "lib/b.hpp": "using A = n::A;\n// struct A {\n"}, ""),
    ("json", {"lib/a.cpp": "auto j = nlohmann::json::parse(text);\n"}, "lib/a.cpp:1: parses JSON without limits"),
    ("json", {"lib/binding/codec/json.cpp": "Json::parse(text);\n", "tests/a.cpp": "Json::parse(text);\n"}, ""),
    ("locking-reads", {"lib/a.cpp": 'auto x = dir.attr("uevent");\n'}, "lib/a.cpp:1: reads uevent, which may hang"),
    ("locking-reads", {"lib/a.cpp": 'auto x = base::read_file(path + "/sriov_numvfs");\n'}, "reads sriov_numvfs"),
    ("locking-reads", {"lib/a.cpp": 'dir.write("sriov_numvfs", x); // attr("uevent")\nbool y = dir.has("uevent");\n'}, ""),
    ("lab-cases", lab_case(), "asserts nothing"),
    ("lab-cases", lab_case('check "it holds" true'), "`true` always succeeds"),
    ("lab-cases", lab_case('equal "same" "$x" "$x"'), "both sides are the same text"),
    ("lab-cases", lab_case('contains "none" "0 open" "$(status) 0 open"'), "holds the pattern itself"),
    ("lab-cases", lab_case('contains "it" "" "$x"'), "every text holds the empty pattern"),
    ("lab-cases", lab_case('equal "none" "" "$(grep -c no_such_key /run/journal)"'), "nothing writes no_such_key"),
    ("lab-cases", RUNNER | {"tests/lab/cases/one.sh": 'check "a" b\n'}, "does not end with done_checking"),
    ("lab-cases", {"tests/lab/cases/one.sh": CASE_START + 'check "a" b\ndone_checking\n'}, "is run by nothing"),
    (
        "lab-cases",
        {"lib/a.cpp": '"rolled_back"'} | lab_case('equal "none" "" "$(grep rolled_back "$log")"', 'check "a" test 1 = "$x"'),
        "",
    ),
    ("machine-paths", {"a.sh": "cd /work/main\n"}, "a.sh:1: /work/m... is a folder of one machine"),
    ("machine-paths", {"a.sh": "cd /home/someone/src\n"}, "is a folder of one machine"),
    ("machine-paths", {"a.sh": "cd build/work/x ~/work/y\n"}, ""),
    ("build-hosts", {"CMakeLists.txt": "file(DOWNLOAD https://example.org/a)\n"}, "CMakeLists.txt:1: names a host"),
    ("build-hosts", {"CMakeLists.txt": "# see https://example.org/a\n", "a.md": "https://example.org\n"}, ""),
    ("paths", {"HACKING.md": "see `lib/gone/`\n", "lib/here/a.cpp": ""}, "HACKING.md:1: lib/gone/ does not exist"),
    ("paths", {"HACKING.md": "see lib/here/, lib/*/a.cpp and and/or\n", "lib/here/a.cpp": ""}, ""),
    ("paths", {"a.sh": '"$lab/lab.sh" x\n'}, 'a.sh:1: "$lab/lab.sh does not exist'),
    ("paths", {"lib/a/b.cpp": "// see lib/c.cpp\n"}, "lib/a/b.cpp:1: lib/c.cpp does not exist"),
    ("paths", {"lib/a.cpp": "// see notes.md\n"}, "lib/a.cpp:1: notes.md does not exist"),
    ("paths", {"a.sh": "$LAB/x.sh # cases/one.sh\n", "tests/lab/x.sh": "", "tests/lab/cases/one.sh": ""}, ""),
]


# Each assertion of the lab fails here. What they wait for is not worth a real second.
ASSERTIONS = """
sleep() { :; }
check "check" false
fails "fails" 2 sh -c "exit 1"
fails "fails of a success" 1 true
equal "equal" a b
contains "contains" "a*c" "ab"
eventually "eventually" false
verdict 1 "verdict" "its reason"
check "store" store /nowhere/at/all 1
equal "store has the text" "" "$(store /nowhere/at/all 1)"
done_checking
"""


def assertion_failures():
    """What is wrong with the assertions of tests/lab/check.sh; empty if each of them fails when it should."""
    helpers = HERE.parent / "lab" / "check.sh"
    done = subprocess.run(["bash", "-c", f". {helpers}\n{ASSERTIONS}"], capture_output=True, text=True, check=False)
    held = [line for line in done.stdout.splitlines() if line.startswith("ok ")]
    if held or "\n1..9" not in done.stdout or done.returncode == 0:
        return f"check.sh: held though they are wrong: {held}, status {done.returncode}"
    stopped = subprocess.run(["bash", "-c", f". {helpers}\nexit 0"], capture_output=True, text=True, check=False)
    return "" if stopped.returncode == 1 else "check.sh: a case that stops early does not fail"


def failure(gate, files, expected):
    """What is wrong with the gate's verdict on `files`; empty if nothing is."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (pathlib.Path(root) / ".clang-format").write_text("BasedOnStyle: Google\n", encoding="utf-8")
        found = [str(finding) for finding in GATES[gate](Tree(root, files)).findings]
    if not expected:
        return f"found {found}" if found else ""
    return "" if len(found) == 1 and expected in found[0] else f"expected one finding with '{expected}', found {found}"


def main():
    failures, tested = 0, {gate for gate, _, _ in CASES}
    for gate in sorted(set(GATES) - tested):
        print(f"selftest: {gate} has no case in tests/check/selftest.py")
        failures += 1
    for gate, files, expected in CASES:
        try:
            problem = failure(gate, files, expected)
        except Skipped as reason:
            print(f"selftest: {gate}: skipped: {reason}")
            continue
        if problem:
            print(f"selftest: {gate} on {sorted(files)}: {problem}")
            failures += 1
    if problem := assertion_failures():
        print(f"selftest: {problem}")
        failures += 1
    print(f"selftest: {len(GATES)} gates, {len(CASES)} cases, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
