#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# initramfs.sh BUILD-DIR [KERNEL-DIR]: makes an image with mkinitramfs and one with dracut, both with bindd's hooks, and
# checks that all is in it and that the hook runs before udev. KERNEL-DIR is the lab's kernel, with its modules below
# root/. Ends with 77, skipped, without both makers or without a kernel.
set -euo pipefail
build=$1 kernel=${2:-}
if [ -z "$kernel" ]; then
    kernel=$(find "${XDG_CACHE_HOME:-$HOME/.cache}/bindd/kernels" -maxdepth 1 -type d -name 'lab-x86-*' -print -quit 2>/dev/null)
fi
skip() {
    printf '%s\n' "$*"
    exit 77
}
[ -e "${kernel:-/nowhere}/version" ] || skip "no kernel of the lab"
version=$(cat "$kernel/version")
scratch=$(mktemp -d "${TMPDIR:-/tmp}/bindd-initramfs.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# The script calls itself in a mount namespace of its own, in which it may change the installed files.
if [ "${BINDD_INSIDE:-}" != yes ]; then
    unshare --mount true 2>/dev/null || skip "needs root"
    made=no
    for maker in mkinitramfs dracut; do
        command -v $maker >/dev/null || continue
        made=yes
        BINDD_INSIDE=yes unshare --mount "$0" "$build" "$kernel" $maker
    done
    [ $made = yes ] || skip "neither mkinitramfs nor dracut"
    exit 0
fi
maker=$3

# over DIRECTORY: mounts an overlay, so that writes go to memory and stay in this namespace.
over() {
    local name=${1//\//_}
    mkdir -p "$scratch/upper$name" "$scratch/work$name"
    mount -t overlay -o "lowerdir=$1,upperdir=$scratch/upper$name,workdir=$scratch/work$name" overlay "$1"
}
mount --make-rprivate /
mount -t tmpfs tmpfs "$scratch"
trap 'umount --lazy "$scratch" && rmdir "$scratch"' EXIT
for directory in /usr /etc /boot /var/lib; do over $directory; done
# The files of a kernel's package.
echo CONFIG_RD_GZIP=y >"/boot/config-$version"
mkdir -p "/usr/lib/modules/$version"
mount --bind "$kernel/root/lib/modules/$version" "/usr/lib/modules/$version"
[ -e "/lib/modules/$version" ] || die "/lib is not /usr/lib here"

DESTDIR=$scratch/installed cmake -P "$build/systemd/cmake_install.cmake" >/dev/null
# The files are where a package has them; the units name the directory that the build was configured for.
cp -a "$scratch"/installed/*/local/. /usr/ 2>/dev/null || cp -a "$scratch"/installed/usr/. /usr/
at=$(sed -n 's,^ExecStart=\([^ ]*\)/vfioctl .*,\1,p' "$build/systemd/bindd-early.service")
mkdir -p "$at" /var/lib/bindd /etc/bindd/policies.d /usr/lib/bindd/policies.d
cp "$build/vfioctl/vfioctl" "$at/vfioctl"
echo 'version: 1
rules: [{ name: net, match: { class: network }, driver: [pci-stub-of-ours, e1000e, auto] }]' >/etc/bindd/policies.d/10-net.yaml
ln -s /dev/null /etc/bindd/policies.d/20-masked.yaml
echo 'version: 1' >/etc/common.yaml
ln -s ../../common.yaml /etc/bindd/policies.d/30-common.yaml
echo 'version: 1' >/usr/lib/bindd/policies.d/20-masked.yaml
in_use='{"devices":[]}'
printf '%s\n' "$in_use" >/var/lib/bindd/devices-in-use

tree=$scratch/tree
mkdir "$tree"
case $maker in
mkinitramfs)
    mkdir -p "$scratch/conf"
    cp -a /etc/initramfs-tools/. "$scratch/conf/"
    printf 'MODULES=list\nCOMPRESS=gzip\nRESUME=none\n' >"$scratch/conf/conf.d/bindd"
    mkinitramfs -d "$scratch/conf" -o "$scratch/image" "$version" >"$scratch/log" 2>&1 || die "$(cat "$scratch/log")"
    (cd "$tree" && zcat "$scratch/image" | cpio -id --quiet)
    order=$(grep -o '/scripts/init-top/[a-z_]*' "$tree/scripts/init-top/ORDER" | sed 's,.*/,,' | tr '\n' ' ')
    [[ " $order" == *" bindd "*" udev "* ]] || die "init-top runs in the order: $order"
    script=$tree/scripts/init-top/bindd
    ;;
dracut)
    dracut --kver "$version" --kmoddir "/usr/lib/modules/$version" --no-hostonly --no-compress --no-early-microcode \
        --modules 'udev-rules base bindd' --force "$scratch/image" >"$scratch/log" 2>&1 || die "$(cat "$scratch/log")"
    (cd "$tree" && cpio -id --quiet <"$scratch/image")
    script=$(find "$tree" -path '*/dracut/hooks/pre-udev/*bindd-early.sh' -print -quit)
    ;;
esac
sh -n "${script:-/nowhere}" || die "$maker: no script before udev"
grep -q "$at/vfioctl --direct apply --early" "$script" || die "$maker: $script does not run vfioctl"

# vfioctl starts in the image, with all libraries, and reads the policies of the host. The kernel's file systems are
# mounted at that time.
mkdir -p "$tree/dev" "$tree/proc"
mount --rbind /dev "$tree/dev"
mount -t proc proc "$tree/proc"
output=$(chroot "$tree" "$at/vfioctl" policy show 2>&1) || die "$maker: vfioctl does not run in it: $output"
umount --lazy "$tree/proc" "$tree/dev"
[[ $output == *"name: net"* ]] || die "$maker: the policies are not in it: $output"
[ "$(readlink "$tree/etc/bindd/policies.d/20-masked.yaml")" = /dev/null ] || die "$maker: the mask is no link to /dev/null"
[ "$(cat "$tree/etc/bindd/policies.d/30-common.yaml")" = 'version: 1' ] || die "$maker: what a link points to is missing"
# An ELF note lists the libraries that it opens with dlopen() (lib/base/dlopen.hpp); the required ones must be there.
opened=$(readelf -p .note.dlopen "$at/vfioctl" | grep '"priority":"required"' | grep -o '"soname":\["[^"]*"\]' | cut -d '"' -f 4)
[ -n "$opened" ] || die "vfioctl has no note of the libraries that it opens by name"
for library in $opened; do
    [ -n "$(find "$tree" -name "$library*" -print -quit)" ] || die "$maker: $library is not in it"
done

[ "$(cat "$tree/var/lib/bindd/devices-in-use")" = "$in_use" ] || die "$maker: the devices in use are not in it"

# The VFIO family by its aliases, and the native driver that the policy names.
for module in vfio-pci virtio-vfio-pci e1000e; do
    [ -n "$(find "$tree" -name "${module//-/[-_]}.ko*" -print -quit)" ] || die "$maker: the module $module is not in it"
done
printf '%s: ok\n' "$maker"
