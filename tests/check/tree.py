# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tracked files of the source tree, and what a gate reports about them."""

import dataclasses
import fnmatch
import functools
import pathlib
import re
import subprocess


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    """One violation: where it is and what to do about it. Line 0 stands for the whole file."""

    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


@dataclasses.dataclass(frozen=True)
class Result:
    """What a gate looked at ("826 files") and what it found."""

    checked: str
    findings: list


class Skipped(Exception):
    """The gate cannot run on this machine; the text says why."""


class Tree:
    """Files below `root`, by path. Texts are read once; a file that is not UTF-8 has no text."""

    def __init__(self, root, paths=None):
        self.root = pathlib.Path(root)
        self.paths = sorted(paths if paths is not None else self._tracked())

    def _tracked(self):
        """What git tracks; without git, as in an unpacked archive, all but what is built."""
        command = ["git", "-C", str(self.root), "ls-files", "-z"]
        try:
            names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
        except (OSError, subprocess.CalledProcessError):
            names = [str(path.relative_to(self.root)) for path in self.root.rglob("*")]
            names = [name for name in names if not re.search(r"(^|/)(build|\.git|\.cache|__pycache__)/", name)]
        return [name for name in names if name and (self.root / name).is_file()]

    @functools.lru_cache(maxsize=None)
    def text(self, path):
        try:
            return (self.root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return ""

    def lines(self, path):
        """Numbered from 1."""
        return enumerate(self.text(path).splitlines(), 1)

    def matching(self, *patterns, without=()):
        """Paths that match a glob of `patterns` and none of `without`; `*` also matches slashes."""
        return [
            path
            for path in self.paths
            if any(fnmatch.fnmatch(path, p) for p in patterns) and not any(fnmatch.fnmatch(path, p) for p in without)
        ]

    def cpp(self, *folders):
        """The C++ files, of `folders` if any are named."""
        paths = self.matching("*.cpp", "*.hpp", "*.ipp")
        return [p for p in paths if not folders or p.startswith(tuple(f + "/" for f in folders))]

    def shell(self):
        """The shell scripts: by suffix, by interpreter, or by a shellcheck directive that names the shell."""
        first = re.compile(r"#!.*\b(ba|da)?sh\b")
        return [
            path
            for path in self.paths
            if not path.endswith((".py", ".in"))
            and (path.endswith(".sh") or first.match(self.text(path)[:40]) or "\n# shellcheck shell=" in self.text(path)[:300])
        ]


def read_table(path):
    """Lines of a declaration file, split at two spaces or more; comments and empty lines left out."""
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield re.split(r"\s{2,}", line.strip())
