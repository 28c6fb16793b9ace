#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# units.sh BUILD-DIR SOURCE-DIR: checks the installed units, presets, tmpfiles and catalog with systemd's own tools.
set -euo pipefail
build=$1 source=$2
root=$(mktemp -d "${TMPDIR:-/tmp}/bindd-units.XXXXXX")
trap 'rm -rf "$root"' EXIT
die() {
    printf '%s\n' "$*" >&2
    exit 1
}
# quiet SENTENCE COMMAND...: the command must succeed and print nothing.
quiet() {
    local sentence=$1 output
    shift
    output=$("$@" 2>&1) || die "$sentence: $*: $output"
    [ -z "$output" ] || die "$sentence: $output"
}

DESTDIR=$root cmake -DCMAKE_INSTALL_PREFIX=/usr -P "$build/systemd/cmake_install.cmake" >/dev/null
units=$root/usr/lib/systemd/system

# verify requires the programs at their installed paths; bindd's are not installed here.
mkdir "$root/verified"
for unit in "$units"/*.service; do
    sed -E 's,^(Exec[A-Za-z]+=)[^ ]*/(vfioctl|bindd)( |$),\1/bin/true\3,' "$unit" >"$root/verified/$(basename "$unit")"
    grep -q '^ExecStart=/bin/true' "$root/verified/$(basename "$unit")" || die "$unit: runs no program of bindd"
done
cp "$units"/*.socket "$root/verified/"
quiet "verify" systemd-analyze verify --man=no "$root"/verified/bindd*

# In tenths. The service that is on the bus has hardly any privileges; the executor's unit gives the reason for each.
exposed_at_most() {
    systemd-analyze security --no-pager --offline=yes --threshold="$2" "$root/verified/$1" >"$root/security" ||
        die "$1 is exposed more than allowed: $(tail -n 1 "$root/security")"
    grep -q 'Overall exposure level' "$root/security" || die "systemd-analyze security prints nothing"
}
exposed_at_most bindd.service 10
exposed_at_most bindd-executor@.service 30
exposed_at_most bindd-apply.service 30
exposed_at_most bindd-early.service 30

# As a package does: the preset enables the units for their targets.
mkdir -p "$root/etc/systemd/system"
systemctl --root="$root" preset bindd.service bindd-early.service bindd-apply.service >/dev/null 2>&1
for link in multi-user.target.wants/bindd.service sysinit.target.wants/bindd-early.service; do
    [ -L "$root/etc/systemd/system/$link" ] || die "the preset does not enable $link"
done
[ ! -e "$root/etc/systemd/system/multi-user.target.wants/bindd-apply.service" ] || die "the preset enables bindd-apply"

systemd-sysusers --root="$root" "$root/usr/lib/sysusers.d/bindd.conf" 2>"$root/sysusers" ||
    grep -q 'Operation not permitted' "$root/sysusers" || die "sysusers: $(cat "$root/sysusers")"
grep -q '^bindd:' "$root/etc/passwd" || die "sysusers makes no user bindd"

# The lines without their owner, because the test may run unprivileged.
sed 's/ root root -$//' "$root/usr/lib/tmpfiles.d/bindd.conf" >"$root/tmpfiles.conf"
quiet "tmpfiles" systemd-tmpfiles --root="$root" --create "$root/tmpfiles.conf"
for directory in run/bindd etc/bindd/policies.d var/lib/bindd; do
    [ -d "$root/$directory" ] || die "tmpfiles does not make /$directory"
done

mkdir -p "$root/var/lib/systemd/catalog"
quiet "the catalog" journalctl --root="$root" --update-catalog
catalog=$root/usr/lib/systemd/catalog/bindd.catalog
documented=$(grep -o '^-- [0-9a-f]\{32\}$' "$catalog" | cut -c4- | sort)
log=$source/bindd/loop/journal_log.cpp
ids=$(grep -o '"[0-9a-f]\{32\}"' "$log" | tr -d '"' | sort)
[ "$ids" = "$documented" ] || die "the catalog and $log differ: $(diff <(printf '%s' "$ids") <(printf '%s' "$documented"))"
[ -z "$(uniq -d <<<"$documented")" ] || die "the catalog has a message twice"
