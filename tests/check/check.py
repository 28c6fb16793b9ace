#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The gates of the source tree. `./run check` calls this; it reads tracked files only and changes none.

usage: check.py [GATE...]
Without GATE all are run, and the findings of those in the file report-only are counted, not shown."""

import concurrent.futures
import pathlib
import sys

import code_gates
import lab_gates
import text_gates
import tool_gates
from tree import Skipped, Tree, read_table

GATES = {
    "format": tool_gates.formatting,
    "shellcheck": tool_gates.shellcheck,
    "words": text_gates.banned_words,
    "licences": text_gates.licences,
    "floors": code_gates.floors,
    "pairs": code_gates.pairs,
    "rooms": code_gates.rooms,
    "types": code_gates.types,
    "json": code_gates.json_parsers,
    "locking-reads": code_gates.locking_reads,
    "lab-cases": lab_gates.lab_cases,
    "machine-paths": text_gates.machine_paths,
    "build-hosts": text_gates.build_hosts,
    "paths": text_gates.paths,
}
HERE = pathlib.Path(__file__).resolve().parent


def report(name, outcome, is_quiet):
    """Prints what a gate found; whether the tree passes it."""
    if isinstance(outcome, Skipped):
        print(f"check: {name}: skipped: {outcome}")
        return True
    if not outcome.findings:
        print(f"check: {name}: ok ({outcome.checked})")
        return True
    if is_quiet:
        print(f"check: {name}: report only, {len(outcome.findings)} found ({outcome.checked})")
        return True
    for finding in outcome.findings:
        print(finding)
    print(f"check: {name}: {len(outcome.findings)} found ({outcome.checked})")
    return False


def run(gate, tree):
    try:
        return gate(tree)
    except Skipped as reason:
        return reason


def main(arguments):
    unknown = [name for name in arguments if name not in GATES]
    if unknown:
        print(f"no such gate: {', '.join(unknown)} (there are {', '.join(GATES)})", file=sys.stderr)
        return 2
    quiet = {row[0] for row in read_table(HERE / "report-only")} if not arguments else set()
    tree = Tree(HERE.parent.parent)
    with concurrent.futures.ThreadPoolExecutor(len(GATES)) as pool:
        outcomes = {name: pool.submit(run, GATES[name], tree) for name in arguments or GATES}
        passed = [report(name, outcome.result(), name in quiet) for name, outcome in outcomes.items()]
    print(f"check: {len(passed)} gates, {passed.count(False)} failed")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
