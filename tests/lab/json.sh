# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# json EXPRESSION: evaluates a Python expression over the object `j` read from standard input, and prints the result;
# lists one item a line, None as null, booleans as JSON has them.
json() {
    python3 -c '
import json, sys
j = json.load(sys.stdin)
def devices(**want):
    return [d for d in j["devices"] if all(d[k] == v for k, v in want.items())]
def device(address):
    return devices(address=address)[0]
def transaction(address):
    return [t for t in j["transactions"] if address in t["devices"]][0]
r = eval(sys.argv[1])
for x in r if isinstance(r, list) else [r]:
    print(x if isinstance(x, str) else json.dumps(x))
' "$1"
}
