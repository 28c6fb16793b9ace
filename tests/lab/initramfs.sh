# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Initramfs images: a static busybox, an init, and the modules that a kernel needs to reach anything else.

# module_files KERNEL-DIR MODULE...: the module files, dependencies first. What is built in is not listed.
module_files() {
    local dir=$1 version
    shift
    version=$(cat "$dir/version")
    modprobe -C /dev/null -d "$dir/root" -S "$version" -a --show-depends "$@" | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# pack_initramfs TREE IMAGE. Not compressed: that would only be undone by an emulated processor.
pack_initramfs() {
    (cd "$1" && find . -print0 | cpio --null --quiet -o -H newc -R 0:0) >"$2"
}

# x86_initramfs KERNEL-DIR SCRATCH-DIR: prints the image's path.
x86_initramfs() {
    local dir=$1 tree=$2/initramfs file
    mkdir -p "$tree/bin"
    cp -L "$(command -v busybox)" "$tree/bin/busybox"
    cp "$LAB/guest/init" "$tree/init"
    module_files "$dir" virtio_pci 9pnet_virtio 9p overlay | while read -r file; do
        cp "$file" "$tree/"
        printf '/%s\n' "$(basename "$file")"
    done >"$tree/modules"
    pack_initramfs "$tree" "$2/initramfs.cpio"
    printf '%s\n' "$2/initramfs.cpio"
}
