#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""hostile_controller.py ADDRESS: connects to the executor as the controller's user and asks it for what it must not do with a
device; prints the last reply to each message, a line each. tests/unit/bindd/executor/hostile_controller_test.cpp has every message;
here it is the real unit that answers."""

import array
import json
import os
import pwd
import socket
import sys

NIC = "pci/" + sys.argv[1]
user = pwd.getpwnam("bindd")
modalias = open(f"/sys/bus/pci/devices/{sys.argv[1]}/modalias", encoding="utf-8").read().strip()
group = int(os.path.basename(os.readlink(f"/sys/bus/pci/devices/{sys.argv[1]}/iommu_group")))
driver = os.path.basename(os.readlink(f"/sys/bus/pci/devices/{sys.argv[1]}/driver"))


def attribute(name):
    with open(f"/sys/bus/pci/devices/{sys.argv[1]}/{name}", encoding="utf-8") as file:
        return file.read().strip().removeprefix("0x")


IDS = {name: attribute(name) for name in ("vendor", "device", "subsystem_vendor", "subsystem_device", "class", "revision")}
os.setgroups([])
os.setgid(user.pw_gid)
os.setuid(user.pw_uid)


def link(driver, module=None):
    return {"driver": driver, "module": module, "origin": "rule", "from": "", "fate": "use", "why": ""}


def execute(**changed):
    change = {
        "device": NIC, "identity": {**IDS, "modalias": modalias, "iommu_group": group},
        "from_driver": driver, "from_override": None, "to": "chain", "candidates": [], "taken_along": False,
        "accepted_uses": [], "access": {"owner": None, "group": None, "mode": None}, "check": "none", "set_vfs": None,
        "mdevs": [], "mdevs_to_stop": [], "rule": "hostile", "where": "", "rollback": "", **changed}
    return {"message": "execute_transaction", "actor": "bindd", "action": "apply", "timeout": 5000, "transaction": {
        "group": group, "verdict": "change", "devices": [NIC], "changes": [change], "steps": [], "reasons": [], "notes": [],
        "result": None, "error": "", "error_code": None}}


def mdev(attr):
    return {"uuid": None, "count": None, "type": "nvidia-1", "attrs": [[attr, "1"]]}


MESSAGES = {
    "a driver of no policy": execute(candidates=[link("uio_pci_generic", "uio_pci_generic")]),
    "a module of no alias": execute(candidates=[link("vfio-pci", "nbd")]),
    "an attribute": execute(mdevs=[mdev("driver/unbind")]),
    "a mode": execute(access={"owner": None, "group": None, "mode": 0o4777}),
    "a worker's message": {"message": "undo_transaction", "txn": "../../x"},
}


def last_reply(message):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect("/run/bindd/executor")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))])
    connection.sendall((json.dumps({"id": 1, **message}) + "\n").encode())
    for line in connection.makefile():
        reply = json.loads(line)
        if reply["message"] == "transaction_ended":
            return f'{reply["transaction"]["result"]} {reply["transaction"]["error"]}'
        if reply["message"] in ("completed", "failed"):
            return reply["message"] + " " + reply.get("error", {}).get("reason", "")
    return "hung up"


for name, message in MESSAGES.items():
    print(f"{name}: {last_reply(message)}")
