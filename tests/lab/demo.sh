#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Demonstrates vfioctl: on this machine, where it only reads, then in a guest with the distribution's kernel, where devices
# are bound and released. The guest runs this same script with --guest.
set -u
# shellcheck source=tests/lab/cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

heading() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# show COMMAND...: prints the command as a user types it, its output and, if not 0, its exit status.
show() {
    local status
    printf '\n$ %s\n' "${*/#$vfioctl/vfioctl}"
    "$@"
    status=$?
    [ "$status" = 0 ] || printf '(exit status %s)\n' "$status"
    return "$status"
}

# expect_driver DRIVER ADDRESS: the demonstration fails if the device has another driver.
expect_driver() {
    local link=/sys/bus/pci/devices/$2/driver
    [ "$(basename "$(readlink "$link")")" = "$1" ] || die "$2 is not bound to $1"
}

host() {
    heading "The devices of this machine (nothing is changed here)"
    show "$vfioctl" list -a
    heading "Booting $(release_kernel) in a guest with an IOMMU"
    "$LAB/lab.sh" --timeout 300 --kernel stock --devices minimal,twins -- bash "$LAB/demo.sh" --guest "$vfioctl"
}

release_kernel() {
    # shellcheck source=/dev/null
    (. /etc/os-release && printf "%s's own kernel" "$PRETTY_NAME")
}

guest() {
    local policy=demo.yaml
    local command=("$vfioctl" --policy "$policy")
    cd "$LAB" || return 1
    heading "Linux $(uname -r): the devices, with their native drivers"
    show "$vfioctl" list
    heading "The policy"
    cat "$policy"
    show "${command[0]}" policy check "$policy" || return 1
    heading "The plan: what apply will do, and what it refuses and why"
    show "${command[@]}" plan
    heading "Apply"
    show "${command[@]}" apply
    show "${command[@]}" list
    expect_driver vfio-pci 0000:00:11.0
    expect_driver vfio-pci 0000:00:12.0
    expect_driver nvme 0000:00:13.0
    expect_driver ahci 0000:00:1f.2
    show ls -l /dev/vfio
    heading "Why the network device has this driver, and why the SATA controller is refused"
    show "${command[@]}" explain 0000:00:11.0
    show "${command[@]}" explain 0000:00:1f.2
    heading "Apply again: nothing is left to do"
    show "${command[@]}" apply
    heading "Release"
    show "${command[@]}" release 0000:00:11.0 0000:00:12.0 || return 1
    show "$vfioctl" list
    expect_driver e1000e 0000:00:11.0
    expect_driver nvme 0000:00:12.0
    heading "All devices are back with their native drivers"
}

role=host
if [ "${1:-}" = --guest ]; then
    role=guest
    shift
    exec 2>&1
fi
vfioctl=$(realpath "${1:?usage: demo.sh VFIOCTL}")
"$role"
