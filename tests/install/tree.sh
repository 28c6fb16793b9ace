#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tree.sh BUILD-DIR SOURCE-DIR [TREE]: installs BUILD-DIR into BUILD-DIR/installed-tree, and checks what dbus, polkit, systemd,
# udev and the initramfs generators find there: the files, that every path one of them names exists, and that the programs
# are stripped. With TREE, which another installation has made, only the checks. The lab starts the daemon of this tree.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 source=$2 tree=${3:-$1/installed-tree}
fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

if [ $# -lt 3 ]; then
    rm -rf "$tree"
    DESTDIR=$tree cmake --install "$build" --strip >"$build/installed-tree.log"
    if cmake --install "$build" --prefix "$tree/elsewhere" >/dev/null 2>"$build/installed-tree.log"; then
        fail "cmake --install --prefix installs what cannot work there"
    fi
    grep -q 'elsewhere cannot work' "$build/installed-tree.log" || fail "the refused prefix has no reason"
    [ ! -e "$tree/elsewhere" ] || fail "the refused prefix has files"
fi

# The headers are checked by consumers.sh. LIBDIR differs between architectures and releases.
libdir=$(cd "$tree" && dirname "$(find usr -name libbindd-vfio.so)")
installed=$(cd "$tree" && find . \( -type f -o -type l \) -not -path './usr/include/*' |
    sed -e "s,^\./,," -e "s,^$libdir/,LIBDIR/," -e 's,targets-[a-z]*\.cmake,targets-TYPE.cmake,' | LC_ALL=C sort)
[ "${BINDD_REGEN:-}" != 1 ] || printf '%s\n' "$installed" >"$here/manifest"
diff "$here/manifest" - <<<"$installed" || fail "the installed files are not those of tests/install/manifest"

# What readers of fixed paths are directed to: the commands of units, rules, hooks and services; and every file of bindd
# that programs and manual pages name.
named=$(
    cd "$tree/usr"
    grep -rhoE '/usr/s?bin/(bindd|vfioctl)\b' lib/systemd lib/udev lib/dracut share/initramfs-tools share/dbus-1
    grep -rhoE '/usr/(lib|share)/([A-Za-z0-9.@-]+/)*[a-z0-9-]*bindd[A-Za-z0-9./@-]*' lib/systemd lib/udev lib/dracut share \
        "$source"/{bindd,lib,vfioctl,policies} --include='*.[ch]pp' --include='*.scd' --include='*.[a-z]*' --include=hook
)
while read -r path; do
    [ -e "$tree/${path%[./]}" ] || fail "$path is named and not installed"
done < <(sort -u <<<"$named")
[ "$(grep -c '^/usr/s\?bin/' <<<"$named")" -ge 9 ] || fail "the units name no programs"
unnamed=$(grep -rlE '@CMAKE_[A-Z_]+@|/usr/local' "$tree/usr/lib" "$tree/usr/share" || true)
[ -z "$unnamed" ] || fail "a path was not configured in" "$unnamed"

for file in "$tree"/usr/{bin/vfioctl,sbin/bindd} "$tree/$libdir"/{libbindd-vfio.so,bindd/vfioctl-daemon-bus.so}; do
    if readelf -SW "$file" | grep -E '\.(symtab|debug_[a-z]+)\b'; then fail "$file is not stripped"; fi
done

# With the units as they are. The other units that they name are not in the tree.
if systemd-analyze verify --man=no --root="$tree" bindd{,-early,-apply}.service bindd-executor@.service 2>&1 |
    grep 'is not executable'; then fail "a unit's program is not installed"; fi

# The shipped variants are found.
variants=$("$build/vfioctl/vfioctl" --root "$tree" policy show | grep -c 'drivers:')
[ "$variants" -ge 10 ] || fail "$variants variants are found in the tree"
