#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lifecycle.sh PACKAGES: installs, reinstalls, upgrades, removes and purges the packages of the directory PACKAGES in this root,
# which tests/package/root.sh has made, as piuparts does: what a purge leaves is what was there before.
set -euo pipefail
packages=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0
fail() {
    printf 'not ok - %s\n' "$*"
    exit 1
}
ok() {
    number=$((number + 1))
    printf 'ok %d - %s\n' $number "$*"
}
apt() { apt-get -qq -y --no-install-recommends "$@" >"$scratch/log" 2>&1 || {
    cat "$scratch/log"
    fail "apt-get $*"
}; }
# What dpkg, apt and ldconfig write for themselves is left out, and udev's directory, which a running system has.
snapshot() {
    find / -xdev \( -path /proc -o -path /dev -o -path /tmp -o -path /tree -o -path /var/cache -o -path /var/log -o \
        -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/systemd/deb-systemd-helper-\* -o -path /run/lock -o -path /run/udev \) \
        -prune -o -printf '%y %m %p %l\n' | LC_ALL=C sort
}
# deb NAME: its file.
deb() { echo "$packages/$1"_*.deb; }
# next_version NAME: the same package as version 0.1.0+next.
next_version() {
    dpkg-deb -R "$(deb "$1")" "$scratch/$1"
    sed -i -E 's/^Version: .*/&+next/; s/\(= ([^)]*)\)/(= \1+next)/' "$scratch/$1/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$scratch/$1" "$scratch/next_$1.deb" >/dev/null
}

ours=(vfioctl bindd libbindd-vfio0 libbindd-vfio-dev)
files=()
for name in "${ours[@]}"; do files+=("$(deb "$name")"); done
apt update
# The dependencies stay, so that they do not count.
depends=$(for file in "${files[@]}"; do dpkg-deb -f "$file" Depends | tr ',' '\n'; done |
    grep -vE '^ *(vfioctl|bindd|libbindd)' | sort -u | paste -sd, -)
apt satisfy "$depends"
snapshot >"$scratch/before"

apt install "${files[@]}"
ok "apt installs them"
[ -L /etc/systemd/system/multi-user.target.wants/bindd.service ] || fail "bindd.service is not enabled"
[ -L /etc/systemd/system/sysinit.target.wants/bindd-early.service ] || fail "bindd-early.service is not enabled"
if ls /etc/systemd/system/*/bindd-apply.service 2>/dev/null; then fail "bindd-apply.service is enabled"; fi
ok "the daemon and the early step are enabled"
[ "$(vfioctl policy show | grep -c 'drivers:')" -ge 10 ] || fail "the shipped variants are not found"
if [ -e /usr/lib/sysusers.d/bindd.conf ]; then getent passwd bindd >/dev/null || fail "there is no user bindd"; fi
ldd /usr/bin/vfioctl /usr/sbin/bindd | { ! grep 'not found'; } || fail "a library is missing"
ok "the programs run"
modified=$(dpkg --verify "${ours[@]}")
[ -z "$modified" ] || fail "dpkg --verify: $modified"

policy=/etc/bindd/policies.d/10-mine.yaml
printf 'version: 1\nrules: []\n' >$policy
snapshot | grep -v /run/ >"$scratch/installed"
apt install --reinstall "${files[@]}"
snapshot | grep -v /run/ | diff "$scratch/installed" - || fail "a reinstallation changes files"
ok "a reinstallation changes nothing"
for name in "${ours[@]}"; do next_version "$name"; done
rm /etc/systemd/system/multi-user.target.wants/bindd.service
apt install "$scratch"/next_*.deb
[ ! -e /etc/systemd/system/multi-user.target.wants/bindd.service ] || fail "an upgrade enables what was disabled"
[ -e $policy ] || fail "an upgrade removes a policy"
ok "an upgrade keeps the policies and what was disabled"

apt remove "${ours[@]}"
[ -e $policy ] || fail "a removal removes a policy"
ok "a removal keeps the policies"
apt install "${files[@]}"
ok "they can be installed again"
mkdir -p /var/lib/bindd && : >/var/lib/bindd/history
apt purge "${ours[@]}"
snapshot | diff "$scratch/before" - || fail "a purge leaves files"
if getent passwd bindd; then fail "a purge leaves a user"; fi
ok "a purge leaves nothing"

apt install mdevctl
apt install "$(deb vfioctl)" "$(deb bindd-mdevctl)"
if dpkg-query -W -f '${db:Status-Status}\n' mdevctl 2>/dev/null | grep -qx installed; then fail "mdevctl is still there"; fi
for program in /usr/bin/mdevctl /usr/bin/lsmdev /usr/sbin/mdevctl; do
    [ "$(readlink -f $program)" = /usr/bin/vfioctl ] || fail "$program is not vfioctl"
done
mdevctl list --defined >/dev/null || fail "mdevctl does not run"
apt satisfy 'mdevctl (>= 1.3)'
ok "bindd-mdevctl replaces mdevctl and provides its version"
apt purge bindd-mdevctl vfioctl mdevctl
snapshot | diff "$scratch/before" - || fail "a purge leaves files"
ok "and its purge leaves nothing"
printf '1..%d\n' $number
