#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every JSON golden is what the schema of its command says, and every command of the program has a schema.

usage: json_schema_test.py VFIOCTL SCHEMA GOLDENS"""

import json
import pathlib
import re
import subprocess
import sys

import jsonschema

FAMILIES = {"mdev", "policy", "import", "export"}


def commands(program):
    """The commands with JSON, by the program's help."""
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    for line in re.search(r"Commands:\n(.*?)\n\n", text, re.S)[1].splitlines():
        words = line.split()
        if words[0] != "help":
            yield " ".join(words[: 2 if words[0] in FAMILIES else 1])


def definition_name(golden, known):
    """"policy/check-broken.json" is of the command "policy check"."""
    family, case = golden.parent.name, golden.stem
    if family not in FAMILIES:
        return "command " + family
    names = [name for name in known if name.startswith(f"command {family} ")]
    # Those of import are alike, whatever their case is called.
    return max((name for name in names if case.startswith(name.split()[2])), key=len, default=names[0])


def main(program, schema_file, goldens):
    schema = json.loads(pathlib.Path(schema_file).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    known = schema["$defs"]
    problems = [f"{name}: no schema" for name in commands(program) if "command " + name not in known]

    def check(document, name, where):
        validator = jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"})
        for error in validator.iter_errors(document):
            problems.append(f"{where}: {name}: {error.json_path}: {error.message}")

    files = sorted(pathlib.Path(goldens).glob("*/*.json"))
    for file in files:
        document = json.loads(file.read_text(encoding="utf-8"))
        check(document, "failure" if "error" in document else definition_name(file, known), file)
    printed = subprocess.run([program, "--json", "policy", "schema"], capture_output=True, text=True, check=True).stdout
    check(json.loads(printed), "command policy schema", "policy schema")
    print("\n".join(problems))
    assert len(files) > 100, files
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
