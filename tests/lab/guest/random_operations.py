#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""random_operations.py SEED SECONDS: random operations on the devices of the profile `full` while the daemon runs; after
each round, when everything has settled, what must hold is checked. The seed gives the order of the operations; how they
meet is the kernel's. Prints each operation, and "not held: ..." for whatever does not hold; ends with 1 then."""
import collections
import os
import random
import signal
import subprocess
import sys
import time

from random_host import EDU, GROUPS, HOT, NATIVE, NIC, DISK, Host, attempt

SEED, SECONDS = int(sys.argv[1]), int(sys.argv[2])
OPERATIONS_A_ROUND = 8
RELOADED_EVERY = 10
SETTLED_WITHIN = 120  # seconds; an emulated machine under load is slow
COMMANDED = (EDU, NIC, DISK, "0000:00:13.0", "0000:00:15.0", "0000:04:01.0")


class Run:
    def __init__(self):
        self.random = random.Random(SEED)
        self.host = Host()
        self.counts = collections.Counter()
        self.failures = []
        self.rules = {}
        self.allowed_ends = set()
        self.unbound_outside = set()

    def say(self, text):
        print(f"# {time.monotonic() - self.begun:7.1f} {text}", flush=True)

    def not_held(self, text):
        self.failures.append(text)
        print(f"not held: {text} (seed {SEED})", flush=True)

    # What happens. Each takes its choices from the generator first, whatever the host is like.

    def edit_policy(self):
        rules = {address: self.random.choice(["auto", "auto", "vfio-pci", "host", "none", ""]) for address in NATIVE}
        # A rule that gives a device back says nothing about the peers of its group.
        for address in GROUPS:
            rules[address] = rules[address].replace("host", "").replace("none", "auto")
        rules[EDU] = self.random.choice(["auto", "none", ""])
        self.rules = {address: driver for address, driver in rules.items() if driver}
        drift = self.random.choice(["report", "restore"])
        self.host.write_policy(self.rules, drift)
        return drift + " " + " ".join(f"{address[5:]}={driver}" for address, driver in self.rules.items())

    def command(self):
        words = self.random.choice([["bind"], ["release"], ["release"], ["apply"], ["plan"], ["list"], ["groups"]])
        if words[0] in ("bind", "release"):
            words = words + [self.random.choice(COMMANDED)]
        status = self.host.vfioctl(*words).returncode
        if status not in (0, 1, 3, 4, 5, 6):
            self.not_held(f"vfioctl {' '.join(words)} ended with {status}")
        return f"{' '.join(words)}: {status}"

    def kill(self):
        choice, delay = self.random.choice(["daemon", "executor", "worker"]), self.random.random() / 2
        victims = self.host.processes()
        if choice not in victims:
            return choice + ": none"
        time.sleep(delay)
        self.allowed_ends |= {"daemon": {-signal.SIGKILL}, "executor": {1}, "worker": set()}[choice]
        attempt(os.kill, victims[choice], signal.SIGKILL)
        return f"{choice} {victims[choice]}"

    def use(self):
        use = self.random.choice(["mount", "address", "open"])
        return f"{use}: {self.host.toggle(use)}"

    def unplug_below(self):
        """The device vanishes and is found again, as by the attributes remove and rescan."""
        address, delay = self.random.choice([EDU, NIC, "0000:00:13.0", "0000:04:03.0"]), self.random.random()
        if address in self.host.in_use():
            return address + ": in use"
        self.host.store(f"devices/{address}/remove", "1")
        time.sleep(delay)
        self.host.store("rescan", "1")
        self.host.wait_for_udev()
        return address

    def plug(self):
        port = self.random.choice(list(HOT))
        return f"{port}: {self.host.toggle_plug(port)}"

    def meddle(self):
        address, what = self.random.choice([EDU, NIC, "0000:00:14.0"]), self.random.choice(["unbind", "override"])
        if address in self.host.in_use():
            return address + ": in use"
        driver = self.host.driver(address)
        if what == "override":
            self.host.store(f"devices/{address}/driver_override", "\n")
        elif driver:
            self.unbound_outside.add(address)
            self.host.store(f"drivers/{driver}/unbind", address)
        return f"{address}: {what}"

    # What must hold.

    def check_uses(self):
        for address, what in self.host.uses_lost():
            self.not_held(f"{address} was taken although it is in use: {what}")

    def check_daemon(self):
        """A daemon whose executor was killed ends, and its service manager starts it again."""
        status = self.host.restart_daemon()
        if status is None:
            return
        self.say(f"the daemon ended with {status} and is started again")
        if status not in self.allowed_ends:
            self.not_held(f"the daemon ended with {status}")
        self.allowed_ends = set()

    def unsettled(self):
        """What does not hold yet."""
        found = []
        for address in self.host.expected():
            if not self.host.is_there(address):
                found.append(f"{address} is lost")
                continue
            driver, override = self.host.driver(address), self.host.override(address)
            allowed = {driver, None if driver != "vfio-pci" else driver, "none" if driver is None else None}
            if driver is None and address in self.unbound_outside and address not in self.rules:
                allowed.add("vfio-pci")  # a drift that no rule repairs; a release clears it
            if address != "0000:00:14.0" and override not in allowed | ({None} if driver != "vfio-pci" else set()):
                found.append(f"{address} is on {driver} with the override {override}")
        for lead, peers in GROUPS.items():
            if lead not in self.rules:
                continue  # plugged in anew it stays with its driver, whatever its peers were taken for
            drivers = [self.host.driver(address) for address in [lead, *peers]]
            if len({driver == "vfio-pci" for driver in drivers}) != 1:
                found.append(f"the group of {lead} is half taken: {drivers}")
        found += self.host.unended_transactions()
        return found or self.host.planned_changes()

    def settle(self):
        """A drift that is only reported, and a transaction whose worker was killed, wait for a reload."""
        self.host.plug_settled()
        deadline, reload_at = time.monotonic() + SETTLED_WITHIN, time.monotonic()
        while (unsettled := self.unsettled()) and time.monotonic() < deadline:
            self.check_daemon()
            if time.monotonic() >= reload_at:
                self.host.reload()
                reload_at = time.monotonic() + RELOADED_EVERY
            time.sleep(0.5)
        for each in unsettled:
            self.not_held(each)
        self.check_uses()

    def run(self):
        self.begun = time.monotonic()
        operations = [self.edit_policy] * 3 + [self.command] * 5 + [self.kill] * 2 + [self.use] * 4
        operations += [self.unplug_below] * 2 + [self.plug, self.meddle, self.meddle]
        self.host.write_policy({}, "report")
        self.host.start_daemon()
        rounds = 0
        while time.monotonic() - self.begun < SECONDS and not self.failures:
            for _ in range(OPERATIONS_A_ROUND):
                operation = self.random.choice(operations)
                pause = self.random.random()
                self.say(f"{operation.__name__} {operation()}")
                self.counts[operation.__name__] += 1
                time.sleep(pause)
                self.check_uses()
                self.check_daemon()
            self.settle()
            rounds += 1
            self.say(f"round {rounds} has settled")
        self.give_back()
        print(f"{sum(self.counts.values())} operations in {rounds} rounds, seed {SEED}: {dict(self.counts)}; "
              f"{self.host.races} uses began while the device was being taken; {len(self.failures)} not held")

    def give_back(self):
        """At the end everything that was taken is given back: by a rule, and what has no driver of its own by a release."""
        self.host.drop_uses()
        self.host.stop_daemon()
        self.host.write_policy({address: "host" for address in NATIVE}, "report")
        self.host.vfioctl("apply")
        for address in self.host.expected():
            done = self.host.vfioctl("release", address)
            driver, override = self.host.driver(address), self.host.override(address)
            if driver == "vfio-pci" or override is not None:
                self.not_held(f"{address} stays on {driver} with the override {override}: {done.stdout}")
            if done.returncode == 0 and driver != self.host.native(address):
                self.not_held(f"{address} was given back to {driver}, not to {self.host.native(address)}")


run = Run()
try:
    run.run()
finally:
    run.host.stop_daemon()
    if run.failures:
        for file in (run.host.log, "/var/lib/bindd/history", "/run/bindd/journal"):
            subprocess.run(["tail", "-v", "-n", "400", file], check=False)
sys.exit(bool(run.failures))
