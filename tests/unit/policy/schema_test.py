#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The JSON Schema agrees with the parser on the corpus, and PyYAML keeps what 'policy show' prints.

Good files are valid. Bad files are invalid, but for those of beyond_schema.txt, each with the reason why
no schema can see its fault; and those must indeed be valid, or the list is stale.

usage: schema_test.py SCHEMA CORPUS POLICY_ECHO [POLICY...]
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml


class Ambiguous:
    """A plain scalar that YAML tools disagree on, or that is no JSON: of no type the schema knows."""


class PolicyLoader(yaml.SafeLoader):
    """Keeps strings strings: only true, false, null and plain decimal integers are anything else."""

    def construct_scalar_of_policy(self, node):
        text = node.value
        if node.tag == "tag:yaml.org,2002:str":
            # YAML 1.2 has numbers that 1.1 takes for text.
            if node.style is None and re.fullmatch(r"[-+]?([0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+|0o[0-7]+)", text):
                return Ambiguous()
            return text
        if text in ("true", "false"):
            return text == "true"
        if re.fullmatch(r"-?(0|[1-9][0-9]*)", text):
            return int(text)
        if text in ("null", "~", ""):
            return None
        return Ambiguous()


for kind in ("str", "bool", "int", "float", "null", "timestamp", "merge", "value"):
    PolicyLoader.add_constructor("tag:yaml.org,2002:" + kind, PolicyLoader.construct_scalar_of_policy)
PolicyLoader.flatten_mapping = lambda self, node: None  # '<<' is a key like any other


def load(path):
    return yaml.load(path.read_bytes(), Loader=PolicyLoader)


class SchemaAgreesWithParser(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        schema = json.loads(SCHEMA.read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        self.validator = jsonschema.Draft7Validator(schema)

    def faults(self, path):
        """Why the schema refuses a file, or an empty list."""
        try:
            document = load(path)
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            return ["not loaded: " + repr(error)]
        return [error.message for error in self.validator.iter_errors(document)]

    def test_good_files_are_valid(self):
        good = sorted((CORPUS / "good").glob("*.yaml"))
        self.assertGreater(len(good), 20)
        for path in good + POLICIES:
            with self.subTest(path=path.name):
                self.assertEqual(self.faults(path), [])

    def test_bad_files_are_invalid_where_a_schema_can_see_it(self):
        beyond = {}
        for line in (CORPUS / "beyond_schema.txt").read_text().splitlines():
            if line and not line.startswith("#"):
                name, reason = line.split(":", 1)
                self.assertTrue(reason.strip(), line)
                beyond[name] = reason
        seen = set()
        for path in sorted((CORPUS / "bad").glob("*.yaml")):
            faults = self.faults(path)
            seen.add(path.stem)
            with self.subTest(path=path.name):
                if path.stem in beyond:
                    self.assertEqual(faults, [], "beyond_schema.txt names it, but the schema sees it")
                else:
                    self.assertNotEqual(faults, [], "the parser refuses it")
        self.assertEqual(set(beyond) - seen, set(), "beyond_schema.txt names files that are not there")

    def test_limits_are_in_the_schema(self):
        rules = [{"name": "a" * 65, "match": {"bus": "pci"}, "driver": "auto"}]
        self.assertFalse(self.validator.is_valid({"version": 1, "rules": rules}))
        rules[0]["name"] = "a" * 64
        self.assertTrue(self.validator.is_valid({"version": 1, "rules": rules}))


class SchemaHasEveryMatchKey(unittest.TestCase):
    maxDiff = None
    COMBINATORS = {"pf", "any", "all", "not"}

    def test_keys_and_their_values_agree_with_the_parser(self):
        properties = json.loads(SCHEMA.read_text())["definitions"]["match"]["properties"]
        lines = subprocess.run([ECHO, "--match-keys"], capture_output=True, text=True, check=True, timeout=60).stdout
        keys = dict(line.split("\t") for line in lines.splitlines())
        self.assertEqual(set(properties), set(keys) | self.COMBINATORS)
        for key, definition in keys.items():
            with self.subTest(key=key):
                entry = properties[key]
                self.assertTrue(entry.pop("description"))
                if definition == "map":
                    self.assertEqual(entry["type"], "object")
                    self.assertEqual(entry["additionalProperties"], self.one_or_list("glob"))
                else:
                    self.assertEqual(entry, self.one_or_list(definition))

    def one_or_list(self, definition):
        one = {"type": "boolean"} if definition == "boolean" else {"$ref": "#/definitions/" + definition}
        return {"oneOf": [one, {"type": "array", "items": one, "minItems": 1}]}


class EmittedPoliciesSurviveYamlTools(unittest.TestCase):
    def echo(self, path):
        done = subprocess.run([ECHO, str(path)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_pyyaml_loads_them_without_loss(self):
        # Through JSON and not yaml.dump(), which would leave out the quotes that the language wants.
        for path in sorted((CORPUS / "good").glob("*.yaml")) + POLICIES:
            with self.subTest(path=path.name), tempfile.TemporaryDirectory() as folder:
                emitted = self.echo(path)
                through = pathlib.Path(folder) / "through.yaml"
                through.write_text(json.dumps(yaml.safe_load(emitted), indent=1, ensure_ascii=False) + "\n")
                self.assertEqual(self.echo(through), emitted)


if __name__ == "__main__":
    SCHEMA, CORPUS, ECHO = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    POLICIES = [pathlib.Path(name) for name in sys.argv[4:]]
    unittest.main(argv=sys.argv[:1])
