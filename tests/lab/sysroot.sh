# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Another architecture's files for cross builds and guests: packages unpacked into a directory, with all they depend on
# where libraries are concerned.

# sysroot ARCH PACKAGE...: prints the directory; one is kept for every set of packages.
sysroot() {
    local arch=$1 name dir work package deb
    shift
    name=$(printf '%s\n' "$@" | sort -u | sha256sum | cut -c1-16)
    dir=$LAB_CACHE/sysroots/$arch-$name
    mkdir -p "$LAB_CACHE/sysroots"
    (
        flock 7
        [ ! -e "$dir" ] || exit 0
        work=$(mktemp -d "$LAB_CACHE/sysroots/unpack.XXXXXX") || exit 1
        for package in $(with_libraries "$arch" "$@"); do
            deb=$(fetch_package "$(debian_arch "$arch")" "^${package//+/\\+}\$") && dpkg -x "$deb" "$work" || exit 1
        done
        chmod 755 "$work" && mv -T "$work" "$dir"
    ) 7>"$dir.lock" || return 1
    printf '%s\n' "$dir"
}

# with_libraries ARCH PACKAGE...: the packages and every library that they depend on, without the C library: the cross
# compiler has its own.
with_libraries() {
    local arch
    arch=$(debian_arch "$1")
    shift
    [ -e "$LAB_CACHE/apt/$arch/sources/debian.list" ] || update_foreign_apt "$arch"
    printf '%s\n' "$@"
    foreign_apt "$arch" apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances "$@" | grep -E '^lib[a-z0-9.+-]+$' | grep -v -x -E 'libc6.*|libgcc.*|libstdc.*|libcrypt.*' | sort -u
}
