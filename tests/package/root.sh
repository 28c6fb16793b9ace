#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# root.sh [--drop] RELEASE NAME [COMMAND...]: a root of a Debian release (bookworm, trixie, sid) in the cache, from the server
# of this machine's own apt sources. Prints its path, or runs COMMAND in it, with this source tree at /tree; with --drop its
# changes are dropped. NAME "clean" is the bare release; "build" has the build dependencies of debian/control, "lab" those of
# debian/tests. Needs root.
set -euo pipefail
# shellcheck source=tests/lab/cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/cache.sh"
# shellcheck source=tests/lab/apt.sh
. "$LAB/apt.sh"
drop=no
if [ "${1:-}" = --drop ]; then
    drop=yes
    shift
fi
[ $# -ge 2 ] || die "usage: root.sh [--drop] RELEASE NAME [COMMAND...]"
release=$1 name=$2
shift 2
case $release in bookworm | trixie | sid) ;; *) die "no such release: $release (bookworm, trixie, sid)" ;; esac
case $name in clean | build | lab) ;; *) die "no such root: $name (clean, build, lab)" ;; esac
tree=$(cd "$LAB/../.." && pwd)
roots=$LAB_CACHE/roots

# inside ROOT COMMAND...: in a mount namespace of its own, so that nothing stays mounted.
inside() {
    local root=$1
    shift
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount --pid --fork --kill-child sh -ec '
        root=$1 tree=$2 cache=$3 drop=$4; shift 4
        if [ "$drop" = yes ]; then
            mount -t tmpfs tmpfs "$root.drop"
            mkdir "$root.drop/upper" "$root.drop/work" "$root.drop/root"
            options=lowerdir=$root,upperdir=$root.drop/upper,workdir=$root.drop/work
            root=$root.drop/root
            mount -t overlay -o "$options" overlay "$root"
        fi
        mkdir -p "$root/root/.cache" && mount --bind "$cache" "$root/root/.cache"
        mount --rbind /dev "$root/dev"
        mount -t proc proc "$root/proc"
        mount -t tmpfs tmpfs "$root/tmp"
        mkdir -p "$root/tree" && mount --bind "$tree" "$root/tree"
        exec chroot "$root" "$@"' sh "$root" "$tree" "$roots/$release-cache" "$drop" \
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

# make_with ROOT COMMAND...: a copy of the clean root, with what COMMAND installs.
make_with() {
    local root=$1 drop=no clean
    shift
    clean=$("$0" "$release" clean)
    [ -x "$clean/usr/bin/dpkg" ] || die "there is no clean root of $release"
    cp -a "$clean/." "$root"
    say "installing packages in a root of $release"
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/lab"
    # shellcheck disable=SC2016 # expanded by the inner shell
    inside "$root" sh -ec 'apt-get -qq update; "$@" >/dev/null' sh "$@" >"$root.log" 2>&1 ||
        { tail -n 20 "$root.log" >&2; die "they could not be installed"; }
}

make_build() {
    make_with "$1" sh -ec 'apt-get -qq -y --no-install-recommends install build-essential ccache lintian
        cp -r /tree/debian /tmp && cd /tmp && apt-get -qq -y --no-install-recommends build-dep ./'
}

make_lab() {
    make_with "$1" apt-get -qq -y --no-install-recommends satisfy \
        "$(sed -n '/^Depends:/,/^[A-Z]/s/^ \([a-z].*\),$/\1/p' "$tree/debian/tests/control" | paste -sd,)"
}

root=$roots/$release-$name
mkdir -p "$roots/$release-cache" "$root.drop"
(
    flock 8
    if [ ! -d "$root" ]; then
        rm -rf "$root.new"
        mkdir "$root.new"
        "make_$name" "$root.new"
        mv "$root.new" "$root"
    fi
) 8>"$root.lock"
if [ $# = 0 ]; then printf '%s\n' "$root"; else inside "$root" "$@"; fi
