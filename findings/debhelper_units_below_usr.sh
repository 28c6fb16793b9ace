#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# debhelper 13.11.4 (Debian 12): dh_installsystemd makes maintainer scripts for units below /lib/systemd/system only. A unit in
# /usr/lib/systemd/system, which systemd itself prefers and dh_installtmpfiles and dh_installsysusers read, is installed and
# neither enabled nor started, without a word. Version 13.11.6 and later read both. We move our units in debian/rules.
#
# Seen:
#   lib/systemd/system: has scripts
#   usr/lib/systemd/system: has none, exit status 0
set -euo pipefail
dir=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get -qq download debhelper=13.11.4 libdebhelper-perl=13.11.4
for package in ./*.deb; do dpkg -x "$package" tools; done
export PERL5LIB=$dir/tools/usr/share/perl5 PATH=$dir/tools/usr/bin:$PATH
mkdir -p source/debian
cd source
printf '%s\n' "Source: sample" "Maintainer: A <a@b.example>" "Build-Depends: debhelper-compat (= 13)" "" "Package: sample" \
    "Architecture: any" "Description: sample" >debian/control
printf 'sample (1) unstable; urgency=low\n\n  * First.\n\n -- A <a@b.example>  Sun, 29 Nov 2026 12:00:00 +0000\n' >debian/changelog

# scripts BELOW: prints what dh_installsystemd makes of a unit in that directory.
scripts() {
    rm -rf debian/sample debian/*.debhelper debian/.debhelper
    mkdir -p "debian/sample/$1"
    printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' >"debian/sample/$1/sample.service"
    dh_installsystemd
    if grep -rqs deb-systemd-invoke debian --include='*postinst*'; then echo "has scripts"; else echo "has none, exit status 0"; fi
}
old=$(scripts lib/systemd/system) new=$(scripts usr/lib/systemd/system)
printf 'lib/systemd/system: %s\nusr/lib/systemd/system: %s\n' "$old" "$new"
[ "$old" = "has scripts" ] && [ "$new" = "has none, exit status 0" ]
