#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# guest.sh PACKAGES: installs the packages of the directory PACKAGES in this root, runs the tests of debian/tests, and
# upgrades and removes the packages while the daemon runs.
set -euo pipefail
cd /tree
packages=$1
apt-get -qq update
apt-get -qq -y --no-install-recommends install "$packages"/{vfioctl,bindd,libbindd-vfio0,libbindd-vfio-dev}_*.deb >/dev/null
debian/tests/bind-in-qemu
tests/lab/lab.sh --kernel stock --devices minimal --systemd --timeout 900 --before tests/lab/guest/installed_tree -- \
    tests/package/running.sh "$packages"
