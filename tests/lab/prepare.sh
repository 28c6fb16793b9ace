#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes ready what the lab's tests need, before their clocks run: the kernels of all architectures, and the programs
# for those that are not this machine's.
set -eu
lab=$(dirname "${BASH_SOURCE[0]}")/lab.sh
"$lab" --prepare --arch x86 --kernel stock
"$lab" --prepare --arch x86 --kernel lab
"$lab" --prepare --arch s390x --kernel lab
"$lab" --prepare --arch s390x --kernel stock
"$lab" --prepare --arch ppc64le --kernel stock

# The programs that run in the guests of other architectures.
for arch in s390x ppc64le; do
    "$(dirname "$lab")/cross.sh" $arch lab_vfio_space lab_spapr_program lab_vfio_device vfioctl
done
