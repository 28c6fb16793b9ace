#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# mdevctl 1.2.0-3+b1 (Debian 12): the udev rules that start the automatic mediated devices of a parent run /usr/sbin/mdevctl,
# and the package installs /usr/bin/mdevctl. Where /usr/sbin has no link to it, no device starts at boot; RUN's shell only writes
# "not found" to the log. We found it when bindd-mdevctl had to provide every path by which mdevctl is called.
#
# Seen:
#   called: /usr/sbin/mdevctl
#   installed: ./usr/bin/mdevctl
set -euo pipefail
dir=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get -qq download mdevctl=1.2.0-3+b1
dpkg -x mdevctl_*.deb .
printf 'called: %s\n' "$(grep -oE '/usr/s?bin/mdevctl' lib/udev/rules.d/60-mdevctl.rules | sort -u)"
printf 'installed: %s\n' "$(find . -path '*bin/mdevctl')"
[ ! -e usr/sbin/mdevctl ] && grep -q /usr/sbin/mdevctl lib/udev/rules.d/60-mdevctl.rules
