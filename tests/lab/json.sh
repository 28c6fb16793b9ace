# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# json EXPRESSION: evaluates a Python expression over the object `j` read from standard input, and prints the result;
# a list is printed one item a line, None as null, booleans as in JSON.
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

# all_transactions_ended [JOURNAL]: succeeds if the journal is there and each transaction that began in it was committed or rolled
# back; prints those that were not.
all_transactions_ended() {
    python3 -c '
import json, sys
records = []
for line in open(sys.argv[1]):
    try:
        records.append(json.loads(line.partition(" ")[2]))
    except ValueError:
        print("torn line:", line)
began = {r["txn"]: r for r in records if r["record"] == "begin"}
for record in records:
    if record["record"] in ("commit", "rolled_back"):
        began.pop(record["txn"], None)
for record in began.values():
    print("not ended:", json.dumps(record))
sys.exit(not records or bool(began))
' "${1:-/run/bindd/journal}"
}
