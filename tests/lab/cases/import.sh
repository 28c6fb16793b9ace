#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vfioctl import modprobe` takes the ids that the kernel's vfio-pci takes from the same lines.
. tests/lab/check.sh
. tests/lab/json.sh

mkdir -p /etc/modprobe.d
# Of the lines before the last nothing must come through.
cat >/etc/modprobe.d/vfio.conf <<'CONF'
options vfio-pci ids=aaaa:0001
# a comment \
options vfio-pci ids=aaaa:0002
options vfio_pci disable_idle_d3=1 "ids=aaaa:0003, aaaa:0004"
blacklist vfio-pci
softdep vfio-pci pre: vfio
options vfio-pci ids="bbbb:1, bbbb: 0x2 ,bbbb:3:zz,bbbb:\
4,,bbbb:5::1,bbbb :6,1000bbbb:7,bbbb:8:9:a:0b0000:ff0000,cc" # why
CONF
dmesg -C
check "vfio-pci can be loaded" modprobe vfio-pci
kernel=$(dmesg | sed -n 's/.*vfio_pci: add \[\([0-9a-f]*:[0-9a-f]*\)\[.*/\1/p' | sort)
printf '#   %s\n' "$(dmesg | grep vfio_pci)"
imported=$(vfioctl --json import modprobe 2>/dev/null | json "j['yaml']" |
    sed -n 's/.*vendor: "\([0-9a-f]*\)", device: "\([0-9a-f]*\)".*/\1:\2/p' | sort)
check "the kernel took some" test -n "$kernel"
# An id that no device can have is no rule.
equal "import takes the same" "$(grep -v '^1000bbbb:' <<<"$kernel")" "$imported"
contains "overwritten ones are named" "'vfio-pci ids=aaaa:0001' is overwritten" "$(vfioctl import modprobe 2>&1 >/dev/null)"

done_checking
