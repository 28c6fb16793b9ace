#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# root.sh RELEASE NAME [COMMAND...]: a root of a Debian release (bookworm, trixie, sid) in the cache, from the server of this
# machine's own apt sources. Prints its path, or runs COMMAND in it, with this source tree at /tree. NAME "clean" is the
# bare release; "build" has the build dependencies of debian/control; in "scratch", the bare release, changes are dropped.
# Needs root.
set -euo pipefail
# shellcheck source=tests/lab/cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/cache.sh"
# shellcheck source=tests/lab/apt.sh
. "$LAB/apt.sh"
release=${1:?usage: root.sh RELEASE NAME [COMMAND...]} name=${2:?usage: root.sh RELEASE NAME [COMMAND...]}
shift 2
tree=$(cd "$LAB/../.." && pwd)
roots=$LAB_CACHE/roots

# inside ROOT COMMAND...: in a mount namespace of its own, so that nothing stays mounted.
inside() {
    local root=$1
    shift
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount --pid --fork --kill-child sh -ec '
        root=$1 tree=$2 name=$3; shift 3
        if [ "$name" = scratch ]; then
            mount -t tmpfs tmpfs "$root.scratch"
            mkdir "$root.scratch/upper" "$root.scratch/work" "$root.scratch/root"
            options=lowerdir=$root,upperdir=$root.scratch/upper,workdir=$root.scratch/work
            root=$root.scratch/root
            mount -t overlay -o "$options" overlay "$root"
        fi
        mount --rbind /dev "$root/dev"
        mount -t proc proc "$root/proc"
        mount -t tmpfs tmpfs "$root/tmp"
        mkdir -p "$root/tree" && mount --bind "$tree" "$root/tree"
        exec chroot "$root" "$@"' sh "$root" "$tree" "$name" \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

make_clean() {
    local uri
    uri=$(debian_sources | awk -v r="$(release_name)" '$2 == r { print $1; exit }')
    say "making a root of $release"
    debootstrap --variant=minbase --include=ca-certificates "$release" "$1" "${uri%/}" >"$1.log" 2>&1 ||
        { tail -n 20 "$1.log" >&2; die "debootstrap failed"; }
    # No service is started in a root without an init.
    printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
    # The server may be a snapshot of another day.
    echo 'Acquire::Check-Valid-Until "false";' >"$1/etc/apt/apt.conf.d/90lab"
    chmod +x "$1/usr/sbin/policy-rc.d"
    rm -f "$1"/var/cache/apt/archives/*.deb
}

make_build() {
    cp -a "$("$0" "$release" clean)/." "$1"
    say "installing the build dependencies in $release"
    # shellcheck disable=SC2016 # expanded by the inner shell
    inside "$1" sh -ec '
        echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/lab
        apt-get -qq update
        apt-get -qq -y --no-install-recommends install build-essential ccache lintian git >/dev/null
        cp -r /tree/debian /tmp && cd /tmp && apt-get -qq -y --no-install-recommends build-dep ./ >/dev/null' >"$1.log" 2>&1 ||
        { tail -n 20 "$1.log" >&2; die "the build dependencies could not be installed"; }
}

root=$roots/$release-${name/scratch/clean}
mkdir -p "$roots" "$root.scratch"
(
    flock 8
    if [ ! -d "$root" ]; then
        rm -rf "$root.new"
        mkdir "$root.new"
        "make_${name/scratch/clean}" "$root.new"
        mv "$root.new" "$root"
    fi
) 8>"$root.lock"
if [ $# = 0 ]; then printf '%s\n' "$root"; else inside "$root" "$@"; fi
