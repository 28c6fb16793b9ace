# SPDX-License-Identifier: LGPL-2.1-or-later
"""Gates over the cases of tests/lab: each asserts something, and each assertion can fail."""

import os
import re

from tree import Finding, Result

CALL = re.compile(r"(?<![\w$-])(check|fails|equal|contains|eventually|verdict)\s+(?=[\"'$\w])")


def assertions(text):
    """(line, function, words) of each assertion; a word is source text, its quotes included."""
    for match in CALL.finditer(text):
        line_start = text.rfind("\n", 0, match.start()) + 1
        if "#" in text[line_start : match.start()] or text[match.end() - 1 : match.end() + 1] == "()":
            continue
        yield text.count("\n", 0, match.start()) + 1, match[1], split_words(text[match.end() :])


def split_words(text):
    """The words of the simple command at the start of `text`. Quotes and substitutions stay as they are."""
    words, word, at = [], "", 0
    while at < len(text):
        char = text[at]
        if char in "\n;&|)":
            break
        if char in " \t":
            if word:
                words.append(word)
            word, at = "", at + 1
        elif text.startswith("\\\n", at):
            at += 2
        else:
            end = piece_end(text, at)
            word, at = word + text[at:end], end
    return words + [word] if word else words


def piece_end(text, at):
    """Where the character, quoted string or substitution at `at` ends."""
    if text[at] == "\\":
        return at + 2
    if text[at] == "'":
        return text.find("'", at + 1) + 1 or len(text)
    if text.startswith("$(", at):
        return nested_end(text, at + 2, ")")
    if text[at] == '"':
        return nested_end(text, at + 1, '"')
    return at + 1


def nested_end(text, at, close):
    while at < len(text):
        if text[at] == close:
            return at + 1
        if text[at] == "(" and close == ")":
            at = nested_end(text, at + 1, ")")
        elif close == '"' and text[at] == "'":
            at += 1
        else:
            at = piece_end(text, at)
    return len(text)


def without_substitutions(word):
    """The part of a word that is literally there."""
    out, at = "", 0
    while at < len(word):
        if word.startswith("$(", at):
            at = nested_end(word, at + 2, ")")
        else:
            out, at = out + word[at], at + 1
    return out.strip("\"'")


def why_it_cannot_fail(function, words, vocabulary):
    """Why this assertion holds whatever the program does; empty if it does not."""
    command = words[2:] if function == "fails" else words[1:]
    if function in ("check", "eventually") and command and command[0] in ("true", ":", "echo", "printf"):
        return f"`{command[0]}` always succeeds"
    if function == "equal" and len(words) == 3 and words[1] == words[2]:
        return "both sides are the same text"
    if function == "contains" and len(words) == 3:
        expected = words[1].strip("\"'")
        if not expected:
            return "every text holds the empty pattern"
        if "$" not in expected and expected in without_substitutions(words[2]):
            return "the text to search holds the pattern itself"
    if function == "equal" and len(words) == 3 and words[1] in ('""', "''", "0", '"0"'):
        for pattern in re.findall(r"\bgrep\s+(?:-\w+\s+)*(\"[^\"]*\"|'[^']*'|[\w-]+)", words[2]):
            for word in re.findall(r"[a-z]+_[a-z_]+", pattern):
                if word not in vocabulary:
                    return f"nothing writes {word}, which it expects to be absent"
    return ""


def lab_cases(tree):
    """Every case is run, uses check.sh, asserts something, ends with done_checking, and can fail."""
    cases = tree.matching("tests/lab/cases/*.sh")
    runners = "".join(tree.text(p) for p in tree.matching("tests/lab/CMakeLists.txt", "tests/lab/*.sh") if p not in cases)
    product = tree.matching("lib/*", "bindd/*", "vfioctl/*", "systemd/*", "tests/lab/programs/*")
    vocabulary = "\n".join(re.findall(r'"[^"\n]*"', "".join(tree.text(p) for p in product)))
    findings, count = [], 0
    for path in cases:
        text = tree.text(path)
        name = os.path.basename(path)[:-3]
        found = list(assertions(text))
        count += len(found)
        of_two = r"\$\{arch\}_" + name.partition("_")[2]  # one lab_case() for two architectures
        if not re.search(rf"\b{name}\b|{of_two}\b", runners):
            findings.append(Finding(path, 0, "is run by nothing: add lab_case() in tests/lab/CMakeLists.txt"))
        if not found:
            findings.append(Finding(path, 0, "asserts nothing: use check, equal, fails, contains or eventually"))
        if not re.search(r"^done_checking$", text, re.MULTILINE):
            findings.append(Finding(path, 0, "does not end with done_checking"))
        for number, function, words in found:
            if why := why_it_cannot_fail(function, words, vocabulary):
                findings.append(Finding(path, number, f"{function} {words[0]} cannot fail: {why}"))
    return Result(f"{len(cases)} cases, {count} assertions", findings)
