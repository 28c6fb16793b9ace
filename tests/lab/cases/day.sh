#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A day of an administrator who has read bindd-policy(5), and what vfioctl says at each step: a policy from scratch, a
# mistake in it, a device that is pulled, a daemon that dies, a release, a manual binding that is kept, a renamed rule, and
# the morning after a reboot. day.sh boots the two parts.
. tests/lab/check.sh

policy=/etc/bindd/policies.d/10-day.yaml
kept=/etc/bindd/policies.d/90-vfioctl.yaml
disk=0000:00:13.0 twin=0000:00:14.0 spare=0000:02:00.0
is_on() { [ "$(driver_of "$1")" = "$2" ]; }
is_active() { systemctl -q is-active bindd; }
is_gone() { [ ! -e "/sys/bus/pci/devices/$1" ]; }
shows() { case $(vfioctl list "$1" -n -o "$2") in *$3*) ;; *) return 1 ;; esac }
plug() { qmp device_add '{"driver":"nvme","serial":"spare","bus":"port5","id":"spare"}'; }
changes() { vfioctl --json history | grep -c '"txn"'; }
# write_policy RULE-OF-THE-DISK RULE-OF-THE-SPARE [KEY]
write_policy() {
    cat >"$policy.new" <<RULES
version: 1
rules:
  - name: $1
    match: { address: "$disk" }
    ${3:-driver}: auto
  - name: $2
    match: { address: "$spare", class: storage }
    driver: auto
RULES
    mv "$policy.new" "$policy"
}
eventually "the daemon runs" is_active

morning() {
    eventually "after the reboot the disk is bound: a release lasts until the next boot" is_on "$disk" vfio-pci
    contains "by its renamed rule" "my-disk" "$(vfioctl list "$disk" -o RULE)"
    eventually "the disk that was bound manually and kept is bound" is_on "$twin" vfio-pci
    contains "the history goes back to yesterday" "release" "$(vfioctl history)"
    contains "a rule without a device is pointed out" "rule 'spare' matches no device here" "$(vfioctl policy check 2>&1)"
    output=$(vfioctl release --forget "$twin" 2>&1)
    verdict $? "the kept binding is taken back" "$output"
    equal "with its driver" nvme "$(driver_of "$twin")"
    check "and its rule" test ! -e "$kept" -o -z "$(grep -s "$twin" "$kept")"
    contains "nothing is left to do" "Nothing to do" "$(vfioctl plan 2>/dev/null)"
}

day() {
    # A policy from scratch
    contains "without a policy there is nothing to do" "Nothing to do" "$(vfioctl plan 2>&1)"
    write_policy guest-disk plugged
    contains "the policy is in order" "2 rules: ok" "$(vfioctl policy check 2>&1)"
    contains "and has a rule for what is not there yet" "rule 'plugged' matches no device here" "$(vfioctl policy check 2>&1)"
    eventually "the disk is bound at once" is_on "$disk" vfio-pci
    contains "explain names the rule and its place" "$policy:3" "$(vfioctl explain "$disk")"
    contains "status counts it" "1 bound" "$(vfioctl status)"

    # A mistake
    write_policy guest-disk plugged drivr
    fails "a mistake fails the plan" 1 vfioctl plan
    output=$(vfioctl plan 2>&1)
    contains "with its place" "$policy:5:5: error: " "$output"
    contains "and a guess" "did you mean 'driver'?" "$output"
    fails "the status is an error" 1 vfioctl status
    contains "that says what is in force" "the last valid set is in force" "$(vfioctl status)"
    equal "the disk stays" vfio-pci "$(driver_of "$disk")"
    write_policy guest-disk plugged
    check "corrected, the plan is in order at once" vfioctl plan

    # A device is plugged in, pulled, and plugged in again
    check "a disk is plugged in" plug
    eventually "and bound" is_on "$spare" vfio-pci
    check "and pulled" qmp device_del '{"id":"spare"}'
    eventually "and gone" is_gone "$spare"
    fails "it is no device any more" 5 vfioctl show "$spare"
    check "the rest is as planned" vfioctl plan
    check "it is plugged in again" plug
    eventually "and bound again" is_on "$spare" vfio-pci

    # The daemon dies
    before=$(changes)
    check "the daemon is killed" systemctl kill -s KILL bindd
    eventually "and comes back" vfioctl status
    equal "the disk was not touched" "vfio-pci $before" "$(driver_of "$disk") $(changes)"

    # Released
    output=$(vfioctl release "$disk" 2>&1)
    verdict $? "the disk is released" "$output"
    contains "the rule that takes it again is named" "guest-disk" "$output"
    equal "it is back on its driver" nvme "$(driver_of "$disk")"
    echo "# a comment" >>"$policy"
    eventually "list says so after an edit as well" shows "$disk" STATE released
    equal "and the disk is left alone" nvme "$(driver_of "$disk")"

    # Manually, and kept
    output=$(vfioctl bind --persist "$twin" 2>&1)
    verdict $? "another disk is bound manually and kept" "$output"
    contains "where its rule is, is said" "$kept" "$output"
    equal "it is bound" vfio-pci "$(driver_of "$twin")"
    contains "the policies are in order with it" "3 rules: ok" "$(vfioctl policy check 2>&1)"

    # Renamed
    before=$(changes)
    write_policy my-disk spare
    eventually "a renamed rule is shown" shows "$spare" RULE spare
    equal "nothing was rebound" "vfio-pci nvme vfio-pci $before" \
        "$(driver_of "$spare") $(driver_of "$disk") $(driver_of "$twin") $(changes)"
    contains "the disk is still released" "released" "$(vfioctl list "$disk" -o STATE)"
    check "what survives a reboot is kept" test -s /var/lib/bindd/history
    printf '# state %s\n' "$(tar -C / -c etc/bindd/policies.d var/lib/bindd | base64 -w0)"
}

"$1"
done_checking
