# SPDX-License-Identifier: LGPL-2.1-or-later
"""Gates over the text of all tracked files: words, licences, paths and hosts."""

import collections
import fnmatch
import pathlib
import re

from tree import Finding, Result, read_table

HERE = pathlib.Path(__file__).parent
# Inputs of tests, which hold what users may write, and the lists themselves.
FOREIGN = ("tests/corpus/*", "tests/check/*", "LICENSE")


def banned_words(tree):
    """Retired words occur neither in prose nor, as a whole word, in identifiers."""
    banned = [(words.split(), instead) for words, instead in read_table(HERE / "banned-words")]
    instead_of = {word.replace("_", " "): instead for words, instead in banned for word in words}
    pattern = re.compile(r"(?<![a-z])(" + "|".join(sorted(instead_of, key=len, reverse=True)) + r")(?![a-z])")
    allowed = collections.defaultdict(list)
    for word, where, _ in read_table(HERE / "allowed-words"):
        allowed[word.replace("_", " ")].append(where)
    findings, paths = [], tree.matching("*", without=FOREIGN)
    for path in paths:
        for number, line in tree.lines(path):
            for match in pattern.finditer(split_identifiers(line)):
                word = match[1]
                if not any(fnmatch.fnmatch(path, where) for where in allowed[word]):
                    findings.append(Finding(path, number, f"retired word '{word}': say {instead_of[word]}"))
    return Result(f"{len(instead_of)} words, {len(paths)} files", findings)


def split_identifiers(line):
    """`HostKeeper` and `host_keeper` as "host keeper"; all in lower case, and one space between words."""
    line = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", line)
    return re.sub(r"\s+", " ", line).lower()


def licences(tree):
    """Every source names its licence in its first lines."""
    sources = set(tree.cpp()) | set(tree.shell())
    sources |= set(tree.matching("*.py", "*CMakeLists.txt", "*.cmake", "systemd/*"))
    sources -= set(tree.matching("tests/corpus/*", "tests/golden/*"))
    tag = "SPDX-License-Identifier: LGPL-2.1-or-later"
    findings = [
        Finding(path, 1, f"has no line `{tag}` at its top") for path in sorted(sources) if tag not in tree.text(path)[:600]
    ]
    return Result(f"{len(sources)} files", findings)


def machine_paths(tree):
    """No file names a folder of the machine it was written on."""
    pattern = re.compile(r"(?<![\w/}$*.>~-])/(work|workspace|builds|Users|home/\w+)/\w")
    findings, paths = [], tree.matching("*", without=FOREIGN + ("tests/unit/*", "tests/golden/*"))
    for path in paths:
        for number, line in tree.lines(path):
            if match := pattern.search(line):
                findings.append(Finding(path, number, f"{match[0]}... is a folder of one machine: derive it or drop it"))
    return Result(f"{len(paths)} files", findings)


def build_hosts(tree):
    """Build files download nothing: packages come from the distribution by name."""
    paths = tree.matching("*CMakeLists.txt", "*.cmake", "CMakePresets.json", "run", ".ci/*", without=FOREIGN)
    paths = sorted(set(paths) | set(tree.shell()))
    findings = []
    for path in paths:
        for number, line in tree.lines(path):
            if re.search(r"\b(https?|ftp|git)://", line.split(" # ")[0]) and not line.lstrip().startswith("#"):
                findings.append(Finding(path, number, "names a host: name a Debian package in tests/lab/packages instead"))
    return Result(f"{len(paths)} files", findings)


# A path of a source file, or one below the folder of the lab as its scripts write it.
PATH = re.compile(
    r"(?<![\w/.$-])((?:tests|lib|bindd|vfioctl|systemd|policies)/[\w./-]*\.(?:sh|[chi]pp|py|xml|yaml|cmake|scd|json|in|md)"
    r"|\w[\w/]*\.md|\"?\$(?:LAB|lab)\"?/[\w./-]+|cases/\w+\.sh)\b"
)


def paths(tree):
    """Every path that HACKING.md names exists, and so does every source file that a script or a comment names."""
    known = set(tree.paths) | {str(p) for path in tree.paths for p in pathlib.PurePosixPath(path).parents}
    findings, count = [], 0
    for path in tree.matching("*", without=FOREIGN + ("tests/golden/*", "*.md")):
        for number, line in tree.lines(path):
            if "#include" in line:
                continue
            for match in PATH.finditer(line):
                count += 1
                if not names_a_file(match[1], path, known):
                    findings.append(Finding(path, number, f"{match[1]} does not exist: name where it is now"))
    tops = {path.split("/")[0] for path in tree.paths if "/" in path}
    for number, line in tree.lines("HACKING.md") if "HACKING.md" in known else ():
        for name in re.findall(r"[\w.*-]+/[\w./*@-]*", line):
            if name.split("/")[0] in tops:
                count += 1
                if not any(fnmatch.fnmatch(path, name.rstrip("/.")) for path in known):
                    findings.append(Finding("HACKING.md", number, f"{name} does not exist: name where it is now"))
    return Result(f"{count} paths", findings)


def names_a_file(name, path, known):
    """Whether `name`, as written in `path`, is a tracked file or folder; what is built or made up is none of ours."""
    if "NAME" in name or "/build/" in name:
        return True
    name = re.sub(r'^"?\$(?:LAB|lab)"?/|^(?=cases/)', "tests/lab/", name)
    bases = ("", "lib/", "lib/vfio/include/", "tests/unit/", str(pathlib.PurePosixPath(path).parent) + "/")
    return any(base + name in known for base in bases)
