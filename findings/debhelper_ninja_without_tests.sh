#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# debhelper 13.11.4 (Debian 12): dh_auto_test fails for a CMake project without tests when it is built with ninja, and passes when
# it is built with make. For make it asks whether there is a target first; for ninja it does not. We found it when the packages
# were built with -DBINDD_TESTS=OFF; debian/rules has an empty override_dh_auto_test.
#
# Seen (ninja 1.11.1, cmake 3.25.1):
#   cmake: exit status 0
#   cmake+ninja: exit status 25, ninja: error: unknown target 'test'
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

printf 'cmake_minimum_required(VERSION 3.25)\nproject(sample LANGUAGES NONE)\n' >CMakeLists.txt
# auto_test SYSTEM: prints how dh_auto_test ends.
auto_test() {
    local status=0
    rm -rf obj-*
    dh_auto_configure --buildsystem="$1" >/dev/null 2>&1
    dh_auto_test --buildsystem="$1" >../log 2>&1 || status=$?
    printf 'exit status %d%s\n' $status "$(sed -n "s/\(unknown target '[a-z]*'\).*/\1/p" ../log | head -n 1 | sed 's/^/, /')"
}
make=$(auto_test cmake) ninja=$(auto_test cmake+ninja)
printf 'cmake: %s\ncmake+ninja: %s\n' "$make" "$ninja"
[ "$make" = "exit status 0" ] && [[ $ninja == "exit status "[1-9]*"unknown target 'test'" ]]
