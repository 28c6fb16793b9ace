#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Prepares what the lab's tests need, so that it does not count against their timeouts: the kernels of all
# architectures, dbus-broker, and the cross-built programs.
set -eu
lab=$(dirname "${BASH_SOURCE[0]}")/lab.sh
"$lab" --prepare --arch x86 --kernel stock
"$lab" --prepare --arch x86 --kernel lab
"$lab" --prepare --arch s390x --kernel lab
"$lab" --prepare --arch s390x --kernel stock
"$lab" --prepare --arch ppc64le --kernel stock

# dbus-broker is unpacked and not installed: as a package it would replace this machine's system bus.
# shellcheck source=tests/lab/cache.sh
. "$(dirname "$lab")/cache.sh"
# shellcheck source=tests/lab/apt.sh
. "$LAB/apt.sh"
mkdir -p "$LAB/../../build/broker"
dpkg -x "$(fetch_package amd64 '^dbus-broker$')" "$LAB/../../build/broker"

# So are the tools of cases/stacks.sh, whose udev rules would change the other guests.
mkdir -p "$LAB/../../build/stacks"
for package in mdadm lvm2 cryptsetup-bin btrfs-progs libcryptsetup12 liblzo2-2 libaio1 libdevmapper-event1.02.1 libpopt0; do
    dpkg -x "$(fetch_package amd64 "^${package//./\\.}\$")" "$LAB/../../build/stacks"
done

# The programs for the guests of other architectures.
for arch in s390x ppc64le; do
    "$(dirname "$lab")/cross.sh" $arch lab_vfio_space lab_spapr_program lab_vfio_device vfioctl
done
