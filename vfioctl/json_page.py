#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints vfioctl-json(7) for scdoc, made of the schema.

usage: json_page.py SCHEMA"""

import json
import sys

INTRODUCTION = """vfioctl-json(7)

# NAME

vfioctl-json - the objects that *vfioctl --json* prints

# DESCRIPTION

With *--json* each command of *vfioctl*(1) prints one object, and *monitor* one on each line. Its _schema_ is *vfioctl/1*:
objects only gain fields under that name. A field that is listed here is always there unless it is called optional; what is absent is
_null_, never an empty text. Ids and classes are lower-case hex digits without a prefix. A command that fails prints the object of *FAILURE* below, beside its
text on standard error. Each object is defined, as JSON Schema, in _/usr/share/bindd/vfioctl.schema.json_, in _$defs_ by the names
that are used here.
"""


def escaped(text):
    return text.replace("_", "\\_").replace("*", "\\*")


def type_text(schema):
    """"array of transaction", "text or null"."""
    if "$ref" in schema:
        return "_" + escaped(schema["$ref"].rsplit("/", 1)[1]) + "_"
    if "const" in schema:
        return f"*{escaped(schema['const'])}*"
    if "anyOf" in schema:
        return " or ".join(type_text(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join("null" if each is None else f"*{escaped(each)}*" for each in schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    names = {"string": "text", "boolean": "true or false"}
    text = " or ".join(names.get(kind, kind) for kind in kinds)
    if "items" in schema:
        text = text.replace("array", "array of " + type_text(schema["items"]))
    return text


def nested(schema):
    """The object that a field has in itself or in its elements."""
    for each in (schema, schema.get("items", {}), *schema.get("anyOf", [])):
        if "properties" in each:
            return each
        if "properties" in each.get("items", {}):
            return each["items"]
    return None


def fields(schema, indent=""):
    lines = []
    for name, field in schema.get("properties", {}).items():
        optional = "" if name in schema.get("required", []) else "optional, "
        text = f"{indent}- *{escaped(name)}*: {optional}{type_text(field)}"
        if "description" in field:
            text += "; " + escaped(field["description"])
        lines.append(text)
        inner = nested(field)
        if inner is not None:
            lines += fields(inner, indent + "\t")
    return lines


def main(schema_file):
    with open(schema_file, encoding="utf-8") as file:
        definitions = json.load(file)["$defs"]
    print(INTRODUCTION)
    for title, is_command in (("COMMANDS", True), ("FAILURE", None), ("OBJECTS", False)):
        print(f"# {title}\n")
        for name, schema in definitions.items():
            kind = None if name == "failure" else name.startswith("command ")
            if kind == is_command:
                print(f"*{escaped(name.removeprefix('command '))}*: {escaped(schema['description'])}\n")
                print("\n".join(fields(schema)) + "\n")
    print("# SEE ALSO\n\n*vfioctl*(1), *bindd-policy*(5)")


main(sys.argv[1])
