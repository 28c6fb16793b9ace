# SPDX-License-Identifier: LGPL-2.1-or-later
"""Gates that run another tool over many files."""

import concurrent.futures
import os
import re
import shutil
import subprocess

from tree import Finding, Result, Skipped

# Versions of clang-format disagree; the tree is formatted by this one, Debian 12's.
CLANG_FORMAT = 14


def run_batches(tree, command, paths, size):
    """The output of `command` over `paths`, in batches beside each other."""
    batches = [paths[i : i + size] for i in range(0, len(paths), size)]

    def run(batch):
        done = subprocess.run(command + batch, cwd=tree.root, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return "".join(pool.map(run, batches))


def clang_format_program():
    for name in (f"clang-format-{CLANG_FORMAT}", "clang-format"):
        if program := shutil.which(name):
            version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
            if re.search(rf"version {CLANG_FORMAT}\.", version):
                return program
    raise Skipped(f"formatting was not checked: this release has no clang-format {CLANG_FORMAT}")


def formatting(tree):
    """All C++ is as .clang-format has it."""
    program, paths = clang_format_program(), tree.cpp()
    output = run_batches(tree, [program, "--dry-run", "--style=file"], paths, 40)
    places = dict(re.findall(r"^(\S+?):(\d+):\d+: (?:warning|error)", output, re.MULTILINE)[::-1])
    findings = [Finding(p, int(n), f"not formatted: {os.path.basename(program)} -i {p}") for p, n in places.items()]
    return Result(f"{len(paths)} files", sorted(findings))


def shellcheck(tree):
    """shellcheck has nothing to say about any shell script."""
    if not shutil.which("shellcheck"):
        raise Skipped("shell scripts were not checked: shellcheck is not installed")
    paths = tree.shell()
    # SC2317, SC2329 of later versions: take functions that check.sh calls by name for dead code.
    output = run_batches(tree, ["shellcheck", "-x", "-e", "SC2317,SC2329", "-f", "gcc"], paths, 8)
    findings = [
        Finding(path, int(line), text)
        for path, line, text in re.findall(r"^(\S+?):(\d+):\d+: (.*)$", output, re.MULTILINE)
    ]
    return Result(f"{len(paths)} scripts", sorted(findings))
