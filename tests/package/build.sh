#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# build.sh OUT: builds the Debian packages of this source tree, as it is in the working directory, into OUT.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=${1:?usage: build.sh OUT}
rm -rf "$out"
mkdir -p "$out/bindd"
{ git ls-files -z 2>/dev/null || find . -type f -not -path './build/*' -not -path './.git/*' -print0; } |
    tar -c --null --files-from=- --ignore-failed-read | tar -x -C "$out/bindd"
cd "$out/bindd"
# The cache is used where it is installed; debhelper gives the build a home directory of its own.
export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ccache} CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
PATH=/usr/lib/ccache:$PATH dpkg-buildpackage --no-sign --build=binary >../build.log 2>&1 || {
    tail -n 40 ../build.log >&2
    exit 1
}
# gcc's, cmake's, dpkg's and debhelper's.
if grep -E '(^|[^-a-z])warning: ' ../build.log >&2; then
    echo "the build has warnings" >&2
    exit 1
fi
