#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes ready what the lab's tests need, before their clocks run: the kernels of all architectures, another bus, and the
# programs for those that are not this machine's.
set -eu
lab=$(dirname "${BASH_SOURCE[0]}")/lab.sh
"$lab" --prepare --arch x86 --kernel stock
"$lab" --prepare --arch x86 --kernel lab
"$lab" --prepare --arch s390x --kernel lab
"$lab" --prepare --arch s390x --kernel stock
"$lab" --prepare --arch ppc64le --kernel stock

# The other bus. It is unpacked and never installed: as a package it takes the place of this machine's own.
# shellcheck source=tests/lab/cache.sh
. "$(dirname "$lab")/cache.sh"
# shellcheck source=tests/lab/apt.sh
. "$LAB/apt.sh"
mkdir -p "$LAB/../../build/broker"
dpkg -x "$(fetch_package amd64 '^dbus-broker$')" "$LAB/../../build/broker"

# The programs that run in the guests of other architectures.
for arch in s390x ppc64le; do
    "$(dirname "$lab")/cross.sh" $arch lab_vfio_space lab_spapr_program lab_vfio_device vfioctl
done
